"""Take back the records of bytes that an upload does not hold any more."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from chunked_uploads.core import ranges
from chunked_uploads.core.connections import retry_deadlocks
from chunked_uploads.core.rows import assign, chunks_of, row_of
from chunked_uploads.digests.files import NOTHING
from chunked_uploads.errors import UploadNotFound
from chunked_uploads.models import Upload
from chunked_uploads.stores import Piece


@retry_deadlocks
def forget(upload: Upload, lost: Callable[[], Iterable[tuple[int, int]]]) -> None:
    """Forget the bytes in the ranges that `lost()` gives: first byte, first after it.

    `lost` is asked under the row's lock: what somebody records at the same time was in
    the store before. Leaves `upload` up to date. Raises `UploadNotFound` where it was
    cancelled or completed meanwhile.
    """
    row = row_of(upload).unfinished()
    with transaction.atomic(using=row.db):
        if not row.update(modified_at=timezone.now()):
            raise UploadNotFound
        changes: dict[str, Any] = {}
        hashed = row.values_list("hashed", flat=True).get()
        for start, stop in lost():
            _cut_out(upload, start, stop)
            if hashed > start:
                changes |= NOTHING
        total = chunks_of(upload).aggregate(total=Sum("chunk_size"))["total"]
        changes.update(offset=ranges.reach(upload, 0)[0], received=total or 0)
        row.update(**changes)
    assign(upload, changes)


def forget_all(upload: Upload) -> None:
    """Forget all bytes. Raises what `forget` raises."""
    forget(upload, lambda: [(0, ranges.LARGEST)])


def _cut_out(upload: Upload, start: int, stop: int) -> None:
    """Let no row of the upload's chunks reach into the bytes `start` up to `stop`."""
    chunks = chunks_of(upload).filter(start__lt=stop).order_by("-start")
    last = chunks.first()
    if last is not None and last.stop > stop:
        ranges.insert(upload, Piece(stop, last.stop - stop, last.receipt))
    before = chunks.filter(start__lt=start).first()
    if before is not None and before.stop > start:
        before.chunk_size = start - before.start
        before.save(update_fields=["chunk_size"])
    chunks_of(upload).filter(start__gte=start, start__lt=stop).delete()
