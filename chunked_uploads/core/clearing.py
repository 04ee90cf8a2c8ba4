"""Remove uploads' bytes, and note what is to be removed until that is done.

Storages fail, processes die, and a name that is free again may be somebody else's: so
each removal is noted before it begins, and each copy before it is made.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator

from django.core.files.storage import FileSystemStorage, Storage
from django.db import DatabaseError

from chunked_uploads.conf import conf
from chunked_uploads.core.places import own_folder, place_of
from chunked_uploads.core.rows import removals_of
from chunked_uploads.errors import RangeBusy
from chunked_uploads.models import MAX_PATH, Removal, Upload, database_of
from chunked_uploads.storages import (
    abort_parts,
    another_name,
    free_name,
    is_in_own_folder,
    read_at,
)
from chunked_uploads.stores import Content, chunk_store

logger = logging.getLogger("chunked_uploads")

SAMPLE = 64 * 1024  # bytes by which a copy is known
NOWHERE = ""  # the place in a note that nothing is to be removed


def note_removal(upload: Upload, using: str) -> None:
    """Note, in the transaction that deletes the upload, that its file has to go."""
    if place := place_of(upload):
        # A copy may be noted there already. Not by `get_or_create`: no constraint says
        # that there is one note of a place, and two must not keep an upload for good.
        notes = Removal.objects.using(using).filter(uuid=upload.uuid)
        if not notes.filter(place__in=[place, NOWHERE]).exists():
            notes.create(uuid=upload.uuid, place=place, filesize=upload.filesize or 0)


def note_handover(upload: Upload, using: str) -> None:
    """Note, in the transaction that deletes the upload, that its file stays.

    A `done` that was asked for once more, and finds the row gone, would take it along.
    """
    notes = Removal.objects.using(using).filter(uuid=upload.uuid)
    notes.delete()  # as the clean-up would, with the upload's whole folder
    notes.create(uuid=upload.uuid, place=NOWHERE, filesize=0)


def remove_bytes(upload: Upload, *, is_finishing_here: bool = False) -> None:
    """Remove a deleted upload's bytes, and the finished file where there is one.

    Where another request is finishing it just now, that one finds the row gone and
    removes what it made, as whoever `is_finishing_here` does. The clean-up comes after
    it, should it die. A failure is logged.
    """
    store, place = chunk_store(), place_of(upload)
    if removals_of(upload).filter(place=NOWHERE).exists():
        with _failure_logged(upload, place):
            store.delete(upload)
        return
    is_unfinished = not upload.is_complete and not is_finishing_here
    is_left = True
    with _failure_logged(upload, place):
        is_left = is_unfinished and store.is_finishing(upload)
        if is_unfinished and not is_left and removals_of(upload).filter(is_copy=True):
            with contextlib.suppress(RangeBusy), store.exclusive(upload) as content:
                remove_copies(upload, content)
        store.delete(upload)
    # A name that was free before may be somebody else's as soon as it is free again: of
    # several who would remove the file only one may do it.
    if is_unfinished and place and not is_in_own_folder(upload.uuid, place):
        if not is_left:
            with _failure_logged(upload, place):
                store.remove_draft(upload, upload.upload.storage, place)
        return
    with _failure_logged(upload, place):
        if place:
            _delete_file(upload, place)
        if not is_left:
            removals_of(upload).delete()


def note_copy(upload: Upload, wanted: str) -> str:
    """Note where a copy of the finished file will be made; return where.

    That is `wanted`, or beside it where something lies there. Only for who is
    finishing it. The note goes when the upload is marked complete; before that it says
    what to remove.
    """
    storage, name = upload.upload.storage, wanted
    while True:
        if not is_in_own_folder(upload.uuid, name):
            name = free_name(storage, name, MAX_PATH)
        # One note, however often a copy fails that can't be removed either.
        if not removals_of(upload).filter(place=name, is_copy=True).exists():
            removals_of(upload).create(
                uuid=upload.uuid,
                place=name,
                filesize=upload.filesize or 0,
                is_copy=True,
            )
        if is_in_own_folder(upload.uuid, name):
            return name
        # Whoever noted the same name at the same time sees this note, or is seen here.
        others = Removal.objects.using(database_of(upload)).filter(place=name)
        is_taken = others.exclude(uuid=upload.uuid).exists()
        if not is_taken and not storage.exists(name):
            return name
        removals_of(upload).filter(place=name).delete()
        name = another_name(storage, name)


def remove_copies(upload: Upload, content: Content) -> None:
    """Remove what a copy that failed or died left, as far as it is the upload's.

    Only for who is finishing it. A failure is logged, and does no other harm than
    that the copy is left until the next try.
    """
    storage = upload.upload.storage
    for removal in removals_of(upload).filter(is_copy=True):
        place = removal.place
        with _failure_logged(upload, place):
            if is_in_own_folder(upload.uuid, place):
                _delete_file(upload, place)
                abort_parts(storage, place)
            elif storage.exists(place):
                # Of another model, whose file came to this name at the same time?
                if not _is_copied(storage, place, content):
                    logger.warning("%s may be a copy that was cut short.", place)
                else:
                    storage.delete(place)
            removal.delete()


def finish_removal(removal: Removal, *, dry_run: bool = False) -> bool:
    """Do what is noted to be done; return whether there is something to remove.

    For the clean-up, when nobody else is at it any more. A name that the upload had to
    share is left to whoever may have it by now.
    """
    if removal.place == NOWHERE:
        if not dry_run:
            removal.delete()
        return False
    uploads = Upload.objects.for_writing()
    upload = uploads.filter(uuid=removal.uuid).first()
    if upload is not None and not upload.is_complete:
        return False  # its end, or its cancellation, will see to it
    gone = Upload(uuid=removal.uuid, upload=removal.place)
    storage, place = gone.upload.storage, removal.place
    is_own = is_in_own_folder(removal.uuid, place) and not _is_of_another(gone, place)
    if is_own:
        is_its = upload is None or _is_beside(storage, place, str(upload.upload))
    else:
        is_its = not removal.is_copy and not uploads.filter(upload=place).exists()
    is_left = is_its and storage.exists(place)
    if is_left and not is_own:
        is_left = _is_unchanged(storage, removal)
    if not dry_run:
        if upload is None and is_own:
            _delete_file(gone, place)  # and what else is in the folder
            if removal.is_copy:
                abort_parts(storage, place)
        elif is_left:
            storage.delete(place)
        if upload is None and not is_own:
            chunk_store().remove_draft(gone, storage, place)
        removal.delete()
    return is_left


def _is_copied(storage: Storage, place: str, content: Content) -> bool:
    """Whether the file begins and ends as the upload has it there."""
    if not content.is_readable:
        return False
    with storage.open(place) as file, content.open() as whole:
        size = file.size
        if not 0 < size <= whole.size:
            return False
        for start in (0, max(0, size - SAMPLE)):
            whole.seek(start)
            wanted = min(SAMPLE, size - start)
            if read_at(storage, file, start, wanted) != whole.read(wanted):
                return False
    return True


def _is_beside(storage: Storage, place: str, finished: str) -> bool:
    """Whether `place` is certainly another file than the finished one of its folder.

    A storage may find one file by several names, so only a list of files tells.
    """
    folder, name = os.path.split(place)
    try:
        files = storage.listdir(folder)[1]
    except (FileNotFoundError, NotImplementedError):
        return False
    return place != finished and {name, os.path.basename(finished)} <= {*files}


def _is_unchanged(storage: Storage, removal: Removal) -> bool:
    is_older = storage.get_modified_time(removal.place) <= removal.created_at
    # Empty it is where the upload had its name already, and no more.
    return is_older and storage.size(removal.place) in (0, removal.filesize)


@contextlib.contextmanager
def _failure_logged(upload: Upload, place: str) -> Iterator[None]:
    try:
        yield
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001 - storages fail in their own ways
        message = "What is left of upload %s (%s) could not be removed: %s"
        logger.error(message, upload.uuid, place or upload.filename, error)


def _is_of_another(upload: Upload, place: str) -> bool:
    """Whether a site's callable gave other uploads this one's folder."""
    if not callable(conf.CHUNKED_UPLOADS_STORAGE_PATH):
        return False
    others = Upload.objects.using(database_of(upload)).exclude(uuid=upload.uuid)
    return others.filter(upload=place).exists()


def _delete_file(upload: Upload, name: str) -> None:
    storage, store = upload.upload.storage, chunk_store()
    storage.delete(name)
    store.remove_draft(upload, storage, name)
    folder = own_folder(upload, name)
    with contextlib.suppress(OSError, NotImplementedError):
        # A copy that died leaves what it had, maybe by another name, and a form that
        # died leaves its link. The store may keep the bytes here, too, which are wanted
        # as long as the upload is.
        for left in storage.listdir(folder)[1]:
            beside = os.path.join(folder, left)
            is_kept = upload.pk and store.owns(upload, storage, beside)
            if not is_kept and not _is_of_another(upload, beside):
                storage.delete(beside)
        if isinstance(storage, FileSystemStorage):
            storage.delete(folder)
