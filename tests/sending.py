"""Chunk requests, sent through Django's test client."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from chunked_uploads.models import Chunk, Upload
from chunked_uploads.stores.markers import MARKER
from chunked_uploads.stores.partial_files import state_of

UPLOAD = "/uploads/upload/"
CONTENT = b"0123456789"
BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
SEND = ["send", "send_form"]
TAKES_PIECES = pytest.mark.parametrize("send", SEND)
UNKNOWN = "00000000-0000-4000-8000-000000000000"
UNTOUCHED = ";,/?:@&=+$-_.!~*'()#"  # by JavaScript's encodeURI


class Uploader(Client):
    """Send chunks, ask for their upload's end, and read what came out."""

    def send(
        self,
        piece: bytes,
        start: int | None = None,
        total: int = len(CONTENT),
        *,
        url: str = UPLOAD,
        name: str | None = "film.mp4",
        headers: dict[str, str] | None = None,
        content_type: str = "application/octet-stream",
        body: bytes | None = None,
        **environ: Any,
    ) -> Any:
        """POST `piece`: the range from `start` of `total` bytes, or the whole file.

        `body`, where given, is sent in its stead; `environ` goes into the request's.
        """
        sent: dict[str, str] = {}
        if name is not None:
            quoted = quote(name, safe=UNTOUCHED, errors="surrogatepass")
            sent["Content-Disposition"] = f'attachment; filename="{quoted}"'
        if start is not None:
            sent["Content-Range"] = f"bytes {start}-{start + len(piece) - 1}/{total}"
        sent_body = piece if body is None else body
        environ.setdefault("CONTENT_LENGTH", str(len(sent_body)))
        return self.generic(
            "POST",
            url,
            sent_body,
            content_type,
            headers={**sent, **(headers or {})},
            **environ,
        )

    def send_cut(self, stream: Any, start: int, length: int, **options: Any) -> Any:
        """Announce `length` bytes of which `stream` gives what it gives."""
        environ = from_stream(stream, length)
        return self.send(bytes(length), start, **environ, **options)

    def send_form(self, piece: bytes, start: int | None = None, **options: Any) -> Any:
        """Do as `send` does, with `piece` as the file of a form."""
        fields = options.pop("fields", ())
        form = make_form(piece, fields=fields)
        return self.send(piece, start, content_type=FORM, body=form, **options)

    def done(self, state: dict[str, Any]) -> Any:
        """POST to the `done_url` of an answer."""
        return self.post(state["done_url"])


class Stream(io.RawIOBase):
    """A request's body that calls `before` ahead of each read."""

    def __init__(self, content: bytes, before: Callable[[], object]) -> None:
        self._content = io.BytesIO(content)
        self._before = before

    def read(self, size: int = -1) -> bytes:
        self._before()
        return self._content.read(size)


class BrokenStream(io.BytesIO):
    """A body whose connection is reset where its bytes end."""

    def read(self, size: int | None = -1) -> bytes:
        block = super().read(size)
        if not block:
            raise ConnectionResetError
        return block


class Bytes:
    """A source of bytes that are at hand."""

    is_exact = True

    def __init__(self, content: bytes) -> None:
        self.read = io.BytesIO(content).read

    def watch_waiters(self, has_waiters: Any) -> None:
        """Nobody waits."""

    def finish(self, missing: int) -> None:
        """Any end will do."""


def from_stream(stream: Any, length: int) -> dict[str, Any]:
    """Return the `environ` of a request whose body comes out of `stream`."""
    return {"wsgi.input": stream, "CONTENT_LENGTH": str(length)}


def make_form(
    content: bytes,
    *,
    filename: str = "film.mp4",
    fields: Iterable[tuple[str, str]] = (),
    boundary: str = BOUNDARY,
) -> bytes:
    """Return a form with fields and then a file, as browsers write it."""
    opening = f"--{boundary}\r\nContent-Disposition: form-data; name="
    parts = [f'{opening}"{name}"\r\n\r\n{value}\r\n' for name, value in fields]
    content_type = "Content-Type: application/octet-stream"
    head = f'{opening}"files[]"; filename="{filename}"\r\n{content_type}\r\n\r\n'
    return (
        "".join([*parts, head]).encode() + content + f"\r\n--{boundary}--\r\n".encode()
    )


def state_in(response: Any) -> dict[str, Any]:
    """Return the one object of an answer."""
    (state,) = response.json()
    return state


def upload_of(response: Any) -> Upload:
    """Return the upload that an answer tells of."""
    return Upload.objects.get(uuid=state_in(response)["upload_uuid"])


def finished(upload: Upload) -> bytes:
    """Return the finished file's bytes."""
    upload.refresh_from_db()
    with upload.upload.open() as file:
        return file.read()


def spans(upload: Upload) -> list[tuple[int, int]]:
    chunks = Chunk.objects.filter(upload=upload).order_by("start")
    return [(chunk.start, chunk.stop) for chunk in chunks]


def part_of(upload: Upload, media_root: Path) -> Path:
    """Return where the local store has the upload's bytes."""
    return media_root / state_of(upload).path


def assert_finishes(uploader: Uploader, response: Any, content: bytes) -> None:
    assert uploader.done(state_in(response)).status_code == 200
    assert finished(upload_of(response)) == content


def assert_error(response: Any, status: int, code: str) -> None:
    assert response.status_code == status, response.content
    assert response["Cache-Control"] == "no-store"
    error = state_in(response)
    assert error["error"] == code
    assert error["detail"].endswith(".")


def names_in(response: Any) -> list[str]:
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    return [state["name"] for state in response.json()]


def files_in(folder: Path) -> list[Path]:
    """Return the files in the folder, however deep, but for the store's marker."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if path.name != MARKER]
