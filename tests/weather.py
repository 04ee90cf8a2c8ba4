"""The network between browser and server, and what it does to connections."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from tests.servers import HOST

PIECE = 16 * 1024  # bytes read at once
BUFFER = 64 * 1024  # bytes that the system holds: so few that a sender is held up soon
PORTIONS = 20  # a second, of a slow line
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with RST, as a broken network does
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class Weather:
    """A TCP proxy, in a thread, before the server at a port of the loopback address.

    It changes no byte, so that the site is asked for by the proxy's host and port.
    `with` starts and stops it. What is told to it is in force on return; only the
    last thing to come `after` some bytes is kept in mind. Before several servers it
    is a balancer: each connection goes to the next of them that is there.
    """

    def __init__(self, *ports: int) -> None:
        self.sent = 0  # bytes of request bodies that were let through
        self._number = len(ports)
        self._servers = itertools.cycle(ports)
        # Bound for as long as the proxy is there, so that nobody else gets the port.
        self._holder = _bind(0)
        self._port = self._holder.getsockname()[1]
        self._listener: asyncio.Server | None = None
        # Each with its streams to the client and, once it is there, to the server.
        self._connections: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = {}
        self._rate: int | None = None
        self._latency = 0.0
        self._free = {"up": 0.0, "down": 0.0}  # since when the line is, or when it will
        self._changed = asyncio.Event()
        self._passable = asyncio.Event()
        self._turn: tuple[int, Callable[[], None]] | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Weather:
        self._thread.start()
        self.clear()
        return self

    def __exit__(self, *error: object) -> None:
        self._await(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._holder.close()

    @property
    def url(self) -> str:
        """The site's address through the proxy, without a slash at its end."""
        return f"http://{HOST}:{self._port}"

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    @property
    def is_stalled(self) -> bool:
        """Whether nothing passes."""
        return not self._passable.is_set()

    def clear(self) -> None:
        """Let everything pass; what was held back goes on at once."""
        self._await(self._clear())

    def slow(self, bytes_per_second: int | None = None, latency: float = 0) -> None:
        """Be a slow line: as slow up as down, and one for all connections.

        `latency` is the seconds for which each 16 KiB are held back, up and down.
        """
        self._await(self._slow(bytes_per_second, latency))

    def stall(self, after: int = 0) -> None:
        """Let nothing pass, but keep connections open and accept new ones.

        With `after`, once that many more bytes of request bodies were let through.
        """
        self._await(self._once(after, self._passable.clear))

    def cut(self, after: int = 0) -> None:
        """Reset all connections; new ones are as good as before.

        With `after`, once that many more bytes of request bodies were let through:
        the server gets them, and then the end of the connection.
        """
        self._await(self._once(after, self._cut))

    def refuse(self) -> None:
        """Refuse new connections; those that are open stay."""
        self._await(self._refuse())

    def _await(self, change: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(change, self._loop).result()

    # What follows runs in the thread.

    async def _clear(self) -> None:
        self._turn = None
        await self._slow(None, 0)
        self._passable.set()
        if not self._listener:
            self._listener = await asyncio.start_server(
                self._accept, sock=_bind(self._port), limit=PIECE
            )

    async def _slow(self, rate: int | None, latency: float) -> None:
        self._rate, self._latency = rate, latency
        self._free = {"up": 0.0, "down": 0.0}
        self._changed.set()
        self._changed = asyncio.Event()

    async def _once(self, after: int, change: Callable[[], None]) -> None:
        if after:
            self._turn = (self.sent + after, change)
        else:
            change()

    async def _refuse(self) -> None:
        if self._listener:
            self._listener.close()
            self._listener = None

    def _cut(self) -> None:
        for connection, (client, *server) in self._connections.items():
            sock = client.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            client.transport.abort()
            for stream in server:
                stream.close()  # after what was let through
            connection.cancel()

    async def _stop(self) -> None:
        await self._refuse()
        for connection, streams in self._connections.items():
            for stream in streams:
                stream.transport.abort()
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(
        self, requests: asyncio.StreamReader, client: asyncio.StreamWriter
    ) -> None:
        streams = [client]
        connection = asyncio.create_task(self._carry(requests, streams))
        self._connections[connection] = streams
        connection.add_done_callback(self._connections.pop)

    async def _carry(
        self, requests: asyncio.StreamReader, streams: list[asyncio.StreamWriter]
    ) -> None:
        ways: list[asyncio.Task[None]] = []
        try:
            await self._passable.wait()
            answers, server = await self._connect()
            streams.append(server)
            up = self._pass_on("up", requests, server, _Requests().parts)
            down = self._pass_on("down", answers, streams[0], _whole)
            ways = [asyncio.create_task(way) for way in (up, down)]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        except OSError:
            pass  # the server is not there
        finally:
            for task in ways:
                task.cancel()
            for stream in streams:
                stream.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for _ in range(self._number):
            with contextlib.suppress(ConnectionRefusedError):
                return await asyncio.open_connection(HOST, next(self._servers))
        raise ConnectionRefusedError

    async def _pass_on(
        self,
        way: str,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        parts: Callable[[bytes], Iterator[tuple[bytes, bool]]],
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(PIECE):
                await self._pause(self._latency)
                for part, is_body in parts(data):
                    await self._let_through(way, part, is_body, target)
        await self._passable.wait()

    async def _let_through(
        self, way: str, data: bytes, is_body: bool, target: asyncio.StreamWriter
    ) -> None:
        while data and not target.is_closing():
            portion = data[: max(1, self._rate // PORTIONS)] if self._rate else data
            await self._pause(self._time(way, len(portion)))
            await self._passable.wait()
            if is_body:
                portion = self._count(portion)
            target.write(portion)
            if self._turn and self._turn[0] == self.sent:
                change = self._turn[1]
                self._turn = None
                change()
            await target.drain()
            data = data[len(portion) :]

    def _count(self, body: bytes) -> bytes:
        """Return of the body what comes before the weather's turn, counted."""
        if self._turn:
            body = body[: self._turn[0] - self.sent]
        self.sent += len(body)
        return body

    def _time(self, way: str, size: int) -> float:
        """Return the seconds until the slow line has let as many bytes through."""
        if not self._rate:
            return 0
        now = self._loop.time()
        self._free[way] = max(now, self._free[way]) + size / self._rate
        return self._free[way] - now

    async def _pause(self, seconds: float) -> None:
        if seconds:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._changed.wait(), seconds)


class _Requests:
    """The requests of a connection, in which head and body are told apart."""

    def __init__(self) -> None:
        self._head = b""
        self._left = 0  # bytes of the body

    def parts(self, data: bytes) -> Iterator[tuple[bytes, bool]]:
        """Yield the data in parts, and of each whether it belongs to a body."""
        while data:
            is_body = self._left > 0
            size = min(self._left, len(data)) if is_body else self._read_head(data)
            if is_body:
                self._left -= size
            yield data[:size], is_body
            data = data[size:]

    def _read_head(self, data: bytes) -> int:
        """Return how many of the bytes belong to the head."""
        known = len(self._head)
        self._head += data
        before, end, _rest = self._head.partition(b"\r\n\r\n")
        if not end:
            return len(data)
        length = LENGTH.search(before + b"\r\n")
        self._left = int(length[1]) if length else 0
        self._head = b""
        return len(before + end) - known


def _whole(data: bytes) -> Iterator[tuple[bytes, bool]]:
    """Yield the data of answers, in which nothing is counted."""
    yield data, False


def _bind(port: int) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
    sock.bind((HOST, port))
    return sock
