"""Measure one upload, or several at once, and check what was stored."""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import tempfile
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import md5, sha256
from pathlib import Path

from benchmarks import processes
from benchmarks.client import Connection
from benchmarks.contestants import HOLE, Contestant
from benchmarks.protocols import Protocol, Source
from benchmarks.servers import Measured
from benchmarks.sites.counting import ASKED

KIB, MIB = 2**10, 2**20
HUNDRED = 100  # chunks at the beginning that are compared with as many at the end
HASHED = 2000  # blocks
CHECKED = 16  # blocks
WARM_UP = 4  # chunks before anything is measured


@dataclass(frozen=True)
class Result:
    """What one upload took, or several at once; times in seconds, sizes in bytes."""

    version: str
    speed: float  # bytes per second, up to the last chunk's answer
    cpu: float  # the server's, for each GiB
    memory: int  # growth of the peak beyond what was held before
    written: float  # bytes given to the file system for each byte of the file
    synced: float  # fsync of the bytes, by the benchmark, ahead of finishing
    finishing: float  # the request that completes the upload, after that
    median: float  # of the chunks
    slowest: float  # their 99th percentile
    drift: float  # the last hundred chunks' median by the first hundred's
    queries: int | None  # of a chunk


def make_source(folder: Path, size: int) -> Source:
    """Make a file of `size` bytes of which no two blocks are alike; in the cache."""
    path = folder / f"source-{size}"
    block = os.urandom(8 * MIB + 7)
    digest = md5(usedforsecurity=False)
    with open(path, "wb") as file:
        left = size
        while left:
            piece = block[: min(len(block), left)]
            file.write(piece)
            digest.update(piece)
            left -= len(piece)
    source = Source(os.open(path, os.O_RDONLY), size, digest.hexdigest())
    path.unlink()  # it lives as long as it is open
    return source


@contextlib.contextmanager
def serving(contestant: Contestant, data: Path, workers: int = 1) -> Iterator[Measured]:
    """Enter with the contestant's server, started in an empty folder."""
    folder = Path(tempfile.mkdtemp(dir=data, prefix="run-"))
    server = contestant.serve(folder, workers)
    try:
        server.start()
        yield server
    finally:
        server.remove()
        shutil.rmtree(folder)
        os.sync()  # so that nobody writes what another left


def measure(
    contestant: Contestant,
    data: Path,
    source: Source,
    chunk: int,
    *,
    parallel: int = 1,
    workers: int = 1,
) -> Result:
    """Upload `source` in chunks of `chunk` bytes, `parallel` times at once."""
    with serving(contestant, data, workers) as server:
        warm_up(contestant, server, data, chunk, parallel)
        queries = _count_queries(contestant, server, data)
        held = processes.forget_peaks(server.roots)
        before = processes.cost(server.roots)
        uploads = [begin(contestant, server, source) for _ in range(parallel)]
        begun = time.perf_counter()
        with ThreadPoolExecutor(parallel) as pool:
            times = list(pool.map(lambda upload: send_all(upload, chunk), uploads))
        speed = parallel * source.size / (time.perf_counter() - begun)
        synced = _sync(server)
        finishing = max(map(complete, uploads, times))
        after = processes.cost(server.roots)
        memory = processes.peaks(server.roots) - held
        if parallel == 1:
            check_stored(server, source)
    sent = parallel * source.size
    one = times[0]
    hundred = min(HUNDRED, len(one))
    first, last = (statistics.median(each) for each in (one[:hundred], one[-hundred:]))
    return Result(
        version=server.version,
        speed=speed,
        cpu=(after.cpu - before.cpu) / sent * 2**30,
        memory=max(0, memory),
        written=(after.written - before.written) / sent,
        synced=synced,
        finishing=finishing,
        median=statistics.median(one),
        slowest=sorted(one)[int(0.99 * (len(one) - 1))],
        drift=last / first,
        queries=queries,
    )


def client_speed(data: Path, source: Source, chunk: int) -> float:
    """Return how many bytes per second the client sends to who throws them away."""
    with serving(HOLE, data) as server:
        upload = begin(HOLE, server, source)
        begun = time.perf_counter()
        send_all(upload, chunk)
        upload.connection.close()
        return source.size / (time.perf_counter() - begun)


def hash_speed() -> float:
    """Return how many bytes per second SHA-256 takes in on one core."""
    block, digest = os.urandom(MIB // 4), sha256()
    begun = time.perf_counter()
    for _ in range(HASHED):
        digest.update(block)
    return HASHED * len(block) / (time.perf_counter() - begun)


def checksum_cost() -> float:
    """Return the processor time that CRC32 of 1 GiB takes now, in seconds.

    Other work on the machine lets all processor time seem longer, also this.
    """
    block = os.urandom(8 * MIB)
    begun = time.thread_time()
    for _ in range(CHECKED):
        zlib.crc32(block)
    return (time.thread_time() - begun) / CHECKED / len(block) * 2**30


def check_stored(server: Measured, source: Source) -> None:
    """Raise where the stored bytes are not those that were sent."""
    position = 0
    for block in server.read_stored():
        if block != os.pread(source.file, len(block), position):
            raise RuntimeError(f"At {position}, what is stored is not what was sent")
        position += len(block)
    if position < source.size:
        raise RuntimeError(f"{source.size - position} bytes are missing")


def begin(contestant: Contestant, server: Measured, source: Source) -> Protocol:
    connection = Connection(*_address(server))
    upload = contestant.protocol(connection, source, server.credentials)
    upload.begin()
    return upload


def send_all(upload: Protocol, chunk: int) -> list[float]:
    size, times = upload.source.size, []
    for start in range(0, size, chunk):
        begun = time.perf_counter()
        upload.send(start, min(start + chunk, size))
        times.append(time.perf_counter() - begun)
    return times


def complete(upload: Protocol, times: list[float]) -> float:
    begun = time.perf_counter()
    upload.complete()
    took = time.perf_counter() - begun
    upload.connection.close()
    if upload.completes_by_itself:
        return max(0, times[-1] - statistics.median(times))
    return took


def _sync(server: Measured) -> float:
    """Write to disk what finishing may wait for; return how long that took."""
    begun = time.perf_counter()
    for path in server.stored():
        file = os.open(path, os.O_RDONLY)
        os.fsync(file)
        os.close(file)
    return time.perf_counter() - begun


def warm_up(
    contestant: Contestant, server: Measured, data: Path, chunk: int, parallel: int = 1
) -> None:
    """Let the server import and allocate what it will need, in all of its workers."""
    source = make_source(data, WARM_UP * chunk)
    uploads = [begin(contestant, server, source) for _ in range(parallel)]
    with ThreadPoolExecutor(parallel) as pool:
        list(pool.map(lambda upload: send_all(upload, chunk), uploads))
        list(pool.map(lambda upload: complete(upload, [0]), uploads))
    os.close(source.file)
    for path in server.stored():
        path.unlink()


def _count_queries(contestant: Contestant, server: Measured, data: Path) -> int | None:
    source = make_source(data, 4000)
    upload = begin(contestant, server, source)
    upload.send(0, 1000)
    upload.send(1000, 2000)
    upload.asked = {ASKED: "1"}
    counted = upload.send(2000, 3000).headers.get(ASKED.lower())
    upload.connection.close()
    os.close(source.file)
    return None if counted is None else int(counted)


def _address(server: Measured) -> tuple[str, int]:
    assert isinstance(server.address, tuple)
    return server.address
