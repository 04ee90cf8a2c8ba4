"""A client that costs next to nothing: its bytes go from file to socket by sendfile."""

from __future__ import annotations

import os
import select
import socket
from typing import NamedTuple

RECEIVED = 64 * 1024  # bytes asked for at once


class Answer(NamedTuple):
    """What a server answered; the names of headers in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Piece(NamedTuple):
    """A body: bytes of a file, maybe with some of a form before and after."""

    file: int  # descriptor
    start: int
    stop: int
    before: bytes = b""
    after: bytes = b""

    def __len__(self) -> int:
        return len(self.before) + self.stop - self.start + len(self.after)


class Connection:
    """HTTP over one connection, made anew where the server closes it."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self._socket: socket.socket | None = None

    def ask(
        self, method: str, path: str, headers: dict[str, str], body: Piece | bytes = b""
    ) -> Answer:
        """Send a request and return the answer."""
        if self._socket is not None and is_over(self._socket):
            self.close()
        if self._socket is None:
            self._socket = socket.create_connection((self.host, self.port), 120)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}:{self.port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {_length(body)}", "", ""]
        self._send("\r\n".join(lines).encode(), body)
        answer = self._read()
        if answer.headers.get("connection", "").lower() == "close":
            self.close()
        return answer

    def close(self) -> None:
        """Close the connection; the next request makes another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, head: bytes, body: Piece | bytes) -> None:
        assert self._socket
        if isinstance(body, bytes):
            self._socket.sendall(head + body)
            return
        self._socket.sendall(head + body.before, socket.MSG_MORE)
        # A socket with a time-out does not block, which `socket.sendfile` knows of.
        with open(os.dup(body.file), "rb", buffering=0) as file:
            self._socket.sendfile(file, body.start, body.stop - body.start)
        self._socket.sendall(body.after)

    def _read(self) -> Answer:
        held = b""
        while b"\r\n\r\n" not in held:
            held += self._receive()
        head, _, body = held.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        status = int(first.split()[1])
        if "chunked" in headers.get("transfer-encoding", ""):
            while not body.endswith(b"0\r\n\r\n"):
                body += self._receive()
        while len(body) < int(headers.get("content-length", 0)):
            body += self._receive()
        return Answer(status, headers, body)

    def _receive(self) -> bytes:
        assert self._socket
        block = self._socket.recv(RECEIVED)
        if not block:
            raise ConnectionError("The server closed the connection.")
        return block


def is_over(connection: socket.socket) -> bool:
    """Whether the server closed a connection that nobody uses; else it is silent."""
    return bool(select.select([connection], [], [], 0)[0])


def _length(body: Piece | bytes) -> int:
    # Without a `__len__` of its own the tuple would tell its number of fields.
    return len(body)
