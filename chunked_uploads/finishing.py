"""Put finished files in their places.

It goes through states of which each is whole: all ranges held; a place taken
(an empty file, named in the upload's row); the part moved over it; the row complete.
Whatever dies in between, the next `complete` goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.core.files.base import ContentFile, File
from django.db import router, transaction
from django.utils import timezone

from chunked_uploads import digests, ranges
from chunked_uploads.conf import MIB, conf
from chunked_uploads.deadlocks import retry_deadlocks
from chunked_uploads.errors import Incomplete, RangeBusy, UploadNotFound
from chunked_uploads.models import MAX_PATH, Chunk, Upload
from chunked_uploads.removing import remove_bytes
from chunked_uploads.signals import announce, upload_completed
from chunked_uploads.storages import (
    is_in_own_folder,
    place_of,
    takes_files_as_they_are,
)
from chunked_uploads.stores import Part, chunk_store
from chunked_uploads.survival import noted_state, notice_losses


def complete(upload: Upload) -> None:
    """Put the finished file in its place and say so in the upload's row.

    May be repeated, and asked by several at once. Raises `Incomplete` where bytes
    are missing, `StoreFull` where a copy to another file system does not fit, and
    `UploadNotFound` where the upload was cancelled; what is held stays held.
    """
    try:
        if not upload.is_complete:
            _complete(upload)
    except RangeBusy as busy:
        busy.upload = upload
        raise
    except UploadNotFound:
        # Sealing it may have made it anew, and nobody will look for it any more.
        chunk_store().delete(upload.part)
        raise
    chunk_store().delete(upload.part)


def _complete(upload: Upload) -> None:
    ranges.refresh(upload)
    _check_whole(upload)  # before waiting for a writer who may take long
    with chunk_store().sealed(upload.part, noted_state(upload)) as part:
        ranges.refresh(upload)
        if not upload.is_complete:
            try:
                _put_in_place(upload, part)
            except FileNotFoundError:
                _refresh(upload)  # which tells where it was cancelled meanwhile
                raise
            _mark_complete(upload)


def is_in_place(upload: Upload) -> bool:
    """Whether the finished file is where it belongs, whatever the row says of it."""
    place, storage = place_of(upload), upload.upload.storage
    if not place or not storage.exists(place):
        return False
    return storage.size(place) == upload.filesize


def _put_in_place(upload: Upload, part: Part) -> None:
    if _is_moved(upload, part):
        if not upload.upload.name:
            # Noted before it was moved, but on a machine that lost power since.
            file = upload.upload.storage.open(place_of(upload))
            with file:
                _note(upload, place_of(upload), _digest(upload, _read(file)))
        return
    notice_losses(upload, part)
    _check_whole(upload)
    _move(upload, part)


def _is_moved(upload: Upload, part: Part) -> bool:
    """Whether an earlier `complete` moved the part, then died."""
    is_whole = 0 < part.extent == upload.filesize
    is_noted = bool(upload.upload.name)
    if is_whole and not (is_noted and is_in_own_folder(upload, place_of(upload))):
        return False
    return (is_noted or upload.filesize > 0) and is_in_place(upload)


def _check_whole(upload: Upload) -> None:
    if upload.offset < upload.filesize:
        held = f"{upload.offset} of {upload.filesize}"
        raise Incomplete(f"Only {held} bytes are there without a gap.", upload)


def _move(upload: Upload, part: Part) -> None:
    storage = upload.upload.storage
    found = _digest(upload, part.read)
    wanted = upload.upload.field.generate_filename(upload, upload.filename)
    if not takes_files_as_they_are(storage):
        with part.open() as file:
            name = storage.save(wanted, file, max_length=MAX_PATH)
        _note(upload, name, found)
        return
    name = place_of(upload)
    if not (name and storage.exists(name) and storage.size(name) == 0):
        # The storage makes the file only where none is: the name is ours alone.
        name = storage.save(wanted, ContentFile(b""), max_length=MAX_PATH)
    _note(upload, name, found)
    if upload.filesize:
        part.move(storage.path(name))


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


@retry_deadlocks
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
        remove_bytes(upload)
        raise
