"""How files come in: from anywhere, by handles, and one in another's place."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from chunked_uploads.models import Upload
from tests.browsers import log_in
from tests.page.driving import (
    CHUNK_SIZE,
    UPLOADER,
    assert_arrived,
    choose,
    go_on,
    make_file,
    make_files,
    stop_at,
)
from tests.polling import wait_until
from tests.servers import Gunicorn

OVERLAY = ".chunked-uploads-over"

# A picker that gives a file of the browser's own disk, with a handle like any other.
PICKER = """async (size) => {
    const folder = await navigator.storage.getDirectory();
    const handle = await folder.getFileHandle("film.bin", { create: true });
    const stream = await handle.createWritable();
    await stream.write(new Uint8Array(size));
    await stream.close();
    window.showOpenFilePicker = async () => [handle];
}"""
HANDLES = """async () => {
    const database = await new Promise((resolve, reject) => {
        const request = indexedDB.open("chunked-uploads");
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    const store = database.transaction("handles").objectStore("handles");
    const count = await new Promise((resolve) => {
        store.count().onsuccess = (event) => resolve(event.target.result);
    });
    database.close();
    return count;
}"""


def expect_row(page: Page, state: str) -> None:
    """Wait until the only row of the list is in that state."""
    row = page.locator(".chunked-uploads-list [role=listitem]")
    expect(row).to_have_attribute("data-state", state)


# --- drops anywhere ---


def drag(page: Page, selector: str, *kinds: str, files: list[str]) -> None:
    """Drag files over an element of the page, as the browser itself does it."""
    box = page.locator(selector).first.bounding_box()
    assert box
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    data = {"items": [], "files": files, "dragOperationsMask": 1}
    session = page.context.new_cdp_session(page)
    for kind in kinds:
        event = {"type": kind, **place, "data": data}
        session.send("Input.dispatchDragEvent", event)


def test_files_and_folders_may_be_dropped_anywhere(site: Page, tmp_path: Path) -> None:
    file = make_file(tmp_path / "one")
    make_files(tmp_path / "folder", "two", ".DS_Store", size=10)
    dropped = [str(file), str(tmp_path / "folder")]
    drag(site, "h1", "dragEnter", "dragOver", files=dropped)
    expect(site.locator(OVERLAY)).to_be_visible()
    drag(site, "h1", "drop", files=dropped)
    expect(site.locator(OVERLAY)).to_have_count(0)
    wait_until(lambda: Upload.objects.filter(state=Upload.State.COMPLETE).count() == 2)
    assert assert_arrived(file).metadata == {}
    two = assert_arrived(tmp_path / "folder" / "two")
    assert two.metadata == {"relativePath": "folder/two"}
    handles = site.evaluate(f"{UPLOADER}.uploads.map(({{ handle }}) => handle?.name)")
    assert handles == ["one", None]


def test_drag_that_leaves_the_page_leaves_nothing(site: Page, file: Path) -> None:
    drag(site, "h1", "dragEnter", "dragOver", files=[str(file)])
    expect(site.locator(OVERLAY)).to_be_visible()
    drag(site, "h1", "dragCancel", files=[str(file)])
    expect(site.locator(OVERLAY)).to_have_count(0)


# --- handles ---


def test_file_goes_on_after_a_reload_without_choosing_it(site: Page) -> None:
    size = 10 * CHUNK_SIZE + 17
    site.evaluate(PICKER, size)
    stop_at(site, 3 * CHUNK_SIZE)
    site.locator('[data-action="choose"]').first.click()
    expect_row(site, "waiting")
    wait_until(lambda: site.evaluate(HANDLES) == 1)
    site.evaluate(f"{UPLOADER}.pauseAll()")
    go_on(site)
    site.reload()
    site.locator('[data-action="continue"]').click()
    expect_row(site, "complete")
    assert Upload.objects.get().filesize == size
    wait_until(lambda: site.evaluate(HANDLES) == 0)


# --- one file at a time ---


@pytest.fixture
def single(page: Page, server: Gunicorn, user: User) -> Page:
    log_in(page.context, server.url, user)
    page.goto(f"{server.url}/?multiple=no")
    return page


def test_another_file_asks_before_it_takes_the_place_of_a_half(
    single: Page, file: Path, tmp_path: Path
) -> None:
    stop_at(single, 7 * CHUNK_SIZE)
    choose(single, file)
    expect_row(single, "waiting")
    other = make_file(tmp_path / "other.bin", CHUNK_SIZE)
    choose(single, other)
    single.get_by_role("button", name="Keep uploading").click()
    expect_row(single, "waiting")
    choose(single, other)
    single.get_by_role("dialog").get_by_role("button", name="Replace").click()
    expect_row(single, "complete")
    assert_arrived(other)
    wait_until(lambda: Upload.objects.count() == 1)


# --- pictures without names ---


def test_two_pasted_pictures_have_names_of_their_own(site: Page) -> None:
    site.evaluate("""() => {
        for (const color of ["red", "blue"]) {
            const transfer = new DataTransfer();
            transfer.items.add(new File([color], "image.png", { type: "image/png" }));
            document.body.dispatchEvent(new ClipboardEvent("paste", {
                clipboardData: transfer, bubbles: true, cancelable: true,
            }));
        }
    }""")
    wait_until(lambda: Upload.objects.filter(state=Upload.State.COMPLETE).count() == 2)
    names = set(Upload.objects.values_list("filename", flat=True))
    assert len(names) == 2
    assert all(name.startswith("image-2") and name.endswith(".png") for name in names)
