"""The figures as text."""

from __future__ import annotations

from statistics import median
from typing import Any

from benchmarks.pages.behaviour import STORIES
from benchmarks.pages.uploaders import ALL

KIB = 1024
MIB = 1024 * 1024
TITLES = {uploader.name: uploader.title for uploader in ALL}


def summary(results: dict[str, Any]) -> str:
    """Return all that was measured, as medians, and all that was observed."""
    lines = [
        "",
        ", ".join(f"{name} {each}" for name, each in results["versions"].items()),
    ]
    for line, runs in results.get("loading", {}).items():
        lines += ["", f"Loading, CPU 4 times slower, line: {line}"]
        lines += [_loading(name, each) for name, each in runs.items() if each]
    if sending := results.get("sending"):
        lines += ["", f"Sending {results['size'] // MIB} MiB"]
        lines += [_sending(name, each) for name, each in sending.items() if each]
    if qualities := results.get("qualities"):
        lines += ["", "Seen from outside", *_told(qualities)]
    for story, pages in results.get("behaviour", {}).items():
        lines += ["", f"{story}: {STORIES[story].__doc__}", *_told(pages)]
    return "\n".join(lines)


def _told(pages: dict[str, dict[str, Any]]) -> list[str]:
    lines = []
    for name, told in pages.items():
        lines.append(f"  {TITLES[name]}")
        for key, value in told.items():
            if key != "requests":
                lines.append(f"    {key}: {_plain(value)}")
    return lines


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "".join(f"\n      {each}" for each in value) or "nothing"
    return str(value)


def _loading(name: str, runs: list[dict[str, Any]]) -> str:
    def middle(key: str) -> float:
        return median(run[key] for run in runs)

    kinds = runs[0]["sent"].values()
    raw, packed = (sum(kind[key] for kind in kinds) / KIB for key in ("raw", "gzip"))
    requests = sum(kind["requests"] for kind in kinds)
    parts = [
        f"{kind} {each['raw'] / KIB:.0f}/{each['gzip'] / KIB:.1f}"
        for kind, each in runs[0]["sent"].items()
    ]
    return (
        f"  {TITLES[name]:<28} interactive {middle('interactive'):5.0f} ms, "
        f"blocked {middle('blocking'):4.0f} ms, "
        f"longest task {middle('longest'):4.0f} ms, {raw:4.0f} KiB, "
        f"gzip {packed:5.1f} KiB, {requests:2} requests "
        f"({', '.join(parts)})"
    )


def _sending(name: str, runs: list[dict[str, Any]]) -> str:
    def middle(key: str) -> float:
        return median(run[key] for run in runs)

    return (
        f"  {TITLES[name]:<28} {middle('seconds'):5.1f} s, main thread busy "
        f"{middle('mainThread'):4.1f} s, browser {middle('cpu'):4.1f} s, "
        f"{middle('longTasks'):3.0f} long tasks, "
        f"longest {middle('longest'):4.0f} ms, heap {middle('heapBefore') / MIB:4.1f} "
        f"to {middle('heapPeak') / MIB:4.1f} MiB, "
        f"browser's memory +{middle('memory') / MIB:.0f} MiB"
    )
