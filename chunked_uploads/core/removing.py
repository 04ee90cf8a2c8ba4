"""Take uploads away: their rows and their bytes."""

from __future__ import annotations

import functools
from typing import Any

from django.db import transaction
from django.db.models import F, ProtectedError, QuerySet, RestrictedError
from django.utils import timezone

from chunked_uploads.core import ranges
from chunked_uploads.core.clearing import note_handover, note_removal, remove_bytes
from chunked_uploads.core.connections import retry_deadlocks
from chunked_uploads.core.references import referred, unreferred
from chunked_uploads.errors import UploadInUse, UploadNotFound
from chunked_uploads.models import Upload, database_of
from chunked_uploads.signals import announce, upload_cancelled


@retry_deadlocks
def cancel(upload: Upload, *, among: QuerySet[Upload] | None = None) -> None:
    """Remove the upload's rows and bytes, finished or not, also under a writer.

    With `among`, only where it is one of these rows still. Raises `UploadNotFound`
    where there is none to remove.
    """
    using = database_of(upload)
    with transaction.atomic(using=using):
        if among is not None and not _is_locked_among(upload, among.using(using)):
            raise UploadNotFound
        _, deleted = upload.delete(using=using)
        if not deleted.get(Upload._meta.label):
            raise UploadNotFound
        transaction.on_commit(lambda: announce(upload_cancelled, upload), using=using)


@retry_deadlocks
def cancel_unused(upload: Upload) -> None:
    """Cancel the upload, unless it is whole and a row of the site refers to it.

    For its owner, who decides about the upload and not about the site's rows, which
    the foreign key may take along; a row that only follows an upload on its way goes
    with it. Raises `UploadInUse`, `UploadNotFound`.
    """
    using = database_of(upload)
    with transaction.atomic(using=using):
        used = referred(Upload.objects.using(using).whole())
        if _is_locked_among(upload, used):
            raise UploadInUse("The site uses this upload.", upload)
        try:
            cancel(upload)
        except (ProtectedError, RestrictedError):
            raise UploadInUse("The site protects this upload.", upload) from None


@retry_deadlocks
def give_away(upload: Upload) -> None:
    """Remove a finished upload whose file has its place elsewhere, unless it is kept.

    It came to what it was sent for: no signal tells that it was cancelled.
    """
    using = database_of(upload)
    with transaction.atomic(using=using):
        if _is_locked_among(upload, unkept().using(using)):
            upload.delete(using=using)


def hand_over(upload: Upload) -> bool:
    """Remove a finished upload's row and leave its file, which another row has now.

    Within the transaction that writes that other row: at any moment one of the two has
    the file. Returns False where the upload is kept, referred to or gone.
    """
    using = database_of(upload)
    with transaction.atomic(using=using):
        if not _is_locked_among(upload, unkept().using(using)):
            return False
        row = Upload.objects.using(using).get(pk=upload.pk)
        row.is_handed_over = True
        row.delete(using=using)
        note_handover(upload, using)
    return True


def unkept() -> QuerySet[Upload]:
    """Return the finished uploads that no form has kept, and no row refers to.

    `FinishedUpload.keep` says that one is kept. A foreign key says so as well:
    whoever forgot the call must not lose rows of their own to the clean-up.
    """
    return unreferred(Upload.objects.filter(state=Upload.State.COMPLETE, for_form=True))


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

    A receiver of `post_delete`, so that it serves every way to delete a row. What can't
    be removed then is noted, for the clean-up to try again.
    """
    if instance.is_handed_over:
        return
    note_removal(instance, using)
    transaction.on_commit(functools.partial(remove_bytes, instance), using=using)


def _is_locked_among(upload: Upload, rows: QuerySet[Upload]) -> bool:
    """Lock the upload's row; return whether it is one of `rows` then."""
    held = Upload.objects.using(rows.db).filter(pk=upload.pk)
    held.update(state=F("state"))  # SQLite knows no other lock
    # The one that foreign keys wait for: nobody can refer to the row from here on. And
    # the question is a statement of its own, since PostgreSQL shows a statement other
    # tables as they were before it had to wait.
    list(held.select_for_update().values_list("pk"))
    return rows.filter(pk=upload.pk).exists()
