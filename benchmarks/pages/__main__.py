"""Compare the page with Uppy and FilePond: `python3 benchmarks/pages --help`."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent.parent)

from demo import environment  # noqa: E402

environment.enter("test-all")

import argparse  # noqa: E402
import asyncio  # noqa: E402
import json  # noqa: E402
import math  # noqa: E402
import os  # noqa: E402
import signal  # noqa: E402
import statistics  # noqa: E402
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

from benchmarks.pages import behaviour, loading, many, npm, qualities, sending  # noqa: E402  # noqa: E402
from benchmarks.pages.servers import Site  # noqa: E402
from benchmarks.pages.uploaders import ALL, OTHERS, Uploader  # noqa: E402
from tests import browsers, programs  # noqa: E402

PARTS = ["loading", "sending", "many", "qualities", "behaviour"]


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python3 benchmarks/pages", description=__doc__
    )
    add = parser.add_argument
    add("--runs", type=int, default=5, help="of loading; what sends has half of them")
    add("--size", type=int, default=1024, help="MiB of the large file")
    add("--part", choices=PARTS, action="append", help="only this; may be repeated")
    names = [page.name for page in ALL]
    add("--page", choices=names, action="append", help="only this; may be repeated")
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


async def run(
    options: argparse.Namespace, folder: Path, site: Site, results: dict[str, Any]
) -> None:
    """Measure and observe what was asked for, into `results`."""
    pages = [page for page in ALL if not options.page or page.name in options.page]
    parts = options.part or PARTS
    runs = (options.runs + 1) // 2
    async with async_playwright() as playwright:
        how = browsers.launch_options("Chromium", folder)
        browser = await playwright.chromium.launch(**how)
        results["versions"]["Chromium"] = browser.version
        if "loading" in parts:
            costs = results["loading"] = {}
            await load(browser, site, pages, options.runs, folder, costs)
        if "sending" in parts:
            file = folder / "film.bin"
            with open(file, "wb") as large:
                large.truncate(options.size * 1024 * 1024 + 17)
            results["size"] = options.size * 1024 * 1024
            sent = results["sending"] = {page.name: [] for page in pages}
            await send(browser, site, pages, runs, file, sent)
        if "many" in parts:
            for number in many.NUMBERS:
                sent = results[f"{number} files"] = {page.name: [] for page in pages}
                files = many.make_files(folder, number)
                await send_many(browser, site, pages, runs, files, sent)
        if "qualities" in parts:
            (small,) = many.make_files(folder, 1)
            results["qualities"] = {}
            for page in pages:
                note(f"examining {page.name}")
                seen = await qualities.examine(browser, site, page, small)
                results["qualities"][page.name] = seen
        if "behaviour" in parts:
            file = folder / "clip.bin"
            file.write_bytes(os.urandom(behaviour.SIZE))
            told = results["behaviour"] = {}
            await observe(browser, site, pages, file, told)
        await browser.close()


async def load(
    browser: Browser,
    site: Site,
    pages: list[Uploader],
    runs: int,
    folder: Path,
    costs: dict[str, dict[str, list[dict[str, Any]]]],
) -> None:
    """Load all pages by turns, over each line."""
    small = folder / "note.bin"
    small.write_bytes(b"hello")
    for turn in range(runs):
        for line in loading.LINES:
            of_line = costs.setdefault(line, {page.name: [] for page in pages})
            for page in rotated(pages, turn):
                note(f"loading {page.name}, {line}, {turn + 1} of {runs}")
                cost = await loading.load(browser, site, page, line, small)
                of_line[page.name].append(cost)


async def send(
    browser: Browser,
    site: Site,
    pages: list[Uploader],
    runs: int,
    file: Path,
    costs: dict[str, list[dict[str, Any]]],
) -> None:
    """Send the large file with all pages by turns."""
    for turn in range(runs):
        for page in rotated(pages, turn):
            note(f"sending with {page.name}, {turn + 1} of {runs}")
            costs[page.name].append(await sending.send(browser, site, page, file))


async def send_many(
    browser: Browser,
    site: Site,
    pages: list[Uploader],
    runs: int,
    files: list[Path],
    costs: dict[str, list[dict[str, Any]]],
) -> None:
    """Send the small files with all pages by turns; not again with one that can't."""
    for turn in range(runs):
        for page in rotated(pages, turn):
            if math.inf in (run["seconds"] for run in costs[page.name]):
                continue
            note(f"{len(files)} files with {page.name}, {turn + 1} of {runs}")
            costs[page.name].append(await many.send(browser, site, page, files))


async def observe(
    browser: Browser,
    site: Site,
    pages: list[Uploader],
    file: Path,
    told: dict[str, dict[str, Any]],
) -> None:
    """Tell each story to all pages at the same time."""
    for story in behaviour.STORIES:
        note(f"observing: {story}")
        watched = await asyncio.gather(
            *(behaviour.observe(browser, site, page, story, file) for page in pages),
            return_exceptions=True,
        )
        told[story] = {
            page.name: each if isinstance(each, dict) else {"not seen": str(each)}
            for page, each in zip(pages, watched, strict=True)
        }
        site.clean()


def typical(figures: Any) -> Any:
    """Return the same with medians where several runs were measured."""
    if isinstance(figures, dict):
        return {name: typical(each) for name, each in figures.items()}
    if isinstance(figures, list) and figures and isinstance(figures[0], dict):
        return {name: typical([run[name] for run in figures]) for name in figures[0]}
    if isinstance(figures, list) and figures and not isinstance(figures[0], str):
        return statistics.median(each or 0 for each in figures)
    return figures


def main() -> None:
    """Set up, run, print."""
    options = parse()
    # Who is asked to end stops the servers that were started, as on Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    programs.require()
    npm.install()
    npm.bundle([uploader.name for uploader in OTHERS])
    results: dict[str, Any] = {"versions": npm.versions()}
    try:
        with tempfile.TemporaryDirectory(prefix="pages-") as name:
            folder = Path(name)
            connections.databases["default"]["NAME"] = str(folder / "pages.sqlite3")
            with Site(folder, connection.settings_dict, visitor()) as site:
                asyncio.run(run(options, folder, site, results))
            connections.close_all()
    finally:  # what was measured until something failed, too
        print(json.dumps(typical(results), indent=1, ensure_ascii=False))


main()
