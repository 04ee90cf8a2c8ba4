"""What many small files cost: until the last is complete, and of the main thread."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from playwright.async_api import Browser

from benchmarks.pages import metrics
from benchmarks.pages.servers import Site
from benchmarks.pages.uploaders import Uploader

NUMBERS = [100, 1000]  # of files
SIZE = 1024  # bytes of each
LONGEST = 240  # seconds
SAMPLE = 50  # milliseconds
PARTS = 10  # of the files, each of which is measured by itself
# The task in which the page hears of its files, or one before it, is the choosing.
WATCH = """
window.tasks = [];
window.chosenAt = Infinity;
new PerformanceObserver((list) => {
  tasks.push(...list.getEntries());
}).observe({ type: "longtask" });
window.addEventListener("change", () => { chosenAt = performance.now(); }, true);
"""
LONG = """() => {
  const longest = (those) => Math.max(0, ...those.map(({ duration }) => duration));
  return {
    choosing: longest(tasks.filter(({ startTime }) => startTime <= chosenAt)),
    longest: longest(tasks.filter(({ startTime }) => startTime > chosenAt)),
  };
}"""
GIVEN_UP = dict.fromkeys(
    ["seconds", "choosing", "longest", "first", "last", "mean"], float("inf")
)


def make_files(folder: Path, number: int) -> list[Path]:
    """Make as many small files, of which no two are equal."""
    files = [folder / f"note-{each}.txt" for each in range(number)]
    for file in files:
        file.write_text(file.name.ljust(SIZE))
    return files


async def send(
    browser: Browser, site: Site, uploader: Uploader, files: list[Path]
) -> dict[str, float]:
    """Upload the files; return seconds, and milliseconds of the page's main thread.

    Those of the longest task that was the choosing, and of the longest after it; and
    those per file, of all and of the first and last tenth.
    """
    async with site.visit(browser, uploader, WATCH) as page:
        await site.open(page, uploader)
        session = await metrics.watch(page)
        await page.evaluate("() => { tasks.length = 0; }")
        ends = uploader.all_complete or uploader.complete
        wanted = 1 if uploader.all_complete else len(files)
        logged = site.front.log_size(uploader.name)
        samples: list[tuple[int, float]] = []

        async def sample() -> None:
            ended = site.front.count_since(uploader.name, logged)
            samples.append((ended, await metrics.busy(session)))

        await sample()
        begun = time.monotonic()
        await page.set_input_files(uploader.input, files)
        while await page.locator(ends).count() < wanted:
            if time.monotonic() - begun > LONGEST:
                return GIVEN_UP
            await sample()
            await page.wait_for_timeout(SAMPLE)
        seconds = time.monotonic() - begun
        await sample()
        long: dict[str, Any] = await page.evaluate(LONG)
        assert not await page.locator(uploader.failed).count(), "not all are complete"
        return {"seconds": seconds, **long, **_by_part(samples, len(files))}


def _by_part(samples: list[tuple[int, float]], files: int) -> dict[str, float]:
    """Return the milliseconds per file in the first and the last part, and in all.

    As many requests make a part of the files as of all requests.
    """
    total, size = samples[-1][0], files / PARTS
    marks = [_busy_at(samples, total * part / PARTS) for part in range(PARTS + 1)]
    return {
        "first": (marks[1] - marks[0]) * 1000 / size,
        "last": (marks[-1] - marks[-2]) * 1000 / size,
        "mean": (marks[-1] - marks[0]) * 1000 / files,
    }


def _busy_at(samples: list[tuple[int, float]], ended: float) -> float:
    """Return how busy the thread had been when so many requests had ended."""
    before = samples[0]
    for each in samples:
        if each[0] >= ended > before[0]:
            share = (ended - before[0]) / (each[0] - before[0])
            return before[1] + share * (each[1] - before[1])
        before = each
    return samples[0][1] if ended <= samples[0][0] else samples[-1][1]
