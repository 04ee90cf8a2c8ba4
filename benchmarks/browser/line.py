"""A line between browser and server: so many bytes a second, so far away."""

from __future__ import annotations

import asyncio
import contextlib
import threading

PIECE = 16 * 1024  # bytes read at once


class Line:
    """A TCP proxy before a port of the loopback address; `with` starts and stops it.

    `rate` in bytes per second, shared by all connections, each way; `delay` in
    seconds, each way: what was sent is on its way while more is sent.
    """

    def __init__(self, port: int, rate: float, delay: float) -> None:
        self._server = port
        self._rate = rate
        self._delay = delay
        self._free = {"up": 0.0, "down": 0.0}  # when the line has sent all it was given
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.port = 0

    def __enter__(self) -> Line:
        self._thread.start()
        listening = asyncio.start_server(self._connect, "127.0.0.1", 0)
        server = asyncio.run_coroutine_threadsafe(listening, self._loop).result()
        self.port = server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *error: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _connect(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await asyncio.sleep(2 * self._delay)  # the handshake
        there, back = await asyncio.open_connection("127.0.0.1", self._server)
        await asyncio.gather(
            self._carry("up", reader, back), self._carry("down", there, writer)
        )

    async def _carry(
        self, way: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        flying: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivering = asyncio.create_task(self._deliver(flying, writer))
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(PIECE):
                now = self._loop.time()
                self._free[way] = max(now, self._free[way]) + len(piece) / self._rate
                await flying.put((self._free[way] + self._delay, piece))
                await asyncio.sleep(self._free[way] - self._loop.time())
        await flying.put((0, b""))
        await delivering

    async def _deliver(
        self, flying: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                due, piece = await flying.get()
                if not piece:
                    break
                await asyncio.sleep(due - self._loop.time())
                writer.write(piece)
                await writer.drain()
        writer.close()
