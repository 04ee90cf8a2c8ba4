"""What a visitor does with the uploader, what is seen, and bad weather."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, Route, expect

from chunked_uploads.models import Upload
from tests.polling import wait_until

KIB = 1024
CHUNK_SIZE = 64 * KIB
NAME = "film.bin"
CHUNKS = re.compile(r"/uploads/upload/([\w-]+/)?\?")
DONE = re.compile(r"/uploads/upload/done/")
DELETE = re.compile(r"/uploads/\d+/delete/")
LIST = re.compile(r"\?for_form=0&all=1$")
ROW = ".chunked-uploads-list > .chunked-uploads-row"
UPLOADER = "document.querySelector('[data-chunked-uploads]').chunkedUploads"

# --- what a visitor does ---


def make_file(path: Path, size: int = 3 * CHUNK_SIZE + 17) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(os.urandom(size))
    return path


def make_files(folder: Path, *names: str, size: int = 3 * CHUNK_SIZE) -> list[Path]:
    return [make_file(folder / name, size) for name in names]


def choose(place: Page | Locator, *files: Path) -> None:
    place.locator(".chunked-uploads-input").set_input_files(files)


def choose_and_stop(page: Page, file: Path) -> None:
    """Send three chunks of a file of ten, and wait at the fourth."""
    stop_at(page, 3 * CHUNK_SIZE)
    choose(page, file)
    expect_status(page, "Interrupted")
    expect(page.locator(".chunked-uploads-row .chunked-uploads-percent")).to_have_text(
        "29%"
    )


def leave_unfinished(page: Page, file: Path) -> None:
    """Send three chunks, pause, and open the page again."""
    choose_and_stop(page, file)
    press(page, "Pause")
    go_on(page)
    page.reload()
    expect_status(page, "Unfinished")


def take_out_and_put_back(page: Page, selector: str) -> None:
    """Take an element out of the page, and put it back when its scripts let it go."""
    page.evaluate(
        """async (selector) => {
            const gone = document.querySelector(selector);
            const place = gone.parentElement;
            gone.remove();
            while (gone.chunkedUploads || gone.chunkedUploadsField) {
                await new Promise((resolve) => setTimeout(resolve));
            }
            place.append(gone);
        }""",
        selector,
    )


def give(page: Page, *files: Path) -> None:
    """Choose the files when the only unfinished upload asks for its own."""
    with page.expect_file_chooser() as chooser:
        # By the keyboard: a row that grows meanwhile moves the button away from under
        # the pointer, between its press and its release.
        button(page, "Choose file").press("Enter")
    chooser.value.set_files(files)


def press(place: Page | Locator, name: str) -> None:
    button(place, name).click()


def button(place: Page | Locator, name: str) -> Locator:
    """Return the button; those of rows have their file's name in their own."""
    pattern = re.compile(f"^{re.escape(name)}(: |$)")
    return place.get_by_role("button", name=pattern)


def row(page: Page, name: str) -> Locator:
    # One that is missing its file stands in a sentence.
    pattern = re.compile(f"(^|Choose ){re.escape(name)}($| again)")
    title = page.locator(".chunked-uploads-name", has_text=pattern)
    return page.locator(ROW, has=title)


# --- what is seen ---


def expect_status(place: Page | Locator, text: str) -> None:
    """Wait until the only file of the place is in that state."""
    here = f"{ROW}:not(.chunked-uploads-is-leaving)"
    status = place.locator(f"{here} .chunked-uploads-status")
    expect(status).to_have_text(text)


def expect_states(page: Page, *wanted: str) -> None:
    """Wait until the uploads of the page are in these states, from the first on."""
    states = """() => [...document.querySelectorAll("[data-chunked-uploads]")]
        .filter(({ chunkedUploads }) => chunkedUploads)
        .flatMap(({ chunkedUploads }) => chunkedUploads.uploads)
        .map(({ state }) => state)"""
    wait_until(lambda: page.evaluate(states) == list(wanted))


