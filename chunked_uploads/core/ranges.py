"""The records of which bytes an upload holds.

Each received range is a row; the upload's row counts what is held from 0 without a
gap (`offset`) and in all (`received`), so that no question grows with the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db import router, transaction
from django.db.models import F, Min, QuerySet, Sum
from django.db.models.functions import Least
from django.utils import timezone

from chunked_uploads.core import statements
from chunked_uploads.core.deadlocks import retry_deadlocks
from chunked_uploads.errors import UploadNotFound
from chunked_uploads.models import Chunk, Upload
from chunked_uploads.signals import announce, chunk_received

PAGE = 256  # rows
CHANGING = (
    "state",
    "upload",
    "offset",
    "received",
    "hashed",
    "hash_state",
    "store_state",
    "modified_at",
    "metadata",
    "md5",
    "sha256",
)


def refresh(upload: Upload) -> None:
    """Bring `upload` up to date. Raises `UploadNotFound` where it was cancelled."""
    try:
        upload.refresh_from_db(using=_database(upload), fields=CHANGING)
    except Upload.DoesNotExist:
        raise UploadNotFound from None


def held_bytes(upload: Upload, start: int, stop: int) -> int:
    """Return how many of the bytes from `start` up to `stop` are held."""
    held = max(0, min(stop, upload.offset) - start)
    if upload.received > upload.offset:
        # Ranges never overlap, so one row at most begins before `start` and
        # reaches into the range.
        beyond = _chunks(upload).filter(start__gte=upload.offset)
        before = beyond.filter(start__lte=start).order_by("-start").first()
        if before is not None:
            held += max(0, min(stop, before.stop) - start)
        within = beyond.filter(start__gt=start, start__lt=stop)
        # One question: between two, a cancel might take the rows away.
        size = Least(F("start") + F("chunk_size"), stop) - F("start")
        held += within.aggregate(total=Sum(size))["total"] or 0
    return held


def gap(upload: Upload) -> int | None:
    """Return how many bytes are missing from the offset up to the next held range.

    None where nothing is held beyond the offset.
    """
    if upload.received <= upload.offset:
        return None
    known = getattr(upload, "_gap", None)  # of when it was recorded
    if known is not None and known[0] == (upload.offset, upload.received):
        return known[1]
    beyond = _chunks(upload).filter(start__gt=upload.offset)
    next_start = beyond.order_by("start").values_list("start", flat=True).first()
    return None if next_start is None else next_start - upload.offset


def find_gaps(uploads: list[Upload]) -> None:
    """Find the gaps of several uploads at once, for `gap` to return."""
    gapped = {each.pk: each for each in uploads if each.received > each.offset}
    if not gapped:
        return
    chunks = Chunk.objects.using(_database(uploads[0]))
    beyond = chunks.filter(upload__in=gapped, start__gt=F("upload__offset"))
    starts = beyond.values_list("upload").annotate(Min("start"))
    for pk, start in starts:
        _note_gap(gapped[pk], start)


@retry_deadlocks
def record(
    upload: Upload, start: int, before: int, size: int, changes: dict[str, Any]
) -> bool:
    """Record `size` more bytes of the range at `start`, of which `before` are recorded.

    With other `changes` to the upload's row. Returns whether those before are held
    still. Leaves `upload` up to date. Raises `UploadNotFound` where it was cancelled or
    completed meanwhile.
    """
    using, place = _database(upload), start + before
    stop = place + size
    changes = {**changes, "modified_at": timezone.now()}
    unfinished = {"id": upload.pk, "state": Upload.State.UPLOADING}
    in_order = {**unfinished, "offset": place, "received": place}
    forward = {**changes, "offset": stop, "received": stop}
    with transaction.atomic(using=using):
        # The first statement writes, so that SQLite waits for its turn here, and
        # every other database has locked the row from here on.
        if statements.update(Upload, using, in_order, forward):
            changes = forward
            _add(upload, start, before, size)
            is_whole = True
        elif (
            _rows(upload)
            .filter(**unfinished)
            .update(received=F("received") + size, **changes)
        ):
            is_whole = _add(upload, start, before, size)
            if not is_whole and "hashed" in changes:
                # The digest that was carried covers bytes that may come otherwise now.
                nothing = {"hashed": 0, "hash_state": None}
                _rows(upload).update(**nothing)
                changes |= nothing
            changes |= _recount(upload, place, stop)
        else:
            raise UploadNotFound
        _set(upload, changes)  # for the receivers of the signal
        transaction.on_commit(lambda: announce(chunk_received, upload), using=using)
    return is_whole


def carry(upload: Upload, hashed: int, changes: dict[str, Any]) -> None:
    """Record a digest's state, unless another request carried it on from `hashed`.

    Or forgot some of the bytes that it covers.
    """
    unfinished = _rows(upload).filter(state=Upload.State.UPLOADING)
    held = unfinished.filter(offset__gte=changes["hashed"])
    if held.filter(hashed=hashed).update(**changes):
        _set(upload, changes)


def forget_beyond(upload: Upload, extent: Callable[[], int]) -> None:
    """Forget what lies beyond `extent()` bytes, since the store no longer has it.

    A machine that lost power may have lost bytes it had not written to disk yet.
    """
    forget(upload, lambda: [(extent(), upload.filesize)])


@retry_deadlocks
def forget(upload: Upload, lost: Callable[[], Iterable[tuple[int, int]]]) -> None:
    """Forget the bytes in the ranges that `lost()` gives: first byte, first after it.

    `lost` is asked under the row's lock: what somebody records at the same time was in
    the store before. Leaves `upload` up to date. Raises `UploadNotFound` where it was
    cancelled or completed meanwhile.
    """
    rows = _rows(upload).filter(state=Upload.State.UPLOADING)
    with transaction.atomic(using=rows.db):
        if not rows.update(modified_at=timezone.now()):
            raise UploadNotFound
        changes: dict[str, Any] = {}
        hashed = rows.values_list("hashed", flat=True).get()
        for start, stop in lost():
            _cut_out(upload, start, stop)
            if hashed > start:
                changes.update(hashed=0, hash_state=None)
        total = _chunks(upload).aggregate(total=Sum("chunk_size"))["total"]
        changes.update(offset=_reach(upload, 0)[0], received=total or 0)
        rows.update(**changes)
    _set(upload, changes)


def _cut_out(upload: Upload, start: int, stop: int) -> None:
    """Let no row of the upload's chunks reach into the bytes `start` up to `stop`."""
    chunks = _chunks(upload).filter(start__lt=stop).order_by("-start")
    last = chunks.first()
    if last is not None and last.stop > stop:
        _add(upload, stop, 0, last.stop - stop)
    before = chunks.filter(start__lt=start).first()
    if before is not None and before.stop > start:
        before.chunk_size = start - before.start
        before.save(update_fields=["chunk_size"])
    _chunks(upload).filter(start__gte=start, start__lt=stop).delete()


