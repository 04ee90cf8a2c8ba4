"""A proxy that counts what a server is sent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

from demo.services.server import HOST

BLOCK = 256 * 1024  # bytes


class Proxy:
    """Hands every connection on to `address`, and counts what goes there."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.sent = 0  # bytes
        self._lock = threading.Lock()
        self._address = address
        self._listener = socket.create_server((HOST, 0))
        self.endpoint = f"http://{HOST}:{self._listener.getsockname()[1]}"
        _start(self._accept)

    def close(self) -> None:
        """Take no more connections."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            server = socket.create_connection(self._address)
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _start(self._hand_on, client, server, True)
            _start(self._hand_on, server, client, False)

    def _hand_on(
        self, source: socket.socket, target: socket.socket, is_counted: bool
    ) -> None:
        with source:
            try:
                while block := source.recv(BLOCK):
                    if is_counted:
                        with self._lock:
                            self.sent += len(block)
                    target.sendall(block)
                target.shutdown(socket.SHUT_WR)
            except OSError:  # one of them is gone
                return


def _start(target: Callable[..., None], *arguments: object) -> None:
    threading.Thread(target=target, args=arguments, daemon=True).start()
