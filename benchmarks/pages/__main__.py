"""Compare the page with Uppy and FilePond: `python3 benchmarks/pages --help`."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent.parent)

from demo import environment  # noqa: E402

environment.enter("test")

import argparse  # noqa: E402
import asyncio  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import tempfile  # noqa: E402
from typing import Any  # noqa: E402

import django  # noqa: E402

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's loop is all there is
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402
from django.test import Client  # noqa: E402
from playwright.async_api import Browser, async_playwright  # noqa: E402

from benchmarks.pages import behaviour, loading, npm, qualities, report, sending  # noqa: E402
from benchmarks.pages.servers import Site  # noqa: E402
from benchmarks.pages.uploaders import ALL, OTHERS, Uploader  # noqa: E402
from tests import browsers, programs  # noqa: E402

PARTS = ["loading", "sending", "qualities", "behaviour"]


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python3 benchmarks/pages", description=__doc__
    )
    names = [uploader.name for uploader in ALL]
    add = parser.add_argument
    add(
        "--runs",
        type=int,
        default=5,
        help="of loading, and a bit more than half of sending",
    )
    add("--size", type=int, default=1024, help="MiB of the large file")
    add("--part", choices=PARTS, action="append", help="only this; may be repeated")
    add("--page", choices=names, action="append", help="only this; may be repeated")
    add("--story", choices=list(behaviour.STORIES), action="append", help="only this")
    add("--json", type=Path, help="write everything to this file as well")
    return parser.parse_args()


def visitor() -> str:
    """Make the database and a visitor; return the key of her session."""
    call_command("migrate", verbosity=0)
    client = Client()
    client.force_login(User.objects.create_user("ada"))
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def rotated(pages: list[Uploader], turn: int) -> list[Uploader]:
    """Return the pages, each turn beginning with another: none is always first."""
    start = turn % len(pages)
    return pages[start:] + pages[:start]


def note(text: str) -> None:
    """Tell whoever waits how far it is."""
    print(text, file=sys.stderr, flush=True)


async def run(options: argparse.Namespace, folder: Path, site: Site) -> dict[str, Any]:
    """Measure and observe what was asked for."""
    pages = [each for each in ALL if not options.page or each.name in options.page]
    parts = options.part or PARTS
    results: dict[str, Any] = {"versions": npm.versions()}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**browsers.launch_options())
        results["versions"]["Chromium"] = browser.version
        if "loading" in parts:
            results["loading"] = await load(browser, site, pages, options.runs, folder)
        if "sending" in parts:
            file = folder / "film.bin"
            with open(file, "wb") as large:
                large.truncate(options.size * 1024 * 1024 + 17)
            results["size"] = options.size * 1024 * 1024
            runs = (options.runs + 1) // 2
            results["sending"] = await send(browser, site, pages, runs, file)
        if "qualities" in parts:
            files = [folder / f"note-{number}.txt" for number in range(qualities.MANY)]
            for small in files:
                small.write_text(small.name)
            results["qualities"] = {}
            for page in pages:
                note(f"examining {page.name}")
                told = await qualities.examine(browser, site, page, files)
                results["qualities"][page.name] = told
        if "behaviour" in parts:
            file = folder / "clip.bin"
            file.write_bytes(os.urandom(behaviour.SIZE))
            stories = options.story or list(behaviour.STORIES)
            results["behaviour"] = await observe(browser, site, pages, stories, file)
        await browser.close()
    return results


async def load(
    browser: Browser, site: Site, pages: list[Uploader], runs: int, folder: Path
) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Load all pages by turns, over each line."""
    small = folder / "note.bin"
    small.write_bytes(b"hello")
    costs: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for turn in range(runs):
        for line in loading.LINES:
            of_line = costs.setdefault(line, {page.name: [] for page in pages})
            for page in rotated(pages, turn):
                note(f"loading {page.name}, {line}, {turn + 1} of {runs}")
                cost = await loading.load(browser, site, page, line, small)
                of_line[page.name].append(cost)
    return costs


async def send(
    browser: Browser, site: Site, pages: list[Uploader], runs: int, file: Path
) -> dict[str, list[dict[str, Any]]]:
    """Send the large file with all pages by turns."""
    costs: dict[str, list[dict[str, Any]]] = {page.name: [] for page in pages}
    for turn in range(runs):
        for page in rotated(pages, turn):
            note(f"sending with {page.name}, {turn + 1} of {runs}")
            costs[page.name].append(await sending.send(browser, site, page, file))
    return costs


async def observe(
    browser: Browser, site: Site, pages: list[Uploader], stories: list[str], file: Path
) -> dict[str, dict[str, Any]]:
    """Tell each story to all pages at the same time."""
    told: dict[str, dict[str, Any]] = {}
    for story in stories:
        note(f"observing: {story}")
        watched = await asyncio.gather(
            *(behaviour.observe(browser, site, page, story, file) for page in pages)
        )
        told[story] = {
            page.name: each for page, each in zip(pages, watched, strict=True)
        }
        site.clean()
    return told


def main() -> None:
    """Set up, run, print."""
    options = parse()
    programs.require()
    npm.install()
    npm.bundle([uploader.name for uploader in OTHERS])
    with tempfile.TemporaryDirectory(prefix="pages-") as name:
        folder = Path(name)
        connections.databases["default"]["NAME"] = str(folder / "pages.sqlite3")
        with Site(folder, connection.settings_dict, visitor()) as site:
            results = asyncio.run(run(options, folder, site))
        connections.close_all()
    print(report.summary(results))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


main()
