"""Storages of buckets, as sites may configure them."""

from __future__ import annotations

from typing import Any

from boto3.s3.transfer import TransferConfig
from storages.backends.s3 import S3Storage


class PartByPart(S3Storage):
    """Sends one part after the other, and has only that one in memory."""

    def get_default_settings(self) -> dict[str, Any]:
        own = {"transfer_config": TransferConfig(use_threads=False)}
        return {**super().get_default_settings(), **own}
