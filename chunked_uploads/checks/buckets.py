"""What the S3 store asks of the settings; no request is sent.

For sites that have the store: it imports boto3.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import storages
from django.db import connections, router
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

from chunked_uploads.conf import conf
from chunked_uploads.models import Upload
from chunked_uploads.stores.s3 import grid
from chunked_uploads.stores.s3.bucket import CHECKSUMS, Bucket, bucket_of

NEEDS = (
    "S3Store needs CHUNKED_UPLOADS_STORAGE to name an alias in STORAGES whose back end"
    " is storages.backends.s3.S3Storage"
)
# The storage's own ways to keys and bytes, none of which is asked for parts.
WAYS = ("save", "_save", "open", "_open", "_normalize_name")
ARCHIVES = ("GLACIER", "DEEP_ARCHIVE")  # storage classes, read hours after one asks


def check_bucket_settings() -> Iterator[CheckMessage]:
    """Yield what is wrong with the settings of a site that has the S3 store."""
    alias = conf.CHUNKED_UPLOADS_STORAGE
    if alias in [*settings.STORAGES]:  # E005 tells of others
        try:
            bucket = bucket_of(storages[alias])
        except (ImproperlyConfigured, TypeError, ValueError) as error:
            yield Error(f"{NEEDS}: {error}", id="chunked_uploads.E013")
        else:
            yield from _check_storage(bucket)
    yield from _check_database()
    yield from _check_chunk_size()


def _check_storage(bucket: Bucket | None) -> Iterator[CheckMessage]:
    if bucket is None:
        yield Error(
            f"{NEEDS}.",
            hint="Chunks become the finished file within its own bucket.",
            id="chunked_uploads.E013",
        )
        return
    if not bucket.name:
        yield Error(
            "S3Store: the storage of CHUNKED_UPLOADS_STORAGE names no bucket.",
            hint="Set its option bucket_name.",
            id="chunked_uploads.E014",
        )
    yield from _check_ways(type(bucket.storage))
    yield from _check_folders(bucket)
    yield from _check_parameters(bucket)
    if bucket.storage.gzip:
        yield Warning(
            "S3Store: the storage's option gzip has no effect on uploads.",
            hint="Their bytes go to the bucket as they come. Leave the option out:"
            " a film.tar.gz is unpacked when it is read.",
            id="chunked_uploads.W019",
        )


def _check_ways(cls: type[S3Storage]) -> Iterator[CheckMessage]:
    names = [name for name in WAYS if getattr(cls, name) != getattr(S3Storage, name)]
    if names:
        yield Error(
            f"S3Store: {cls.__module__}.{cls.__qualname__} overrides"
            f" {', '.join(names)}, which nobody calls for uploads.",
            hint="Their parts are put by the store itself, as they are: nothing is"
            " encrypted, compressed or renamed. Give uploads an alias of their own.",
            id="chunked_uploads.E015",
        )


def _check_folders(bucket: Bucket) -> Iterator[CheckMessage]:
    files, chunks = (
        conf.CHUNKED_UPLOADS_STORAGE_PATH,
        conf.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH,
    )
    files_at = chunks_at = None
    if isinstance(files, str) and (files_at := _folder(bucket, files)) is None:
        yield Error(
            "CHUNKED_UPLOADS_STORAGE_PATH must be a relative path with S3Store.",
            hint="It is a folder of the bucket, below the storage's location.",
            id="chunked_uploads.E016",
        )
    if isinstance(chunks, str):
        chunks_at = _folder(bucket, chunks)
    if callable(chunks) or (chunks and chunks_at in (None, _folder(bucket, ""))):
        yield Error(
            "CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH must be one folder with S3Store.",
            hint="A relative path in the bucket, no callable: the clean-up lists it.",
            id="chunked_uploads.E016",
        )
    elif files_at and chunks_at and files_at.startswith(chunks_at):
        yield Warning(
            "Finished files lie in the folder of the chunks.",
            hint="Every clean-up lists them all, and a lifecycle rule for chunks"
            " removes them. Let CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH be a folder of its"
            " own.",
            id="chunked_uploads.W008",
        )


def _folder(bucket: Bucket, path: str) -> str | None:
    """Return how the keys in a folder of the storage begin, None where it is none."""
    if os.path.isabs(path) or ".." in clean_name(path).split("/"):
        return None
    return bucket.key(path).rstrip("/") + "/"


def _check_parameters(bucket: Bucket) -> Iterator[CheckMessage]:
    parameters = bucket.storage.get_object_parameters("")
    algorithm = parameters.get("ChecksumAlgorithm")
    if algorithm and algorithm not in CHECKSUMS:
        yield Error(
            f"S3Store can't compute the ChecksumAlgorithm {algorithm!r}.",
            hint=f"It knows {', '.join(CHECKSUMS)}; without one it takes CRC32.",
            id="chunked_uploads.E017",
        )
    reads = conf.CHUNKED_UPLOADS_VALIDATORS or conf.CHUNKED_UPLOADS_DIGEST
    storage_class = parameters.get("StorageClass")
    if reads and storage_class in ARCHIVES:
        yield Warning(
            f"Finished files of the StorageClass {storage_class} can't be read for"
            " CHUNKED_UPLOADS_VALIDATORS and CHUNKED_UPLOADS_DIGEST.",
            hint="Uploads that have to be read end in 503. Let a lifecycle rule move"
            " files there later.",
            id="chunked_uploads.W009",
        )


def _check_database() -> Iterator[CheckMessage]:
    if connections[router.db_for_write(Upload)].vendor == "sqlite":
        yield Warning(
            "S3Store is for several servers, which can't share SQLite.",
            hint="Take PostgreSQL; one server alone is faster with the local store.",
            id="chunked_uploads.W010",
        )


def _check_chunk_size() -> Iterator[CheckMessage]:
    size = conf.CHUNKED_UPLOADS_CHUNK_SIZE
    if isinstance(size, int) and 0 < size < grid.SMALLEST:
        yield Warning(
            "CHUNKED_UPLOADS_CHUNK_SIZE is too small for S3Store: each byte goes to"
            " the bucket twice.",
            hint=f"Set it to {grid.SMALLEST} or more; without it the store suggests"
            " what fits each file.",
            id="chunked_uploads.W011",
        )
