"""What each page does when something goes wrong, as seen from outside of it.

Nothing here knows how an uploader works: its requests are watched, its texts are
read, and one retry is pressed where it gave up.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Dialog, Page

from benchmarks.pages.network import Network
from benchmarks.pages.servers import RETRY_AFTER, Site
from benchmarks.pages.uploaders import Uploader

MIB = 1024 * 1024
LINE = 4 * MIB  # bytes per second
SIZE = 32 * MIB + 17  # bytes of the file
MIDDLE = 12 * MIB  # bytes that are sent before something happens
GONE = 20  # seconds
LOGGED_OUT = 10  # seconds
PATIENCE = 75  # seconds until it is said that an upload does not go on
STALL_PATIENCE = 100  # seconds, longer than any of their own limits
RETRY_PATIENCE = 45  # seconds after the visitor asked to go on
GIVEN_UP = 12  # seconds in which who failed may still go on by itself
SETTLE = 3  # seconds
LOOK = 0.25  # seconds
READ = """(selector) => [...document.querySelectorAll(selector)]
  .filter((each) => each.checkVisibility({ checkOpacity: true }))
  .map((each) => each.innerText.replace(/\\s+/g, " ").trim())
  .filter(Boolean).join(" | ")"""


class Visit:
    """A visitor on a page, who waits for one file to get through."""

    def __init__(self, page: Page, uploader: Uploader, site: Site, port: int) -> None:
        self.page = page
        self.uploader = uploader
        self.site = site
        self.network = Network(port)
        self.seen: list[str] = []
        self.asked_before_leaving = False
        page.on("dialog", self._leave)

    async def open(self) -> None:
        """Go to the page and touch it, as who chooses a file does."""
        await self.site.log_in(self.page.context, self.network.url)
        await self.page.goto(self.network.url)
        await self.page.wait_for_selector(self.uploader.input, state="attached")
        await asyncio.sleep(1)
        await self.page.click("h1")
        self.network.slow(LINE)

    async def choose(self, file: Path) -> None:
        await self.page.set_input_files(self.uploader.input, file)

    async def reach(self, size: int) -> None:
        """Wait until as many bytes of bodies passed."""
        await self._until(lambda: self.network.sent >= size, PATIENCE)

    async def reach_end(self, patience: float) -> bool:
        """Wait until the upload is complete, or was given up for a while."""
        failed_since = None
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if await self.has(self.uploader.complete):
                return True
            if not await self.has(self.uploader.failed):
                failed_since = None
            elif failed_since is None:
                failed_since = time.monotonic()
            elif time.monotonic() - failed_since > GIVEN_UP:
                return False
            await self.look()
        return False

    async def retry(self) -> str:
        """Press what the page offers to go on; return what came of it."""
        button = self.page.locator(self.uploader.retry).first
        if not await button.count() or not await button.is_visible():
            return "no way to try again is shown"
        mark = time.time()
        await button.click()
        if await self.reach_end(RETRY_PATIENCE):
            return f"goes on from {self.offset_since(mark)}"
        return "fails again"

    async def look(self) -> None:
        """Note what the visitor reads now, but for the figures in it."""
        text = await self.page.evaluate(READ, self.uploader.texts)
        text = re.sub(r"\d+([.,]\d+)?", "#", text)
        text = re.sub(r"(\s?[kMG]i?B)+", " B", text)
        if text and text not in self.seen:
            self.seen.append(text)
        await asyncio.sleep(LOOK)

    async def wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await self.look()

    def requests_since(self, moment: float) -> list[dict[str, Any]]:
        """Return what reached the proxy for uploads since then, and has ended."""
        return self.site.front.requests(self.uploader.name, moment)

    def offset_since(self, moment: float) -> str:
        """Tell the byte at which the first body since then that was taken begins."""
        for each in self.requests_since(moment):
            if each["status"] < 300 and (offset := _offset(each)) is not None:
                return f"{offset / MIB:.1f} MiB"
        return "nowhere"

    async def has(self, selector: str) -> bool:
        """Return whether there is such an element."""
        return await self.page.locator(selector).count() > 0

    async def _until(self, condition: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.uploader.title}: not within {seconds} s")
            await self.look()

    async def _leave(self, dialog: Dialog) -> None:
        self.asked_before_leaving |= dialog.type == "beforeunload"
        await dialog.accept()


def _offset(request: dict[str, Any]) -> int | None:
    """Return where in the file the request's body begins; None where it has none."""
    if request["method"] not in ("POST", "PATCH"):
        return None
    if request["path"].startswith("/form/"):
        return 0
    told = request["range"].removeprefix("bytes ").partition("-")[0]
    told = told or request["offset"]
    return int(told) if told else None


Story = Callable[[Visit, Path], Awaitable[dict[str, Any]]]


async def _outcome(
    visit: Visit, mark: float, patience: float = PATIENCE
) -> dict[str, Any]:
    """Wait for what comes of it, and for what comes of a retry where it gave up."""
    completes = await visit.reach_end(patience)
    told: dict[str, Any] = {
        "by itself": completes,
        "goes on from": visit.offset_since(mark),
        "seconds until the end": round(time.time() - mark, 1),
    }
    if completes:
        told["sent twice"] = f"{max(0, visit.network.sent - SIZE) / MIB:.1f} MiB"
    else:
        told["when asked to try again"] = await visit.retry()
    return told


