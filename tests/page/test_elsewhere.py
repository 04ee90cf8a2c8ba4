"""What a visitor who is elsewhere notices of the uploads."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browsers import IN_BOTH
from tests.page.driving import (
    CHUNK_SIZE,
    CHUNKS,
    UPLOADER,
    choose,
    go_on,
    make_files,
    stop_at,
)
from tests.polling import wait_until

TITLE = "A page with the uploader"

# Keeps what the page shows, in place of the visitor's desktop.
DESKTOP = """() => {
    window.notices = [];
    window.Notification = class {
        static permission = "granted";
        static requestPermission = async () => "granted";
        constructor(title) { notices.push(title); }
    };
    document.hasFocus = () => false;
}"""


@IN_BOTH
def test_title_says_how_far_the_uploads_are(site: Page, file: Path) -> None:
    stop_at(site, 3 * CHUNK_SIZE)
    choose(site, file)
    expect(site).to_have_title(f"29% · {TITLE}")
    site.evaluate(f"{UPLOADER}.pauseAll()")
    expect(site).to_have_title(TITLE)


def test_title_is_the_pages_own_again_where_the_uploader_is_gone(
    site: Page, file: Path
) -> None:
    stop_at(site, 3 * CHUNK_SIZE)
    choose(site, file)
    expect(site).to_have_title(f"29% · {TITLE}")
    site.evaluate("document.querySelector('[data-chunked-uploads]').remove()")
    expect(site).to_have_title(TITLE)


def test_visitor_who_asked_for_it_is_told_of_the_end(
    site: Page, tmp_path: Path
) -> None:
    site.evaluate(DESKTOP)
    site.route(CHUNKS, lambda route: route.abort())
    choose(site, *make_files(tmp_path, "one", "two"))
    site.locator('[data-action="notify"]').click()
    expect(site.locator('[data-action="notify"]')).to_be_hidden()
    go_on(site)
    site.evaluate("window.dispatchEvent(new Event('online'))")
    wait_until(lambda: site.evaluate("notices") == ["All 2 files are complete"])
