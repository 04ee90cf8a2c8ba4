"""HTTP clients for the tests: a well-behaved one, and connections that are not."""

from __future__ import annotations

import http.client
import json
import random
import socket
import struct
import termios
from collections.abc import Iterable, Iterator
from contextlib import closing
from email.message import Message
from fcntl import ioctl
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from chunked_uploads.models import Upload
from tests.polling import wait_until

SECONDS = 60  # without a byte, after which a test has failed
BOUNDARY = "----of-the-tests"


class Answer(NamedTuple):
    """What a server answered; the app's answers are lists."""

    status: int
    headers: Message
    body: bytes

    @property
    def item(self) -> dict[str, Any]:
        """The only object of the list."""
        (item,) = json.loads(self.body)
        return item


class Wire:
    """One connection, on which the test says which bytes go when, and how it ends.

    It goes to the host and port of `url`, or to `path`, a socket in the file system.
    """

    def __init__(self, url: str, path: str = "") -> None:
        self.target = urlsplit(url)
        if path:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(SECONDS)
            self.socket.connect(path)
        else:
            address = (self.target.hostname or "", self.target.port or 80)
            self.socket = socket.create_connection(address, SECONDS)

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def send_head(self, headers: dict[str, str], method: str = "POST") -> None:
        """Send the request's line and headers."""
        self.send(self.head(headers, method))

    def head(self, headers: dict[str, str], method: str = "POST") -> bytes:
        """Return the request's line and headers."""
        path = f"{self.target.path}?{self.target.query}"
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.target.netloc}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode()

    def send(self, data: bytes) -> None:
        """Send some bytes of the body, and return when they are at the server's."""
        self.socket.sendall(data)
        wait_until(lambda: self._unacknowledged == 0)

    def read_answer(self, method: str = "POST") -> Answer:
        """Return the answer once it is there."""
        with closing(http.client.HTTPResponse(self.socket, method=method)) as response:
            response.begin()
            return Answer(response.status, response.headers, response.read())

    def end(self) -> None:
        """Say that no more bytes come, and stay to hear the answer."""
        self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Go, as a program that ends (FIN)."""
        self.socket.close()

    def reset(self) -> None:
        """Go, as a connection that breaks (RST)."""
        linger = struct.pack("ii", 1, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.socket.close()

    @property
    def _unacknowledged(self) -> int:
        return struct.unpack("i", ioctl(self.socket, termios.TIOCOUTQ, bytes(4)))[0]


class Client:
    """A program with an API key that knows where the app's URLs are."""

    def __init__(self, site: str, headers: dict[str, str]) -> None:
        self.site = site
        self.headers = headers

    def ask(
        self,
        method: str,
        url: str,
        body: bytes | Iterable[bytes] = b"",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send a whole request over a connection of its own."""
        target = urlsplit(url)
        connection = http.client.HTTPConnection(target.netloc, timeout=SECONDS)
        with closing(connection):
            path = f"{target.path}?{target.query}"
            allowed = {**self.headers, **(headers or {})}
            connection.request(method, path, body, allowed)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    def url(self, upload: Upload) -> str:
        """Return where the upload takes chunks and tells its state."""
        return f"{self.site}/uploads/upload/{upload.uuid}/"

    def send(
        self, upload: Upload, data: bytes, start: int = 0, **headers: str
    ) -> Answer:
        """Send `data` as the chunk at `start`."""
        span = content_range(start, start + len(data), upload.filesize or 0)
        return self.ask("POST", self.url(upload), data, {**span, **headers})

    def begin_chunk(
        self, upload: Upload, stop: int, sent: bytes, start: int = 0, **headers: str
    ) -> Wire:
        """Begin the chunk from `start` to `stop`, and stop talking after `sent`."""
        wire = Wire(self.url(upload))
        span = content_range(start, stop, upload.filesize or 0)
        length = {"Content-Length": str(stop - start)}
        wire.send_head({**self.headers, **length, **span, **headers})
        wire.send(sent)
        return wire

    def state(self, upload: Upload) -> dict[str, Any]:
        """Return what the server says of the upload."""
        return self.ask("GET", self.url(upload)).item

    def size(self, upload: Upload) -> int:
        """Return where the server says to go on."""
        return self.state(upload)["size"]

    def finish(self, upload: Upload, content: bytes) -> Answer:
        """Send what is missing at the end, if anything; return what `done` says."""
        start = self.size(upload)
        if start < len(content):
            assert self.send(upload, content[start:], start).status == 200
        return self.done(upload)

    def done(self, upload: Upload) -> Answer:
        """Ask for the finished file."""
        return self.ask("POST", f"{self.site}/uploads/upload/done/{upload.uuid}/")

    def cancel(self, upload: Upload) -> Answer:
        """Ask to forget the upload."""
        return self.ask("DELETE", f"{self.site}/uploads/{upload.pk}/delete/")


class Tape:
    """A file too large to hold: a random block, over and over, read anywhere."""

    def __init__(self, size: int) -> None:
        self.size = size
        # A length that divides nothing, so that no shift goes unnoticed.
        self._block = randbytes(2**20 + 7)

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield the bytes from `start` to `stop`, piece by piece."""
        while start < stop:
            skip = start % len(self._block)
            piece = self._block[skip : skip + stop - start]
            yield piece
            start += len(piece)


def randbytes(size: int, seed: int = 0) -> bytes:
    """Return `size` bytes, the same for the same seed."""
    return random.Random(seed).randbytes(size)


def content_range(start: int, stop: int, total: int) -> dict[str, str]:
    """Return the header that says which bytes a chunk has."""
    return {"Content-Range": f"bytes {start}-{stop - 1}/{total}"}


def disposition(name: str) -> dict[str, str]:
    """Return the header that names the file, as browsers' uploaders send it."""
    return {"Content-Disposition": f'attachment; filename="{quote(name)}"'}


def form(content: bytes, boundary: str = BOUNDARY) -> tuple[bytes, bytes]:
    """Return a form with the file in it, up to the file's end, and what follows."""
    lines = [
        f"--{boundary}",
        'Content-Disposition: form-data; name="files[]"; filename="film.mp4"',
        "Content-Type: video/mp4",
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + content, f"\r\n--{boundary}--\r\n".encode()
