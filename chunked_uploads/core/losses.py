"""What a power loss, or a disk that is away, means for recorded bytes.

The store finds out what it lost; here it is forgotten, so that the client sends it
again. Nothing is forgotten that may lie on a disk that is not there just now.
"""

from __future__ import annotations

from django.db import transaction

from chunked_uploads.core import ranges
from chunked_uploads.core.places import is_in_place
from chunked_uploads.core.rows import row_of
from chunked_uploads.errors import RangeBusy
from chunked_uploads.models import Upload
from chunked_uploads.stores import Entered


def notice_losses(upload: Upload, entered: Entered) -> bool:
    """Forget what the store lost of the upload's bytes; return whether it lost any.

    Costs next to nothing, but where the store is in doubt. `upload` must be up to date,
    and is left so. Raises `RangeBusy` where they went to their place,
    `StoreUnavailable` where they may lie elsewhere, and `UploadNotFound`.
    """
    if upload.is_complete or entered.is_certain(upload):
        return False
    # Moved by a `complete` that has not said so in the row yet, or that died then?
    is_whole = upload.offset == upload.filesize
    is_placed = is_whole and is_in_place(upload)
    row = row_of(upload)
    held, state = 0, ""

    def lost() -> list[tuple[int, int]]:
        nonlocal held, state
        # Under the row's lock: another request may have been here first.
        upload.store_state, held = row.values_list("store_state", "received").get()
        found = entered.find_losses(upload)
        state = found.state
        return found.ranges

    with transaction.atomic(using=row.db):
        ranges.forget(upload, lost)
        is_lost = upload.received < held
        if is_lost and is_placed:
            raise RangeBusy("All bytes are there, and the upload is being finished.")
        if is_lost:
            entered.confirm_loss(upload)
        row.update(store_state=state)
    upload.store_state = state
    return is_lost