async def cut(visit: Visit, file: Path) -> dict[str, Any]:
    """The connection is cut; new ones are as good as before."""
    await visit.choose(file)
    await visit.reach(MIDDLE)
    mark = time.time()
    visit.network.cut()
    return await _outcome(visit, mark)


async def gone(visit: Visit, file: Path) -> dict[str, Any]:
    """The server cannot be reached for a while."""
    await visit.choose(file)
    await visit.reach(MIDDLE)
    mark = time.time()
    visit.network.refuse()
    visit.network.cut()
    await visit.wait(GONE)
    visit.network.clear()
    visit.network.slow(LINE)
    told = await _outcome(visit, mark)
    told["gave up"] = not told["by itself"]
    return told


async def stall(visit: Visit, file: Path) -> dict[str, Any]:
    """The connection stands still, without an error; new ones are good."""
    await visit.choose(file)
    await visit.reach(MIDDLE)
    mark = time.time()
    visit.network.stall()
    await visit.wait(2)
    visit.network.forsake()
    return await _outcome(visit, mark, STALL_PATIENCE)


async def reload(visit: Visit, file: Path) -> dict[str, Any]:
    """The page is loaded again; the visitor chooses the same file once more."""
    await visit.choose(file)
    await visit.reach(MIDDLE)
    visit.seen.clear()
    await visit.page.reload()
    ready = f"{visit.uploader.input}, {visit.uploader.entry}"
    await visit.page.wait_for_selector(ready, state="attached")
    mark = time.time()
    await visit.wait(SETTLE)  # the proxy lets through what it had
    before = visit.network.sent
    await visit.wait(SETTLE)
    told: dict[str, Any] = {
        "asks before leaving": visit.asked_before_leaving,
        "shows the unfinished upload": await visit.has(visit.uploader.entry),
        "goes on without the visitor": visit.network.sent > before,
    }
    if not told["goes on without the visitor"]:
        if await visit.has(visit.uploader.restored):
            told["goes on at the press of a button"] = True
            await visit.page.click(visit.uploader.restored)
        else:
            if not await visit.has(visit.uploader.input):
                await visit.page.click(visit.uploader.more)
                await visit.page.wait_for_selector(
                    visit.uploader.input, state="attached"
                )
            await visit.choose(file)
            await visit.wait(SETTLE)
            if await visit.has(visit.uploader.restored):
                await visit.page.click(visit.uploader.restored)
    return {**told, **await _outcome(visit, mark)}


async def busy(visit: Visit, file: Path) -> dict[str, Any]:
    """The server restarts: a cut, then 503 with Retry-After for as long."""
    flag = visit.site.front.busy_file(visit.uploader.name)
    await visit.choose(file)
    await visit.reach(MIDDLE)
    mark = time.time()
    flag.touch()
    visit.network.cut()
    try:
        await visit.wait(RETRY_AFTER)
    finally:
        flag.unlink()
    end = time.time()
    told = await _outcome(visit, mark)
    meanwhile = [each for each in visit.requests_since(mark) if each["begin"] < end]
    return {**told, "requests meanwhile": len(meanwhile)}


async def too_large(visit: Visit, file: Path) -> dict[str, Any]:
    """A proxy takes no body over 1 MiB."""
    mark = time.time()
    await visit.choose(file)
    told = await _outcome(visit, mark, PATIENCE)
    requests = visit.requests_since(mark)
    told["answers 413"] = len([each for each in requests if each["status"] == 413])
    return told


async def logged_out(visit: Visit, file: Path) -> dict[str, Any]:
    """The session ends in the middle, with a cut that makes it be noticed."""
    await visit.choose(file)
    await visit.reach(MIDDLE)
    await visit.page.context.clear_cookies()
    mark = time.time()
    visit.network.cut()
    await visit.wait(LOGGED_OUT)
    await _log_in(visit)
    return await _outcome(visit, mark)


async def logged_out_before(visit: Visit, file: Path) -> dict[str, Any]:
    """The session ends before the file is chosen."""
    await visit.page.context.clear_cookies()
    mark = time.time()
    await visit.choose(file)
    await visit.wait(LOGGED_OUT)
    await _log_in(visit)
    return await _outcome(visit, mark)


async def _log_in(visit: Visit) -> None:
    """Log in in another tab, and come back."""
    context = visit.page.context
    await visit.site.log_in(context, visit.network.url)
    other = await context.new_page()
    await other.goto(visit.network.url)
    await other.close()
    await visit.page.bring_to_front()
    await visit.page.evaluate("window.dispatchEvent(new Event('focus'))")


STORIES: dict[str, Story] = {
    "cut": cut,
    "gone": gone,
    "stall": stall,
    "reload": reload,
    "busy": busy,
    "too-large": too_large,
    "logged-out": logged_out,
    "logged-out-before": logged_out_before,
}


async def observe(
    browser: Browser, site: Site, uploader: Uploader, name: str, file: Path
) -> dict[str, Any]:
    """Tell a story to one page; return what it did, and what its visitor read."""
    front = site.front
    ports = front.small_ports if name == "too-large" else front.ports
    context = await browser.new_context()
    visit = Visit(await context.new_page(), uploader, site, ports[uploader.name])
    try:
        with visit.network:
            await visit.open()
            told = await STORIES[name](visit, file)
            return {**told, "reads": visit.seen}
    finally:
        await context.close()
