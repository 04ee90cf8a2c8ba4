"""gunicorn's connections: spliced from, and given up where they bring nothing.

The fast path takes a body's bytes straight from gunicorn's socket. Into a pipe, unseen
by Python: `splice(2)` hands the kernel's own pages on, so that a store can move them
from the pipe to their place without a copy in between. Or, where somebody has to look
at them, as in a form, into a block of bytes at once. Chosen only where all that it
relies on is known: Linux, a plain socket, gunicorn's sync and gthread workers of the
versions that the tests run. TLS, gevent and other servers take the plain path.
"""

from __future__ import annotations

import _socket
import contextlib
import math
import os
import select
import socket
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from django.http import HttpRequest

from chunked_uploads.system.pipes import Pipe

GUNICORN_SOCKET = "gunicorn.socket"
GUNICORN_VERSIONS = range(25, 28)  # major ones, which tox.ini names
STALL = 60  # seconds without a byte after which a connection counts as broken
MOMENT = 1  # seconds of silence after which others may take the connection's place
FAMILIES = (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX)

Taken = TypeVar("Taken", bytes, int)


class Connection:
    """What a connection of gunicorn's still has of a request's body.

    Keeps the account of gunicorn's own reader, so that reading, splicing and the next
    request on the connection follow each other as if all had been read.
    """

    def __init__(self, reader: Any, connection: socket.socket) -> None:
        self._reader = reader
        self._socket = connection
        self.has_waiters = _by_nobody  # whether others wait for what comes here
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)

    @property
    def left(self) -> int:
        """The bytes of the body that nobody has read or spliced yet."""
        return self._reader.length

    @property
    def read_ahead(self) -> int:
        """The bytes that gunicorn holds, which no longer come out of the socket."""
        return len(self._reader.unreader.buf.getvalue())

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes as they come, none where the body ends or is cut.

        gunicorn's own way copies them four times, and what it received beyond `size`
        with each. Raises `OSError` as `splice` does.
        """
        size = min(size, self.left)
        if ahead := min(size, self.read_ahead):
            return self._reader.read(ahead)
        block = self._wait_for(os.read, size) if size else b""
        self._reader.length -= len(block)
        return block

    def splice(self, pipe: Pipe, size: int) -> int:
        """Move up to `size` bytes into the empty pipe, none where the body ends.

        Waits for the first of them. Raises `OSError` where the connection broke,
        brought nothing for its time-out, or for a moment while others wait; and with
        an error of `UNABLE` (`pipes`) where the system does not splice here.
        """
        size = min(size, self.left, pipe.size)
        if size == 0:
            return 0
        if ahead := min(size, self.read_ahead):
            return os.write(pipe.inlet, self._reader.read(ahead))
        moved = self._wait_for(os.splice, pipe.inlet, size)
        self._reader.length -= moved
        return moved

    def _wait_for(self, take: Callable[..., Taken], *arguments: int) -> Taken:
        # A socket with a time-out does not block, as far as the kernel knows.
        while True:
            with contextlib.suppress(BlockingIOError):
                return take(self._socket.fileno(), *arguments)
            self._wait()

    def _wait(self) -> None:
        timeout = self._socket.gettimeout()
        left = math.inf if timeout is None else timeout
        while not self._poll.poll(min(left, MOMENT) * 1000):
            left -= MOMENT
            if left <= 0 or self.has_waiters():
                raise TimeoutError("The connection brings nothing.")


def _by_nobody() -> bool:
    return False


def find_connection(environ: dict[str, Any], length: int) -> Connection | None:
    """Return the connection that a body of `length` bytes can be spliced from.

    None where it can't, or where somebody has begun to read it.
    """
    connection = environ.get(GUNICORN_SOCKET)
    if connection is None or not (hasattr(os, "splice") and _is_plain(connection)):
        return None
    reader = _find_reader(environ["wsgi.input"], connection)
    if reader is None or reader.length != length:
        return None
    return Connection(reader, connection)


def _is_plain(connection: Any) -> bool:
    # Neither TLS nor gevent's, which may have taken the name `socket.socket`.
    return (
        type(connection) is socket.socket
        and isinstance(connection, _socket.socket)
        and connection.family in FAMILIES
    )


def _find_reader(body: Any, connection: socket.socket) -> Any:
    """Return gunicorn's reader of a body of known length, None where it is another."""
    import gunicorn
    from gunicorn.http.body import Body, LengthReader
    from gunicorn.http.unreader import SocketUnreader

    if gunicorn.version_info[0] not in GUNICORN_VERSIONS or type(body) is not Body:
        return None
    reader = body.reader
    if type(reader) is not LengthReader or body.buf.getvalue():
        return None
    unreader = reader.unreader
    is_known = type(unreader) is SocketUnreader and unreader.sock is connection
    return reader if is_known else None


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
