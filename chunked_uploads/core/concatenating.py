"""Join parts into the file that they are parts of, without asking for a byte again."""

from __future__ import annotations

import contextlib
import functools
import itertools
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from chunked_uploads.core import ranges
from chunked_uploads.core.connections import long_work, retry_deadlocks
from chunked_uploads.core.forgetting import forget
from chunked_uploads.core.losses import forget_lost
from chunked_uploads.core.receiving import NotNext, is_held, receive_next
from chunked_uploads.core.removing import cancel
from chunked_uploads.core.rows import row_of
from chunked_uploads.errors import (
    BadRequest,
    BytesLost,
    Incomplete,
    RangeBusy,
    RangeConflict,
    UploadNotFound,
)
from chunked_uploads.models import Upload, database_of
from chunked_uploads.stores import Writer, chunk_store

NOTICE_SECONDS = 600  # after which the clean-up is told that parts are needed
TRIES = 3  # of which each but the last found that bytes had been lost


def concatenate(
    upload: Upload, parts: Sequence[Upload], *, is_shared: bool = False
) -> None:
    """Fill the upload, whose size is the sum of theirs, with the bytes of `parts`.

    In their order; the same part may stand there twice. Goes on where an earlier call
    died, and may be repeated and asked by several at once. The parts stay as they are.
    Of one that `is_shared`, since others know of it, a store that keeps nobody out
    can't tell whether they are at it: it must have been left alone for a while.

    Leaves `upload` up to date. Raises `Incomplete` where a part lacks bytes, be they
    lost, `UploadNotFound` where a part or the upload is gone, `RangeBusy` where
    somebody is at one of them, `StoreFull`, `StoreUnavailable`, and `BadRequest` where
    these are no parts, or not of this file.
    """
    _check_parts(upload, parts)
    for _ in range(TRIES):
        ranges.refresh(upload)
        _forget_beyond_gap(upload)
        start = upload.offset
        if upload.is_complete or start == upload.filesize:
            return
        source = Parts(upload, parts, start)
        for part in source.needed():
            _prepare(part)
        length = (upload.filesize or 0) - start
        # Lost bytes are forgotten when that is raised: of the upload, or of a part,
        # which the next look at it shows.
        with contextlib.suppress(RangeConflict, FileNotFoundError):
            try:
                receive_next(upload, start, length, source, None, is_shared=is_shared)
            except (NotNext, UploadNotFound):
                ranges.refresh(upload)  # another one may have completed it
                break
    if not (upload.is_complete or upload.offset == upload.filesize):
        raise RangeBusy("Another request is at this file or its parts.", upload)


def find_joined(
    user: Any, filename: str, filesize: int, fingerprint: str
) -> Upload | None:
    """Return the upload of a user (None: anybody's) that claimed this fingerprint."""
    same = {"filename": filename, "filesize": filesize, "fingerprint": fingerprint}
    uploads = (
        Upload.objects.for_writing()
        .of(user)
        .filter(
            **same,
            role=Upload.Role.FINAL,
            state__in=Upload.State.values,  # as the index has them in between
        )
    )
    return uploads.order_by("-pk").first()


def claim(upload: Upload, parts: Sequence[Upload], fingerprint: str) -> Upload:
    """Let the upload, which has no fingerprint yet, be the one that is found by this.

    Returns it; or the one that another request made of these parts, and this one is
    gone. Raises `UploadNotFound` where a part is gone.
    """
    found = _claim(upload, parts[0], fingerprint)
    if found.pk != upload.pk:
        cancel(upload)
    return found


@retry_deadlocks
def _claim(upload: Upload, first: Upload, fingerprint: str) -> Upload:
    with transaction.atomic(using=database_of(upload)):
        # Whoever asks for the same waits here.
        if not row_of(first).update(modified_at=timezone.now()):
            raise UploadNotFound
        found = find_joined(
            upload.user, upload.filename, upload.filesize or 0, fingerprint
        )
        if found is None:
            row_of(upload).update(fingerprint=fingerprint)
            upload.fingerprint = fingerprint
    return found or upload


