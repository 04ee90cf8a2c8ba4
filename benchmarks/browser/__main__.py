"""How fast the page uploads, beside one plain request of the same browser.

`python3 -m benchmarks.browser` sends one file again and again, in turns: as the body
of one XMLHttpRequest to a server that throws it away, and through the uploader to the
demo site with chunks of several sizes and several ranges in flight, with the chunks'
digests and without; and in the same pieces to the first server, which is what any
script can reach that sends chunks. With `--line` all of it crosses a line of 100 Mbit/s
and 50 ms (a round trip), else the loopback interface alone. Prints MB/s, medians, and
the share of what the plain request reached.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from benchmarks.browser.line import Line  # noqa: E402
from benchmarks.servers import Hole  # noqa: E402
from tests import browsers  # noqa: E402
from tests.demos import Demo  # noqa: E402
from tests.servers import HOST, Server  # noqa: E402

MIB = 2**20
DIGESTS = ("with digests", "without digests")
RATE, DELAY = 12_500_000, 0.025  # bytes per second; seconds, each way

PLAIN = """async () => {
    const file = document.querySelector("input").files[0];
    const started = performance.now();
    await new Promise((resolve, reject) => {
        const request = new XMLHttpRequest();
        request.onload = resolve;
        request.onerror = reject;
        request.open("POST", "/");
        request.send(file);
    });
    return performance.now() - started;
}"""
PIECES = """async ([chunkSize, lanes]) => {
    const file = document.querySelector("input").files[0];
    let cursor = 0;
    const send = async () => {
        while (cursor < file.size) {
            const piece = file.slice(cursor, (cursor += chunkSize));
            await new Promise((resolve, reject) => {
                const request = new XMLHttpRequest();
                request.onload = resolve;
                request.onerror = reject;
                request.open("POST", "/");
                request.send(piece);
            });
        }
    };
    const started = performance.now();
    await Promise.all(Array.from({ length: lanes }, send));
    return performance.now() - started;
}"""
PREPARE = """([chunkSize, ranges, withDigests]) => {
    const root = document.querySelector("[data-chunked-uploads]");
    if (!withDigests) root.chunkedUploads.digests.end();
    root.chunkedUploads.queue.ranges = ranges;
    root.chunkedUploads.options.chunkSize = chunkSize;
    // As if the server suggested it.
    const { learn } = ChunkedUploads.Upload.prototype;
    ChunkedUploads.Upload.prototype.learn = function (answer) {
        learn.call(this, { ...answer, chunk_size: chunkSize });
    };
    window.long = [];
    new PerformanceObserver((list) => {
        list.getEntries().forEach((each) => long.push(each.duration));
    }).observe({ type: "longtask" });
    window.took = new Promise((resolve) => {
        let started;
        root.addEventListener("chunkeduploads:start", () => {
            started = performance.now();
        });
        root.addEventListener("chunkeduploads:complete", () => {
            resolve(performance.now() - started);
        });
    });
}"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks.browser")
    parser.add_argument("--line", action="store_true", help="slow the network down")
    parser.add_argument("--size", type=int, default=1024, help="MiB of the file")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--chunks", type=int, nargs="+", default=[8], help="MiB")
    parser.add_argument("--ranges", type=int, nargs="+", default=[1, 2, 3])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), options)
    plain = statistics.median(figures["plain"]["MB/s"])
    for each in figures.values():
        each["median"] = statistics.median(each["MB/s"])
        each["of plain"] = each["median"] / plain
    print(f"{options.size} MiB, {'100 Mbit/s, 50 ms' if options.line else 'loopback'}")
    for name, each in figures.items():
        share, tasks = each["of plain"], each.get("long tasks")
        more = "" if tasks is None else f"  long tasks {tasks}, heap {each['heap']}"
        print(f"{name:44} {each['median']:8.1f} MB/s  {share:5.2f} of plain{more}")


def measure(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Return by contestant the MB/s of each round."""
    file = folder / "file.bin"
    with file.open("wb") as opened:
        for _ in range(options.size):
            opened.write(os.urandom(MIB))
    pairs = list(itertools.product(options.chunks, options.ranges))
    figures: dict[str, Any] = {"plain": {"MB/s": []}}
    for pair in pairs:
        figures[title(*pair, "to the sink")] = {"MB/s": []}
        for digests in DIGESTS:
            name = title(*pair, digests)
            figures[name] = {"MB/s": [], "long tasks": [], "heap": []}
    with ExitStack() as stack:
        sink, demo = Hole(subfolder(folder, "sink")), Demo(subfolder(folder, "demo"))
        servers: list[Server] = [sink, demo]
        for server in servers:
            server.start()
            stack.callback(server.stop)
        sink_url = stack.enter_context(line(sink.port, options.line))
        demo_url = stack.enter_context(line(demo.port, options.line))
        playwright = stack.enter_context(sync_playwright())
        how = browsers.launch_options("Chromium", folder)
        browser = playwright.chromium.launch(**how)
        for _ in range(options.rounds):
            took = send_plainly(browser, sink_url, file)
            figures["plain"]["MB/s"].append(file.stat().st_size / took / 1000)
            for chunk, ranges in pairs:
                pieces = [chunk * MIB, ranges]
                took = send_plainly(browser, sink_url, file, PIECES, pieces)
                each = figures[title(chunk, ranges, "to the sink")]
                each["MB/s"].append(file.stat().st_size / took / 1000)
                for digests in DIGESTS:
                    each = figures[title(chunk, ranges, digests)]
                    wanted = [*pieces, digests == DIGESTS[0]]
                    took = send_by_page(browser, demo_url, file, wanted, each)
                    each["MB/s"].append(file.stat().st_size / took / 1000)
        browser.close()
    return figures


def subfolder(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


def title(chunk: int, ranges: int, how: str) -> str:
    return f"chunks of {chunk} MiB, {ranges} at once, {how}"


def send_plainly(
    browser: Browser, url: str, file: Path, script: str = PLAIN, argument: Any = None
) -> float:
    """Return how many milliseconds one request took, or one for each piece."""
    page = browser.new_page()
    page.goto(url)
    page.set_content("<input type=file>")
    page.set_input_files("input", file)
    took = page.evaluate(script, argument)
    page.close()
    return took


def send_by_page(
    browser: Browser,
    url: str,
    file: Path,
    prepared: list[Any],
    figures: dict[str, Any],
) -> float:
    """Return how many milliseconds the uploader took, done included."""
    page = browser.new_page()
    page.set_default_timeout(600_000)
    log_in(page, url)
    page.evaluate(PREPARE, prepared)
    page.set_input_files(".chunked-uploads-input", file)
    took = page.evaluate("took")
    figures["long tasks"].append(page.evaluate("long.length"))
    heap = page.evaluate("performance.memory.usedJSHeapSize")
    figures["heap"].append(f"{heap / 1e6:.1f} MB")
    page.context.close()
    return took


def log_in(page: Page, url: str) -> None:
    page.goto(f"{url}/login/")
    page.fill("#id_username", "demo")
    page.fill("#id_password", "demo")
    page.click("main button[type=submit]")
    page.locator(".chunked-uploads-drop").wait_for()


@contextmanager
def line(port: int, is_slow: bool) -> Iterator[str]:
    """Give the address of what listens at `port`, behind a slow line where wanted."""
    if not is_slow:
        yield f"http://{HOST}:{port}"
        return
    with Line(port, RATE, DELAY) as slow:
        yield f"http://{HOST}:{slow.port}"


if __name__ == "__main__":
    main()
