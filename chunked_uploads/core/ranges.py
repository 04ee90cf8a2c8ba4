"""The records of which bytes an upload holds.

Each received range is a row; the upload's row counts what is held from 0 without a
gap (`offset`) and in all (`received`), so that no question grows with the rows.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Least
from django.utils import timezone

from chunked_uploads.core import statements
from chunked_uploads.core.connections import retry_deadlocks
from chunked_uploads.core.gaps import note_gap
from chunked_uploads.core.rows import assign, chunks_of, row_of
from chunked_uploads.digests.files import NOTHING
from chunked_uploads.errors import BadRequest, RangeBusy, UploadNotFound
from chunked_uploads.models import Chunk, Upload, database_of
from chunked_uploads.signals import announce, chunk_received
from chunked_uploads.stores import Kept, Piece, RecordedRange

PAGE = 256  # rows
LARGEST = 2**62  # more bytes than any file has
CHANGING = (
    "state",
    "filesize",
    "upload",
    "offset",
    "received",
    "hashed",
    "hash_state",
    "store_state",
    "modified_at",
    "metadata",
    "role",
    "md5",
    "sha256",
)


def refresh(upload: Upload) -> None:
    """Bring `upload` up to date. Raises `UploadNotFound` where it was cancelled."""
    found = statements.select(Upload, database_of(upload), {"id": upload.pk})
    if found is None:
        raise UploadNotFound
    assign(upload, {name: getattr(found, name) for name in CHANGING})


def held_bytes(upload: Upload, start: int, stop: int) -> int:
    """Return how many of the bytes from `start` up to `stop` are held."""
    held = max(0, min(stop, upload.offset) - start)
    if upload.received > upload.offset:
        beyond = chunks_of(upload).filter(start__gte=upload.offset)
        held += _count(beyond, start, stop)
    return held


@retry_deadlocks
def record(
    upload: Upload,
    start: int,
    before: int,
    kept: Kept,
    changes: dict[str, Any],
    *,
    is_alone: bool,
) -> bool:
    """Record what is kept of the range at `start`, where `before` bytes are already.

    With other `changes` to the upload's row. `is_alone` says that nobody else can have
    recorded any of it meanwhile. Returns whether the bytes before are held still.
    Leaves `upload` up to date. Raises `RangeBusy` where another request was faster, and
    `UploadNotFound` where the upload was cancelled or completed meanwhile.
    """
    using, first, size = database_of(upload), start + before, kept.size - before
    stop = first + size
    changes = {**changes, "modified_at": timezone.now()}
    unfinished = {"id": upload.pk, "state": Upload.State.UPLOADING}
    in_order = {**unfinished, "offset": first, "received": first}
    forward = {**changes, "offset": stop, "received": stop}
    with transaction.atomic(using=using):
        # The first statement writes, so that SQLite waits for its turn here, and
        # every other database has locked the row from here on.
        if statements.update(Upload, using, in_order, forward):
            changes = forward
            _add(upload, start, before, kept)
            is_held_still = True
        elif (
            row_of(upload)
            .filter(**unfinished)
            .update(received=F("received") + size, **changes)
        ):
            if not is_alone:
                _check_free(upload, first, stop)
            is_held_still = _add(upload, start, before, kept)
            if not is_held_still and "hashed" in changes:
                # The digest covers bytes that may come otherwise now.
                row_of(upload).update(**NOTHING)
                changes |= NOTHING
            changes |= _recount(upload, first, stop)
        else:
            raise UploadNotFound
        if upload.filesize is None:
            _check_size(upload, stop)
        assign(upload, changes)  # for the receivers of the signal
        transaction.on_commit(lambda: announce(chunk_received, upload), using=using)
    return is_held_still


def record_digest(upload: Upload, before: int, changes: dict[str, Any]) -> None:
    """Record what the row has to say of its digest, which covered `before` bytes.

    Unless another request did so, or forgot some of the bytes that it covers now.
    """
    if not changes:
        return
    unfinished = row_of(upload).unfinished()
    held = unfinished.filter(offset__gte=changes["hashed"])
    if held.filter(hashed=before).update(**changes):
        assign(upload, changes)


@retry_deadlocks
def join(upload: Upload, rows: Sequence[RecordedRange], receipt: str) -> bool:
    """Let one row, with this receipt, take the place of those of adjoining ranges.

    Returns False where they are not recorded any more just as they were.
    """
    start, stop = rows[0].start, rows[-1].start + rows[-1].chunk_size
    row = row_of(upload).unfinished()
    chunks = chunks_of(upload).filter(start__gte=start, start__lt=stop)
    with transaction.atomic(using=row.db):
        if not row.update(modified_at=timezone.now()):
            return False
        recorded = chunks.order_by("start").values_list(
            "start", "chunk_size", "receipt"
        )
        known = [(each.start, each.chunk_size, each.receipt) for each in rows]
        if list(recorded) != known:
            return False
        chunks.delete()
        insert(upload, Piece(start, stop - start, receipt))
    return True


def claim(upload: Upload, idle: datetime.timedelta) -> bool:
    """Take an upload that was touched by nobody for so long; return whether it worked.

    Whoever is at it says so in its row from time to time.
    """
    now = timezone.now()
    quiet = row_of(upload).unfinished().filter(modified_at__lt=now - idle)
    return bool(quiet.filter(received=upload.received).update(modified_at=now))


def touch(upload: Upload) -> None:
    """Say in the upload's row that somebody is at it."""
    row_of(upload).unfinished().update(modified_at=timezone.now())


