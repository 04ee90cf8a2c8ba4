"""Read a `multipart/form-data` body as it streams in (RFC 7578, RFC 2046).

Django's own parser takes an upload as whole when the connection ends within it, so it
can't tell a cut body. Here bytes are given out only once they are certainly content,
and a body without its closing delimiter is a cut one.
"""

from __future__ import annotations

import re
from typing import Protocol

from chunked_uploads.http.headers import parse_part_disposition

BLOCK = 64 * 1024  # bytes
MAX_HEAD = 16 * 1024  # bytes of one part's headers
MAX_FIELDS = 256 * 1024  # bytes of all that stands before the file
TOO_MUCH = "Too many bytes before the file in the form."
BOUNDARY = re.compile(
    r'multipart/form-data\s*;.*?boundary=(?:"([^"]{1,70})"|([^\s";]{1,70}))', re.I
)


class Stream(Protocol):
    """What a request's body is read from."""

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, none where the body ends or is cut."""


def parse_boundary(content_type: str) -> bytes | None:
    """Return the boundary of a `Content-Type`, None where it is not multipart.

    Raises `ValueError` for multipart without a boundary.
    """
    if not content_type.lower().startswith("multipart/form-data"):
        return None
    match = BOUNDARY.match(content_type)
    if match is None:
        raise ValueError("multipart/form-data without a boundary.")
    return (match[1] or match[2]).encode("latin-1")


class MultipartReader:
    """The form fields before the file, then the file, out of a streaming body.

    `open_file` reads up to the file's first byte; after it `fields`, `filename` and
    `content_type` are known. All methods raise `ValueError` where the body is malformed
    and `EOFError` where it ends too early.
    """

    def __init__(self, stream: Stream, boundary: bytes) -> None:
        self.fields: list[tuple[str, str]] = []
        self.filename: str | None = None
        self.content_type = ""  # of the file, as its sender says
        self.consumed = 0  # bytes given out or passed over, from the body's first
        self.closing = b"\r\n--" + boundary + b"--\r\n"
        self._stream = stream
        self._delimiter = b"\r\n--" + boundary
        # The first delimiter has no line break of its own before it.
        self._buffer = b"\r\n"
        self._lead = 2
        self._ended = False  # the file's closing delimiter was seen
        self._cut = False  # the stream ended before it

    def open_file(self) -> None:
        """Read up to the first byte of the first part that is a file."""
        self._pass_over(self._delimiter, MAX_HEAD)
        while True:
            name, filename = self._read_head()
            if filename is not None:
                self.filename = filename
                self.consumed -= self._lead
                return
            value = self._pass_over(self._delimiter, MAX_FIELDS)
            self.fields.append((name or "", value.decode(errors="replace")))
            if self.consumed > MAX_FIELDS:
                raise ValueError(TOO_MUCH)

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes of the file, none at its end or at a cut."""
        while not self._ended:
            found = self._buffer.find(self._delimiter)
            # What may be the beginning of a delimiter waits for what comes after.
            safe = found if found >= 0 else len(self._buffer) - len(self._delimiter)
            if found == 0:
                self._ended = True
            elif safe > 0:
                return self._take(min(safe, size))
            elif not self._fill(max(size, BLOCK)):
                return b""
        return b""

    def at_end(self) -> bool:
        """Whether nothing of the file is left, its delimiter having been seen.

        Raises `EOFError` where the body was cut before it.
        """
        while not self._ended:
            if self._buffer.startswith(self._delimiter):
                self._ended = True
            elif self._cut:
                raise EOFError
            elif not self._delimiter.startswith(self._buffer[: len(self._delimiter)]):
                return False
            else:
                self._fill()
        return True

    def _read_head(self) -> tuple[str | None, str | None]:
        after = self._pass_over(b"\r\n", MAX_HEAD)
        if after.rstrip(b" \t") == b"--":
            raise ValueError("The form has no file in it.")
        if after.strip():
            raise ValueError("The multipart body is malformed.")
        self._buffer = b"\r\n" + self._buffer
        self.consumed -= 2
        headers: dict[str, str] = {}
        for line in self._pass_over(b"\r\n\r\n", MAX_HEAD).split(b"\r\n"):
            name, _, value = line.decode("latin-1").partition(":")
            headers.setdefault(name.strip().lower(), value.strip())
        self.content_type = headers.get("content-type", "")
        return parse_part_disposition(headers.get("content-disposition", ""))

    def _pass_over(self, end: bytes, limit: int) -> bytes:
        """Return what stands before `end`, and go on after it."""
        while (found := self._buffer.find(end)) < 0:
            if len(self._buffer) > limit + len(end):
                raise ValueError(TOO_MUCH)
            if not self._fill():
                raise EOFError
        passed = self._take(found)
        self._take(len(end))
        return passed

    def _take(self, size: int) -> bytes:
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        self.consumed += size
        return taken

    def _fill(self, size: int = BLOCK) -> bool:
        block = self._stream.read(size)
        self._buffer += block
        self._cut = not block
        return not self._cut
