"""What a page costs while a large file goes up."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, CDPSession

from benchmarks.pages import metrics
from benchmarks.pages.servers import Site
from benchmarks.pages.uploaders import Uploader

LONGEST = 240  # seconds
SAMPLE = 200  # milliseconds
WATCH = """
window.tasks = [];
new PerformanceObserver((list) => {
  tasks.push(...list.getEntries().map(({ duration }) => duration));
}).observe({ type: "longtask" });
"""


async def send(
    browser: Browser, site: Site, uploader: Uploader, file: Path
) -> dict[str, Any]:
    """Upload the file; return seconds, milliseconds of long tasks and bytes of heap."""
    async with site.visit(browser, uploader, WATCH) as page:
        await site.open(page, uploader)
        session = await metrics.watch(page)
        await session.send("HeapProfiler.collectGarbage")
        before, busy = await metrics.read(session), await metrics.busy(session)
        await page.evaluate("() => { tasks.length = 0; }")
        machine = await browser.new_browser_cdp_session()
        cpu, memory = await _processes(machine)
        heap = []
        resident = []
        begun = time.monotonic()
        await page.set_input_files(uploader.input, file)
        while not await page.locator(uploader.complete).count():
            if time.monotonic() - begun > LONGEST:
                raise TimeoutError(f"{uploader.title} took longer than {LONGEST} s")
            heap.append((await metrics.read(session))["JSHeapUsedSize"])
            resident.append((await _processes(machine))[1])
            await page.wait_for_timeout(SAMPLE)
        seconds = time.monotonic() - begun
        busy = await metrics.busy(session) - busy
        cpu_after, _memory = await _processes(machine)
        await machine.detach()
        tasks = await page.evaluate("tasks")
        return {
            "seconds": seconds,
            "longTasks": len(tasks),
            "longest": max(tasks, default=0),
            "mainThread": busy,
            "cpu": cpu_after - cpu,
            "memory": max(resident, default=memory) - memory,
            "heapBefore": before["JSHeapUsedSize"],
            "heapPeak": max(heap, default=0),
        }


async def _processes(machine: CDPSession) -> tuple[float, int]:
    """Return the seconds of CPU, and the bytes of own memory, of the whole browser."""
    told = await machine.send("SystemInfo.getProcessInfo")
    processes = told["processInfo"]
    own = sum(_own_memory(process["id"]) for process in processes)
    return sum(process["cpuTime"] for process in processes), own


def _own_memory(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except FileNotFoundError:
        return 0  # it ended meanwhile
    return sum(int(each.split()[1]) for each in lines if each[:8] == "RssAnon:") * 1024
