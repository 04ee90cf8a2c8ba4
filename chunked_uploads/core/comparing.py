"""Bytes that come again, compared with those that are held.

A 200 says that exactly these bytes are held, so a range that is held already is read
all the same, and changes nothing.
"""

from __future__ import annotations

import contextlib
import errno
import io
from collections.abc import Iterator

from django.core.files.base import File

from chunked_uploads.conf import MIB
from chunked_uploads.core import ranges
from chunked_uploads.core.failures import storage_failures_reported
from chunked_uploads.core.intake import Source
from chunked_uploads.digests.arriving import Checksum
from chunked_uploads.errors import (
    DigestMismatch,
    RangeBusy,
    RangeConflict,
    UploadNotFound,
)
from chunked_uploads.models import Upload
from chunked_uploads.stores import BLOCK, Comparison, chunk_store

# Bytes of a finished file on another machine, which storages may fetch as a whole.
MOST_FETCHED = 64 * MIB


def which_hold(
    uploads: list[Upload],
    start: int,
    length: int,
    source: Source,
    checksum: Checksum | None,
) -> tuple[list[Upload], int]:
    """Return which of `uploads`, all holding the range, hold the bytes that come.

    And how many of the `length` bytes came; where they need not have a
    `checksum`, no more are read once no upload is left. Raises
    `DigestMismatch`, `RangeBusy` where an upload is on its way to its place,
    `RangeConflict` where the store can't compare these bytes, and `BadRequest` from the
    source.
    """
    digest = checksum.new() if checksum else None
    arrived = 0
    with contextlib.ExitStack() as stack:
        held = _open(uploads, start, length, stack)
        while arrived < length and (held or digest):
            block = source.read(min(BLOCK, length - arrived))
            if not block:
                break
            arrived += len(block)
            if digest:
                digest.update(block)
            held = [each for each in held if each[1].add(block)]
        if held or digest:
            source.finish(length - arrived)
        is_whole = arrived == length
        if checksum and digest and is_whole and digest.digest() != checksum.digest:
            raise DigestMismatch("The chunk arrived changed; send it again.")
        return [each for each, own in held if not is_whole or own.is_equal()], arrived


def holds(upload: Upload, start: int, block: bytes) -> bool:
    """Whether the upload, which holds that range, holds these bytes from `start` on."""
    with contextlib.ExitStack() as stack:
        held = _open([upload], start, len(block), stack)
        return all(own.add(block) and own.is_equal() for _, own in held) and bool(held)


def _has_path(upload: Upload) -> bool:
    try:
        upload.upload.storage.path(str(upload.upload.name))
    except NotImplementedError:
        return False
    return True


class _FileComparison(Comparison):
    """What the finished file has, from where it stands."""

    def __init__(self, upload: Upload, file: File) -> None:
        self._upload = upload
        self._file = file

    def add(self, block: bytes) -> bool:
        with storage_failures_reported(self._upload):
            return self._file.read(len(block)) == block


def _open(
    uploads: list[Upload], start: int, length: int, stack: contextlib.ExitStack
) -> list[tuple[Upload, Comparison]]:
    held = []
    for upload in uploads:
        # Whose file is gone, or that was cancelled meanwhile, holds nothing.
        with contextlib.suppress(FileNotFoundError, UploadNotFound):
            held.append((upload, stack.enter_context(_held(upload, start, length))))
    return held


@contextlib.contextmanager
def _held(upload: Upload, start: int, length: int) -> Iterator[Comparison]:
    with contextlib.ExitStack() as stack:
        try:
            comparison = stack.enter_context(_in_its_place(upload, start, length))
        except FileNotFoundError:
            if upload.is_complete:
                raise
            if not _is_finished_meanwhile(upload):
                message = "Another request is just finishing this upload."
                raise RangeBusy(message, upload) from None
            comparison = stack.enter_context(_in_its_place(upload, start, length))
        yield comparison


def _is_finished_meanwhile(upload: Upload) -> bool:
    ranges.refresh(upload)
    return upload.is_complete


def _open_finished(upload: Upload) -> File:
    try:
        return upload.upload.storage.open(str(upload.upload.name))
    except FileNotFoundError as error:
        # Those of buckets have no number, as what nobody else knows.
        raise FileNotFoundError(errno.ENOENT, str(error)) from error


@contextlib.contextmanager
def _in_its_place(upload: Upload, start: int, length: int) -> Iterator[Comparison]:
    if not length:
        yield _FileComparison(upload, File(io.BytesIO()))
    elif upload.is_complete:
        if (upload.filesize or 0) > MOST_FETCHED and not _has_path(upload):
            raise RangeConflict("The finished file is too long to be fetched.")
        with contextlib.ExitStack() as stack:
            with storage_failures_reported(upload):
                file = stack.enter_context(_open_finished(upload))
                file.seek(start)  # which may be when a bucket is asked
            yield _FileComparison(upload, file)
    else:
        with chunk_store().compare(upload, start, length) as comparison:
            yield comparison
