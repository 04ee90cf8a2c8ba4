"""System checks: a wrong setting is a message with an id, never a crash."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from django.core.checks import ERROR, CheckMessage, Info
from django.utils.module_loading import import_string

from chunked_uploads.checks import folders, values
from chunked_uploads.conf import conf

BUCKET_TAG = "chunked_uploads_s3"


def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Return what is wrong with the project's settings."""
    return [
        *values.check_numbers(),
        *values.check_paths(),
        *_check_places(),
        *values.check_dotted_paths(),
        *values.check_validators(),
        *values.check_choices(),
        *values.check_fast_path(),
        *values.check_origins(),
        *values.check_cross_domain_lists(),
        *values.check_external(),
    ]


def check_bucket(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Try the bucket, for `manage.py check --tag chunked_uploads_s3` alone.

    It takes requests, and seconds: nothing for each start of a server.
    """
    # Django runs every check where no tag is given, as `migrate` and `runserver` do,
    # and tells none of them which ones are.
    if BUCKET_TAG not in (sys._getframe(1).f_locals.get("tags") or ()):
        return []
    if errors := [each for each in check_settings(app_configs) if each.level >= ERROR]:
        return errors
    if not _uses_s3():
        return [
            Info(
                "Nothing was tried: CHUNKED_UPLOADS_CHUNK_STORE is not the S3 store.",
                id="chunked_uploads.I001",
            )
        ]
    from chunked_uploads.checks.trials import try_bucket

    return try_bucket()


def _check_places() -> Iterator[CheckMessage]:
    if _uses_s3():
        from chunked_uploads.checks.buckets import check_bucket_settings

        yield from check_bucket_settings()
    else:
        yield from folders.check_file_systems()
        yield from folders.check_media()
        yield from folders.check_privacy()
        yield from folders.check_locks()


def _uses_s3() -> bool:
    """Whether the site's store is S3Store, or made from it; boto3 is not imported."""
    try:
        store = import_string(conf.CHUNKED_UPLOADS_CHUNK_STORE)
    except values.NOT_IMPORTED:
        return False
    # Who inherits from it has imported it.
    module = sys.modules.get("chunked_uploads.stores.s3.store")
    if module is None or not isinstance(store, type):
        return False
    return issubclass(store, module.S3Store)
