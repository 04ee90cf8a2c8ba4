"""What a page costs until its uploader takes a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, Response

from benchmarks.pages.servers import Site
from benchmarks.pages.uploaders import Uploader

SLOWER = 4  # times, as a cheap phone is
SETTLE = 1000  # milliseconds after the last of the page's events
LINES: dict[str, dict[str, Any]] = {
    "no limit": {},
    # The line of Lighthouse's "Slow 4G": 1.6 Mbit/s and 150 ms.
    "slow 4G": {
        "offline": False,
        "latency": 150,
        "downloadThroughput": 1_600_000 / 8,
        "uploadThroughput": 750_000 / 8,
    },
}
# Interactive: a file input stands in the document, and somebody listens to its
# change.
WATCH = """
window.seen = { ready: null, tasks: [] };
new PerformanceObserver((list) => {
  seen.tasks.push(...list.getEntries().map(({ duration }) => duration));
}).observe({ type: "longtask", buffered: true });
const inputs = new Set();
const look = () => {
  if (seen.ready === null && [...inputs].some((input) => input.isConnected)) {
    seen.ready = performance.now();
  }
};
const { addEventListener } = EventTarget.prototype;
EventTarget.prototype.addEventListener = function (name, ...rest) {
  if (name === "change" && this instanceof HTMLInputElement && this.type === "file") {
    inputs.add(this);
    look();
  }
  return addEventListener.call(this, name, ...rest);
};
new MutationObserver(look).observe(document, { childList: true, subtree: true });
"""
COST = """() => ({
  interactive: seen.ready,
  painted: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null,
  longTasks: seen.tasks.length,
  longest: Math.max(0, ...seen.tasks),
  blocking: seen.tasks.reduce((sum, each) => sum + each - 50, 0),
})"""


async def load(
    browser: Browser, site: Site, uploader: Uploader, line: str, file: Path
) -> dict[str, Any]:
    """Load the page with an empty cache; return milliseconds, and bytes by kind.

    The small `file` is chosen at the end, to see that the uploader takes it.
    """
    async with site.visit(browser, uploader, WATCH) as page:
        responses: list[Response] = []
        page.on("response", lambda response: responses.append(response))
        await _throttle(page, line)
        await page.goto(site.front.url_of(uploader.name), wait_until="load")
        await page.wait_for_function("() => seen.ready !== null")
        await page.wait_for_timeout(SETTLE)
        cost = await page.evaluate(COST)
        cost["sent"] = await _sum(responses)
        await page.set_input_files(uploader.input, file)
        await page.wait_for_selector(uploader.entry)
        return cost


async def _throttle(page: Page, line: str) -> None:
    session = await page.context.new_cdp_session(page)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    if limits := LINES[line]:
        await session.send("Network.enable")
        await session.send("Network.emulateNetworkConditions", limits)


async def _sum(responses: list[Response]) -> dict[str, dict[str, int]]:
    kinds: dict[str, dict[str, int]] = {}
    for response in list(responses):
        kind = response.request.resource_type
        total = kinds.setdefault(kind, {"requests": 0, "raw": 0, "gzip": 0})
        total["requests"] += 1
        total["raw"] += len(await response.body())
        total["gzip"] += (await response.request.sizes())["responseBodySize"]
    return kinds
