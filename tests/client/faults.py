"""A proxy that understands HTTP, and does to requests what tests ask for."""

from __future__ import annotations

import http.client
import json
import select
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from tests.servers import HOST

SECONDS = 30  # without a byte, after which a test has failed
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@dataclass(frozen=True)
class Request:
    """A request as it came; the names of headers are in lower case."""

    port: int  # that it came from
    method: str
    path: str  # with the query
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def is_chunk(self) -> bool:
        """Whether it brings bytes of a file."""
        return self.method == "POST" and "content-type" in self.headers

    @property
    def is_done(self) -> bool:
        """Whether it asks for the finished file."""
        return "/done/" in self.path


@dataclass(frozen=True)
class Told:
    """An answer in place of the server's."""

    status: int
    item: dict[str, Any] | None = None  # of the app's JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Damage:
    """Change the first byte of the body on its way to the server."""


class Loss:
    """Let the server have the request, and nobody its answer."""


class Cut:
    """Close the connection, and let nobody have the request."""


Rule = Callable[[Request], Told | Damage | Loss | Cut | None]


class Faults:
    """The proxy before the server at a port; in a `with` statement it runs.

    `rule` says of each request what shall become of it, None to let it through.
    `requests` are those that came.
    """

    def __init__(self, port: int) -> None:
        self.rule: Rule = lambda request: None
        self.requests: list[Request] = []
        self._server = ThreadingHTTPServer((HOST, 0), self._handler(port))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> Faults:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """The site's address through the proxy, without a slash at its end."""
        return f"http://{HOST}:{self._server.server_port}"

    @property
    def sent(self) -> int:
        """How many bytes of files came."""
        return sum(len(each.body) for each in self.requests if each.is_chunk)

    @property
    def chunks(self) -> list[Request]:
        """The requests that brought bytes of files."""
        return [each for each in self.requests if each.is_chunk]

    def _handler(self, port: int) -> type[BaseHTTPRequestHandler]:
        faults = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = SECONDS
            disable_nagle_algorithm = True

            def _handle(self) -> None:
                request = self._note()
                body = request.body
                outcome = faults.rule(request)
                if isinstance(outcome, Told):
                    return self._tell(outcome)
                if isinstance(outcome, Cut):
                    self.close_connection = True
                    return None
                if isinstance(outcome, Damage):
                    body = bytes([body[0] ^ 1]) + body[1:]
                told = _forward(port, request, body)
                if isinstance(outcome, Loss):
                    self.close_connection = True
                    return None
                return self._tell(told)

            def _note(self) -> Request:
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(int(headers.get("content-length", 0)))
                port = self.client_address[1]
                request = Request(port, self.command, self.path, headers, body)
                faults.requests.append(request)
                return request

            def _tell(self, told: Told) -> None:
                body = (
                    told.body if told.item is None else json.dumps([told.item]).encode()
                )
                self.send_response(told.status)
                for name, value in told.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_CONNECT(self) -> None:
                host, _, port = self.path.partition(":")
                self._note()
                self.send_response(200)
                self.end_headers()
                with socket.create_connection((host, int(port)), SECONDS) as other:
                    _relay(self.connection, other)
                self.close_connection = True

            def log_message(self, *arguments: object) -> None:
                """Tell nobody."""

            do_GET = do_POST = do_DELETE = _handle  # noqa: N815

        return Handler


def _relay(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes between two connections until one ends."""
    while True:
        readable, _, _ = select.select([one, other], [], [], SECONDS)
        for source in readable:
            data = source.recv(2**16)
            if not data:
                return
            (other if source is one else one).sendall(data)
        if not readable:
            return


def _forward(port: int, request: Request, body: bytes) -> Told:
    with closing(http.client.HTTPConnection(HOST, port, timeout=SECONDS)) as connection:
        parts = urlsplit(request.path)  # a whole address where it is asked as a proxy
        path = urlunsplit(("", "", parts.path, parts.query, ""))
        connection.request(request.method, path, body, dict(request.headers))
        response = connection.getresponse()
        kept = {
            name: value
            for name, value in response.headers.items()
            if name.lower() not in HOP_BY_HOP
        }
        return Told(response.status, None, kept, response.read())
