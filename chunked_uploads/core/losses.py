"""What a power loss, or a disk that is away, means for recorded bytes.

The store finds out what it lost; here it is forgotten, so that the client sends it
again. Nothing is forgotten that may lie on a disk that is not there just now.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

from django.db import transaction

from chunked_uploads.core import ranges
from chunked_uploads.core.failures import storage_failures_reported
from chunked_uploads.core.forgetting import forget
from chunked_uploads.core.places import is_in_place
from chunked_uploads.core.rows import row_of
from chunked_uploads.errors import (
    BytesLost,
    RangeBusy,
    RangeConflict,
    UploadError,
    UploadNotFound,
)
from chunked_uploads.models import Upload
from chunked_uploads.stores import Handle, chunk_store


@contextlib.contextmanager
def losses_forgotten(upload: Upload) -> Iterator[None]:
    """Forget what a store finds lost in this context, and raise `RangeConflict`.

    Leaves `upload` up to date. Raises `UploadNotFound` as `forget` does.
    """
    try:
        yield
    except BytesLost as lost:
        forget_lost(upload, lost)
        message = "The server lost bytes of this upload."
        raise RangeConflict(message, upload) from None


def forget_lost(upload: Upload, lost: BytesLost) -> None:
    """Forget what the store says is lost, but for what came again meanwhile.

    Nothing of an upload that is complete by now. Leaves `upload` up to date. Raises
    `UploadNotFound` where it was cancelled.
    """
    receipts = {(each.start, each.receipt) for each in lost.ranges}

    def still_recorded() -> list[tuple[int, int]]:
        recorded = upload.recorded()
        same = (each for each in recorded if (each.start, each.receipt) in receipts)
        return _adjoined((each.start, each.stop) for each in same)

    row = row_of(upload)
    with contextlib.suppress(UploadNotFound), transaction.atomic(using=row.db):
        forget(upload, still_recorded)
        if lost.state is not None:
            # Unless another request was here first.
            row.filter(store_state=upload.store_state).update(store_state=lost.state)
    try:
        ranges.refresh(upload)
    except UploadNotFound:
        if lost.state is not None:
            # What the store began for it since nobody else knows of.
            upload.store_state = lost.state
            chunk_store().delete(upload)
        raise


def _adjoined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the same bytes in fewer spans, where one begins as another ends."""
    found: list[tuple[int, int]] = []
    for start, stop in spans:
        if found and found[-1][1] == start:
            start, _ = found.pop()
        found.append((start, stop))
    return found


def notice_losses(upload: Upload, handle: Handle) -> bool:
    """Forget what the store lost of the upload's bytes; return whether it lost any.

    Costs next to nothing, but where the store is in doubt. `upload` must be up to date,
    and is left so. Raises `RangeBusy` where they went to their place,
    `StoreUnavailable` where they may lie elsewhere, and `UploadNotFound`.
    """
    if upload.is_complete or handle.is_certain(upload):
        return False
    row = row_of(upload)
    is_whole = upload.offset == upload.filesize
    held, state = 0, ""

    def lost() -> list[tuple[int, int]]:
        nonlocal held, state
        # Under the row's lock: another request may have been here first.
        upload.store_state, held = row.values_list("store_state", "received").get()
        found = handle.find_losses(upload)
        state = found.state
        return found.ranges

    try:
        with transaction.atomic(using=row.db):
            forget(upload, lost)
            is_lost = upload.received < held
            if is_lost:
                _check_not_placed(upload, is_whole)
                handle.confirm_loss(upload)
            row.update(store_state=state)
    except UploadError:
        ranges.refresh(upload)  # nothing was forgotten
        raise
    upload.store_state = state
    return is_lost


def _check_not_placed(upload: Upload, is_whole: bool) -> None:
    """Raise `RangeBusy` where nothing is lost, since it went to its place.

    Moved by a `complete` that has not said so in the row yet, or that died then.
    """
    with storage_failures_reported(upload):
        if is_whole and is_in_place(upload):
            raise RangeBusy("All bytes are there, and the upload is being finished.")
