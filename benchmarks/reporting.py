"""The results as text."""

from __future__ import annotations

import dataclasses
import os
import platform
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from benchmarks.measuring import KIB, MIB, Result

COLUMNS = {
    "MB/s": lambda result: f"{result.speed / 1e6:,.0f}",
    "CPU s/GiB": lambda result: f"{result.cpu:.2f}",
    "memory + MiB": lambda result: f"{result.memory / MIB:.1f}",
    "fsync ms": lambda result: f"{result.synced * 1e3:,.0f}",
    "finishing ms": lambda result: f"{result.finishing * 1e3:,.1f}",
    "written/byte": lambda result: f"{result.written:.2f}",
    "chunk ms": lambda result: f"{result.median * 1e3:,.2f}",
    "99 % ms": lambda result: f"{result.slowest * 1e3:,.2f}",
    "last/first 100": lambda result: f"{result.drift:.2f}",
    "queries": lambda result: "–" if result.queries is None else f"{result.queries:g}",
    "version": lambda result: result.version,
}


class Scenario(NamedTuple):
    """What is uploaded, and how; sizes in bytes."""

    size: int
    chunk: int
    parallel: int = 1
    workers: int = 1

    def __str__(self) -> str:
        size = f"{self.size // MIB:,} MiB in chunks of {show_size(self.chunk)}"
        if self.parallel == 1:
            return size
        return f"{self.parallel} × {size} at once, {self.workers} workers"


def read_size(text: str) -> int:
    """Return a number of bytes that is told in MiB, or with a K behind it in KiB."""
    unit = KIB if text.endswith("K") else MIB
    return int(float(text.removesuffix("K")) * unit)


def show_size(size: int) -> str:
    """Return a number of bytes as MiB, or as KiB where that is shorter."""
    is_small = size < MIB and not size % KIB
    return f"{size // KIB} KiB" if is_small else f"{size / MIB:g} MiB"


Results = dict[Scenario, dict[str, list[Result]]]  # by contestant, a round each


def typical(rounds: list[Result]) -> Result:
    """Return the median of each figure."""
    first = rounds[0]
    medians = {}
    for field in dataclasses.fields(Result):
        values = [getattr(result, field.name) for result in rounds]
        is_number = isinstance(values[0], int | float)
        medians[field.name] = statistics.median(values) if is_number else values[0]
    return dataclasses.replace(first, **medians)


def table(
    results: dict[str, list[Result]], columns: Iterable[str] = tuple(COLUMNS)
) -> str:
    """Return a table of the medians, a line for each contestant.

    The last column is the version.
    """
    shown = {name: COLUMNS[name] for name in columns}
    lines = [["", *shown]]
    for name, rounds in results.items():
        result = typical(rounds)
        lines.append([name, *(show(result) for show in shown.values())])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(_line(cells, widths) for cells in lines)


def _line(cells: list[str], widths: list[int]) -> str:
    name, *figures, version = cells
    aligned = [
        figure.rjust(width) for figure, width in zip(figures, widths[1:-1], strict=True)
    ]
    return "  ".join([name.ljust(widths[0]), *aligned, version]).rstrip()


def spread(values: Iterable[float]) -> str:
    """Return the median, the least and the most of what was compared within rounds."""
    ordered = sorted(values)
    return f"{statistics.median(ordered):.2f} ({ordered[0]:.2f} to {ordered[-1]:.2f})"


def ratios(of: list[Result], by: list[Result]) -> str:
    """Return what the figures of one contestant are to those of another."""
    both = list(zip(of, by, strict=True))
    compared = {
        "MB/s": spread(mine.speed / other.speed for mine, other in both),
        "chunk ms": spread(mine.median / other.median for mine, other in both),
        "CPU": spread(mine.cpu / other.cpu for mine, other in both),
    }
    return ", ".join(f"{name} {each}" for name, each in compared.items())


def machine(folder: Path) -> dict[str, str]:
    """Return what the figures depend on."""
    information = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line for line in information if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": models[0].partition(":")[2].strip() if models else "unknown",
        "cores": str(os.cpu_count()),
        "memory": f"{memory / 2**30:.0f} GiB",
        "file system": _file_system(folder),
        "kernel": platform.release().partition("-")[0],
        "Python": platform.python_version(),
    }


def _file_system(folder: Path) -> str:
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    above = [mount for mount in mounts if folder.is_relative_to(mount[1])]
    return max(above, key=lambda mount: len(mount[1]))[2]


def as_text(results: Results, about: dict[str, str]) -> str:
    """Return all tables, and what they were measured on."""
    parts = [f"{scenario}\n\n{table(each)}" for scenario, each in results.items()]
    facts = ", ".join(f"{name} {value}" for name, value in about.items())
    return "\n\n".join([*parts, facts]) + "\n"
