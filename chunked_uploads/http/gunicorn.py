"""gunicorn's readers of bodies, and its connections where they bring nothing.

Looked into only where all that is relied on is known: the workers of the versions that
the tests run.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.http import HttpRequest

from chunked_uploads.http.patience import PatientSocket

GUNICORN_SOCKET = "gunicorn.socket"
GUNICORN_VERSIONS = range(25, 28)  # major ones, which tox.ini names
STALL = 60  # seconds without a byte after which a connection counts as broken
# What proxies say of a request that they pass on.
PROXIES = (
    "HTTP_FORWARDED",
    "HTTP_VIA",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
)


class Chunks:
    """A body of unknown length, taken apart by gunicorn's own parser.

    Its reader waits for all bytes that it is asked for, and copies them; here they are
    given as they come, so nothing is held that could be lost at a cut.
    """

    def __init__(self, body: Any) -> None:
        self._body = body
        self._reader = body.reader
        self._piece = b""  # parsed, and not given yet

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes as they come, none where the body ends.

        Raises `OSError` where it is cut, `ValueError` where it is malformed.
        """
        parser = self._reader.parser
        while not self._piece and parser:
            try:
                self._piece = next(parser)
            except StopIteration:
                self._reader.parser = parser = None
            except Exception as error:
                # Nobody knows where the next request begins.
                self._body.failed = True
                self._reader.req.force_close()
                if _is_cut(error):
                    raise ConnectionError("The connection ended.") from error
                raise ValueError("These are no chunks.") from error
        block, self._piece = self._piece[:size], self._piece[size:]
        return block

    def trailers(self) -> Mapping[str, str]:
        """Return the fields behind the body's end, by their lower-case names."""
        found: dict[str, str] = {}
        for name, value in self._reader.req.trailers:
            name = name.lower()
            found[name] = f"{found[name]}, {value}" if name in found else value
        return found


class Patience:
    """Whether gunicorn's reader waits on where a connection brings nothing."""

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self._unreader = _find_unreader(environ)
        self._socket: PatientSocket | None = None

    def watch(self, has_waiters: Callable[[], bool]) -> None:
        """End the body as if cut when nothing comes and `has_waiters` says so."""
        if self._socket is not None:
            self._socket.has_waiters = has_waiters
        elif self._unreader is not None:
            self._socket = PatientSocket(self._unreader.sock, has_waiters)
            self._unreader.sock = self._socket

    def end(self) -> None:
        """Let it wait as before; for nothing, on a connection that was given up."""
        if self._socket is not None and not self._socket.is_given_up:
            self._unreader.sock = self._socket.connection
            self._socket = None


def find_reader(body: Any, connection: socket.socket) -> Any:
    """Return gunicorn's reader of a body of known length, None where it is another."""
    from gunicorn.http.body import LengthReader

    if not _is_known(body) or type(body.reader) is not LengthReader:
        return None
    unreader = body.reader.unreader
    is_from_there = _is_from(unreader, connection) and not body.buf.getvalue()
    return body.reader if is_from_there else None


def find_chunks(environ: Mapping[str, Any]) -> Chunks | None:
    """Return the body of unknown length that gunicorn reads, None where another does.

    Or where somebody has begun to read it.
    """
    connection = environ.get(GUNICORN_SOCKET)
    body: Any = environ.get("wsgi.input")
    if connection is None or not _is_known(body):
        return None
    from gunicorn.http.body import ChunkedReader

    reader = body.reader
    if type(reader) is not ChunkedReader or body.buf.getvalue():
        return None
    is_from_there = _is_from(reader.req.unreader, connection)
    return Chunks(body) if is_from_there and not reader.buf.getvalue() else None


def gives_trailers(request: HttpRequest) -> bool:
    """Whether the fields behind a body of unknown length can be read.

    As far as is known: a proxy may leave them out.
    """
    environ = request.META
    is_direct = GUNICORN_SOCKET in environ and _is_known(environ.get("wsgi.input"))
    return is_direct and not any(name in environ for name in PROXIES)


def _find_unreader(environ: Mapping[str, Any]) -> Any:
    """Return what gunicorn reads the body's bytes by, None where it is not known."""
    connection = environ.get(GUNICORN_SOCKET)
    body: Any = environ.get("wsgi.input")
    if connection is None or not _is_known(body):
        return None
    from gunicorn.http.body import ChunkedReader, LengthReader

    unreader = None
    if type(body.reader) is LengthReader:
        unreader = body.reader.unreader
    elif type(body.reader) is ChunkedReader:
        unreader = body.reader.req.unreader
    return unreader if _is_from(unreader, connection) else None


def _is_known(body: Any) -> bool:
    import gunicorn
    from gunicorn.http.body import Body

    return gunicorn.version_info[0] in GUNICORN_VERSIONS and type(body) is Body


def _is_from(unreader: Any, connection: Any) -> bool:
    from gunicorn.http.unreader import SocketUnreader

    return type(unreader) is SocketUnreader and unreader.sock is connection


def _is_cut(error: Exception) -> bool:
    """Whether gunicorn's reader raised it since the connection ended or broke."""
    from gunicorn.http import errors

    if isinstance(error, errors.ChunkMissingTerminator):
        return error.term in (b"", b"\r")  # as far as it came
    malformed = (errors.InvalidChunkSize, errors.InvalidChunkExtension)
    return isinstance(error, OSError) and not isinstance(error, malformed)


@contextlib.contextmanager
def stalls_noticed(request: HttpRequest, seconds: float = 0) -> Iterator[None]:
    """Treat a connection that brings nothing for `seconds`, or STALL, as a broken one.

    A phone that went out of reach leaves a connection that never ends by itself.
    gunicorn's threads would wait for it for ever, and keep its range locked.
    """
    connection = request.META.get(GUNICORN_SOCKET)
    if connection is None:
        yield
        return
    before = connection.gettimeout()
    connection.settimeout(seconds or STALL)
    try:
        yield
    finally:
        connection.settimeout(before)


def give_up(request: HttpRequest) -> None:
    """Let nobody wait for more bytes on a connection that broke."""
    connection = request.META.get(GUNICORN_SOCKET)
    if connection is not None:
        with contextlib.suppress(OSError):
            # Not the method of a TLS socket, which would take the TLS off the answer.
            socket.socket.shutdown(connection, socket.SHUT_RD)