def expect_rows(page: Page, *wanted: str) -> None:
    """Wait until the list shows lines of these states, from the first on."""
    rows = page.locator(f"{ROW}:not(.chunked-uploads-is-leaving)")
    for number, state in enumerate(wanted):
        expect(rows.nth(number)).to_have_attribute("data-state", state)
    expect(rows).to_have_count(len(wanted))


def expect_message(place: Page | Locator, text: str) -> None:
    message = place.locator(f"{ROW} .chunked-uploads-why")
    expect(message).to_contain_text(text)


def expect_note(page: Page, text: str) -> None:
    expect(page.locator(".chunked-uploads-toast .chunked-uploads-name")).to_have_text(
        text
    )


def cancel(place: Page | Locator, name: str = "Cancel and delete") -> None:
    """Press the bin, and take it back no more."""
    press(place, name)
    settle(place if isinstance(place, Page) else place.page)


def settle(page: Page) -> None:
    """Let the seconds go by in which a cancel can be taken back, or say yes."""
    page.evaluate("""() => {
        const yes = document.querySelector("dialog .chunked-uploads-danger");
        if (yes) yes.click();
        const roots = document.querySelectorAll("[data-chunked-uploads]");
        const uploaders = [...roots].map((root) => root.chunkedUploads).filter(Boolean);
        uploaders.forEach(({ view }) => view.above.dismissToast());
    }""")


def content_of(upload: Upload) -> bytes:
    with upload.upload.open() as arrived:
        return arrived.read()


def assert_arrived(file: Path) -> Upload:
    upload = Upload.objects.get(state=Upload.State.COMPLETE, filename=file.name)
    assert content_of(upload) == file.read_bytes()
    return upload


def note_requests(page: Page) -> list[dict[str, str]]:
    """Return a list that grows with the headers of each chunk that is sent."""
    headers: list[dict[str, str]] = []

    def note(request: Any) -> None:
        if request.method == "POST" and CHUNKS.search(request.url):
            headers.append(request.headers)

    page.on("request", note)
    return headers


def ranges_of(requests: list[dict[str, str]]) -> list[tuple[int, int]]:
    """Return first and last byte of each chunk."""
    told = [each["content-range"].removeprefix("bytes ") for each in requests]
    spans = [each.partition("/")[0].split("-") for each in told]
    return [(int(first), int(last)) for first, last in spans]


def note_news(page: Page) -> None:
    """Keep the names of events and callbacks in the page's `news`."""
    page.evaluate("""() => {
        window.news = [];
        const names = ["start", "pause", "resume", "stop", "error", "complete"];
        for (const name of [...names, "cancel", "refuse", "remove"]) {
            document.addEventListener(`chunkeduploads:${name}`, () => news.push(name));
        }
        for (const name of [...names, "video_url"]) {
            window[`chunked_upload_${name}`] = () => news.push(`upload_${name}`);
            window[`chunked_uploads_${name}`] = () => news.push(`uploads_${name}`);
        }
    }""")


# --- weather ---


def stop_at(page: Page, offset: int) -> None:
    """Let the server be busy for each chunk from `offset` on, until `go_on`."""

    def refuse(route: Route) -> None:
        content_range = route.request.headers.get("content-range", "")
        if content_range.startswith(f"bytes {offset}-"):
            return route.fulfill(status=503, headers={"Retry-After": "600"})
        return route.continue_()

    page.route(CHUNKS, refuse)


def go_on(page: Page) -> None:
    page.unroute(CHUNKS)


def fail_once(
    page: Page, url: Any, method: str, fail: Callable[[Route], None]
) -> list[Route]:
    """Let `fail` answer the first such request that comes, the server the others.

    Returns the list that this request will be in.
    """
    failed: list[Route] = []

    def handle(route: Route) -> None:
        if route.request.method != method or failed:
            return route.continue_()
        failed.append(route)
        return fail(route)

    page.route(url, handle)
    return failed


def answer(status: int, body: str = "", **headers: str) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=status, body=body, headers=headers)


def lose_the_answer(route: Route) -> None:
    route.fetch()
    route.abort("connectionreset")