def _add(upload: Upload, start: int, before: int, size: int) -> bool:
    """Let the row of the range at `start` have `size` bytes more, or be a new one.

    Returns False where the row no longer has the `before` bytes that it had.
    """
    using = _database(upload)
    row: dict[str, Any] = {"upload": upload.pk, "start": start}
    if before:
        longer = {"chunk_size": before + size}
        if statements.update(Chunk, using, {**row, "chunk_size": before}, longer):
            return True
    row = {"upload": upload.pk, "start": start + before}
    row |= {"chunk_size": size, "created_at": timezone.now()}
    statements.insert(Chunk, using, row)
    return not before


def _recount(upload: Upload, start: int, stop: int) -> dict[str, int]:
    """Count anew how far the bytes reach, now that those up to `stop` are held too."""
    rows = _rows(upload)
    before, received = rows.values_list("offset", "received").get()
    offset, next_start = _reach(upload, stop if start == before else before)
    if offset > before:
        rows.update(offset=offset)
    counted = {"offset": offset, "received": received}
    _set(upload, counted)
    _note_gap(upload, next_start)
    return counted


def _note_gap(upload: Upload, next_start: int | None) -> None:
    gap = None if next_start is None else next_start - upload.offset
    counted = upload.offset, upload.received
    upload._gap = counted, gap  # type: ignore[attr-defined]


def _reach(upload: Upload, offset: int) -> tuple[int, int | None]:
    """Return how far the ranges from `offset` on go without a gap.

    And where the next one beyond starts, None where there is none.
    """
    chunks = _chunks(upload).order_by("start").values_list("start", "chunk_size")
    while True:
        page = chunks.filter(start__gte=offset)[:PAGE]
        for start, size in page:
            if start != offset:
                return offset, start
            offset += size
        if len(page) < PAGE:
            return offset, None


def _database(upload: Upload) -> str:
    return router.db_for_write(Upload, instance=upload)


def _rows(upload: Upload) -> QuerySet[Upload]:
    return Upload.objects.using(_database(upload)).filter(pk=upload.pk)


def _chunks(upload: Upload) -> QuerySet[Chunk]:
    return Chunk.objects.using(_database(upload)).filter(upload=upload.pk)


def _set(upload: Upload, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        setattr(upload, name, value)
