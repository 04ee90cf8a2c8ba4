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
from django.db import DatabaseError, router
from django.db.models import QuerySet

from chunked_uploads.conf import conf
from chunked_uploads.errors import RangeBusy
from chunked_uploads.models import MAX_PATH, Removal, Upload
from chunked_uploads.storages import (
    another_name,
    free_name,
    is_in_own_folder,
    own_folder,
    place_of,
    takes_files_as_they_are,
)
from chunked_uploads.stores import Part, chunk_store
from chunked_uploads.stores.markers import MARKER
from chunked_uploads.stores.part_names import part_file

logger = logging.getLogger("chunked_uploads")

SAMPLE = 64 * 1024  # bytes by which a copy is known


def note_removal(upload: Upload, using: str) -> None:
    """Note, in the transaction that deletes the upload, that its file has to go."""
    if place := place_of(upload):
        # A copy may be noted there already. Not by `get_or_create`: no constraint says
        # that there is one note of a place, and two must not keep an upload for good.
        notes = Removal.objects.using(using).filter(uuid=upload.uuid, place=place)
        if not notes.exists():
            notes.create(uuid=upload.uuid, place=place, filesize=upload.filesize)


def remove_bytes(upload: Upload, *, is_sealed_here: bool = False) -> None:
    """Remove a deleted upload's part, and the finished file where there is one.

    Where another request is finishing it just now, that one finds the row gone and
    removes what it made, as whoever `is_sealed_here` does. The clean-up comes after it,
    should it die. A failure is logged.
    """
    store, place = chunk_store(), place_of(upload)
    is_finishing = not upload.is_complete and not is_sealed_here
    is_left = True
    with _failure_logged(upload.part):
        is_left = is_finishing and store.is_sealed(upload.part)
        if is_finishing and not is_left and _noted(upload).filter(is_copy=True):
            with contextlib.suppress(RangeBusy), store.sealed(upload.part) as part:
                remove_copies(upload, part)
        store.delete(upload.part)
    # A name that was free before may be somebody else's as soon as it is free again: of
    # several who would remove the file only one may do it.
    if is_finishing and place and not is_in_own_folder(upload, place):
        if not is_left:
            with _failure_logged(place):
                _delete_draft(upload, place)
        return
    with _failure_logged(place):
        if place:
            _delete_file(upload, place)
        if not is_left:
            _noted(upload).delete()


def note_copy(upload: Upload, wanted: str) -> str:
    """Note where a copy of the finished file will be made; return where.

    That is `wanted`, or beside it where something lies there. Only for who has sealed
    the part. The note goes when the upload is marked complete; before that it says
    what to remove.
    """
    storage, name = upload.upload.storage, wanted
    while True:
        if not is_in_own_folder(upload, name):
            name = free_name(storage, name, MAX_PATH)
        # One note, however often a copy fails that can't be removed either.
        if not _noted(upload).filter(place=name, is_copy=True).exists():
            _noted(upload).create(
                uuid=upload.uuid, place=name, filesize=upload.filesize, is_copy=True
            )
        if is_in_own_folder(upload, name):
            return name
        # Whoever noted the same name at the same time sees this note, or is seen here.
        others = Removal.objects.using(_database(upload)).filter(place=name)
        is_taken = others.exclude(uuid=upload.uuid).exists()
        if not is_taken and not storage.exists(name):
            return name
        _noted(upload).filter(place=name).delete()
        name = another_name(storage, name)


def remove_copies(upload: Upload, part: Part) -> None:
    """Remove what a copy that failed or died left, as far as it is the upload's.

    Only for who has sealed the part. A failure is logged, and does no other harm than
    that the copy is left until the next try.
    """
    storage = upload.upload.storage
    for removal in _noted(upload).filter(is_copy=True):
        place = removal.place
        with _failure_logged(place):
            if is_in_own_folder(upload, place):
                _delete_file(upload, place)
            elif storage.exists(place):
                # Of another model, whose file came to this name at the same time?
                if not _is_copied(storage, place, part):
                    logger.warning("%s may be a copy that was cut short.", place)
                else:
                    storage.delete(place)
            removal.delete()


def finish_removal(removal: Removal, *, dry_run: bool = False) -> bool:
    """Do what is noted to be done; return whether there is something to remove.

    For the clean-up, when nobody else is at it any more. A name that the upload had to
    share is left to whoever may have it by now.
    """
    uploads = Upload.objects.using(router.db_for_write(Upload))
    upload = uploads.filter(uuid=removal.uuid).first()
    if upload is not None and not upload.is_complete:
        return False  # its end, or its cancellation, will see to it
    part = part_file(removal.uuid)
    gone = Upload(uuid=removal.uuid, upload=removal.place, part=part)
    storage, place = gone.upload.storage, removal.place
    is_own = is_in_own_folder(gone, place) and not _is_of_another(gone, place)
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
        elif is_left:
            storage.delete(place)
        if upload is None and not is_own:
            _delete_draft(gone, place)
        removal.delete()
    return is_left


def _is_copied(storage: Storage, place: str, part: Part) -> bool:
    """Whether the file begins and ends as the part has it there."""
    with storage.open(place) as file, part.open() as whole:
        size = file.size
        if not 0 < size <= whole.size:
            return False
        for start in (0, max(0, size - SAMPLE)):
            file.seek(start)
            whole.seek(start)
            wanted = min(SAMPLE, size - start)
            if file.read(wanted) != whole.read(wanted):
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


def _noted(upload: Upload) -> QuerySet[Removal]:
    return Removal.objects.using(_database(upload)).filter(uuid=upload.uuid)


def _database(upload: Upload) -> str:
    return router.db_for_write(Upload, instance=upload)


@contextlib.contextmanager
def _failure_logged(name: str) -> Iterator[None]:
    try:
        yield
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001 - storages fail in their own ways
        logger.error("%s could not be removed: %s", name, error)


def _is_of_another(upload: Upload, place: str) -> bool:
    """Whether a site's callable gave other uploads this one's folder."""
    if not callable(conf.CHUNKED_UPLOADS_STORAGE_PATH):
        return False
    others = Upload.objects.using(_database(upload)).exclude(uuid=upload.uuid)
    return others.filter(upload=place).exists()


def _delete_draft(upload: Upload, name: str) -> None:
    """Remove what the store left beside `name`, where it died on its way there.

    Where parts lie on another file system, it makes a whole copy first, by the part's
    own name.
    """
    storage = upload.upload.storage
    if takes_files_as_they_are(storage):
        draft = os.path.basename(upload.part)
        storage.delete(os.path.join(os.path.dirname(name), draft))


def _delete_file(upload: Upload, name: str) -> None:
    storage = upload.upload.storage
    storage.delete(name)
    _delete_draft(upload, name)
    folder = own_folder(upload, name)
    with contextlib.suppress(OSError, NotImplementedError):
        # A copy that died leaves what it had, maybe by another name, and a form that
        # died leaves its link. The part may lie here, too, and is wanted as long as
        # the upload is.
        for left in storage.listdir(folder)[1]:
            beside = os.path.join(folder, left)
            is_kept = upload.pk and left in (os.path.basename(upload.part), MARKER)
            if not is_kept and not _is_of_another(upload, beside):
                storage.delete(beside)
        if isinstance(storage, FileSystemStorage):
            storage.delete(folder)
