"""What it costs to keep nothing on a server: ours over a bucket beside @tus/s3-store.

Run by `python3 benchmarks --buckets`.
"""

from __future__ import annotations

import os
import random
import statistics
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from benchmarks import bucket_servers, processes, protocols
from benchmarks.contestants import CONTESTANTS as OTHERS
from benchmarks.contestants import Contestant
from benchmarks.environment import DATA
from benchmarks.measuring import (
    MIB,
    Result,
    begin,
    check_stored,
    checksum_cost,
    complete,
    make_source,
    measure,
    send_all,
    serving,
    warm_up,
)
from benchmarks.protocols import Source
from benchmarks.reporting import Scenario, machine, spread, table

OURS, TUS, LOCAL, ALONE = "ours", "@tus/s3-store", "ours, local store", "engine alone"
CONTESTANTS = {
    OURS: Contestant(bucket_servers.Ours, protocols.Ours),
    TUS: Contestant(bucket_servers.Tus, protocols.Tus),
    LOCAL: OTHERS["ours, PostgreSQL"],
    ALONE: Contestant(bucket_servers.Alone, bucket_servers.SignedParts),
}
COUNTED_OURS = Contestant(partial(bucket_servers.Ours, is_counted=True), protocols.Ours)
COUNTED_TUS = Contestant(partial(bucket_servers.Tus, is_counted=True), protocols.Tus)
CHUNK = 8 * MIB
SCENARIOS = [
    Scenario(512 * MIB, CHUNK),
    Scenario(256 * MIB, CHUNK, parallel=4, workers=2),
]
SHOWN = ("MB/s", "CPU s/GiB", "finishing ms", "chunk ms", "99 % ms", "version")
COUNTED = 128 * MIB  # bytes of a file whose way into the bucket is counted
SMALL, LARGE = 16 * MIB, 10 * 1024 * MIB
SMALL_FILES = 5  # for each large one
REQUEST = 64 * MIB  # bytes, by which memory may grow only a little
MEMORY = Path("/dev/shm")  # disks are none of what is compared
LEAST_MEMORY = 4 * 1024 * MIB


def run(rounds: int) -> None:
    """Measure all of it, print the tables, and what the figures are to each other."""
    folder = folder_in_memory()
    facts = ", ".join(f"{name} {fact}" for name, fact in machine(folder).items())
    print(f"{facts}, all files in {folder}\n", flush=True)
    tempfile.tempdir = str(folder)  # where engines and databases have theirs
    for scenario in SCENARIOS:
        _compare(scenario, folder, rounds)
    _count_bytes(folder)
    _measure_memory(folder)
    _measure_done(folder)


def folder_in_memory() -> Path:
    """Return where no disk is awaited, if memory has room for it."""
    if MEMORY.is_dir():
        room = os.statvfs(MEMORY)
        if room.f_bavail * room.f_frsize > LEAST_MEMORY:
            return MEMORY
    return DATA


def _compare(scenario: Scenario, folder: Path, rounds: int) -> None:
    """Let each have its turn, round by round."""
    source = make_source(folder, scenario.size)
    results: dict[str, list[Result]] = {name: [] for name in CONTESTANTS}
    yardsticks = []
    parallel, workers = scenario.parallel, scenario.workers
    for number in range(rounds):
        for name, contestant in CONTESTANTS.items():
            yardsticks.append(checksum_cost())
            result = measure(
                *(contestant, folder, source, scenario.chunk),
                parallel=parallel,
                workers=workers,
            )
            results[name].append(result)
            told = f"{result.speed / 1e6:,.0f} MB/s, {result.cpu:.2f} s/GiB"
            print(f"{scenario}, round {number + 1}, {name}: {told}", flush=True)
    os.close(source.file)
    print(f"\n{scenario}\n\n{table(results, SHOWN)}\n")
    faster = _of_rounds(results, lambda ours, tus, local: ours.speed / tus.speed)
    dearer = _of_rounds(results, lambda ours, tus, local: ours.cpu - local.cpu)
    yardstick = statistics.median(yardsticks)
    print(f"throughput of ours by that of {TUS}: {faster}")
    print(f"processor time beyond the local store's: {dearer} s/GiB", end=", ")
    print(f"where CRC32 alone took {yardstick:.2f}\n", flush=True)


