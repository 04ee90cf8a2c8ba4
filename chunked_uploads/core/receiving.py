"""Receive ranges of uploads, in any order and at the same time.

Knows ranges and state, not HTTP: every protocol calls the same functions.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Iterator

from chunked_uploads.core import ranges
from chunked_uploads.core.comparing import which_hold
from chunked_uploads.core.intake import Intake, Source
from chunked_uploads.core.limits import check_size
from chunked_uploads.core.losses import losses_forgotten, notice_losses
from chunked_uploads.digests.arriving import Checksum
from chunked_uploads.errors import (
    BeyondEnd,
    ContentConflict,
    OffsetConflict,
    RangeBusy,
    RangeConflict,
    UploadNotFound,
)
from chunked_uploads.models import Upload
from chunked_uploads.stores import Writer, chunk_store

# A request that goes on tells so more often.
IDLE = datetime.timedelta(minutes=3)
OVERLAP = "The range overlaps bytes that are held already."


class NotNext(Exception):
    """Somebody else is at the upload, or was: nothing was read of what is to come."""


def receive(
    upload: Upload,
    start: int,
    length: int,
    source: Source,
    checksum: Checksum | None = None,
    *,
    at_offset: bool = False,
    added: list[tuple[int, int]] | None = None,
) -> int:
    """Take in `length` bytes at `start`; return how many arrived before the end.

    What arrived is recorded, be it all or, after a cut, the beginning. A range that is
    held already is compared with what comes, and stays as it is; unless it has to be
    `at_offset`. `checksum`, where given, is what the whole range must have. `added`
    gets what was recorded, first byte and first after it, also where this raises.

    Leaves `upload` up to date. Raises `RangeBusy`, `RangeConflict`, `ContentConflict`,
    `OffsetConflict`, `DigestMismatch`, `StoreFull`, `StoreUnavailable`, `BeyondEnd`,
    `BadRequest` (from the source), `UploadNotFound`.
    """
    try:
        with losses_forgotten(upload):
            return _receive(upload, start, length, source, checksum, at_offset, added)
    except UploadNotFound:
        _refresh(upload)  # which is where it says that it is gone
        message = "Another request has just finished this upload."
        raise RangeBusy(message, upload) from None


def _receive(
    upload: Upload,
    start: int,
    length: int,
    source: Source,
    checksum: Checksum | None,
    at_offset: bool,
    added: list[tuple[int, int]] | None,
) -> int:
    stop = start + length
    check_bounds(upload, start, stop)
    if start < upload.offset < stop and not upload.is_complete:
        raise RangeConflict(OVERLAP, upload)
    if not _is_known_to_be_held(upload, start, stop):
        # Also where it is recorded: who brings it may find at its end that it is wrong.
        with _writer(upload, start, length) as writer:
            if not _is_next(upload, start, writer):
                _refresh(upload)
                check_bounds(upload, start, stop)  # the size may be known by now
                _notice_losses(upload, start, writer)
                if at_offset:
                    check_offset(upload, start)
            if not (upload.is_complete or _is_held(upload, start, stop)):
                intake = Intake(upload, start, length, writer, checksum)
                try:
                    intake.run(source)
                finally:
                    if added is not None:
                        added.append((start, start + intake.recorded))
                return writer.written
    if at_offset:
        check_offset(upload, start)
    return _compare(upload, start, length, source, checksum)


def check_offset(upload: Upload, start: int) -> None:
    """Raise `OffsetConflict` where bytes from `start` on would not be the next ones."""
    if start != upload.offset:
        raise OffsetConflict(f"The next byte is {upload.offset}.", upload)


def check_bounds(upload: Upload, start: int, stop: int) -> None:
    """Raise `BeyondEnd`, or `TooLarge`, where no bytes up to `stop` are taken."""
    if upload.filesize is None:
        check_size(stop)
        if not 0 <= start <= stop <= ranges.LARGEST:
            raise BeyondEnd("No file has so many bytes.", upload)
    elif not 0 <= start <= stop <= upload.filesize:
        raise BeyondEnd(f"This upload has {upload.filesize} bytes in all.", upload)


def is_held(upload: Upload, start: int, length: int) -> bool:
    """Whether the upload holds the range, and nobody may take it back any more.

    Leaves `upload` up to date. Raises `RangeBusy` where a request is still at it,
    `RangeConflict` where it holds a part of it, `UploadNotFound`.
    """
    stop = start + length
    if _is_known_to_be_held(upload, start, stop):
        return True
    with _writer(upload, start, length) as writer:
        _refresh(upload)
        _notice_losses(upload, start, writer)
        return upload.is_complete or _is_held(upload, start, stop)


def _is_known_to_be_held(upload: Upload, start: int, stop: int) -> bool:
    """Whether the range is held for certain, as can be told without entering it."""
    if upload.is_complete or start == stop:
        return True
    if stop > upload.offset or not chunk_store().is_finishing(upload):
        return False
    # Whoever finishes it, maybe for hours, has waited for all writers.
    ranges.refresh(upload)
    is_held = stop <= upload.offset and chunk_store().is_intact(upload)
    return upload.is_complete or is_held


def _compare(
    upload: Upload, start: int, length: int, source: Source, checksum: Checksum | None
) -> int:
    try:
        holding, arrived = which_hold([upload], start, length, source, checksum)
    except RangeConflict as conflict:
        conflict.upload = upload
        raise
    if not holding:
        ranges.refresh(upload)  # which tells where it was cancelled meanwhile
        raise ContentConflict("The range is held already, with other bytes.", upload)
    return arrived


def receive_next(
    upload: Upload,
    start: int,
    length: int,
    source: Source,
    checksum: Checksum | None,
    enter: Callable[[], object] = lambda: None,
    *,
    is_shared: bool = False,
) -> int:
    """Take in `length` bytes at `start`, as `receive` does, if they are the next.

    And if nobody else is writing to the upload: `enter` is called as soon as that is
    certain. Else raises `NotNext`. Of one that `is_shared`, since others know it who
    are about to begin it, a store that keeps nobody out can't tell: it must have been
    left alone for IDLE.
    """
    with contextlib.ExitStack() as stack:
        try:
            writer = stack.enter_context(
                chunk_store().writer(upload, start, length, alone=True)
            )
            _refresh_free(upload)
            _notice_losses(upload, start, writer)
        except RangeBusy:
            raise NotNext from None
        if not start == upload.offset == upload.received:
            raise NotNext
        if is_shared and not (writer.is_alone or ranges.claim(upload, IDLE)):
            raise NotNext
        enter()
        with losses_forgotten(upload):
            Intake(upload, start, length, writer, checksum).run(source)
        return writer.written


def wait_until_idle(
    upload: Upload, patience: float, *, is_urgent: bool = False
) -> None:
    """Bring `upload` up to date when nobody writes to it, after `patience` seconds.

    Where it `is_urgent`, writers leave whose clients are silent, as those of dead
    connections are. Raises `UploadNotFound`.
    """
    chunk_store().wait_for_writers(upload, patience, is_urgent=is_urgent)
    ranges.refresh(upload)


@contextlib.contextmanager
def _writer(upload: Upload, start: int, length: int) -> Iterator[Writer]:
    try:
        with chunk_store().writer(upload, start, length) as writer:
            yield writer
    except RangeBusy as busy:
        ranges.refresh(upload)  # whoever is there went on meanwhile
        busy.upload = upload
        raise


def _is_next(upload: Upload, start: int, writer: Writer) -> bool:
    """Whether the range goes on where all bytes end, as the upload's row has it.

    Then nothing has happened since it was read that matters here. Of an upload whose
    size was not known then, nobody can tell: it may be complete, and its file, which
    the writer has opened, in its place.
    """
    is_next = 0 < start == upload.offset == upload.received
    is_next = is_next and upload.filesize is not None
    return is_next and writer.is_unchanged(upload)


def _notice_losses(upload: Upload, start: int, writer: Writer) -> None:
    if notice_losses(upload, writer) and start > upload.offset:
        raise RangeConflict("The server lost bytes before this range.", upload)


def _refresh(upload: Upload) -> None:
    # What another request recorded before the range was ours.
    try:
        ranges.refresh(upload)
    except UploadNotFound:
        _delete_bytes(upload)
        raise
    if upload.is_complete:
        _delete_bytes(upload)


def _refresh_free(upload: Upload) -> None:
    """Refresh; raise `NotNext` where the upload is finished or cancelled."""
    try:
        _refresh(upload)
    except UploadNotFound:
        raise NotNext from None
    if upload.is_complete:
        raise NotNext


def _delete_bytes(upload: Upload) -> None:
    # Entering may have made room anew, and nobody will look for it any more.
    chunk_store().delete(upload)


def _is_held(upload: Upload, start: int, stop: int) -> bool:
    if start == upload.offset == upload.received:
        return start == stop  # nothing is held from there on
    held = ranges.held_bytes(upload, start, stop)
    if 0 < held < stop - start:
        raise RangeConflict(OVERLAP, upload)
    if held == stop - start and start <= upload.offset < stop:
        ranges.refresh(upload)  # which was read before another request recorded it
    return held == stop - start
