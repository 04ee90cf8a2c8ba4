"""A server that throws bodies away: how fast the client is when nothing is stored.

`python -m benchmarks.sites.hole PORT`
"""

import os
import re
import socket
import sys
from threading import Thread

AT_ONCE = 2**20  # bytes
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n"


def main(port: int) -> None:
    """Serve each connection in a thread of its own."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        while True:
            Thread(target=_serve, args=[listener.accept()[0]], daemon=True).start()


def _serve(connection: socket.socket) -> None:
    outlet, inlet = os.pipe()
    with connection, open(outlet), open(inlet, "wb"), open(os.devnull, "wb") as hole:
        while head := _read_head(connection):
            match = re.search(rb"content-length: (\d+)", head, re.I)
            left = int(match[1]) if match else 0
            while left:
                moved = os.splice(connection.fileno(), inlet, min(left, AT_ONCE))
                if not moved:
                    return
                left -= moved
                while moved:
                    moved -= os.splice(outlet, hole.fileno(), moved)
            connection.sendall(ANSWER)


def _read_head(connection: socket.socket) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            return b""
        head += byte
    return head


if __name__ == "__main__":
    main(int(sys.argv[1]))
