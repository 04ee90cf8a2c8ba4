"""End uploads: put the finished file in its place, or take everything away.

Finishing goes through states of which each is whole: all ranges held; a place taken
(an empty file, named in the upload's row); the part moved over it; the row complete.
Whatever dies in between, the next `complete` goes on from there.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import os
from collections.abc import Callable, Iterator
from typing import Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage
from django.db import router, transaction
from django.utils import timezone

from chunked_uploads import digests, ranges
from chunked_uploads.conf import MIB, conf
from chunked_uploads.errors import Incomplete, RangeBusy, UploadNotFound
from chunked_uploads.models import MAX_PATH, Chunk, Upload
from chunked_uploads.signals import announce, upload_cancelled, upload_completed
from chunked_uploads.stores import Part, chunk_store


def complete(upload: Upload) -> None:
    """Put the finished file in its place and say so in the upload's row.

    May be repeated, and asked by several at once. Raises `Incomplete` where bytes
    are missing, `StoreFull` where a copy to another file system does not fit, and
    `UploadNotFound` where the upload was cancelled; what is held stays held.
    """
    try:
        if not upload.is_complete:
            _complete(upload)
    except UploadNotFound:
        # Sealing it may have made it anew, and nobody will look for it any more.
        chunk_store().delete(upload.part)
        raise
    chunk_store().delete(upload.part)


def _complete(upload: Upload) -> None:
    ranges.refresh(upload)
    _check_whole(upload)  # before waiting for a writer who may take long
    with chunk_store().sealed(upload.part) as part:
        ranges.refresh(upload)
        if not upload.is_complete:
            try:
                _put_in_place(upload, part)
            except FileNotFoundError:
                _refresh(upload)  # which tells where it was cancelled meanwhile
                raise
            _mark_complete(upload)


def cancel(upload: Upload, *, idle_since: datetime.datetime | None = None) -> None:
    """Remove the upload's rows and bytes, finished or not, also under a writer.

    With `idle_since` (aware), only where it is unfinished and nothing happened to it
    from then on. Raises `UploadNotFound` where there is none to remove.
    """
    using = router.db_for_write(Upload, instance=upload)
    with transaction.atomic(using=using):
        if idle_since is not None and not _lock_idle(upload, using, idle_since):
            raise UploadNotFound
        _, deleted = upload.delete(using=using)
        if not deleted.get(Upload._meta.label):
            raise UploadNotFound
        transaction.on_commit(lambda: announce(upload_cancelled, upload), using=using)


def _lock_idle(upload: Upload, using: str, since: datetime.datetime) -> bool:
    rows = Upload.objects.using(using).filter(pk=upload.pk)
    idle = rows.filter(state=Upload.State.UPLOADING, modified_at__lt=since)
    return bool(idle.update(state=Upload.State.UPLOADING))


def lock_row(*, instance: Upload, using: str, **kwargs: Any) -> None:
    """Lock the row of an upload that goes, and learn what others wrote into it last.

    A receiver of `pre_delete`: what is recorded at the same time is recorded before,
    or not at all.
    """
    rows = Upload.objects.using(using).filter(pk=instance.pk)
    if rows.update(modified_at=timezone.now()):
        ranges.refresh(instance)


def delete_bytes(*, instance: Upload, using: str, **kwargs: Any) -> None:
    """Remove a deleted upload's bytes once its row is gone for certain.

    A receiver of `post_delete`, so that it serves every way to delete a row.
    """
    transaction.on_commit(functools.partial(_delete_bytes, instance), using=using)


def _delete_bytes(upload: Upload) -> None:
    chunk_store().delete(upload.part)
    if place := _place(upload):
        _delete_file(upload, place)


def is_in_place(upload: Upload) -> bool:
    """Whether the finished file is where it belongs, whatever the row says of it."""
    place, storage = _place(upload), upload.upload.storage
    if not place or not storage.exists(place):
        return False
    return storage.size(place) == upload.filesize


def _put_in_place(upload: Upload, part: Part) -> None:
    if _is_moved(upload, part):
        if not upload.upload.name:
            # Noted before it was moved, but on a machine that lost power since.
            file = upload.upload.storage.open(_place(upload))
            with file:
                _note(upload, _place(upload), _digest(upload, _read(file)))
        return
    if part.extent < upload.offset:
        ranges.forget_beyond(upload, lambda: part.extent)
    _check_whole(upload)
    _move(upload, part)


def _is_moved(upload: Upload, part: Part) -> bool:
    """Whether an earlier `complete` moved the part, then died."""
    is_whole = 0 < part.extent == upload.filesize
    is_noted = bool(upload.upload.name)
    if is_whole and not (is_noted and _is_in_own_folder(upload, _place(upload))):
        return False
    return (is_noted or upload.filesize > 0) and is_in_place(upload)


def _place(upload: Upload) -> str:
    """Return where the finished file lies or will lie; empty where that is open.

    A folder of the upload's own makes its name certain before it is noted.
    """
    if upload.upload.name or callable(conf.CHUNKED_UPLOADS_STORAGE_PATH):
        return upload.upload.name or ""
    wanted = upload.upload.field.generate_filename(upload, upload.filename)
    return wanted if _is_in_own_folder(upload, wanted) else ""


def _check_whole(upload: Upload) -> None:
    if upload.offset < upload.filesize:
        held = f"{upload.offset} of {upload.filesize}"
        raise Incomplete(f"Only {held} bytes are there without a gap.", upload)


def _move(upload: Upload, part: Part) -> None:
    storage = upload.upload.storage
    found = _digest(upload, part.read)
    wanted = upload.upload.field.generate_filename(upload, upload.filename)
    if not _takes_files_as_they_are(storage):
        with part.open() as file:
            name = storage.save(wanted, file, max_length=MAX_PATH)
        _note(upload, name, found)
        return
    name = _place(upload)
    if not (name and storage.exists(name) and storage.size(name) == 0):
        # The storage makes the file only where none is: the name is ours alone.
        name = storage.save(wanted, ContentFile(b""), max_length=MAX_PATH)
    _note(upload, name, found)
    if upload.filesize:
        part.move(storage.path(name))


def _takes_files_as_they_are(storage: Storage) -> bool:
    """Whether a file may be put at its path: the storage does nothing to its bytes."""
    if not isinstance(storage, FileSystemStorage):
        return False
    return all(
        getattr(storage.__class__, name) is getattr(FileSystemStorage, name)
        for name in ("_save", "_open")
    )


def _digest(upload: Upload, read: Callable[[int], Iterator[bytes]]) -> dict[str, str]:
    algorithm = conf.CHUNKED_UPLOADS_DIGEST
    if algorithm is None:
        return {}
    carried = digests.carry_on(upload)
    digest = carried or digests.start(algorithm)
    for block in read(upload.hashed if carried else 0):
        digest.update(block)
    return {algorithm: digest.hexdigest()}


def _read(file: File) -> Callable[[int], Iterator[bytes]]:
    def read(start: int) -> Iterator[bytes]:
        file.seek(start)
        while block := file.read(MIB):
            yield block

    return read


def _note(upload: Upload, name: str, found: dict[str, str]) -> None:
    """Write into the upload's row where the file goes, before it goes there."""
    using = router.db_for_write(Upload, instance=upload)
    rows = Upload.objects.using(using).filter(pk=upload.pk)
    noted = rows.filter(state=Upload.State.UPLOADING).update(upload=name, **found)
    upload.upload = name
    if not noted:
        _refresh(upload)
        raise RangeBusy("Another request finished this upload.")


