"""Slow visitors, and others who only look at a page meanwhile, in one event loop.

Pages are asked for at fixed times, whether the last one was answered or not: who asks
a site that stands still waits from when he asked.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field

PIECE = 32 * 1024  # bytes that a slow visitor sends at once
EVERY = 0.05  # seconds between two who ask for the page
CALM = 5.0  # seconds in which nobody uploads
PATIENCE = 60.0  # seconds; who got no page by then is counted with as many
GRACE = 10.0  # seconds in which the last uploads may still be answered
LINE = 64 * 1024  # bytes of an answer's line at most


@dataclass(frozen=True)
class Crowd:
    """Who comes: so many within `arriving` seconds, who send `size` bytes each."""

    number: int
    arriving: float  # seconds
    size: int  # bytes
    rate: int  # bytes per second of each

    @property
    def seconds(self) -> float:
        """How long it takes where nobody has to wait for the server."""
        return self.arriving + self.size / self.rate


@dataclass
class Seen:
    """What the others waited for the page, in seconds, and how the crowd fared."""

    calm: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)  # the loop's own turns
    finished: int = 0


async def visit(host: str, port: int, crowd: Crowd, headers: dict[str, str]) -> Seen:
    """Ask for pages in the calm, then while the crowd uploads; return what was seen."""
    visits, seen = _Visits(host, port, headers), Seen()
    await visits.look(CALM, seen.calm, seen.late)
    seen.late.clear()
    loop = asyncio.get_running_loop()
    begun = loop.time()
    senders = [
        loop.create_task(visits.upload(number, crowd, begun))
        for number in range(crowd.number)
    ]
    await visits.look(crowd.seconds, seen.busy, seen.late)
    await asyncio.wait(senders, timeout=GRACE)
    seen.finished = sum(each.done() and each.result() for each in senders)
    for sender in senders:
        sender.cancel()
    await asyncio.gather(*senders, return_exceptions=True)
    return seen


class _Visits:
    """Requests, each over a connection of its own."""

    def __init__(self, host: str, port: int, headers: dict[str, str]) -> None:
        self.host, self.port = host, port
        self.headers = headers
        self.piece = os.urandom(PIECE)

    async def look(
        self, seconds: float, waited: list[float], late: list[float]
    ) -> None:
        """Let somebody ask for the page every now and then; note what each waited."""
        loop = asyncio.get_running_loop()
        begun, asking = loop.time(), []
        for number in range(int(seconds / EVERY)):
            due = begun + number * EVERY
            await asyncio.sleep(due - loop.time())
            late.append(loop.time() - due)
            asking.append(loop.create_task(self.ask_for_page(due)))
        waited += await asyncio.gather(*asking)

    async def ask_for_page(self, due: float) -> float:
        """Return the seconds from `due` to the page's last byte."""
        loop = asyncio.get_running_loop()
        try:
            status = await asyncio.wait_for(self._get_page(), PATIENCE)
        except asyncio.TimeoutError:
            return PATIENCE
        if status != 200:
            raise RuntimeError(f"The page was answered by {status}.")
        return loop.time() - due

    async def _get_page(self) -> int:
        reader, writer = await self._begin("GET", "/", {"Connection": "close"})
        try:
            status = await _status(reader)
            await reader.read()
        finally:
            writer.transport.abort()
        return status

    async def upload(self, number: int, crowd: Crowd, begun: float) -> bool:
        """Arrive, send a file slowly, and tell whether the server took it."""
        loop = asyncio.get_running_loop()
        arrival = begun + crowd.arriving * number / crowd.number
        await asyncio.sleep(arrival - loop.time())
        named = f'attachment; filename="{number}.mp4"'
        length = {"Content-Disposition": named, "Content-Length": str(crowd.size)}
        path = "/uploads/upload/"
        try:
            reader, writer = await self._begin("POST", path, {**self.headers, **length})
            try:
                for sent in range(0, crowd.size, PIECE):
                    due = arrival + (sent + PIECE) / crowd.rate
                    await asyncio.sleep(due - loop.time())
                    writer.write(self.piece[: crowd.size - sent])
                    await writer.drain()
                return await _status(reader) == 200
            finally:
                writer.transport.abort()
        except ConnectionError:
            return False

    async def _begin(
        self, method: str, path: str, headers: dict[str, str]
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(self.host, self.port, limit=LINE)
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}:{self.port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        return reader, writer


async def _status(reader: asyncio.StreamReader) -> int:
    first = await reader.readline()
    return int(first.split()[1]) if first else 0
