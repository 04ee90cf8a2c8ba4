"""What it costs to keep nothing on a server: ours over a bucket beside @tus/s3-store.

Run by `python3 benchmarks --buckets`.
"""

from __future__ import annotations

import os
import random
import statistics
import tempfile
from collections.abc import Callable
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
    complete,
    make_source,
    measure,
    send_all,
    serving,
    warm_up,
)
from benchmarks.protocols import Source
from benchmarks.reporting import Scenario, machine, table

OURS, TUS, LOCAL, ALONE = "ours", "@tus/s3-store", "ours, local store", "engine alone"
CONTESTANTS = {
    OURS: Contestant(bucket_servers.Ours, protocols.Ours),
    TUS: Contestant(bucket_servers.Tus, protocols.Tus),
    LOCAL: OTHERS["ours, PostgreSQL"],
    ALONE: Contestant(bucket_servers.Alone, bucket_servers.SignedParts),
}
CHUNK = 8 * MIB
SCENARIOS = [
    Scenario(512 * MIB, CHUNK),
    Scenario(128 * MIB, CHUNK, parallel=4, workers=2),
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
    folder = _folder()
    facts = ", ".join(f"{name} {fact}" for name, fact in machine(folder).items())
    print(f"{facts}, all files in {folder}\n", flush=True)
    tempfile.tempdir = str(folder)  # where engines and databases have theirs
    for scenario in SCENARIOS:
        _compare(scenario, folder, rounds)
    _count_bytes(folder)
    _measure_memory(folder)
    _measure_done(folder, rounds)


def _folder() -> Path:
    """Return where no disk is awaited, if memory has room for it."""
    if MEMORY.is_dir():
        room = os.statvfs(MEMORY)
        if room.f_bavail * room.f_frsize > LEAST_MEMORY:
            return MEMORY
    return DATA


def _compare(scenario: Scenario, folder: Path, rounds: int) -> None:
    """Let each have its turn, round by round."""
    source = make_source(DATA, scenario.size)
    results: dict[str, list[Result]] = {name: [] for name in CONTESTANTS}
    parallel, workers = scenario.parallel, scenario.workers
    for number in range(rounds):
        for name, contestant in CONTESTANTS.items():
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
    print(f"throughput of ours by that of {TUS}: {faster}")
    print(f"processor time beyond the local store's: {dearer} s/GiB\n", flush=True)


def _of_rounds(
    results: dict[str, list[Result]], compare: Callable[[Result, Result, Result], float]
) -> str:
    """Return the median of what was compared within rounds, the least, and the most."""
    three = zip(results[OURS], results[TUS], results[LOCAL], strict=True)
    values = sorted(compare(*each) for each in three)
    return f"{statistics.median(values):.2f} ({values[0]:.2f} to {values[-1]:.2f})"


def _count_bytes(folder: Path) -> None:
    """Tell how many bytes go to the engine for each byte of the file."""
    starts = list(range(MIB, COUNTED, MIB))
    random.Random(1).shuffle(starts)
    in_order, shuffled = (CHUNK, range(0, COUNTED, CHUNK)), (MIB, [0, *starts])
    ours = partial(bucket_servers.Ours, is_counted=True), protocols.Ours
    tus = partial(bucket_servers.Tus, is_counted=True), protocols.Tus
    source = make_source(DATA, COUNTED)
    for title, contestant, (chunk, positions) in (
        (f"{OURS}, 8 MiB chunks in order", Contestant(*ours), in_order),
        (f"{OURS}, 1 MiB chunks, shuffled", Contestant(*ours), shuffled),
        (f"{TUS}, 8 MiB chunks in order", Contestant(*tus), in_order),
    ):
        with serving(contestant, folder) as server:
            assert isinstance(server, bucket_servers.InBucket)
            proxy = server.bucket.proxy
            assert proxy
            upload = begin(contestant, server, source)
            before = proxy.sent
            for start in positions:
                upload.send(start, start + chunk)
            complete(upload, [0])
            check_stored(server, source)
            sent = (proxy.sent - before) / COUNTED
        print(f"{title}: {sent:.4f} bytes to the engine for each byte", flush=True)
    os.close(source.file)


def _measure_memory(folder: Path) -> None:
    """Tell how much a worker grows while it takes in one large request."""
    source = make_source(DATA, 2 * REQUEST)
    contestant = CONTESTANTS[OURS]
    with serving(contestant, folder) as server:
        warm_up(contestant, server, DATA, CHUNK)
        upload = begin(contestant, server, source)
        held = processes.forget_peaks([server.pid])
        upload.send(0, REQUEST)
        grown = processes.peaks([server.pid]) - held
        upload.connection.close()
    os.close(source.file)
    size = REQUEST // MIB
    print(f"memory + for a request of {size} MiB: {grown / MIB:.1f} MiB", flush=True)


def _measure_done(folder: Path, rounds: int) -> None:
    """Tell how long `done` takes for a small file, and for a large one."""
    small, large = _make_sparse(SMALL), _make_sparse(LARGE)
    contestant = CONTESTANTS[OURS]
    times: dict[Source, list[float]] = {small: [], large: []}
    with serving(contestant, folder) as server:
        warm_up(contestant, server, DATA, CHUNK)
        for _ in range(rounds):
            for source in (*[small] * SMALL_FILES, large):
                upload = begin(contestant, server, source)
                send_all(upload, REQUEST)
                times[source].append(complete(upload, [0]))
    typical = [statistics.median(each) * 1e3 for each in times.values()]
    print(f"`done` of {SMALL // MIB} MiB: {typical[0]:.0f} ms", end=", ")
    print(f"of {LARGE // 2**30} GiB: {typical[1]:.0f} ms", end=", ")
    print(f"{typical[1] / typical[0]:.2f} times as long")
    for source in times:
        os.close(source.file)


def _make_sparse(size: int) -> Source:
    """Make a file that takes no room: engines that compress have room for it too."""
    with tempfile.TemporaryFile(dir=DATA) as file:
        file.truncate(size)
        return Source(os.dup(file.fileno()), size, "")
