"""What else can be told from outside: access, a strict policy, many files at once."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, Route

from benchmarks.pages.sending import WATCH
from benchmarks.pages.servers import Site
from benchmarks.pages.uploaders import Uploader
from tests.accessibility import TAGS

POLICY = "default-src 'self'"
MANY = 100  # files
LONGEST = 60  # seconds


async def examine(
    browser: Browser, site: Site, uploader: Uploader, files: list[Path]
) -> dict[str, Any]:
    """Return what axe-core finds, what the policy bars, and what many files cost."""
    return {
        "axe-core finds": await _access(browser, site, uploader, files[0]),
        f"barred by {POLICY}": await _policy(browser, site, uploader, files[0]),
        f"{len(files)} small files": await _many(browser, site, uploader, files),
    }


async def _open(
    context: BrowserContext, site: Site, uploader: Uploader, script: str = ""
) -> Page:
    url = site.front.url_of(uploader.name)
    await site.log_in(context, url)
    await context.add_init_script(script)
    page = await context.new_page()
    await page.goto(url)
    await page.wait_for_selector(uploader.input, state="attached")
    await page.wait_for_timeout(1000)
    return page


async def _access(
    browser: Browser, site: Site, uploader: Uploader, file: Path
) -> list[str]:
    found: set[str] = set()
    for scheme in ("light", "dark"):
        context = await browser.new_context(color_scheme=scheme)  # type: ignore[arg-type]
        page = await _open(context, site, uploader)
        for state in ("empty", "complete"):
            if state == "complete":
                await page.set_input_files(uploader.input, file)
                await page.wait_for_selector(uploader.complete)
                await page.wait_for_timeout(1000)
            result = await Axe().run(page, options={"runOnly": TAGS})
            found |= {
                f"{rule['id']} ({node['impact']}): {' '.join(map(str, node['target']))}"
                for rule in result.response["violations"]
                for node in rule["nodes"]
            }
        await context.close()
    site.clean()
    return sorted(found)


async def _policy(
    browser: Browser, site: Site, uploader: Uploader, file: Path
) -> list[str]:
    async def restrict(route: Route) -> None:
        response = await route.fetch()
        headers = {**response.headers, "content-security-policy": POLICY}
        await route.fulfill(response=response, headers=headers)

    context = await browser.new_context()
    try:
        await context.route(site.front.url_of(uploader.name) + "/", restrict)
        page = await _open(
            context,
            site,
            uploader,
            """
            window.barred = [];
            document.addEventListener("securitypolicyviolation", (event) => {
              const { effectiveDirective, blockedURI } = event;
              barred.push(`${effectiveDirective} ${blockedURI.slice(0, 40)}`);
            });
            """,
        )
        await page.set_input_files(uploader.input, file)
        await page.wait_for_selector(uploader.complete)
        return sorted(set(await page.evaluate("barred")))
    finally:
        await context.close()
        site.clean()


async def _many(
    browser: Browser, site: Site, uploader: Uploader, files: list[Path]
) -> dict[str, Any]:
    context = await browser.new_context()
    try:
        page = await _open(context, site, uploader, WATCH)
        wanted = len(files) if uploader.completes_each else 1
        begun = time.monotonic()
        await page.set_input_files(uploader.input, files)
        while await page.locator(uploader.complete).count() < wanted:
            if time.monotonic() - begun > LONGEST:
                return {"not complete after seconds": LONGEST}
            await page.wait_for_timeout(100)
        seconds = time.monotonic() - begun
        tasks = await page.evaluate("tasks")
        return {
            "seconds": round(seconds, 1),
            "long tasks": len(tasks),
            "longest, ms": round(max(tasks, default=0)),
            "blocked, ms": round(sum(tasks) - 50 * len(tasks)),
        }
    finally:
        await context.close()
        site.clean()
