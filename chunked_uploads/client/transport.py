"""Connections to one site: httplib2 asks questions, bytes of files go below it.

httplib2 is good at questions: it keeps the connection, makes it anew where the server
closed it meanwhile, and unpacks the answer. Bodies it lets Python read in small blocks,
which takes more than twice the processor time, and where a connection breaks it sends
by itself what the file object has left, which is not what the headers say. So a range
of a file goes over the same connection by `sendfile(2)`, from the page cache, where
there is no TLS.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import select
import socket
import ssl
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

import httplib2

from chunked_uploads.client.answers import Answer, parse_answer
from chunked_uploads.client.errors import (
    FileChanged,
    Unreachable,
    Untrusted,
    WrongAddress,
)
from chunked_uploads.client.site import Site
from chunked_uploads.client.source import Source

FAILURES = (OSError, http.client.HTTPException, httplib2.HttpLib2Error, ValueError)


class Line:
    """One connection to a site, made anew where it is over; for a thread at a time."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._http = httplib2.Http()
        self._http.follow_redirects = False  # a POST would become a GET
        self._connection = site.connect()

    def ask(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        timeout: float | None = None,
    ) -> Answer:
        """Return what the server answers to a request without a body.

        `timeout` (seconds) is for this answer alone. Raises `Unreachable`.
        """
        self._begin(timeout or self._site.timeout)
        url = self._site.origin + _path_of(url)
        headers = {"Content-Length": "0", **headers} if method == "POST" else headers
        # Where httplib2 looks for one before it makes its own, as after a time-out.
        key = f"{self._site.scheme}:{self._site.netloc}"
        self._http.connections[key] = self._connection
        try:
            response, body = self._http.request(url, method, headers=headers)
        except FAILURES as error:
            raise self._failure(error) from None
        except BaseException:
            self.close()  # in the midst of a request
            raise
        return parse_answer(response.status, response, body)

    def send(
        self,
        url: str,
        headers: dict[str, str],
        source: Source,
        span: tuple[int, int],
        note: Callable[[int], object],
    ) -> Answer:
        """POST the bytes of `span` (start, stop); return the answer.

        `note` is called with the number of bytes each time that some have left. Raises
        `Unreachable` and `FileUnreadable`.
        """
        self._begin(self._site.timeout)
        connection, (start, stop) = self._connection, span
        try:
            connection.putrequest("POST", _path_of(url), skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(stop - start))
            connection.endheaders()
            note(0)  # it may have been given up while it connected
            is_sent = self._send_body(source, start, stop, note)
            response = connection.getresponse()
            body = response.read()
        except FAILURES as error:
            raise self._failure(error) from None
        except BaseException:
            self.close()
            raise
        if not (is_sent and response.isclosed()):
            self.close()
        return parse_answer(response.status, dict(response.headers), body)

    def abort(self) -> None:
        """End what another thread is doing here: it gets `Unreachable`."""
        sock = self._connection.sock
        if sock is not None:
            with contextlib.suppress(OSError):  # it is over by itself
                # TLS's own would have the rest of a block go in clear text.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection; the next request makes another."""
        self._connection.close()

    def _begin(self, timeout: float) -> None:
        connection = self._connection
        if connection.sock is not None and _is_readable(connection.sock):
            connection.close()  # as the server did, while nobody used it
        connection.timeout = timeout
        if connection.sock is not None:
            connection.sock.settimeout(timeout)

    def _send_body(
        self, source: Source, start: int, stop: int, note: Callable[[int], object]
    ) -> bool:
        """Return whether all went; not where the server answered before it had all."""
        sock = self._connection.sock
        assert sock is not None
        if source.descriptor is None or self._site.tls:
            sent = _send_blocks(sock, source.blocks(start, stop))
        else:
            sent = _sendfile(sock, source, source.descriptor, start, stop)
        try:
            for size in sent:
                note(size)
        except (BrokenPipeError, ConnectionResetError):
            return False  # perhaps with an answer that says why
        except _Answered:
            return False
        return True

    def _failure(self, error: BaseException) -> Exception:
        self.close()
        if isinstance(error, ssl.SSLCertVerificationError):
            reason = error.verify_message
            return Untrusted(f"{self._site.netloc} can't be trusted: {reason}.")
        if isinstance(error, ValueError):  # whose text may have a secret in it
            return WrongAddress("Credentials or address have characters of no request.")
        if isinstance(error, TimeoutError):
            return Unreachable(f"{self._site.netloc} was silent for too long.")
        reason = str(getattr(error, "strerror", None) or error).rstrip(".")
        name = type(error).__name__
        return Unreachable(f"{self._site.netloc} can't be reached: {reason or name}.")


class _Answered(Exception):
    """The server answers, and may not read the rest of the body."""


def _sendfile(
    sock: socket.socket, source: Source, file: int, start: int, stop: int
) -> Iterable[int]:
    """Send a range of a file; yield the size of each piece as it leaves."""
    poll = select.poll()
    poll.register(sock, select.POLLIN | select.POLLOUT)
    milliseconds = (sock.gettimeout() or 0) * 1000
    while start < stop:
        try:
            sent = os.sendfile(sock.fileno(), file, start, stop - start)
        except BlockingIOError:
            # The socket has a time-out, so that the kernel never waits for it.
            ready = poll.poll(milliseconds)
            if not ready:
                raise TimeoutError from None
            if ready[0][1] & select.POLLIN:
                raise _Answered from None
            continue
        except (ConnectionError, TimeoutError):
            raise
        except OSError:
            # The file system has no such thing, or reading says what is wrong.
            yield from _send_blocks(sock, source.blocks(start, stop))
            return
        if not sent:
            raise FileChanged("The file became shorter while it was sent.")
        start += sent
        yield sent


def _send_blocks(sock: socket.socket, blocks: Iterable[bytes]) -> Iterable[int]:
    for block in blocks:
        view = memoryview(block)
        while view:
            sent = sock.send(view)
            view = view[sent:]
            yield sent


def _is_readable(sock: socket.socket) -> bool:
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


def _path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
