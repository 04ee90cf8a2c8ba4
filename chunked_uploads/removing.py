"""Take uploads away: their rows and their bytes."""

from __future__ import annotations

import contextlib
import datetime
import functools
import os
from typing import Any

from django.core.files.storage import FileSystemStorage
from django.db import router, transaction
from django.utils import timezone

from chunked_uploads import ranges
from chunked_uploads.errors import UploadNotFound
from chunked_uploads.models import Upload
from chunked_uploads.signals import announce, upload_cancelled
from chunked_uploads.storages import is_in_own_folder, place_of
from chunked_uploads.stores import chunk_store


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
    transaction.on_commit(functools.partial(remove_bytes, instance), using=using)


def remove_bytes(upload: Upload) -> None:
    """Remove the part, and the finished file where there is one."""
    chunk_store().delete(upload.part)
    if place := place_of(upload):
        _delete_file(upload, place)


def _delete_file(upload: Upload, name: str) -> None:
    storage = upload.upload.storage
    storage.delete(name)
    if is_in_own_folder(upload, name) and isinstance(storage, FileSystemStorage):
        folder = os.path.dirname(name)
        with contextlib.suppress(OSError):
            # A copy from another file system that died leaves what it had.
            for left in storage.listdir(folder)[1]:
                storage.delete(os.path.join(folder, left))
            storage.delete(folder)


def _lock_idle(upload: Upload, using: str, since: datetime.datetime) -> bool:
    rows = Upload.objects.using(using).filter(pk=upload.pk)
    idle = rows.filter(state=Upload.State.UPLOADING, modified_at__lt=since)
    return bool(idle.update(state=Upload.State.UPLOADING))
