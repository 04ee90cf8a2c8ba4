"""The results as one picture."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

from benchmarks.reporting import MIB, Results, show_size, typical

mpl.use("svg")
mpl.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "benchmark", "font.size": 9}

from matplotlib import pyplot  # noqa: E402 - after its back end is chosen

OURS, OTHERS = "#1a7f37", "#8c959f"
SHADES = (1.0, 0.7, 0.4)  # opacity, by chunk size
INK = "#57606a"  # to be read on white and on black


def draw(results: Results, path: Path) -> None:
    """Write a bar for each contestant and chunk size, the fastest on top, as SVG."""
    single = sorted(
        (scenario for scenario in results if scenario.parallel == 1),
        key=lambda scenario: -scenario.chunk,
    )[: len(SHADES)]
    speeds = {
        name: [typical(results[each][name]).speed / 1e6 for each in single]
        for name in results[single[0]]
        if all(name in results[each] for each in single)
    }
    names = sorted(speeds, key=lambda name: max(speeds[name]))
    figure, axes = pyplot.subplots(figsize=(8, 0.5 * len(names) + 1))
    height = 0.8 / len(single)
    for number, scenario in enumerate(single):
        shift = (len(single) - 1) / 2 - number
        axes.barh(
            [position + shift * height for position in range(len(names))],
            [speeds[name][number] for name in names],
            height,
            color=[OURS if name.startswith("ours") else OTHERS for name in names],
            alpha=SHADES[number],
            label=f"chunks of {show_size(scenario.chunk)}",
        )
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel(f"MB/s, {single[0].size // MIB:,} MiB over loopback")
    axes.legend(frameon=False, labelcolor=INK, loc="lower right")
    axes.tick_params(colors=INK)
    axes.xaxis.label.set_color(INK)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(INK)
    figure.savefig(path, transparent=True, bbox_inches="tight", metadata={"Date": None})
