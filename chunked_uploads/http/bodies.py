"""The body of a chunk request: raw, or a file in a form. Both stream."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from typing import Any, Literal, overload

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, QueryDict
from django.http.request import UnreadablePostError
from django.utils.datastructures import MultiValueDict

from chunked_uploads.conf import MIB, conf
from chunked_uploads.errors import BadRequest
from chunked_uploads.http.errors import LengthRequired
from chunked_uploads.http.fast_path import Connection, find_connection
from chunked_uploads.http.gunicorn import Patience, give_up
from chunked_uploads.http.multipart import BLOCK, MultipartReader, parse_boundary
from chunked_uploads.http.streamed import StreamedBody, is_streamed
from chunked_uploads.system.pipes import UNABLE, Pipe

SPOOLED = MIB  # bytes kept in memory; more go to a temporary file


class RawBody:
    """The request's body as it is."""

    is_exact = True

    def __init__(self, request: HttpRequest, length: int) -> None:
        self.length = length  # bytes of the whole body
        self.filename: str | None = None
        self.content_type = request.META.get("CONTENT_TYPE", "")
        self._request = request
        self._patience = Patience(request.META)

    def watch_waiters(self, has_waiters: Callable[[], bool]) -> None:
        """End as if cut when nothing comes and `has_waiters` says that others wait.

        Where the server is not known, a connection's time-out alone ends a silence.
        """
        self._patience.watch(has_waiters)

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, fewer or none where the body ends or is cut."""
        try:
            return self._request.read(size)
        except UnreadablePostError:
            give_up(self._request)
        # Servers that keep what they had read when the connection broke give it now.
        try:
            return self._request.read(size)
        except UnreadablePostError:
            return b""

    def finish(self, missing: int) -> None:
        """Accept any end: nothing but a cut makes the body shorter than announced."""

    def measure(self) -> None:
        """Nothing to do: the length is known."""

    def close(self) -> None:
        """Leave the connection as it was."""
        self._patience.end()


class ConnectedBody(RawBody):
    """The request's body as it is, from a connection that is known."""

    def __init__(
        self, request: HttpRequest, length: int, connection: Connection
    ) -> None:
        super().__init__(request, length)
        self._connection = connection
        self._left = length  # bytes that were not taken from it yet

    def watch_waiters(self, has_waiters: Callable[[], bool]) -> None:
        """End as if cut when nothing comes and `has_waiters` says that others wait."""
        self._connection.has_waiters = has_waiters

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes as they come, none at the body's end or a cut."""
        if not self._is_untouched():
            return super().read(size)
        try:
            block = self._connection.read(size)
        except OSError:
            give_up(self._request)
            return b""
        self._left -= len(block)
        return block

    def splice(self, pipe: Pipe, size: int) -> int:
        """Move up to `size` bytes into the empty pipe, none where the body ends."""
        if self._is_untouched():
            try:
                moved = self._connection.splice(pipe, size)
            except OSError as error:
                if error.errno not in UNABLE:
                    give_up(self._request)
                    return 0
            else:
                self._left -= moved
                return moved
        return os.write(pipe.inlet, self.read(min(size, pipe.size)))

    def _is_untouched(self) -> bool:
        # Whoever read some of it meanwhile made it Django's to give out.
        self._request.read(0)  # so that Django knows that the body is being read
        return self._connection.left == self._left


