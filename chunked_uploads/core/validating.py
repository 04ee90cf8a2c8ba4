"""Show whole files to the site's own validators before they are put in their places."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db.models.fields.files import FieldFile
from django.utils.module_loading import import_string

from chunked_uploads.conf import conf
from chunked_uploads.errors import FileRefused
from chunked_uploads.models import Upload


def validate(upload: Upload, open_file: Callable[[], File]) -> None:
    """Call the site's validators with the upload; `upload.upload` is what is opened.

    Raises `FileRefused` with the sentence of the first that raised `ValidationError`.
    """
    for path in conf.CHUNKED_UPLOADS_VALIDATORS:
        validator = import_string(path)
        try:
            with _shown(upload, open_file):
                validator(upload)
        except ValidationError as error:
            raise FileRefused(" ".join(map(str, error.messages))) from error


@contextlib.contextmanager
def _shown(upload: Upload, open_file: Callable[[], File]) -> Iterator[None]:
    before = upload.upload
    shown = upload.__dict__["upload"] = _WholeFile(upload, open_file)
    try:
        yield
    finally:
        shown.close()
        upload.__dict__["upload"] = before


class _WholeFile(FieldFile):
    """The file of an upload that has no place yet, to be read as often as wanted."""

    def __init__(self, upload: Upload, open_file: Callable[[], File]) -> None:
        self._noted = upload.upload.name or ""
        super().__init__(upload, upload.upload.field, upload.filename)
        self._filesize = upload.filesize or 0
        self._open_file = open_file
        self._file: File | None = None

    def __str__(self) -> str:
        # What a validator that saves the upload writes into its row.
        return self._noted

    def _get_file(self) -> File:
        if self._file is None:
            self._file = self._open_file()
        return self._file

    def _set_file(self, file: Any) -> None:
        self._file = file

    file = property(_get_file, _set_file)

    @property
    def size(self) -> int:
        return self._filesize

    @property
    def path(self) -> str:
        raise NotImplementedError("The file is not in the storage yet.")

    @property
    def url(self) -> str:
        raise NotImplementedError("The file is not in the storage yet.")

    def open(self, mode: Any = "rb") -> _WholeFile:  # type: ignore[override]
        if self.closed:
            self._file = self._open_file()
        self.file.seek(0)
        return self
