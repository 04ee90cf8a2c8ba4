"""How many bytes are missing from an upload's offset up to the next held range."""

from __future__ import annotations

from django.db.models import F, Min

from chunked_uploads.core.rows import chunks_of
from chunked_uploads.models import Chunk, Upload, database_of


def gap(upload: Upload) -> int | None:
    """Return how many bytes are missing from the offset up to the next held range.

    None where nothing is held beyond the offset.
    """
    if upload.received <= upload.offset:
        return None
    known = getattr(upload, "_gap", None)  # of when it was recorded
    if known is not None and known[0] == (upload.offset, upload.received):
        return known[1]
    beyond = chunks_of(upload).filter(start__gt=upload.offset)
    next_start = beyond.order_by("start").values_list("start", flat=True).first()
    return None if next_start is None else next_start - upload.offset


def find_gaps(uploads: list[Upload]) -> None:
    """Find the gaps of several uploads at once, for `gap` to return."""
    gapped = {each.pk: each for each in uploads if each.received > each.offset}
    if not gapped:
        return
    chunks = Chunk.objects.using(database_of(uploads[0]))
    beyond = chunks.filter(upload__in=gapped, start__gt=F("upload__offset"))
    starts = beyond.values_list("upload").annotate(Min("start"))
    for pk, start in starts:
        note_gap(gapped[pk], start)


def note_gap(upload: Upload, next_start: int | None) -> None:
    """Remember where the next range beyond the offset starts, None where none does."""
    gap = None if next_start is None else next_start - upload.offset
    counted = upload.offset, upload.received
    upload._gap = counted, gap  # type: ignore[attr-defined]