def _check_size(upload: Upload, stop: int) -> None:
    """Raise `BadRequest` where a size below `stop` was said meanwhile."""
    filesize = row_of(upload).values_list("filesize", flat=True).get()
    if filesize is not None and stop > filesize:
        raise BadRequest(f"This upload has {filesize} bytes in all.", upload)


def _check_free(upload: Upload, start: int, stop: int) -> None:
    """Raise `RangeBusy` where some of the bytes `start` up to `stop` are recorded."""
    last = chunks_of(upload).filter(start__lt=stop).order_by("-start").first()
    if last is not None and last.stop > start:
        raise RangeBusy("Another request has just written this range.", upload)


def _count(chunks: QuerySet[Chunk], start: int, stop: int) -> int:
    """Return how many of the bytes from `start` up to `stop` these rows have."""
    # Ranges never overlap, so one row at most begins before `start` and reaches into
    # the range.
    before = chunks.filter(start__lte=start).order_by("-start").first()
    held = 0 if before is None else max(0, min(stop, before.stop) - start)
    within = chunks.filter(start__gt=start, start__lt=stop)
    # One question: between two, a cancel might take the rows away.
    size = Least(F("start") + F("chunk_size"), stop) - F("start")
    return held + (within.aggregate(total=Sum(size))["total"] or 0)


def _is_held(upload: Upload, start: int, stop: int) -> bool:
    return _count(chunks_of(upload), start, stop) == stop - start


def _add(upload: Upload, start: int, before: int, kept: Kept) -> bool:
    """Let the row of the range at `start` have all that is kept, or be a new one.

    What has receipts gets rows of its own. Returns False where the `before` bytes are
    not all recorded any more.
    """
    using = database_of(upload)
    if kept.pieces:
        for piece in kept.pieces:
            insert(upload, piece)
        return not before or _is_held(upload, start, start + before)
    row: dict[str, Any] = {"upload": upload.pk, "start": start}
    if before:
        longer = {"chunk_size": kept.size}
        if statements.update(Chunk, using, {**row, "chunk_size": before}, longer):
            return True
    insert(upload, Piece(start + before, kept.size - before, ""))
    return not before


def insert(upload: Upload, piece: Piece) -> None:
    row: dict[str, Any] = {"upload": upload.pk, "start": piece.start}
    row |= {"chunk_size": piece.size, "receipt": piece.receipt}
    row |= {"created_at": timezone.now()}
    statements.insert(Chunk, database_of(upload), row)


def _recount(upload: Upload, start: int, stop: int) -> dict[str, int]:
    """Count anew how far the bytes reach, now that those up to `stop` are held too."""
    row = row_of(upload)
    before, received = row.values_list("offset", "received").get()
    offset, next_start = reach(upload, stop if start == before else before)
    if offset > before:
        row.update(offset=offset)
    counted = {"offset": offset, "received": received}
    assign(upload, counted)
    note_gap(upload, next_start)
    return counted


def reach(upload: Upload, offset: int) -> tuple[int, int | None]:
    """Return how far the ranges from `offset` on go without a gap.

    And where the next one beyond starts, None where there is none.
    """
    chunks = chunks_of(upload).order_by("start").values_list("start", "chunk_size")
    while True:
        page = chunks.filter(start__gte=offset)[:PAGE]
        for start, size in page:
            if start != offset:
                return offset, start
            offset += size
        if len(page) < PAGE:
            return offset, None
