"""The fast path: a body's bytes straight from gunicorn's socket.

Into a pipe, unseen by Python: `splice(2)` hands the kernel's own pages on, so that a
store can move them from the pipe to their place without a copy in between. Or, where
somebody has to look at them, as in a form, into a block of bytes at once. Chosen only
where all that it relies on is known: Linux, a plain socket, gunicorn's sync and gthread
workers of the versions that the tests run. TLS, gevent and other servers take the plain
path.
"""

from __future__ import annotations

import _socket
import contextlib
import os
import select
import socket
from collections.abc import Callable
from typing import Any, TypeVar

from chunked_uploads.http.gunicorn import GUNICORN_SOCKET, find_reader
from chunked_uploads.http.patience import by_nobody, wait_patiently
from chunked_uploads.system.pipes import Pipe

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
        self.has_waiters = by_nobody  # whether others wait for what comes here
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
        wait_patiently(self._is_ready, self.has_waiters, self._socket.gettimeout())

    def _is_ready(self, seconds: float) -> bool:
        return bool(self._poll.poll(seconds * 1000))


def find_connection(environ: dict[str, Any], length: int) -> Connection | None:
    """Return the connection that a body of `length` bytes can be spliced from.

    None where it can't, or where somebody has begun to read it.
    """
    connection = environ.get(GUNICORN_SOCKET)
    if connection is None or not (hasattr(os, "splice") and _is_plain(connection)):
        return None
    reader = find_reader(environ["wsgi.input"], connection)
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
