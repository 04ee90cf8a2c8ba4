"""What else can be told from outside: access, and a strict policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, Route

from benchmarks.pages.servers import Site
from benchmarks.pages.uploaders import Uploader
from tests.accessibility import TAGS

POLICY = "default-src 'self'"
BARRED = """
window.barred = [];
document.addEventListener("securitypolicyviolation", (event) => {
  const { effectiveDirective, blockedURI } = event;
  barred.push(`${effectiveDirective} ${blockedURI.slice(0, 40)}`);
});
"""


async def examine(
    browser: Browser, site: Site, uploader: Uploader, file: Path
) -> dict[str, Any]:
    """Return what axe-core finds, and what the policy bars."""
    return {
        "axe-core finds": await _access(browser, site, uploader, file),
        f"barred by {POLICY}": await _policy(browser, site, uploader, file),
    }


async def _access(
    browser: Browser, site: Site, uploader: Uploader, file: Path
) -> list[str]:
    found: set[str] = set()
    for scheme in ("light", "dark"):
        async with site.visit(browser, uploader, color_scheme=scheme) as page:
            await site.open(page, uploader)
            found |= await _violations(page)
            await page.set_input_files(uploader.input, file)
            await page.wait_for_selector(uploader.complete)
            await page.wait_for_timeout(1000)
            found |= await _violations(page)
    return sorted(found)


async def _violations(page: Page) -> set[str]:
    # axe-core takes a canvas that nobody painted for white, also where it is dark.
    await page.evaluate("document.documentElement.style.background = 'Canvas'")
    result = await Axe().run(page, options={"runOnly": TAGS})
    return {
        f"{rule['id']} ({node['impact']}): {' '.join(map(str, node['target']))}"
        for rule in result.response["violations"]
        for node in rule["nodes"]
    }


async def _policy(
    browser: Browser, site: Site, uploader: Uploader, file: Path
) -> list[str]:
    async def restrict(route: Route) -> None:
        response = await route.fetch()
        headers = {**response.headers, "content-security-policy": POLICY}
        await route.fulfill(response=response, headers=headers)

    async with site.visit(browser, uploader, BARRED) as page:
        await page.route(site.front.url_of(uploader.name) + "/", restrict)
        await site.open(page, uploader)
        await page.set_input_files(uploader.input, file)
        await page.wait_for_selector(uploader.complete)
        return sorted(set(await page.evaluate("barred")))
