"""What Chromium tells of the time that a page took."""

from __future__ import annotations

from playwright.async_api import CDPSession, Page


async def watch(page: Page) -> CDPSession:
    """Return a session in which `read` works."""
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable")
    return session


async def read(session: CDPSession) -> dict[str, float]:
    """Return the metrics by Chromium's names; times in seconds."""
    told = await session.send("Performance.getMetrics")
    return {each["name"]: each["value"] for each in told["metrics"]}


async def busy(session: CDPSession) -> float:
    """Return the seconds of CPU of the page's main thread, but for who watches it."""
    told = await read(session)
    return told["ThreadTime"] - told["DevToolsCommandDuration"]