def _of_rounds(
    results: dict[str, list[Result]], compare: Callable[[Result, Result, Result], float]
) -> str:
    """Return the median of what was compared within rounds, the least, and the most."""
    three = zip(results[OURS], results[TUS], results[LOCAL], strict=True)
    return spread(compare(*each) for each in three)


def _count_bytes(folder: Path) -> None:
    """Tell how many bytes go to the engine for each byte of the file."""
    starts = list(range(MIB, COUNTED, MIB))
    random.Random(1).shuffle(starts)
    in_order, shuffled = (CHUNK, range(0, COUNTED, CHUNK)), (MIB, [0, *starts])
    source = make_source(folder, COUNTED)
    for title, contestant, (chunk, order) in (
        (f"{OURS}, 8 MiB chunks in order", COUNTED_OURS, in_order),
        (f"{OURS}, 1 MiB chunks, shuffled", COUNTED_OURS, shuffled),
        (f"{TUS}, 8 MiB chunks in order", COUNTED_TUS, in_order),
    ):
        counted = count_bytes(contestant, folder, source, chunk, order)
        print(f"{title}: {counted:.4f} bytes to the engine for each byte", flush=True)
    os.close(source.file)


def count_bytes(
    contestant: Contestant,
    folder: Path,
    source: Source,
    chunk: int,
    starts: Iterable[int],
) -> float:
    """Return how many bytes go to the engine, for each byte of the source.

    It is sent in chunks of `chunk` bytes which begin at `starts`, in their order.
    """
    with serving(contestant, folder) as server:
        assert isinstance(server, bucket_servers.InBucket)
        proxy = server.bucket.proxy
        assert proxy
        upload = begin(contestant, server, source)
        before = proxy.sent
        for start in starts:
            upload.send(start, start + chunk)
        complete(upload, [0])
        check_stored(server, source)
        return (proxy.sent - before) / source.size


def _measure_memory(folder: Path) -> None:
    """Tell how much a worker grows while it takes in one large request."""
    source = make_source(folder, 2 * REQUEST)
    contestant = CONTESTANTS[OURS]
    with serving(contestant, folder) as server:
        warm_up(contestant, server, folder, CHUNK)
        upload = begin(contestant, server, source)
        held = processes.forget_peaks([server.pid])
        upload.send(0, REQUEST)
        grown = processes.peaks([server.pid]) - held
        upload.connection.close()
    os.close(source.file)
    size = REQUEST // MIB
    print(f"memory + for a request of {size} MiB: {grown / MIB:.1f} MiB", flush=True)


def _measure_done(folder: Path) -> None:
    """Tell how long `done` takes for small files, and for a large one."""
    contestant = CONTESTANTS[OURS]
    with serving(contestant, folder) as server:
        warm_up(contestant, server, folder, CHUNK)
        times = []
        for size in (*[SMALL] * SMALL_FILES, LARGE):
            source = _make_sparse(folder, size)
            upload = begin(contestant, server, source)
            send_all(upload, REQUEST)
            times.append(complete(upload, [0]) * 1e3)
            os.close(source.file)
    *several, large = times
    small = statistics.median(several)
    print(f"`done` of {SMALL // MIB} MiB: {small:.0f} ms", end=", ")
    print(f"of {LARGE // 2**30} GiB: {large:.0f} ms, {large / small:.1f} times as long")


def _make_sparse(folder: Path, size: int) -> Source:
    """Make a file that takes no room, here or in an engine that compresses."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.truncate(size)
        return Source(os.dup(file.fileno()), size, "")
