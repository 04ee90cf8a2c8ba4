"""End uploads: put the finished file in its place, or take everything away.

Finishing goes through states of which each is whole: all ranges held; a place taken
(an empty file, named in the upload's row); the part moved over it; the row complete.
Whatever dies in between, the next `complete` goes on from there.
"""

from __future__ import annotations

import contextlib
import functools
import os
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.db import router, transaction
from django.utils import timezone

from chunked_uploads import digests, ranges
from chunked_uploads.conf import conf
from chunked_uploads.errors import Incomplete, UploadNotFound
from chunked_uploads.models import MAX_PATH, Chunk, Upload
from chunked_uploads.signals import announce, upload_cancelled, upload_completed
from chunked_uploads.stores import Part, chunk_store


def complete(upload: Upload) -> None:
    """Put the finished file in its place and say so in the upload's row.

    May be repeated, and asked by several at once. Raises `Incomplete` where bytes
    are missing, `StoreFull` where a copy to another file system does not fit, and
    `UploadNotFound` where the upload was cancelled; what is held stays held.
    """
    if upload.is_complete:
        return
    store = chunk_store()
    ranges.refresh(upload)
    _check_whole(upload)  # before waiting for a writer who may take long
    with store.sealed(upload.part) as part:
        ranges.refresh(upload)
        if not upload.is_complete:
            if not _is_moved(upload, part):
                if part.extent < upload.offset:
                    ranges.forget_beyond(upload, lambda: part.extent)
                _check_whole(upload)
                _move(upload, part)
            _mark_complete(upload)
    store.delete(upload.part)


def cancel(upload: Upload) -> None:
    """Remove the upload's rows and bytes, finished or not, also under a writer.

    Raises `UploadNotFound` where that was done before.
    """
    using = router.db_for_write(Upload, instance=upload)
    rows = Upload.objects.using(using).filter(pk=upload.pk)
    with transaction.atomic(using=using):
        # Locks the row: a chunk recorded at the same time is before or not at all.
        if not rows.update(modified_at=timezone.now()):
            raise UploadNotFound
        ranges.refresh(upload)
        upload.delete()
        transaction.on_commit(lambda: announce(upload_cancelled, upload), using=using)


def delete_bytes(*, instance: Upload, using: str, **kwargs: Any) -> None:
    """Remove a deleted upload's bytes once its row is gone for certain.

    A receiver of `post_delete`, so that it serves every way to delete a row.
    """
    transaction.on_commit(functools.partial(_delete_bytes, instance), using=using)


def _delete_bytes(upload: Upload) -> None:
    chunk_store().delete(upload.part)
    if upload.upload.name:
        _delete_file(upload.upload.storage, upload.upload.name, str(upload.uuid))


def _is_moved(upload: Upload, part: Part) -> bool:
    """Whether an earlier `complete` moved the part, then died."""
    name, storage = upload.upload.name, upload.upload.storage
    if not name or 0 < part.extent == upload.filesize:
        return False
    return storage.exists(name) and storage.size(name) == upload.filesize


def _check_whole(upload: Upload) -> None:
    if upload.offset < upload.filesize:
        held = f"{upload.offset} of {upload.filesize}"
        raise Incomplete(f"Only {held} bytes are there without a gap.", upload)


def _move(upload: Upload, part: Part) -> None:
    storage = upload.upload.storage
    found = _digest(upload, part)
    wanted = upload.upload.field.generate_filename(upload, upload.filename)
    if not _has_paths(storage, wanted):
        with part.open() as file:
            name = storage.save(wanted, file, max_length=MAX_PATH)
        _note(upload, name, found)
        return
    name = upload.upload.name or ""
    if not _is_placeholder(storage, name):
        # The storage makes the file only where none is: the name is ours alone.
        name = storage.save(wanted, ContentFile(b""), max_length=MAX_PATH)
    _note(upload, name, found)
    if upload.filesize:
        part.move(storage.path(name))


def _is_placeholder(storage: Storage, name: str) -> bool:
    return name != "" and storage.exists(name) and storage.size(name) == 0


def _digest(upload: Upload, part: Part) -> dict[str, str]:
    algorithm = conf.CHUNKED_UPLOADS_DIGEST
    if algorithm is None:
        return {}
    carried = digests.carry_on(upload)
    digest = carried or digests.start(algorithm)
    for block in part.read(upload.hashed if carried else 0):
        digest.update(block)
    return {algorithm: digest.hexdigest()}


def _note(upload: Upload, name: str, found: dict[str, str]) -> None:
    """Write into the upload's row where the file goes, before it goes there."""
    using = router.db_for_write(Upload, instance=upload)
    rows = Upload.objects.using(using).filter(pk=upload.pk)
    noted = rows.filter(state=Upload.State.UPLOADING).update(upload=name, **found)
    upload.upload = name
    if not noted:
        _delete_bytes(upload)
        raise UploadNotFound


def _mark_complete(upload: Upload) -> None:
    using = router.db_for_write(Upload, instance=upload)
    rows = Upload.objects.using(using).filter(pk=upload.pk)
    with transaction.atomic(using=using):
        marked = rows.filter(state=Upload.State.UPLOADING).update(
            state=Upload.State.COMPLETE, modified_at=timezone.now(), hash_state=None
        )
        Chunk.objects.using(using).filter(upload=upload.pk).delete()
        if marked:
            transaction.on_commit(
                lambda: announce(upload_completed, upload), using=using
            )
    try:
        ranges.refresh(upload)
    except UploadNotFound:
        # Cancelled while the file was on its way to its place.
        _delete_bytes(upload)
        raise


def _has_paths(storage: Storage, name: str) -> bool:
    try:
        storage.path(name)
    except NotImplementedError:
        return False
    return True


def _delete_file(storage: Storage, name: str, folder: str) -> None:
    storage.delete(name)
    own_folder = os.path.dirname(name)
    if os.path.basename(own_folder) == folder and _has_paths(storage, own_folder):
        with contextlib.suppress(OSError):
            storage.delete(own_folder)
