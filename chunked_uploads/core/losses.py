"""What a power loss, or a disk that is away, means for recorded bytes.

The store finds out what it lost; here it is forgotten, so that the client sends it
again. Nothing is forgotten that may lie on a disk that is not there just now.
"""

from __future__ import annotations

from django.db import router, transaction

from chunked_uploads.core import ranges
from chunked_uploads.errors import RangeBusy
from chunked_uploads.models import Upload
from chunked_uploads.storages import is_in_place
from chunked_uploads.stores import Opened


def noted_state(upload: Upload) -> str | None:
    """Return what the store noted of the part, None where it has none yet."""
    is_begun = upload.received > 0 or upload.store_state
    return upload.store_state if is_begun else None


def notice_losses(upload: Upload, part: Opened) -> bool:
    """Forget what the store lost of the upload's bytes; return whether it lost any.

    Costs next to nothing, but where the machine was started anew since the part was
    looked at last. `upload` must be up to date, and is left so. Raises `RangeBusy`
    where they went to their place, `StoreUnavailable` where they may lie elsewhere, and
    `UploadNotFound`.
    """
    if upload.is_complete:
        return False
    if part.is_known(upload.store_state) and part.extent >= upload.offset:
        return False
    if part.extent < upload.offset == upload.filesize and is_in_place(upload):
        # Moved by a `complete` that has not said so in the row yet, or that died then.
        raise RangeBusy("All bytes are there, and the upload is being finished.")
    using = router.db_for_write(Upload, instance=upload)
    rows = Upload.objects.using(using).filter(pk=upload.pk)
    noted, state, held = "", "", 0

    def lost() -> list[tuple[int, int]]:
        nonlocal noted, state, held
        # Under the row's lock: another request may have been here first.
        noted, held = rows.values_list("store_state", "received").get()
        found = part.examine(noted)
        state = found.state
        return [*found.lost, (part.extent, upload.filesize)]

    with transaction.atomic(using=using):
        ranges.forget(upload, lost)
        is_lost = upload.received < held
        if is_lost:
            part.admit_loss(noted)
        rows.update(store_state=state)
    upload.store_state = state
    return is_lost
