"""What the processes of a server cost: processor time, memory, bytes written."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

TICKS = os.sysconf("SC_CLK_TCK")  # per second
PROC = Path("/proc")


class Cost(NamedTuple):
    """What processes have used so far."""

    cpu: float  # seconds
    written: int  # bytes given to the file system


def family(roots: list[int]) -> list[int]:
    """Return the ids of these processes and all that descend from them."""
    parents = {}
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                stat = (entry / "stat").read_text()
                parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    found = list(roots)
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def cost(roots: list[int]) -> Cost:
    """Return what all processes of the families have used so far."""
    cpu, written = 0.0, 0
    for pid in family(roots):
        fields = (PROC / f"{pid}/stat").read_text().rpartition(")")[2].split()
        cpu += (int(fields[11]) + int(fields[12])) / TICKS
        written += _number(pid, "io", "write_bytes")
    return Cost(cpu, written)


def forget_peaks(roots: list[int]) -> int:
    """Let peaks of memory count from here; return the memory held now, in bytes."""
    held = 0
    for pid in family(roots):
        (PROC / f"{pid}/clear_refs").write_text("5")
        held += _number(pid, "status", "VmRSS") * 1024
    return held


def peaks(roots: list[int]) -> int:
    """Return the sum of the processes' peaks of memory, in bytes."""
    pids = family(roots)
    return sum(_number(pid, "status", "VmHWM") * 1024 for pid in pids)


def _number(pid: int, file: str, name: str) -> int:
    for line in (PROC / f"{pid}/{file}").read_text().splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0])
    raise LookupError(name)