def mark_joined(parts: Iterable[Upload]) -> None:
    """Say of parts that their file is complete: they rest for a while, and go.

    Again where they were joined before, so that they rest anew.
    """
    rows = Upload.objects.for_writing().filter(pk__in=[part.pk for part in parts])
    changes = {"role": Upload.Role.JOINED, "modified_at": timezone.now()}
    rows.unfinished().parts().update(**changes)


class Parts:
    """The bytes of `parts`, one after the other, from `position` on: a `Source`."""

    is_exact = True

    def __init__(self, upload: Upload, parts: Sequence[Upload], position: int) -> None:
        self._upload = upload
        self._position = position
        self._noticed_at = time.monotonic()
        sizes = (part.filesize or 0 for part in parts)
        stops = [*itertools.accumulate(sizes)]
        self._rest = [
            (stop - (part.filesize or 0), stop, part)
            for stop, part in zip(stops, parts, strict=True)
            if part.filesize
        ]

    def needed(self) -> list[Upload]:
        """Return the parts that have these bytes, each once."""
        needed = [part for _, stop, part in self._rest if stop > self._position]
        return [*{part.pk: part for part in needed}.values()]

    def watch_waiters(self, has_waiters: Callable[[], bool]) -> None:
        """Nobody has to wait for a sender here."""

    def finish(self, missing: int) -> None:
        """Nothing was announced."""

    def copy(self, writer: Writer, size: int) -> int:
        """Let the writer copy what comes next of one part; return how many bytes."""
        if not size:
            return 0
        part, position, rest = self._next()
        with long_work(self._upload):
            copied = writer.copy(part, position, min(size, rest))
        self._position += copied
        return copied

    def read(self, size: int) -> bytes:
        """Return the next bytes, for stores whose writers can't copy."""
        if not size:
            return b""
        part, position, rest = self._next()
        try:
            with chunk_store().exclusive(part) as content, content.open() as file:
                file.seek(position)
                block = file.read(min(size, rest))
        except BytesLost as lost:
            with contextlib.suppress(UploadNotFound):  # which the next look tells
                forget_lost(part, lost)
            block = b""
        if not block:
            raise FileNotFoundError("A part ends before its size.")
        self._position += len(block)
        return block

    def _next(self) -> tuple[Upload, int, int]:
        """Return a part, where to go on in it, and how many bytes it has from there."""
        while self._rest[0][1] <= self._position:
            del self._rest[0]
        if time.monotonic() - self._noticed_at > NOTICE_SECONDS:
            self._noticed_at = time.monotonic()
            for each in self.needed():
                ranges.touch(each)
        start, stop, part = self._rest[0]
        return part, self._position - start, stop - self._position


def _check_parts(upload: Upload, parts: Sequence[Upload]) -> None:
    for part in parts:
        if not part.is_part:
            raise BadRequest("This is a file of its own, and no part of one.", part)
        if part.filesize is None:
            raise Incomplete("Nobody has said yet how many bytes a part has.", part)
    if sum(part.filesize or 0 for part in parts) != upload.filesize:
        raise BadRequest("The parts have not the size of the file.", upload)


def _prepare(part: Upload) -> None:
    """Make certain that the part is there, whole, and can be read."""
    ranges.touch(part)  # or the clean-up might take one that rests for long
    ranges.refresh(part)
    replace = functools.partial(ranges.join, part)
    try:
        if is_held(part, 0, part.filesize or 0):
            with long_work(part):
                chunk_store().prepare_part(part, replace)
            return
    except RangeConflict:  # it holds some of it
        pass
    except RangeBusy as busy:
        ranges.refresh(part)  # which tells where it was cancelled meanwhile
        busy.upload = part
        raise
    except BytesLost as lost:
        forget_lost(part, lost)
    held = f"{part.offset} of {part.filesize}"
    raise Incomplete(f"A part has only {held} bytes without a gap.", part)


def _forget_beyond_gap(upload: Upload) -> None:
    """Forget what lies beyond lost bytes: it is copied again with them."""

    def beyond() -> list[tuple[int, int]]:
        ranges.refresh(upload)  # under the row's lock: another call may be at it
        return [(upload.offset, ranges.LARGEST)]

    if not upload.is_complete and upload.received > upload.offset:
        forget(upload, beyond)
