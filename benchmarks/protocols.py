"""How each kind of server wants its chunks, and what completes an upload."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

from benchmarks.client import Answer, Connection, Piece

BOUNDARY = "----of-the-benchmark"
RAW = {"Content-Type": "application/octet-stream"}


class Source(NamedTuple):
    """The file to upload."""

    file: int  # descriptor
    size: int  # bytes
    md5: str


class Protocol(ABC):
    """One upload of `source`, over one connection, its chunks in order."""

    completes_by_itself = False  # with the last chunk

    def __init__(
        self, connection: Connection, source: Source, credentials: dict[str, str]
    ) -> None:
        self.connection = connection
        self.source = source
        self.credentials = credentials
        self.name = f"{uuid4()}.mp4"
        self.asked: dict[str, str] = {}  # headers to send along

    def begin(self) -> None:  # noqa: B027 - most have nothing to do
        """Do what comes before the first chunk."""

    @abstractmethod
    def send(self, start: int, stop: int) -> Answer:
        """Send the bytes from `start` to `stop`."""

    def complete(self) -> None:  # noqa: B027 - some have nothing to do
        """Do what comes after the last chunk."""

    def _ask(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: Piece | bytes = b"",
    ) -> Answer:
        answer = self.connection.ask(method, path, {**headers, **self.asked}, body)
        if not 200 <= answer.status < 300:
            raise RuntimeError(
                f"{method} {path}: {answer.status} {answer.body[:300]!r}"
            )
        return answer

    def _span(self, start: int, stop: int) -> dict[str, str]:
        return {"Content-Range": f"bytes {start}-{stop - 1}/{self.source.size}"}

    def _piece(self, start: int, stop: int) -> Piece:
        return Piece(self.source.file, start, stop)

    def _form(self, fields: dict[str, str], start: int, stop: int) -> Piece:
        parts = [
            f"--{BOUNDARY}\r\nContent-Disposition: form-data; "
            f'name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        parts += [
            f"--{BOUNDARY}\r\nContent-Disposition: form-data; "
            f'name="file"; filename="{self.name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ]
        after = f"\r\n--{BOUNDARY}--\r\n".encode()
        return Piece(self.source.file, start, stop, "".join(parts).encode(), after)


FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
FIELDS = {"Content-Type": "application/x-www-form-urlencoded"}


class Ours(Protocol):
    """This package: the first request with a key, the others with the token."""

    state: dict[str, str] | None = None

    def send(self, start: int, stop: int) -> Answer:
        headers = {**RAW, **self._span(start, stop)}
        path = "/uploads/upload/"
        if self.state is None:
            headers |= self.credentials
            headers["Content-Disposition"] = f'attachment; filename="{self.name}"'
        else:
            path = path_of(self.state["url"])
        answer = self._ask("POST", path, headers, self._piece(start, stop))
        (self.state,) = json.loads(answer.body)
        return answer

    def complete(self) -> None:
        assert self.state
        self._ask("POST", path_of(self.state["done_url"]), {})


class DjangoChunkedUpload(Protocol):
    """django-chunked-upload: forms, then the MD5 of all."""

    upload_id = ""

    def send(self, start: int, stop: int) -> Answer:
        fields = {"upload_id": self.upload_id} if self.upload_id else {}
        form = self._form(fields, start, stop)
        headers = {**FORM, **self._span(start, stop)}
        answer = self._ask("POST", "/uploads/", headers, form)
        self.upload_id = json.loads(answer.body)["upload_id"]
        return answer

    def complete(self) -> None:
        body = f"upload_id={self.upload_id}&md5={self.source.md5}".encode()
        self._ask("POST", "/uploads/done/", FIELDS, body)


class DrfChunkedUpload(Protocol):
    """drf-chunked-upload: forms, then the MD5 of all."""

    path = "/uploads/"

    def send(self, start: int, stop: int) -> Answer:
        form = self._form({"filename": self.name}, start, stop)
        answer = self._ask("PUT", self.path, {**FORM, **self._span(start, stop)}, form)
        self.path = f"/uploads/{json.loads(answer.body)['id']}/"
        return answer

    def complete(self) -> None:
        self._ask("POST", self.path, FIELDS, f"md5={self.source.md5}".encode())


class Tus(Protocol):
    """tus 1.0.0: the server completes when it has the last byte."""

    completes_by_itself = True
    headers = {"Tus-Resumable": "1.0.0"}
    create = "/files"

    def begin(self) -> None:
        self.make({"Upload-Length": str(self.source.size)})

    def make(self, headers: dict[str, str]) -> None:
        """Create an upload, as the headers say."""
        name = f"filename {b64encode(self.name.encode()).decode()}"
        headers = {**self.headers, "Upload-Metadata": name, **headers}
        answer = self._ask("POST", self.create, {**headers, **self.credentials})
        self.url = answer.headers["location"]
        self.path = path_of(self.url)

    def send(self, start: int, stop: int, first: int = 0) -> Answer:
        """Send the bytes from `start` to `stop`; the upload begins at `first`."""
        headers = {**self.headers, "Upload-Offset": str(start - first)}
        headers["Content-Type"] = "application/offset+octet-stream"
        return self._ask("PATCH", self.path, headers, self._piece(start, stop))


class TusWithSlash(Tus):
    """The same, where the path to create at ends with a slash.

    Ours wants a key there, and has a token in the path that it answers with.
    """

    create = "/files/"


class Put(Protocol):
    """A file of its own for each chunk: what WebDAV's PUT can do."""

    number = 0

    def send(self, start: int, stop: int) -> Answer:
        self.number += 1
        path = f"/put/{self.number:08}"
        return self._ask("PUT", path, RAW, self._piece(start, stop))


class Sink(Protocol):
    """A bare application that writes to the offset it is told."""

    def send(self, start: int, stop: int) -> Answer:
        headers = {**RAW, **self._span(start, stop)}
        return self._ask(
            "POST", f"/sink?{self.name}", headers, self._piece(start, stop)
        )


Make = Callable[[Connection, Source, dict[str, str]], Protocol]


def path_of(url: str) -> str:
    """Return what a request for this address asks for."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
