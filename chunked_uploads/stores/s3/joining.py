"""Cells that came in pieces, put together when the last of them is recorded."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing

from chunked_uploads.errors import BytesLost, StoreFull, StoreUnavailable
from chunked_uploads.stores.facts import RecordedRange, StoredUpload
from chunked_uploads.stores.handles import Replace
from chunked_uploads.stores.s3.failures import Refused
from chunked_uploads.stores.s3.grid import Cell
from chunked_uploads.stores.s3.objects import UploadObjects, grid_of
from chunked_uploads.stores.s3.reading import read_fragment
from chunked_uploads.stores.s3.receipts import (
    MOST_DIGESTS,
    Receipt,
    digests_of,
    is_whole,
    receipt_of,
)

logger = logging.getLogger("chunked_uploads")


def join_cell(
    objects: UploadObjects,
    upload: StoredUpload,
    cell: Cell,
    rows: Sequence[RecordedRange],
    replace: Replace,
) -> None:
    """Send a whole cell that `rows` have, and let one row take their place.

    Only then its fragments are removed. Raises `BytesLost`, `RangeBusy`,
    `StoreUnavailable`, `StoreFull`.
    """
    if is_joined(objects, cell, rows):
        return
    try:
        sent = _send_joined(objects, cell, rows)
    except Refused:
        raise objects.multipart_gone(upload) from None
    except BytesLost:
        if [each.receipt for each in upload.recorded(cell.start, cell.stop)] == [
            each.receipt for each in rows
        ]:
            raise
        return  # somebody else joined it, and removed the fragments then
    digests = (*digests_of(rows), *sent.digests)
    if len(digests) > MOST_DIGESTS:
        digests = sent.digests
    if replace(rows, str(dataclasses.replace(sent, digests=digests))):
        _remove(objects, [receipt_of(row).name for row in rows])
    elif sent.name:
        _remove(objects, [sent.name])


def _send_joined(
    objects: UploadObjects, cell: Cell, rows: Sequence[RecordedRange]
) -> Receipt:
    # A part of which bytes were given up can't be read, nor one of a multipart upload
    # that is gone.
    if parts := [row for row in rows if receipt_of(row).is_part]:
        raise BytesLost(parts)
    with closing(objects.buffer_for(cell.start, cell.size)) as buffer:
        for row in rows:
            for block in read_fragment(objects.bucket, objects.state.folder, row):
                buffer.write(block)
        return objects.send(buffer, cell)


def unjoined_cells(
    objects: UploadObjects, upload: StoredUpload, recorded: Iterable[RecordedRange]
) -> Iterator[tuple[Cell, list[RecordedRange]]]:
    """Yield the cells of a whole upload that are not one part, or one fragment, yet.

    With their rows, of all that are `recorded`.
    """
    grid = grid_of(objects.state, upload)
    rows: list[RecordedRange] = []
    for row in recorded:
        rows.append(row)
        cell = grid.cell_at(rows[0].start)
        if row.start + row.chunk_size == cell.stop:
            if not is_joined(objects, cell, rows):
                yield cell, rows
            rows = []


def is_joined(
    objects: UploadObjects, cell: Cell, rows: Sequence[RecordedRange]
) -> bool:
    """Whether one object has the cell, in the way that the end of the upload needs."""
    if len(rows) > 1 or rows[0].chunk_size != cell.size:
        return False
    receipt = receipt_of(rows[0])
    return receipt.mark == objects.state.mark and is_whole(rows[0], receipt)


def _remove(objects: UploadObjects, names: list[str]) -> None:
    try:
        objects.bucket.remove([objects.state.folder + name for name in names])
    except (StoreFull, StoreUnavailable) as error:
        # They go with the rest of the upload's folder.
        logger.warning("Fragments of %s were not removed: %s", objects.uuid, error)
