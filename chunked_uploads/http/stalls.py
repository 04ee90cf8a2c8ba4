"""Connections that bring nothing any more, as far as gunicorn lets us at them."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from django.http import HttpRequest

from chunked_uploads.http.gunicorn import GUNICORN_SOCKET

STALL = 60  # seconds without a byte after which a connection counts as broken


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
