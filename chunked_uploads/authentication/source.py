"""Ask the external server, within bounds of time and size, over TLS alone."""

from __future__ import annotations

import functools
import http.client
import io
import json
import logging
import socket
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httplib2

from chunked_uploads.errors import Unavailable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

logger = logging.getLogger("chunked_uploads")

REFUSED = (401, 403, 404)
HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Content-Type": "application/x-www-form-urlencoded",
}
# Between bytes and meaning: a certificate, a broken connection, no HTTP, no JSON.
FAILURES = (OSError, http.client.HTTPException, httplib2.HttpLib2Error, ValueError)


def ask(
    url: str,
    credentials: dict[str, str],
    timeout: float,
    max_answer: int,
    ca_certs: str | None,
) -> dict[str, Any] | None:
    """Return what the server at `url` says of whoever has these credentials.

    None where it does not accept them (401, 403, 404). `timeout` (seconds) is for
    connecting, and again for the whole answer, headers included, which may have
    `max_answer` bytes. `ca_certs` is a PEM file of authorities.

    Raises `Unavailable` for anything else, a redirect too: credentials go nowhere
    but to `url`.
    """
    client = httplib2.Http(timeout=timeout, ca_certs=ca_certs, proxy_info=None)
    client.follow_redirects = False
    # Also where the setting says http: nothing is ever sent in the clear.
    connection = type("Connection", (_Connection,), {"max_answer": max_answer})
    try:
        response, content = client.request(
            url, "POST", urlencode(credentials), HEADERS, connection_type=connection
        )
        if response.status in REFUSED:
            return None
        if response.status != 200:
            raise ValueError(f"status {response.status}")
        return _parse(content)
    except FAILURES as error:
        logger.warning("The external server is of no use: %r", error)
        raise Unavailable("Who you are can't be asked just now; try again.") from None
    finally:
        client.close()


class _Connection(httplib2.HTTPSConnectionWithTimeout):
    max_answer: int

    def connect(self) -> None:
        # httplib2's own leaves the socket of a refused connection open.
        http.client.HTTPSConnection.connect(self)
        # http.client makes every response by this attribute.
        self.response_class = functools.partial(
            _Response, deadline=time.monotonic() + self.timeout, limit=self.max_answer
        )


class _Response(http.client.HTTPResponse):
    """A response that ends with an OSError where it is too slow or too large."""

    def __init__(
        self,
        sock: socket.socket,
        *args: Any,
        deadline: float,
        limit: int,
        **options: Any,
    ) -> None:
        super().__init__(sock, *args, **options)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_Bounded(raw, sock, deadline, limit))

    def begin(self) -> None:
        super().begin()
        # httplib2 would unpack the one, and choke on the other.
        del self.headers["Content-Encoding"]
        del self.headers["WWW-Authenticate"]


class _Bounded(io.RawIOBase):
    def __init__(
        self, raw: io.RawIOBase, sock: socket.socket, deadline: float, limit: int
    ) -> None:
        self.raw = raw
        self.sock = sock
        self.deadline = deadline
        self.left = limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        seconds = self.deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the answer takes too long")
        self.sock.settimeout(seconds)
        size = self.raw.readinto(buffer)
        self.left -= size or 0
        if self.left < 0:
            raise OSError("the answer is too large")
        return size

    def close(self) -> None:
        self.raw.close()
        super().close()


def _parse(content: bytes) -> dict[str, Any]:
    """Return the JSON object in `content`. Raises `ValueError`."""
    try:
        info = json.loads(content)
    except RecursionError:
        raise ValueError("an answer without end") from None
    if not isinstance(info, dict):
        raise ValueError("no object")
    username = info.get("username")
    if not (isinstance(username, str) and username.strip() and username.isprintable()):
        raise ValueError("no username")
    return info
