"""Parts of one file, sent at once by tus and joined by the server.

Run by `python3 benchmarks --joined`.
"""

from __future__ import annotations

import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks import processes, protocols
from benchmarks.client import Connection
from benchmarks.contestants import CONTESTANTS, OURS_TUS, Contestant
from benchmarks.environment import DATA
from benchmarks.measuring import MIB, check_stored, make_source, serving, warm_up
from benchmarks.protocols import Source, Tus
from benchmarks.reporting import machine
from benchmarks.servers import Measured

# @tus/server, tussi and drf-tus have no concatenation.
NAMES = (OURS_TUS, "tuspyserver")
PARTS = 4
WORKERS = 2
CHUNK = 8 * MIB
COLUMNS = ("parts MB/s", "joining ms", "CPU s/GiB", "memory + MiB", "written/byte")


class Joined(NamedTuple):
    """What one file took that was sent in parts; seconds and bytes."""

    speed: float  # of the parts, bytes per second
    joining: float  # the request that joins them
    cpu: float  # for each GiB, of both
    memory: int  # growth of the peak
    written: float  # bytes given to the file system for each byte of the file


def run(size: int, rounds: int) -> None:
    """Let each have its turn, round by round; print the medians."""
    facts = ", ".join(f"{name} {fact}" for name, fact in machine(DATA).items())
    print(f"{facts}\n\n{size // MIB:,} MiB in {PARTS} parts at once, {WORKERS} workers")
    source = make_source(DATA, size)
    results: dict[str, list[Joined]] = {name: [] for name in NAMES}
    for _ in range(rounds):
        for name in NAMES:
            results[name].append(measure(CONTESTANTS[name], DATA, source))
    os.close(source.file)
    print(_row("", *COLUMNS))
    for name, measured in results.items():
        columns = zip(*measured, strict=True)
        typical = Joined(*(statistics.median(column) for column in columns))
        print(_row(name, *_cells(typical)), flush=True)


def measure(contestant: Contestant, data: Path, source: Source) -> Joined:
    """Send the source in parts, join them, compare what is stored."""
    with serving(contestant, data, WORKERS) as server:
        warm_up(contestant, server, data, CHUNK, PARTS)
        send = partial(_send_part, contestant, server, source)
        held = processes.forget_peaks(server.roots)
        before = processes.cost(server.roots)
        begun = time.perf_counter()
        with ThreadPoolExecutor(PARTS) as pool:
            urls = list(pool.map(send, range(PARTS)))
        sent = time.perf_counter()
        whole = _tus(contestant, server, source)
        whole.make({"Upload-Concat": f"final;{' '.join(urls)}"})
        joined = time.perf_counter()
        after = processes.cost(server.roots)
        memory = processes.peaks(server.roots) - held
        whole.connection.close()
        check_stored(server, source)
    return Joined(
        speed=source.size / (sent - begun),
        joining=joined - sent,
        cpu=(after.cpu - before.cpu) / source.size * 2**30,
        memory=max(0, memory),
        written=(after.written - before.written) / source.size,
    )


def _send_part(
    contestant: Contestant, server: Measured, source: Source, number: int
) -> str:
    """Send one of the parts; return its URL."""
    first, stop = (source.size * each // PARTS for each in (number, number + 1))
    upload = _tus(contestant, server, source)
    upload.make({"Upload-Concat": "partial", "Upload-Length": str(stop - first)})
    for start in range(first, stop, CHUNK):
        upload.send(start, min(start + CHUNK, stop), first)
    upload.connection.close()
    return upload.url


def _tus(contestant: Contestant, server: Measured, source: Source) -> Tus:
    assert isinstance(server.address, tuple)
    connection = Connection(*server.address)
    upload = contestant.protocol(connection, source, server.credentials)
    assert isinstance(upload, protocols.Tus)
    return upload


def _cells(joined: Joined) -> list[str]:
    return [
        f"{joined.speed / 1e6:,.0f}",
        f"{joined.joining * 1e3:,.1f}",
        f"{joined.cpu:.2f}",
        f"{joined.memory / MIB:.1f}",
        f"{joined.written:.2f}",
    ]


def _row(name: str, *cells: str) -> str:
    width = max(map(len, NAMES))
    return "  ".join([name.ljust(width), *(cell.rjust(12) for cell in cells)])
