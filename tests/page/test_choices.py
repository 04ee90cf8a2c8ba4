"""Which file belongs to which upload, and what gives way to what."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from chunked_uploads.models import Upload
from tests.page.driving import (
    CHUNK_SIZE,
    CHUNKS,
    DELETE,
    ROW,
    UPLOADER,
    answer,
    assert_arrived,
    cancel,
    choose,
    choose_and_stop,
    expect_message,
    expect_note,
    expect_rows,
    expect_states,
    expect_status,
    give,
    go_on,
    leave_unfinished,
    make_file,
    make_files,
    note_news,
    press,
    row,
    stop_at,
    take_out_and_put_back,
)
from tests.polling import wait_until
from tests.sending import Uploader
from tests.servers import Gunicorn

BUSY = answer(503, **{"Retry-After": "600"})


@pytest.fixture
def single(visitor: Page, server: Gunicorn) -> Page:
    """A page that takes one file at a time."""
    visitor.goto(f"{server.url}/?multiple=no")
    return visitor


# --- one file at a time ---


def test_another_file_leaves_unfinished_ones_alone(
    single: Page, file: Path, tmp_path: Path
) -> None:
    leave_unfinished(single, file)
    other = make_file(tmp_path / "other.bin", CHUNK_SIZE)
    choose(single, other)
    expect_states(single, "missing", "complete")
    assert_arrived(other)
    assert Upload.objects.get(filename=file.name).offset == 3 * CHUNK_SIZE


def test_unfinished_file_chosen_again_goes_on(single: Page, file: Path) -> None:
    leave_unfinished(single, file)
    choose(single, file)
    expect_status(single, "Complete")
    assert_arrived(file)


def test_same_file_chosen_again_stays_as_it_is(single: Page, file: Path) -> None:
    choose_and_stop(single, file)
    choose(single, file)
    go_on(single)
    press(single, "Pause")
    press(single, "Resume")
    expect_status(single, "Complete")
    assert_arrived(file)


def test_file_that_is_not_taken_replaces_nothing(
    single: Page, file: Path, tmp_path: Path
) -> None:
    choose(single, file)
    expect_status(single, "Complete")
    single.evaluate(f"{UPLOADER}.server.site.accept = '.bin'")
    choose(single, make_file(tmp_path / "page.html", 1))
    expect_note(single, "page.html was not taken: only .bin")
    expect_status(single, "Complete")


# --- whose bytes are whose ---


def test_twins_that_were_paused_stay_apart(site: Page, tmp_path: Path) -> None:
    one = make_file(tmp_path / "one" / "same.bin", 3 * CHUNK_SIZE)
    stop_at(site, CHUNK_SIZE)
    choose(site, one)
    expect_states(site, "waiting")
    site.evaluate(
        f"{UPLOADER}.add([new File([new Uint8Array(3 * {CHUNK_SIZE})], 'same.bin')])"
    )
    expect_states(site, "waiting", "queued")
    press(site, "Pause all")
    expect_states(site, "paused", "paused")
    cancel(site.locator(ROW).nth(1))
    expect_states(site, "paused")
    expect_rows(site, "paused")
    go_on(site)
    press(site, "Resume")
    expect_states(site, "complete")
    assert_arrived(one)


def test_upload_without_a_fingerprint_is_not_continued_unasked(
    site: Page, uploader: Uploader, file: Path
) -> None:
    other = bytes(file.stat().st_size)
    site.goto(f"{site.url}?show_unfinished=no")
    uploader.send(other[:CHUNK_SIZE], 0, len(other), name=file.name)
    choose(site, file)
    expect_status(site, "Complete")
    assert_arrived(file)
    assert Upload.objects.filter(offset=CHUNK_SIZE).exists()


def test_upload_without_a_fingerprint_goes_on_where_the_visitor_says_so(
    site: Page, uploader: Uploader, user: User, file: Path
) -> None:
    content = file.read_bytes()
    uploader.send(content[:100], 0, len(content), name=file.name)
    site.reload()
    expect_status(site, "Unfinished")
    give(site, file)
    expect_status(site, "Complete")
    assert assert_arrived(file).user == user
    assert Upload.objects.count() == 1


def test_cancel_of_what_another_tab_finished_deletes_nothing(
    site: Page, server: Gunicorn, file: Path
) -> None:
    leave_unfinished(site, file)
    other = site.context.new_page()
    other.goto(server.url)
    expect_status(other, "Unfinished")
    choose(other, file)
    expect_status(other, "Complete")
    cancel(site)
    expect_states(site)
    assert_arrived(file)


def test_file_of_a_row_that_is_being_cancelled_is_taken_anew(
    site: Page, file: Path
) -> None:
    leave_unfinished(site, file)
    site.route(DELETE, lambda route: None)  # it hangs
    cancel(site)
    choose(site, file)
    expect_states(site, "cancelling", "complete")
    assert_arrived(file)


def test_several_files_for_one_that_is_missing(
    site: Page, file: Path, tmp_path: Path
) -> None:
    leave_unfinished(site, file)
    [other] = make_files(tmp_path, "other.bin")
    give(site, other, file)
    expect_states(site, "complete", "complete")
    assert_arrived(file)
    assert_arrived(other)


def test_unfinished_file_waits_for_its_button_too(
    visitor: Page, server: Gunicorn, file: Path
) -> None:
    visitor.goto(server.url)
    leave_unfinished(visitor, file)
    visitor.goto(f"{server.url}/?auto_start=no")
    expect_status(visitor, "Unfinished")
    choose(visitor, file)
    expect_status(visitor, "Ready to start")
    figures = visitor.locator(f"{ROW} .chunked-uploads-bytes")
    expect(figures).to_have_text("197 of 655 kB")
    press(visitor, "Start")
    expect_status(visitor, "Complete")


# --- what the page is told ---


def test_each_start_has_its_stop(site: Page, file: Path) -> None:
    note_news(site)
    choose_and_stop(site, file)
    press(site, "Pause")
    make_file(file, file.stat().st_size)
    press(site, "Resume")
    expect_message(site, "The file on your device was changed")
    cancel(site)
    expect_states(site)
    news = site.evaluate("news.filter((name) => !name.includes('_'))")
    assert news == [
        *("start", "pause", "stop"),
        *("resume", "start", "error", "stop"),
        "cancel",
    ]


# --- many, and gone ---


def test_a_thousand_files_are_listed_without_a_long_wait(site: Page) -> None:
    site.evaluate(f"{UPLOADER}.queue.files = {UPLOADER}.queue.smallFiles = 0")
    steps = site.evaluate(f"""async () => {{
        const uploader = {UPLOADER};
        let asked = 0;
        const everywhere = uploader.queue.everywhere;
        uploader.queue.everywhere = () => (asked += 1, everywhere());
        await uploader.add(Array.from({{ length: 1000 }}, (_, i) =>
            new File([""], `${{i}}.txt`)));
        return asked;
    }}""")
    expect_rows(site, "queued")
    assert steps == 0  # no file is compared with all others before there is a turn


def test_uploader_that_is_taken_away_leaves_no_worker(site: Page, file: Path) -> None:
    choose(site, file)
    expect_status(site, "Complete")
    wait_until(lambda: site.evaluate("true") and len(site.workers) == 1)
    site.evaluate("document.querySelector('[data-chunked-uploads]').remove()")
    wait_until(lambda: site.evaluate("true") and not site.workers)


def test_uploader_of_a_new_body_works(site: Page, tmp_path: Path) -> None:
    site.evaluate("""() => {
        const body = document.createElement("body");
        const root = document.querySelector("[data-chunked-uploads]");
        body.append(root.cloneNode(true));
        document.body.replaceWith(body);
    }""")
    choose(site, *make_files(tmp_path, "a"))
    expect_states(site, "complete")


@pytest.mark.parametrize(
    ("stop", "states"), [("cancelAll", []), ("pauseAll", ["paused", "ready"])]
)
def test_stopping_all_holds_for_what_is_being_taken(
    site: Page, stop: str, states: list[str]
) -> None:
    site.route(CHUNKS, BUSY)
    site.evaluate(f"""async () => {{
        const files = Array.from({{ length: 120 }}, (_, i) =>
            new File(["x"], `${{i}}`));
        const added = {UPLOADER}.add(files);
        {UPLOADER}.{stop}();
        await added;
    }}""")
    found = f"[...new Set({UPLOADER}.uploads.map(({{ state }}) => state))].sort()"
    wait_until(lambda: site.evaluate(found) == states)


def test_uploader_that_is_put_back_begins_anew(site: Page, tmp_path: Path) -> None:
    choose(site, *make_files(tmp_path, "a", "b"))
    expect_states(site, "complete", "complete")
    site.evaluate(f"{UPLOADER}.view.renderSoon()")
    take_out_and_put_back(site, "[data-chunked-uploads]")
    # After what the former view was about to draw, by a timer like its own.
    site.evaluate("new Promise((resolve) => setTimeout(resolve, 100))")
    expect_states(site)
    expect(site.locator(".chunked-uploads-summary")).to_be_hidden()
    choose(site, *make_files(tmp_path, "c"))
    expect_states(site, "complete")


def test_uploader_that_is_taken_away_pauses_and_listens_no_more(
    site: Page, file: Path
) -> None:
    choose_and_stop(site, file)
    site.evaluate(f"window.gone = {UPLOADER}")
    site.evaluate("document.querySelector('[data-chunked-uploads]').remove()")
    wait_until(lambda: site.evaluate("gone.uploads[0].state === 'paused'"))
    is_nobodys = site.evaluate("""() => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([], "a"));
        const options = { dataTransfer, bubbles: true, cancelable: true };
        return document.body.dispatchEvent(new DragEvent("dragover", options));
    }""")
    assert is_nobodys
    site.reload()
    expect(row(site, "film.bin")).to_have_attribute("data-state", "missing")
