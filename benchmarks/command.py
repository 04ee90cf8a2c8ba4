"""What the command line asks for: which contestants, how much, how often."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import buckets, joining, picture, programs, slow
from benchmarks.contestants import CONTESTANTS, OURS, OURS_TUS
from benchmarks.environment import CHECKOUT, DATA, HERE
from benchmarks.measuring import (
    KIB,
    MIB,
    Result,
    client_speed,
    hash_speed,
    make_source,
    measure,
)
from benchmarks.reporting import (
    Results,
    Scenario,
    as_text,
    machine,
    ratios,
    read_size,
    table,
    typical,
)
from benchmarks.servers import Database
from benchmarks.visitors import Crowd

AT_ONCE, WORKERS = 8, 2  # uploads at once, and who receives them
PHONES = 500 * KIB  # chunks of clients on phones, by default
MANY = 16_384  # chunks, of which the last are to cost what the first did
ARRIVING = 10.0  # seconds in which slow visitors come
SLOW_SIZE = 4 * MIB  # bytes that each of them sends


def run(arguments: list[str]) -> None:
    """Measure, print the tables, and keep them where `--save` is given."""
    # Who is asked to end stops the servers that were started, as on Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    options = _parse(arguments)
    if options.growth:
        return _measure_growth()
    if options.buckets:
        return buckets.run(options.rounds)
    if options.joined:
        return joining.run(options.size * MIB, options.rounds)
    if options.programs:
        return programs.run(options.rounds, options.size * MIB)
    if options.slow:
        size, rate = SLOW_SIZE, options.rate * 1024
        return slow.run(Crowd(options.visitors, ARRIVING, size, rate))
    about = machine(DATA)
    used = 3 * options.size * MIB
    _touch_memory(DATA / "touched", used)
    source = make_source(DATA, options.size * MIB)
    speed = client_speed(DATA, source, 8 * MIB)
    about["client alone"] = f"{speed / 1e6:,.0f} MB/s"
    about["SHA-256 alone"] = f"{hash_speed() / 1e6:,.0f} MB/s"
    for name in ("client alone", "SHA-256 alone"):
        print(f"{name}: {about[name]}", flush=True)
    results: Results = {}
    folder, drawing = (HERE, CHECKOUT / "docs") if options.save else (DATA, DATA)
    for scenario in _scenarios(options):
        results[scenario] = _measure(scenario, options)
        print(f"\n{scenario}\n\n{table(results[scenario])}\n", flush=True)
        _compare(results[scenario])
        # Each time: what was measured outlives what fails later.
        (folder / "results.txt").write_text(as_text(results, about))
    if options.chunks:
        picture.draw(results, drawing / "benchmark.svg")
    print(f"\nAll tables: {folder / 'results.txt'}")


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="CONTESTANT", help="all by default")
    parser.add_argument("--quick", action="store_true", help="64 MiB, one round")
    parser.add_argument("--size", type=int, default=1024, help="MiB")
    parser.add_argument(
        "--chunks",
        type=read_size,
        nargs="*",
        default=[64 * MIB, 8 * MIB, MIB, PHONES],
        help="MiB, or with a K behind it KiB",
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--many", action="store_true", help=f"also {MANY:,} chunks")
    parser.add_argument(
        "--parallel", action="store_true", help=f"also {AT_ONCE} uploads at once"
    )
    parser.add_argument(
        "--growth", action="store_true", help="instead: a million rows, and commits"
    )
    parser.add_argument(
        "--slow",
        action="store_true",
        help="instead: others' pages beside slow visitors",
    )
    parser.add_argument(
        "--buckets",
        action="store_true",
        help="instead: ours over a bucket beside @tus/s3-store",
    )
    parser.add_argument(
        "--joined",
        action="store_true",
        help="instead: parts of a file at once, then joined, by tus",
    )
    parser.add_argument(
        "--programs",
        action="store_true",
        help="instead: our client beside tuspy and a bare sender",
    )
    parser.add_argument("--visitors", type=int, default=200, help="who are slow")
    parser.add_argument("--rate", type=int, default=128, help="KiB/s of each of them")
    parser.add_argument("--save", action="store_true", help="into the repository")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(CONTESTANTS):
        parser.error(f"{unknown} is none of {', '.join(CONTESTANTS)}")
    options.names = options.names or list(CONTESTANTS)
    if options.quick:
        options.size, options.chunks, options.rounds = 64, [8 * MIB], 1
    return options


def _scenarios(options: argparse.Namespace) -> list[Scenario]:
    size = options.size * MIB
    scenarios = [Scenario(size, chunk) for chunk in options.chunks]
    if options.parallel:
        scenarios.append(Scenario(size // 4, 8 * MIB, AT_ONCE, WORKERS))
    if options.many:
        scenarios.append(Scenario(size, size // MANY))
    return scenarios


def _measure(scenario: Scenario, options: argparse.Namespace) -> dict[str, list]:
    """Let each contestant have its turn, round by round."""
    source = make_source(DATA, scenario.size)
    rounds: dict[str, list] = {name: [] for name in options.names}
    for number in range(options.rounds):
        for name in options.names:
            result = measure(
                CONTESTANTS[name],
                DATA,
                source,
                scenario.chunk,
                parallel=scenario.parallel,
                workers=scenario.workers,
            )
            told = f"{name}: {result.speed / 1e6:,.0f} MB/s"
            print(f"{scenario}, round {number + 1}, {told}", flush=True)
            rounds[name].append(result)
    os.close(source.file)
    return rounds


def _compare(rounds: dict[str, list[Result]]) -> None:
    """Print what ours by tus is to ours, and to the fastest of the others."""
    if OURS_TUS not in rounds:
        return
    others = [name for name in rounds if CONTESTANTS[name].is_other]
    best = sorted(others, key=lambda name: typical(rounds[name]).speed)[-1:]
    for name in (each for each in (OURS, *best) if each in rounds):
        told = ratios(rounds[OURS_TUS], rounds[name])
        print(f"{OURS_TUS} by {name}: {told}", flush=True)


def _measure_growth() -> None:
    with tempfile.TemporaryDirectory(dir=DATA, prefix="run-") as folder:
        names = {"BENCHMARK_APP": "ours", "BENCHMARK_FOLDER": folder}
        program = [sys.executable, "-m", "benchmarks.growth"]
        postgresql = Database()
        postgresql.start()
        try:
            for title, database in {
                "SQLite, WAL and synchronous=NORMAL": None,
                "PostgreSQL": postgresql.database,
            }.items():
                print(f"== {title}", flush=True)
                told = {**names, "BENCHMARK_DATABASE": json.dumps(database)}
                environment = {**os.environ, **told}
                subprocess.run(program, env=environment, cwd=CHECKOUT, check=True)
        finally:
            postgresql.remove()


def _touch_memory(path: Path, size: int) -> None:
    """Fill and free the page cache: a virtual machine's memory is slow at first."""
    block = bytes(MIB)
    with open(path, "wb") as file:
        for _ in range(size // MIB):
            file.write(block)
    path.unlink()
