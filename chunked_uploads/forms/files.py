"""Finished uploads as the files of forms.

The upload's own file stays in its place until the transaction that took a form's file
is committed: a process that dies, or a rollback, loses nothing.
"""

from __future__ import annotations

import contextlib
import mimetypes
import os
import secrets
import weakref
from collections.abc import Callable
from typing import Any

from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from chunked_uploads.core.names import usable_name
from chunked_uploads.core.places import own_folder
from chunked_uploads.core.removing import give_away
from chunked_uploads.forms.claims import make_claim
from chunked_uploads.models import Upload
from chunked_uploads.storages import takes_files_as_they_are


class FinishedUpload(UploadedFile):
    """A finished upload as a form's file.

    Its bytes are read from the storage when somebody asks for them. Where the storage
    keeps plain files and the file system knows hard links, `temporary_file_path` lets
    Django's storages move the file instead of copying it.
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
        # Links are removed with the object, as Django's temporary files are.
        weakref.finalize(self, self._leftovers.close)

    @property
    def upload(self) -> Upload:
        """The upload's row."""
        return self._upload

    @property
    def claim(self) -> str:
        """What a form has to send to get this upload.

        Who asks means to show the form again, so the upload is not given away any more.
        """
        self._is_promised = True
        return make_claim(self.upload)

    @property
    def is_promised(self) -> bool:
        """Whether a form that is shown again has the upload in it."""
        return self._is_promised

    @property
    def is_claimable(self) -> bool:
        """Whether a form can still claim the upload.

        None can once it was kept or given away, or a rollback took its row.
        """
        uploads = Upload.objects.for_writing(self.upload)
        if transaction.get_connection(uploads.db).needs_rollback:
            return True  # the connection takes no question; the row was there before
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
        """A function that returns the path of a file that the caller may move away.

        Django's storages look for it, and move that file to its new place instead of
        copying its bytes. Each call makes a hard link: a second name of the upload's
        file, so that a move takes the name and leaves the upload as it was. A link
        that nobody moved is removed with this object.

        When the transaction is committed and the link was moved, the model has the
        file, and the upload is deleted. It is not deleted where `claim` was asked for:
        the form is shown again, with the upload in it. Without a transaction the commit
        comes at once, before the move: the upload stays until the clean-up removes it.
        That takes no room, since both names are of the same bytes.

        Raises `AttributeError`, as a file without this attribute does, where no link
        can be made.
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

        def is_moved() -> bool:
            try:
                os.lstat(link)
            except FileNotFoundError:  # other errors don't say that it was moved
                return True
            return False

        self.give_away_on_commit(is_moved)
        return link

    def give_away_on_commit(self, is_taken: Callable[[], bool] = lambda: True) -> None:
        """Delete the upload when the transaction is committed, if `is_taken()` then.

        Not where `claim` was asked for.
        """

        # A function, since Django logs what fails by its name: a partial has none.
        def give_away_if_taken() -> None:
            if not self._is_promised and is_taken():
                give_away(self.upload)

        using = Upload.objects.for_writing(self.upload).db
        transaction.on_commit(give_away_if_taken, using=using, robust=True)

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
