"""The page for everybody: axe-core finds nothing wrong, whatever is shown."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, Route, expect

from tests.accessibility import violations
from tests.page.driving import (
    CHUNK_SIZE,
    CHUNKS,
    ROW,
    UPLOADER,
    button,
    choose,
    choose_and_stop,
    expect_states,
    make_files,
    press,
    row,
    stop_at,
)
from tests.servers import Gunicorn

# By the file's name, what the server answers to all its chunks but the first.
FATES: dict[str, dict[str, object]] = {
    "failed": {"status": 415, "body": '[{"error": "type_refused", "detail": "No."}]'},
    "waiting": {"status": 503, "headers": {"Retry-After": "600"}},
}
STATES = [
    *("missing", "complete", "failed", "paused", "refused", "waiting"),
    *("uploading", "uploading", "uploading", "queued"),
]


def show_every_state(page: Page, folder: Path) -> None:
    """Let the list have a row in each state in which a row can rest."""

    def handle(route: Route) -> None:
        name = route.request.headers.get("content-disposition", "")
        span = route.request.headers.get("content-range", "bytes 0-")
        is_first = span.startswith("bytes 0-")
        fate = next((FATES[each] for each in FATES if each in name), None)
        if route.request.method != "POST" or is_first or "complete" in name:
            route.continue_()
        elif fate:
            route.fulfill(**fate)  # type: ignore[arg-type]
        # The others hang.

    page.route(CHUNKS, handle)
    uploader = page.locator("[data-chunked-uploads]")
    [missing] = make_files(folder, "missing")
    choose(page, missing)
    expect(page.locator(f"{ROW} .chunked-uploads-percent")).to_have_text("33%")
    press(page, "Pause")
    page.reload()
    expect(row(page, "missing")).to_have_attribute("data-state", "missing")
    uploader.evaluate(
        f"it => it.chunkedUploads.server.site.max_size = {CHUNK_SIZE * 4}"
    )
    for name in ("complete", "failed", "paused"):
        choose(page, *make_files(folder, name))
        wanted = "uploading" if name == "paused" else name
        expect(row(page, name)).to_have_attribute("data-state", wanted)
    press(row(page, "paused"), "Pause")
    choose(page, *make_files(folder, "refused", size=CHUNK_SIZE * 5))
    choose(page, *make_files(folder, "waiting"))
    expect(row(page, "waiting")).to_have_attribute("data-state", "waiting")
    choose(page, *make_files(folder, "long-" * 30, "one", "two", "queued"))
    expect_states(page, *STATES)


def assert_for_everybody(page: Page) -> None:
    """Look at the page in light and dark, on a phone and on a desk (CSS pixels)."""
    wider = "document.documentElement.scrollWidth > window.innerWidth"
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 720})
            assert violations(page) == [], (scheme, width)
            assert not page.evaluate(wider), (scheme, width)


def test_every_state(site: Page, tmp_path: Path) -> None:
    assert_for_everybody(site)
    show_every_state(site, tmp_path)
    assert_for_everybody(site)


def test_from_right_to_left(visitor: Page, server: Gunicorn, tmp_path: Path) -> None:
    visitor.goto(f"{server.url}/?language=ar")
    expect(visitor.locator(".chunked-uploads")).to_have_attribute("dir", "rtl")
    assert violations(visitor) == []


def test_target_of_a_drop_is_seen_in_forced_colors(site: Page) -> None:
    site.emulate_media(forced_colors="active")
    drop = site.locator(".chunked-uploads-drop")
    expect(drop).to_have_css("border-top-style", "dashed")
    drop.evaluate("""(target) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([], "a"));
        const options = { dataTransfer, bubbles: true, cancelable: true };
        target.dispatchEvent(new DragEvent("dragover", options));
    }""")
    expect(site.locator(".chunked-uploads-over")).to_be_visible()
    assert violations(site) == []


def test_question_and_toast(site: Page, file: Path) -> None:
    choose_and_stop(site, file)
    press(site, "Cancel and delete")
    button(site, "Undo").focus()  # as long as that is there, it does not go
    assert_for_everybody(site)
    press(site, "Undo")
    stop_at(site, 6 * CHUNK_SIZE)
    site.evaluate(f"{UPLOADER}.uploads[0].retrying.endWaiting()")
    expect(site.locator(f"{ROW} .chunked-uploads-percent")).to_have_text("59%")
    press(site, "Cancel and delete")
    expect(site.get_by_role("dialog")).to_be_visible()
    assert_for_everybody(site)


def test_motion_is_reduced(site: Page) -> None:
    drop = site.locator(".chunked-uploads-drop")
    expect(drop).not_to_have_css("transition-duration", "0s")
    site.emulate_media(reduced_motion="reduce")
    expect(drop).to_have_css("transition-property", "none")


def test_colors_are_judged_after_their_transition(site: Page) -> None:
    drop = site.locator(".chunked-uploads-drop")
    drop.evaluate("(it) => it.style.setProperty('transition-duration', '2s')")
    site.emulate_media(color_scheme="dark")
    assert violations(site) == []


def test_what_is_wrong_is_found(site: Page) -> None:
    site.locator("html").evaluate("(html) => html.removeAttribute('lang')")

    assert violations(site) == [
        "html-has-lang (serious) at html: Fix any of the following: "
        "The <html> element does not have a lang attribute"
    ]
