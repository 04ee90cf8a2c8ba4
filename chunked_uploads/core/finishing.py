"""Put finished files in their places.

It goes through states of which each is whole: all ranges held; on the disk for certain;
a place taken (an empty file, named in the upload's row); the part moved over it; the
row complete. A storage that has a way of its own gets a copy instead, whose place is
noted beforehand as one to be emptied. Whatever dies in between, the next `complete`
goes on from there.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.core.files.base import File
from django.db import DatabaseError, connections, router, transaction
from django.db.models import ProtectedError, RestrictedError
from django.utils import timezone

from chunked_uploads.conf import MIB, conf
from chunked_uploads.core import ranges
from chunked_uploads.core.clearing import note_copy, remove_bytes, remove_copies
from chunked_uploads.core.deadlocks import retry_deadlocks
from chunked_uploads.core.losses import noted_state, notice_losses
from chunked_uploads.core.removing import cancel
from chunked_uploads.core.validating import validate
from chunked_uploads.digests import carrying
from chunked_uploads.errors import (
    FULL,
    FileRefused,
    Incomplete,
    RangeBusy,
    StoreFull,
    Unavailable,
    UploadError,
    UploadNotFound,
)
from chunked_uploads.models import MAX_PATH, Chunk, Removal, Upload
from chunked_uploads.signals import announce, upload_completed
from chunked_uploads.storages import (
    is_in_own_folder,
    is_in_place,
    place_of,
    take_place,
    takes_files_as_they_are,
)
from chunked_uploads.stores import Part, chunk_store
from chunked_uploads.system.moving import full_disk_told, sync_copy

logger = logging.getLogger("chunked_uploads")

IDLE = 5  # seconds after which a connection to the database is made anew


def complete(upload: Upload, *, is_valid: bool = False) -> None:
    """Put the finished file in its place and say so in the upload's row.

    May be repeated, and asked by several at once. `is_valid` says that the site's
    validators saw the file already.

    Raises `Incomplete` where bytes are missing, `StoreFull` where a copy to another
    file system does not fit, `Unavailable` where the storage fails in its own way, and
    `UploadNotFound` where the upload was cancelled; what is held stays held. Raises
    `Unavailable` or `StoreFull` where the disk could not keep the bytes, which have to
    be sent again, and `FileRefused` where a validator refused the file, which is gone
    then.
    """
    try:
        if not upload.is_complete:
            _complete(upload, is_valid)
    except RangeBusy as busy:
        busy.upload = upload
        raise
    except UploadNotFound:
        # Sealing it may have made it anew, and whoever cancelled may have left the rest
        # to who had sealed it.
        remove_bytes(upload)
        raise
    except FileRefused:
        if not upload.pk:  # its row went while its bytes could not
            remove_bytes(upload)
        raise
    try:
        chunk_store().delete(upload.part)
    except OSError as error:  # it is a stray now, which the clean-up removes
        logger.error("%s could not be removed: %s", upload.part, error)


def _complete(upload: Upload, is_valid: bool) -> None:
    ranges.refresh(upload)
    _check_whole(upload)  # before waiting for a writer who may take long
    with _entered(upload) as part:
        ranges.refresh(upload)
        if not upload.is_complete:
            try:
                _put_in_place(upload, part, is_valid)
            except FileNotFoundError:
                _refresh(upload)  # which tells where it was cancelled meanwhile
                raise


@contextlib.contextmanager
def _entered(upload: Upload) -> Iterator[Part]:
    with contextlib.ExitStack() as stack:
        with _long_work(upload):  # maybe as long as another one's copy takes
            sealed = chunk_store().sealed(upload.part, noted_state(upload))
            part = stack.enter_context(sealed)
        yield part


@contextlib.contextmanager
def _long_work(upload: Upload) -> Iterator[None]:
    """Do without the database for as long as it takes.

    A connection that was idle for long may be dead: a new one is made when it is over.
    """
    begun = time.monotonic()
    try:
        yield
    finally:
        connection = connections[_database(upload)]
        is_idle = time.monotonic() - begun >= IDLE
        # Whoever commits by hand has something to commit, maybe.
        if is_idle and connection.autocommit and not connection.in_atomic_block:
            connection.close()


def _put_in_place(upload: Upload, part: Part, is_valid: bool) -> None:
    storage = upload.upload.storage
    with _storage_failures_told(upload):
        if _is_moved(upload, part):
            _settle(upload, part)
            return
    notice_losses(upload, part)
    _check_whole(upload)
    _sync(upload, part)
    with _long_work(upload):
        found = _digest(upload, part.read)
    if not is_valid:
        _validate(upload, part, found)
    wanted = upload.upload.field.generate_filename(upload, upload.filename)
    if takes_files_as_they_are(storage):
        _move(upload, part, wanted, found)
    else:
        with _storage_failures_told(upload):
            _copy(upload, part, wanted, found)


@contextlib.contextmanager
def _storage_failures_told(upload: Upload) -> Iterator[None]:
    """Raise `Unavailable` in place of what a storage raises of its own.

    Those of buckets have errors of their own kinds, which nobody else knows.
    """
    try:
        yield
    except (UploadError, DatabaseError, SuspiciousOperation):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        logger.exception("The storage failed with upload %s", upload.uuid)
        told = Unavailable("The storage does not answer; try again.", upload)
        told.is_logged = True
        raise told from error


def _is_moved(upload: Upload, part: Part) -> bool:
    """Whether an earlier `complete` moved the part, then died."""
    is_whole = 0 < part.extent == upload.filesize
    is_noted = bool(upload.upload.name)
    if is_whole and not (is_noted and is_in_own_folder(upload, place_of(upload))):
        return False
    return (is_noted or upload.filesize > 0) and is_in_place(upload)


def _settle(upload: Upload, part: Part) -> None:
    """Do what the one who moved the part, then died, left to be done."""
    name, storage = place_of(upload), upload.upload.storage
    if takes_files_as_they_are(storage):
        part.settle(storage.path(name))
    found: dict[str, str] = {}
    if not upload.upload.name:
        # Noted before it was moved, but on a machine that lost power since.
        with _long_work(upload), storage.open(name) as file:
            found = _digest(upload, _read(file))
    _mark_complete(upload, {"upload": name, **found})


def _check_whole(upload: Upload) -> None:
    if upload.offset < upload.filesize:
        held = f"{upload.offset} of {upload.filesize}"
        raise Incomplete(f"Only {held} bytes are there without a gap.", upload)


def _sync(upload: Upload, part: Part) -> None:
    """Make the part durable, or forget it.

    After a failure nothing is known of any of its bytes, and the system tells each
    failure once: the next sync would find nothing wrong.
    """
    try:
        with _long_work(upload):
            part.sync()
    except OSError as error:
        logger.error("The disk lost bytes of upload %s: %s", upload.uuid, error)
        # The part first: where the database is away too, its length tells the loss.
        with contextlib.suppress(OSError):
            part.discard()
        ranges.forget_beyond(upload, lambda: 0)
        if error.errno in FULL:
            told = "The disk is full and lost the file; send it again later."
            raise StoreFull(told, upload) from error
        told = "The disk failed and lost the file; send it again."
        raise Unavailable(told, upload) from error


def _validate(upload: Upload, part: Part, found: dict[str, str]) -> None:
    _set(upload, found)
    try:
        with _long_work(upload):
            validate(upload, part.open)
    except FileRefused:
        # Its row goes while nobody else can finish it, its bytes when they are free. A
        # row of the site that protects it stays, and so does the upload, unfinished.
        with contextlib.suppress(ProtectedError, RestrictedError):
            cancel(upload)
        raise


def _move(upload: Upload, part: Part, wanted: str, found: dict[str, str]) -> None:
    storage = upload.upload.storage
    name = place_of(upload)
    if not (name and storage.exists(name)):
        name = take_place(storage, wanted, MAX_PATH)
        if not is_in_own_folder(upload, name):
            # What is noted has to be ours also after a loss of power, or somebody else
            # could have taken the name by then.
            try:
                part.settle(storage.path(name))
            except BaseException:
                storage.delete(name)  # or the next try would take one more
                raise
    _note(upload, name, found)
    if upload.filesize:
        with _long_work(upload):
            part.move(storage.path(name))
    _mark_complete(upload, {})


def _copy(upload: Upload, part: Part, wanted: str, found: dict[str, str]) -> None:
    storage = upload.upload.storage
    remove_copies(upload, part)  # what earlier tries left
    wanted = note_copy(upload, wanted)
    try:
        with _long_work(upload), full_disk_told(), part.open() as file:
            name = storage.save(wanted, file, max_length=MAX_PATH)
            with contextlib.suppress(NotImplementedError):  # it lies elsewhere
                sync_copy(storage.path(name))
    except BaseException:
        remove_copies(upload, part)
        raise
    _mark_complete(upload, {"upload": name, **found})


def _digest(upload: Upload, read: Callable[[int], Iterator[bytes]]) -> dict[str, str]:
    algorithm = conf.CHUNKED_UPLOADS_DIGEST
    if algorithm is None:
        return {}
    carried = carrying.carry_on(upload)
    digest = carried or carrying.start(algorithm)
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
    rows = Upload.objects.using(_database(upload)).filter(pk=upload.pk)
    noted = rows.filter(state=Upload.State.UPLOADING).update(upload=name, **found)
    _set(upload, {"upload": name, **found})
    if not noted:
        _refresh(upload)
        raise RangeBusy("Another request finished this upload.")


@retry_deadlocks
def _mark_complete(upload: Upload, changes: dict[str, str]) -> None:
    using = _database(upload)
    rows = Upload.objects.using(using).filter(pk=upload.pk)
    told = {**changes, "state": Upload.State.COMPLETE, "modified_at": timezone.now()}
    with transaction.atomic(using=using):
        marked = rows.filter(state=Upload.State.UPLOADING).update(
            **told, hash_state=None
        )
        if marked:
            Chunk.objects.using(using).filter(upload=upload.pk).delete()
            _set(upload, told)  # for the receivers of the signal
            noted = Removal.objects.using(using).filter(uuid=upload.uuid)
            noted.filter(place=upload.upload.name).delete()
            transaction.on_commit(
                lambda: announce(upload_completed, upload), using=using
            )
    if not marked:
        _set(upload, changes)  # so that it is known what to remove
        _refresh(upload)


def _refresh(upload: Upload) -> None:
    try:
        ranges.refresh(upload)
    except UploadNotFound:
        # Cancelled while the file was on its way to its place.
        remove_bytes(upload, is_sealed_here=True)
        raise


def _set(upload: Upload, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        setattr(upload, name, value)


def _database(upload: Upload) -> str:
    return router.db_for_write(Upload, instance=upload)
