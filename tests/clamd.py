"""A daemon that speaks clamd's protocol, and finds one virus: EICAR's test file.

As clamd(8) has it: commands begin with `z` and end with a NUL, as answers do; a stream
comes in chunks, each behind its length as four bytes in network order, and ends with a
chunk of none.
"""

from __future__ import annotations

import os
import socketserver
import struct
import threading
from typing import Any

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
VIRUS = "Eicar-Test-Signature"


class Clamd:
    """Listens on loopback, or at `path`, while it is entered.

    `answer`, where given, is what it says of every stream; with an empty one it goes
    without a word, and one that `is_silent` doesn't go either. A stream of more than
    `largest` bytes is broken off.
    """

    def __init__(
        self,
        path: str = "",
        answer: str | None = None,
        largest: int = 10**9,
        is_silent: bool = False,
    ) -> None:
        self.answer = answer
        self.largest = largest
        self.is_silent = is_silent
        self.is_over = threading.Event()
        self.streams: list[bytes] = []
        kind: Any = socketserver.ThreadingTCPServer
        if path:
            kind = socketserver.ThreadingUnixStreamServer
        self._server = kind(path or ("127.0.0.1", 0), _Session, bind_and_activate=True)
        self._server.daemon_threads = True
        self._server.clamd = self
        self._path = path

    def __enter__(self) -> Clamd:
        threading.Thread(target=self._server.serve_forever, args=[0.01]).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.is_over.set()
        self._server.shutdown()
        self._server.server_close()
        if self._path:
            os.unlink(self._path)

    @property
    def address(self) -> str | tuple[str, int]:
        """Where it listens: a path, or host and port."""
        return self._path or self._server.server_address


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        command = b""
        while not command.endswith(b"\0"):
            byte = self.rfile.read(1)
            if not byte:
                return
            command += byte
        if command == b"zPING\0":
            self._say("PONG")
        elif command == b"zINSTREAM\0":
            self._scan(self.server.clamd)  # type: ignore[attr-defined]
        else:
            self._say("UNKNOWN COMMAND")

    def _scan(self, clamd: Clamd) -> None:
        stream = b""
        while length := struct.unpack("!I", self.rfile.read(4))[0]:
            if len(stream) + length > clamd.largest:
                self._say("INSTREAM size limit exceeded. ERROR")
                return
            stream += self.rfile.read(length)
        clamd.streams.append(stream)
        if clamd.is_silent:
            clamd.is_over.wait()
        if clamd.answer is not None:
            self._say(clamd.answer)
        else:
            self._say(f"stream: {VIRUS} FOUND" if EICAR in stream else "stream: OK")

    def _say(self, text: str) -> None:
        if text:
            self.wfile.write(text.encode() + b"\0")
