"""What it costs to upload from a program: our client beside tuspy and a bare sender.

Run by `python3 benchmarks --programs`.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from benchmarks import processes
from benchmarks.buckets import folder_in_memory
from benchmarks.contestants import CONTESTANTS
from benchmarks.environment import CHECKOUT
from benchmarks.measuring import MIB, check_stored, serving, warm_up
from benchmarks.protocols import Source
from benchmarks.reporting import machine, spread
from benchmarks.senders import CHUNK

# Which server each speaks to.
SENDERS = {
    "client": "ours",
    "client, digests": "ours",
    "bare sender": "ours",
    "tuspy": "@tus/server",
}
HELPS = 9  # times that the command's help is asked for


class Sent(NamedTuple):
    """What one upload took."""

    speed: float  # bytes per second, from the program's call to its return
    cpu: float  # seconds for each GiB, the program's and the server's
    peak: int  # bytes of memory


def run(rounds: int, size: int) -> None:
    """Let each send a file of `size` bytes in turn; print the table, and the ratios."""
    folder = folder_in_memory()
    facts = ", ".join(f"{name} {fact}" for name, fact in machine(folder).items())
    print(f"{facts}, all files in {folder}, tuspy {version('tuspy')}\n", flush=True)
    path = folder / f"source-{os.getpid()}"
    _make_file(path, size)
    try:
        results: dict[str, list[Sent]] = {name: [] for name in SENDERS}
        for number in range(rounds):
            for name in SENDERS:
                sent = measure(name, folder, path)
                results[name].append(sent)
                print(f"round {number + 1}, {name}: {_told([sent])}", flush=True)
    finally:
        path.unlink()
    print(f"\n{size // MIB:,} MiB by a program, over loopback\n")
    for name, each in results.items():
        print(f"{name:16} {_told(each)}")
    print()
    for other in ("tuspy", "bare sender"):
        pairs = list(zip(results["client"], results[other], strict=True))
        faster = spread(ours.speed / its.speed for ours, its in pairs)
        cheaper = spread(its.cpu / ours.cpu for ours, its in pairs)
        print(f"client by {other}: {faster}; {other}'s processor time: {cheaper} times")
    print(f"chunked-upload --help: {_help_time() * 1e3:.0f} ms")


def measure(sender: str, folder: Path, path: Path) -> Sent:
    """Let a program send the file to a fresh server; compare what was stored."""
    contestant = CONTESTANTS[SENDERS[sender]]
    with serving(contestant, folder) as server:
        warm_up(contestant, server, folder, CHUNK)
        assert isinstance(server.address, tuple)
        host, port = server.address
        words = [sender, f"http://{host}:{port}", str(path)]
        command = [sys.executable, "-m", "benchmarks.senders", *words]
        before = processes.cost(server.roots)
        took = json.loads(subprocess.check_output(command, cwd=CHECKOUT))
        cpu = processes.cost(server.roots).cpu - before.cpu + took["cpu"]
        source = Source(os.open(path, os.O_RDONLY), path.stat().st_size, "")
        check_stored(server, source)
        os.close(source.file)
    speed = source.size / took["seconds"]
    return Sent(speed, cpu / source.size * 2**30, took["peak"])


def _told(each: list[Sent]) -> str:
    speed = statistics.median(sent.speed for sent in each) / 1e6
    cpu = statistics.median(sent.cpu for sent in each)
    peak = max(sent.peak for sent in each) / MIB
    return f"{speed:6,.0f} MB/s  {cpu:.2f} CPU s/GiB  {peak:3.0f} MiB"


def _make_file(path: Path, size: int) -> None:
    """Make a file of which no two blocks are alike; in the cache."""
    block = os.urandom(8 * MIB + 7)
    with open(path, "wb") as file:
        for start in range(0, size, len(block)):
            file.write(block[: size - start])


def _help_time() -> float:
    command = [sys.executable, "-m", "chunked_uploads.client", "--help"]
    times = []
    for _ in range(HELPS):
        begun = time.perf_counter()
        subprocess.run(command, cwd=CHECKOUT, stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - begun)
    return statistics.median(times)
