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

from benchmarks.buckets import folder_in_memory
from benchmarks.contestants import CONTESTANTS
from benchmarks.environment import CHECKOUT
from benchmarks.measuring import MIB, check_stored, serving, warm_up
from benchmarks.protocols import Source
from benchmarks.reporting import machine
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
                told = f"{sent.speed / 1e6:,.0f} MB/s, {sent.peak / MIB:.0f} MiB"
                print(f"round {number + 1}, {name}: {told}", flush=True)
    finally:
        path.unlink()
    print(f"\n{size // MIB:,} MiB by a program, over loopback\n")
    for name, each in results.items():
        speed = statistics.median(sent.speed for sent in each)
        peak = max(sent.peak for sent in each)
        print(f"{name:16} {speed / 1e6:6,.0f} MB/s  {peak / MIB:4.0f} MiB at most")
    print()
    for other in ("tuspy", "bare sender"):
        pairs = zip(results["client"], results[other], strict=True)
        ratios = sorted(ours.speed / its.speed for ours, its in pairs)
        told = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        print(f"client by {other}: {told}")
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
        took = json.loads(subprocess.check_output(command, cwd=CHECKOUT))
        source = Source(os.open(path, os.O_RDONLY), path.stat().st_size, "")
        check_stored(server, source)
        os.close(source.file)
    return Sent(source.size / took["seconds"], took["peak"])


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
