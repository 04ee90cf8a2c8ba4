"""Put finished files into the storage, and say so in the upload's row.

Where a file goes is noted before it goes there, so that whoever comes after a crash
finishes it, or removes what was left.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from chunked_uploads.core import ranges, statements
from chunked_uploads.core.clearing import note_copy, remove_bytes, remove_copies
from chunked_uploads.core.connections import long_work, retry_deadlocks
from chunked_uploads.core.rows import assign
from chunked_uploads.errors import RangeBusy, UploadNotFound
from chunked_uploads.models import Chunk, Removal, Upload, database_of
from chunked_uploads.signals import announce, upload_completed
from chunked_uploads.stores import Content, chunk_store


def place(upload: Upload, content: Content, name: str, found: dict[str, str]) -> str:
    """Put the upload's bytes into the storage; return the name they have there.

    `name` is where they will lie, empty where that is open. `found` is written into the
    upload's row before they go there, if they are moved. Raises `StoreFull`,
    `RangeBusy` or `UploadNotFound` where somebody else was faster, and what the storage
    raises.
    """
    storage = upload.upload.storage
    wanted = name or upload.generate_name()
    if not chunk_store().moves_into(storage):
        return _copy(upload, content, wanted)
    name = content.reserve(storage, wanted, is_noted=bool(name))
    note_name(upload, name, found)
    with long_work(upload):
        return content.place(storage, name)


@retry_deadlocks
def mark_complete(upload: Upload, changes: dict[str, str]) -> None:
    """Say in the upload's row that it is complete, with these changes.

    May be repeated. Raises `UploadNotFound` where it was cancelled; its file is removed
    then.
    """
    using = database_of(upload)
    complete: dict[str, Any] = {
        **changes,
        "state": Upload.State.COMPLETE,
        "modified_at": timezone.now(),
    }
    with transaction.atomic(using=using):
        is_marked = _update_unfinished(upload, {**complete, "hash_state": None})
        if is_marked:
            statements.delete(Chunk, using, {"upload": upload.pk})
            assign(upload, complete)  # for the receivers of the signal
            copied = {"uuid": upload.uuid, "place": upload.upload.name}
            statements.delete(Removal, using, copied)
            transaction.on_commit(
                lambda: announce(upload_completed, upload), using=using
            )
    if not is_marked:
        assign(upload, changes)  # so that it is known what to remove
        refresh_or_remove(upload)


def refresh_or_remove(upload: Upload) -> None:
    """Refresh; where it was cancelled, remove its bytes and raise `UploadNotFound`.

    For who is finishing it: whoever cancelled left them to that one.
    """
    try:
        ranges.refresh(upload)
    except UploadNotFound:
        remove_bytes(upload, is_finishing_here=True)
        raise


def _copy(upload: Upload, content: Content, wanted: str) -> str:
    storage = upload.upload.storage
    remove_copies(upload, content)  # what earlier tries left
    name = note_copy(upload, wanted)
    try:
        with long_work(upload):
            return content.place(storage, name)
    except BaseException:
        remove_copies(upload, content)
        raise


def note_name(upload: Upload, name: str, found: dict[str, str]) -> None:
    """Write into the upload's row where the file goes, before it goes there."""
    changes = {"upload": name, **found}
    is_noted = _update_unfinished(upload, changes)
    assign(upload, changes)
    if not is_noted:
        refresh_or_remove(upload)
        raise RangeBusy("Another request finished this upload.")


def _update_unfinished(upload: Upload, changes: dict[str, Any]) -> int:
    unfinished = {"id": upload.pk, "state": Upload.State.UPLOADING}
    return statements.update(Upload, database_of(upload), unfinished, changes)