def _mark_complete(upload: Upload) -> None:
    using = router.db_for_write(Upload, instance=upload)
    rows = Upload.objects.using(using).filter(pk=upload.pk)
    with transaction.atomic(using=using):
        marked = rows.filter(state=Upload.State.UPLOADING).update(
            state=Upload.State.COMPLETE, modified_at=timezone.now(), hash_state=None
        )
        Chunk.objects.using(using).filter(upload=upload.pk).delete()
        upload.state = Upload.State.COMPLETE  # for the receivers of the signal
        if marked:
            transaction.on_commit(
                lambda: announce(upload_completed, upload), using=using
            )
    _refresh(upload)


def _refresh(upload: Upload) -> None:
    try:
        ranges.refresh(upload)
    except UploadNotFound:
        # Cancelled while the file was on its way to its place.
        _delete_bytes(upload)
        raise


def _is_in_own_folder(upload: Upload, name: str) -> bool:
    """Whether no other upload's file can lie at `name`."""
    return os.path.basename(os.path.dirname(name)) == str(upload.uuid)


def _delete_file(upload: Upload, name: str) -> None:
    storage = upload.upload.storage
    storage.delete(name)
    if _is_in_own_folder(upload, name) and isinstance(storage, FileSystemStorage):
        folder = os.path.dirname(name)
        with contextlib.suppress(OSError):
            # A copy from another file system that died leaves what it had.
            for left in storage.listdir(folder)[1]:
                storage.delete(os.path.join(folder, left))
            storage.delete(folder)
