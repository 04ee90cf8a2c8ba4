"""A server that throws away what it is sent: what a browser reaches at the best."""

from __future__ import annotations

import socket
import threading

PAGE = b"<!doctype html><title>sink</title>"
BUFFER = 1024 * 1024  # bytes


class Sink:
    """Serves an empty page and takes any POST, at a port of the loopback address."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=_answer, args=[connection], daemon=True).start()


def _answer(connection: socket.socket) -> None:
    with connection:
        buffer = bytearray(BUFFER)
        rest = b""
        while True:
            while b"\r\n\r\n" not in rest:
                piece = connection.recv(65536)
                if not piece:
                    return
                rest += piece
            head, _, rest = rest.partition(b"\r\n\r\n")
            left = _length(head) - len(rest)
            rest = b""
            while left > 0:
                count = connection.recv_into(buffer, min(left, BUFFER))
                if not count:
                    return
                left -= count
            body = PAGE if head.startswith(b"GET") else b"[]"
            kind = b"text/html" if head.startswith(b"GET") else b"application/json"
            length = str(len(body)).encode()
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %b\r\n\r\n%b"
                % (kind, length, body)
            )


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
