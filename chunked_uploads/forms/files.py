"""Hand finished uploads over to forms: claimed by their token, given as files.

A form claims an upload by `UUID:TOKEN`, the token being that of the upload's own
URLs, so that a claim is worth as much as they are. Whatever dies or is rolled back,
the bytes stay where they were until a transaction that took them is committed.
"""

from __future__ import annotations

import contextlib
import datetime
import mimetypes
import os
import re
import secrets
import weakref
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from chunked_uploads.conf import conf
from chunked_uploads.core.deadlocks import retry_deadlocks
from chunked_uploads.core.names import usable_name
from chunked_uploads.core.places import own_folder
from chunked_uploads.core.removing import give_away
from chunked_uploads.core.tokens import is_valid, make_token
from chunked_uploads.errors import BadRequest, Incomplete, UploadNotFound
from chunked_uploads.models import Upload
from chunked_uploads.storages import takes_files_as_they_are

CLAIM = re.compile(
    r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):([\w-]{1,200})", re.A
)


@retry_deadlocks
def redeem(claim: str) -> Upload:
    """Return the finished upload that a form claims, and put its end off.

    Raises `BadRequest` where this is no claim, `UploadNotFound` where it is nobody's,
    has been taken or is older than an upload may rest, `Incomplete` where its upload is
    not finished.
    """
    match = CLAIM.fullmatch(claim)
    if match is None:
        raise BadRequest("A claim is of the form 'UUID:TOKEN'.")
    uuid = UUID(match[1])
    if not is_valid(match[2], uuid):
        raise UploadNotFound
    oldest = timezone.now() - datetime.timedelta(days=conf.CHUNKED_UPLOADS_EXPIRE_DAYS)
    uploads = Upload.objects.for_writing()
    keys = [*uploads.filter(uuid=uuid).values_list("pk", flat=True)]
    row = uploads.filter(pk__in=keys)
    # A write: whoever sweeps, or gave the upload away to another form, waits for
    # the end of this transaction from here on, or was before it. By nothing but the
    # key: MariaDB locks a row by the index that finds it first, and of two that lock
    # it in another order one is ended.
    row.update(state=F("state"))
    found = row.filter(for_form=True, modified_at__gte=oldest)
    upload = found.select_related("user").first()
    if upload is None or (upload.user is not None and not upload.user.is_active):
        raise UploadNotFound
    if not upload.is_complete:
        raise Incomplete("The upload is not finished.", upload)
    upload.modified_at = timezone.now()
    if not row.update(modified_at=upload.modified_at):
        raise UploadNotFound  # swept away since, where no transaction held it
    return upload


class FinishedUpload(UploadedFile):
    """A finished upload as a form's file.

    It is read from the storage, when it is read. `temporary_file_path`, which lets
    Django's storages rename instead of copying, is there only where the file has a
    path, and can have two.
    """

    def __init__(self, upload: Upload) -> None:
        self._set_up()
        self._upload = upload
        name = usable_name(upload.filename)
        content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        super().__init__(None, name, content_type, upload.filesize)

    def _set_up(self) -> None:
        self._file: File | None = None
        self._link: str | None = None
        self._is_promised = False
        self._leftovers = contextlib.ExitStack()
        # As Django's temporary files do, links go with the object.
        weakref.finalize(self, self._leftovers.close)

    @property
    def upload(self) -> Upload:
        """The upload's row."""
        return self._upload

    @property
    def claim(self) -> str:
        """What a form has to send to get this upload, which stays from here on."""
        self._is_promised = True
        return f"{self.upload.uuid}:{make_token(self.upload.uuid)}"

    @property
    def is_claimable(self) -> bool:
        """Whether a form can claim the upload, as far as its row tells.

        None can where it was kept or given away, or where a rollback took its row.
        """
        uploads = Upload.objects.for_writing(self.upload)
        if transaction.get_connection(uploads.db).needs_rollback:
            return True  # which nobody can ask any more, and it was there before
        return uploads.filter(pk=self.upload.pk, for_form=True).exists()

    def store(self) -> Upload:
        """Make an upload of what is none yet, a plain file; return the upload's row."""
        return self.upload

    def keep(self) -> Upload:
        """Say that the upload itself is kept, row and file; return it."""
        upload = self.store()
        upload.for_form = False
        upload.save(update_fields=["for_form"])
        return upload

    @property
    def temporary_file_path(self) -> Callable[[], str]:
        """What returns a path from which the file may be moved away.

        Each call gives a hard link of its own, which goes with this object where
        nobody moved it. Where somebody did, the upload is given away as soon as the
        transaction is committed, unless its claim was asked for: then a form is shown
        again, so that the move was in vain. Outside of a transaction nobody can tell
        whether it was: there the upload stays until it is swept away, which costs
        nothing, since both names are of the same bytes.

        Raises `AttributeError` where such links are not possible.
        """
        try:
            self._link = self._link or self._make_link()
        except (NotImplementedError, OSError):
            raise AttributeError("The file can't be moved, only read.") from None
        return self._give_link

    def _make_link(self) -> str:
        file = self.upload.upload
        storage, name = file.storage, str(file.name)
        if not takes_files_as_they_are(storage):
            raise NotImplementedError
        path = storage.path(name)
        folder = storage.path(own_folder(self.upload, name))
        os.makedirs(folder, exist_ok=True)
        link = os.path.join(folder, secrets.token_hex(8) + os.path.splitext(path)[1])
        self._leftovers.callback(_remove_link, link)
        os.link(path, link)
        return link

    def _give_link(self) -> str:
        link, self._link = self._link or self._make_link(), None

        def give_away_if_moved() -> None:
            if self._is_promised:
                return
            try:
                os.lstat(link)
            except FileNotFoundError:  # and nothing else says that it was moved
                give_away(self.upload)

        using = Upload.objects.for_writing(self.upload).db
        # A function, since Django logs what fails by its name: a partial has none.
        transaction.on_commit(give_away_if_moved, using=using, robust=True)
        return link

    # --- as a file ---

    @property
    def file(self) -> File:  # type: ignore[override]  # as Django's FieldFile has it
        """The open file."""
        if self._file is None:
            self._file = self._open()
            self._leftovers.callback(self._file.close)
        return self._file

    @file.setter
    def file(self, file: Any) -> None:
        self._file = file

    def _open(self) -> File:
        return self.upload.upload.storage.open(str(self.upload.upload.name))

    @property
    def closed(self) -> bool:
        """Whether it was closed; what nobody opened yet opens itself."""
        return self._file is not None and self._file.closed

    def open(self, mode: Any = None) -> FinishedUpload:  # type: ignore[override]
        """Go to the beginning, also of a file that was closed."""
        if self.closed:
            self._file = None
        self.seek(0)
        return self

    def close(self) -> None:
        """Close the file where it is open."""
        if self._file is not None:
            self._file.close()


def _remove_link(link: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(link)
    with contextlib.suppress(OSError):  # where it is the folder of the link alone
        os.rmdir(os.path.dirname(link))
