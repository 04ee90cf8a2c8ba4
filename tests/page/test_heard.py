"""What a screen reader is told of the uploader."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.page.driving import (
    CHUNK_SIZE,
    choose,
    choose_and_stop,
    expect_status,
    make_files,
    press,
    row,
)

LISTEN = """() => {
    window.said = [];
    const live = document.querySelector(".chunked-uploads-live");
    new MutationObserver(() => said.push(live.textContent))
        .observe(live, { childList: true });
}"""


def expect_said(page: Page, text: str) -> None:
    live = page.get_by_role("status")
    expect(live).to_contain_text(text)


def test_the_only_file_is_told_of_by_name(site: Page, file: Path) -> None:
    choose_and_stop(site, file)
    expect_said(site, "film.bin: Interrupted. The server has a problem at the moment.")
    press(site, "Pause")
    expect_said(site, "film.bin: Paused")


def test_end_is_said(site: Page, file: Path) -> None:
    choose(site, file)
    expect_status(site, "Complete")
    expect_said(site, "film.bin: Complete")


def test_many_files_are_no_flood(site: Page, tmp_path: Path) -> None:
    site.evaluate(LISTEN)
    choose(site, *make_files(tmp_path, *map(str, range(20)), size=CHUNK_SIZE))
    expect(site.locator(".chunked-uploads-headline")).to_contain_text(
        "All 20 files are complete"
    )
    expect_said(site, "All 20 files are complete")
    said = site.evaluate("said")
    assert said[0].startswith("Files added: 20")
    assert len(said) <= 6
    assert all(len(each.splitlines()) <= 3 for each in said)


def test_rows_and_their_buttons_have_names(site: Page, file: Path) -> None:
    choose_and_stop(site, file)
    for name in ("Pause: film.bin", "Cancel and delete: film.bin"):
        expect(site.get_by_role("button", name=name, exact=True)).to_be_visible()
    expect(site.get_by_role("progressbar", name="film.bin")).to_have_attribute(
        "aria-valuetext", "29%"
    )
    expect(row(site, "film.bin")).to_have_count(1)
