"""Files that came with their form, as any do without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from chunked_uploads.core.finishing import complete
from chunked_uploads.core.names import clean_filename, usable_name
from chunked_uploads.core.receiving import receive
from chunked_uploads.core.starting import start_upload
from chunked_uploads.core.validating import validate
from chunked_uploads.errors import BadRequest
from chunked_uploads.forms.files import FinishedUpload
from chunked_uploads.models import Upload, database_of


class NotStored(AttributeError):
    """A plain file is no upload yet: `store` makes it one."""

    silent_variable_failure = True  # in Django's templates


class PlainUpload(FinishedUpload):
    """A file that came with its form, as from a browser without JavaScript.

    It becomes an upload when it is stored: by a form of a known user that is shown
    again, or by whoever keeps it. Raises `ValueError` where it has no usable name.
    """

    def __init__(self, source: UploadedFile, user: Any) -> None:
        self._set_up()
        self._source = source
        self._user = user
        self._stored: Upload | None = None
        self._is_valid = False
        self.filename = clean_filename(source.name or "")
        UploadedFile.__init__(
            self,
            source,
            usable_name(self.filename),
            source.content_type,
            source.size,
            source.charset,
            source.content_type_extra,
        )

    @property
    def upload(self) -> Upload:
        """The upload's row. Raises `NotStored` before `store` made one."""
        if self._stored is None:
            raise NotStored("The file is no upload yet: store() makes it one.")
        return self._stored

    def store(self) -> Upload:
        """Make an upload of the file; it is complete when the transaction is committed.

        So a rollback leaves no finished file without a row, only received bytes without
        one, which the clean-up removes. Raises `BadRequest` where the file was closed,
        and what `start_upload`, `receive` and `complete` raise.
        """
        if self._stored is not None:
            return self._stored
        if self.closed:
            raise BadRequest("The form's file was closed.")
        size = self.size or 0
        upload = start_upload(self._user, self.filename, size, "", for_form=True)
        self.seek(0)
        receive(upload, 0, size, _Bytes(self._source))
        self.seek(0)
        self._stored = upload
        using = Upload.objects.for_writing(upload).db
        # Outside of a transaction that is now, and what fails is raised here. After a
        # commit nobody would catch it, and the clean-up completes the upload.
        is_later = transaction.get_connection(using).in_atomic_block
        is_valid = self._is_valid
        transaction.on_commit(
            lambda: complete(upload, is_valid=is_valid), using=using, robust=is_later
        )
        return upload

    def validate(self) -> None:
        """Show the file to the site's validators. Raises `FileRefused`."""
        shown = Upload(
            user=self._user,
            filename=self.filename,
            filesize=self.size or 0,
            for_form=True,
        )
        validate(shown, lambda: _Lent(self._source))
        self._is_valid = True

    @property
    def may_wait(self) -> bool:
        """Whether the file may be stored for a form that is shown again.

        Only for a known user: else anybody could leave files here under no quota, by
        forms with errors in them.
        """
        using = database_of()
        is_doomed = transaction.get_connection(using).needs_rollback
        return self._user is not None and not is_doomed

    @property
    def is_claimable(self) -> bool:
        """Whether a form can claim the upload; before `store` there is none."""
        return self._stored is not None and super().is_claimable

    @property
    def temporary_file_path(self) -> Callable[[], str]:
        """The function that Django's own temporary file has, where it made one."""
        return self._source.temporary_file_path  # type: ignore[attr-defined]

    def _open(self) -> File:
        return self._source.open()


class _Lent(File):
    """A form's file for a while, which is not closed when that is over."""

    def __init__(self, source: UploadedFile) -> None:
        super().__init__(source.open(), source.name)

    def close(self) -> None:
        """Go back to the beginning: what is closed here is gone."""
        self.seek(0)


class _Bytes:
    """The bytes of a form's file, for `receive`."""

    is_exact = True

    def __init__(self, file: UploadedFile) -> None:
        self.read = file.read

    def watch_waiters(self, has_waiters: Callable[[], bool]) -> None:
        """Nothing to do: all of it is here, and nobody waits for long."""

    def finish(self, missing: int) -> None:
        """Accept any end: `complete` finds what came to its end too early."""