class FormBody:
    """The file in a `multipart/form-data` body, opened at its first byte."""

    is_exact = False

    def __init__(self, request: HttpRequest, body: RawBody, boundary: bytes) -> None:
        self.watch_waiters = body.watch_waiters
        self._close_body = body.close
        self._reader = MultipartReader(body, boundary)
        try:
            self._reader.open_file()
        except EOFError:
            raise BadRequest("The form ended before its file.") from None
        except ValueError as error:
            raise BadRequest(str(error)) from None
        self.filename = self._reader.filename
        self.content_type = self._reader.content_type
        fields = QueryDict(mutable=True)
        for name, value in self._reader.fields:
            fields.appendlist(name, value)
        _set_form(request, fields)
        # What is left for the file where the form ends with it, as browsers' do.
        rest = body.length - self._reader.consumed
        self.length = max(0, rest - len(self._reader.closing))
        self._spooled: SpooledTemporaryFile[bytes] | None = None

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes of the file, none at its end or at a cut."""
        return (self._reader if self._spooled is None else self._spooled).read(size)

    def measure(self) -> None:
        """Read the file into a temporary one to know its length, where nobody says it.

        Where it was cut, the length stays the one it has in a browser's form.
        """
        folder = settings.FILE_UPLOAD_TEMP_DIR
        spooled = SpooledTemporaryFile(max_size=SPOOLED, dir=folder)  # noqa: SIM115
        while block := self._reader.read(BLOCK):
            spooled.write(block)
        with contextlib.suppress(EOFError):
            self._reader.at_end()
            self.length = spooled.tell()
        spooled.seek(0)
        self._spooled = spooled

    def close(self) -> None:
        """Remove the temporary file, where there is one; leave the connection."""
        self._close_body()
        if self._spooled is not None:
            self._spooled.close()

    def finish(self, missing: int) -> None:
        """Raise `BadRequest` where the file is whole and not as long as announced."""
        try:
            at_end = self._reader.at_end()
        except EOFError:
            return  # cut: what came before is content all the same
        if missing or not at_end:
            raise BadRequest("The file in the form is not as long as announced.")


Body = RawBody | FormBody


@overload
def open_body(request: HttpRequest) -> Body: ...
@overload
def open_body(
    request: HttpRequest, *, may_stream: Literal[True]
) -> Body | StreamedBody: ...
def open_body(request: HttpRequest, *, may_stream: bool = False) -> Body | StreamedBody:
    """Return the request's body; of a form, all that stands before the file is read.

    With `may_stream` also one of unknown length. Afterwards `request.POST` holds the
    form's fields, or nothing: no middleware or authentication class can make Django
    read the body into memory.

    Raises `BadRequest`, `LengthRequired`.
    """
    try:
        boundary = parse_boundary(request.META.get("CONTENT_TYPE", ""))
    except ValueError as error:
        raise BadRequest(str(error)) from None
    may_stream = may_stream and boundary is None
    if may_stream and not request.META.get("CONTENT_LENGTH") and is_streamed(request):
        _set_form(request, QueryDict())
        return StreamedBody(request)
    length = _find_length(request, may_stream)
    fast = conf.CHUNKED_UPLOADS_FAST_PATH
    connection = find_connection(request.META, length) if fast else None
    raw = RawBody(request, length)
    if connection is not None:
        raw = ConnectedBody(request, length, connection)
    if boundary is not None:
        return FormBody(request, raw, boundary)
    _set_form(request, QueryDict())
    return raw


class PassOver(FileUploadHandler):
    """Takes no file of a form."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Pass over the file."""
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Never called: there is no file."""

    def file_complete(self, file_size: int) -> None:
        """Return none."""


def take_no_files(request: HttpRequest) -> None:
    """Pass over the files of a form where there is nothing to upload.

    Looking for a credential in the form's fields must not fill the disk first.
    """
    with contextlib.suppress(AttributeError):  # somebody has read the form already
        request.upload_handlers = [PassOver(request)]


def _find_length(request: HttpRequest, may_measure: bool) -> int:
    value = request.META.get("CONTENT_LENGTH") or ""
    if not value:
        if may_measure and "wsgi.input" not in request.META:
            return measure(request)
        raise LengthRequired("Send the body with a Content-Length.")
    if not re.fullmatch("[0-9]{1,18}", value):
        raise BadRequest("Content-Length is not a number.")
    return int(value)


def measure(request: HttpRequest) -> int:
    """Return the length of a body that Django has in a file, as under ASGI."""
    stream: Any = request._stream  # type: ignore[attr-defined]
    position = stream.tell()
    length = stream.seek(0, os.SEEK_END) - position
    stream.seek(position)
    return length


def _set_form(request: HttpRequest, fields: QueryDict) -> None:
    request._post = fields  # type: ignore[attr-defined]
    request._files = MultiValueDict()  # type: ignore[attr-defined]
