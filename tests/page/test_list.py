"""Many files: how they come in, their turns, what is said of all of them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Locator, Page, Route, expect

from chunked_uploads.models import Upload
from tests import browsers
from tests.page.driving import (
    CHUNK_SIZE,
    CHUNKS,
    ROW,
    UPLOADER,
    answer,
    assert_arrived,
    button,
    cancel,
    choose,
    content_of,
    expect_message,
    expect_note,
    expect_rows,
    expect_states,
    expect_status,
    go_on,
    leave_unfinished,
    make_file,
    make_files,
    note_news,
    note_requests,
    press,
    row,
)
from tests.polling import wait_until
from tests.servers import Gunicorn

# Drops a transfer of files on the element, and returns how the target looked.
DROP = """(target, files) => {
    const transfer = new DataTransfer();
    files.forEach(([name, text]) => transfer.items.add(new File([text], name)));
    const options = { dataTransfer: transfer, bubbles: true, cancelable: true };
    const look = () => {
        const over = document.querySelector(".chunked-uploads-over");
        return over ? over.textContent : "";
    };
    const looks = [];
    for (const type of ["dragenter", "dragover", "drop"]) {
        const event = new DragEvent(type, options);
        target.dispatchEvent(event);
        looks.push([look(), event.defaultPrevented]);
    }
    return looks;
}"""
PASTE = """(target) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(["pasted"], "pasted.txt"));
    const options = { clipboardData: transfer, bubbles: true, cancelable: true };
    target.dispatchEvent(new ClipboardEvent("paste", options));
}"""


def headline(page: Page) -> Locator:
    """Return what the line says of all files, part by part."""
    return page.locator(".chunked-uploads-headline span:not([hidden])")


def hold(page: Page, count: int = 1) -> None:
    """Let no chunk of a file but its first `count` get through, until `go_on`."""
    least = count * CHUNK_SIZE

    def handle(route: Route) -> None:
        span = route.request.headers.get("content-range", "bytes 0-")
        if int(span.removeprefix("bytes ").partition("-")[0]) >= least:
            return route.fulfill(status=503, headers={"Retry-After": "600"})
        return route.continue_()

    page.route(CHUNKS, handle)


# --- their turns ---


def test_many_files_arrive(site: Page, tmp_path: Path) -> None:
    files = make_files(tmp_path, *(f"{number}.bin" for number in range(7)))
    choose(site, *files)
    expect_states(site, *["complete"] * 7)
    for file in files:
        assert_arrived(file)
    expect(headline(site)).to_have_text(["All 7 files are complete"])
    summary = site.locator(".chunked-uploads-summary")
    expect(summary).to_have_attribute("data-state", "complete")


def test_a_few_at_a_time(site: Page, tmp_path: Path) -> None:
    hold(site)
    choose(site, *make_files(tmp_path, "a", "b", "c", "d", "e", "f"))
    expect_states(site, *["waiting"] * 4, *["queued"] * 2)
    press(row(site, "a"), "Pause")
    expect_states(site, "paused", *["waiting"] * 4, "queued")
    expect_rows(site, *["waiting"] * 4, "paused", "queued")


def test_each_row_has_its_own_controls(site: Page, tmp_path: Path) -> None:
    hold(site)
    one, two, three = make_files(tmp_path, "one", "two", "three")
    choose(site, one, two, three)
    expect_states(site, *["waiting"] * 3)
    press(row(site, "one"), "Pause")
    cancel(row(site, "two"))
    expect_states(site, "paused", "waiting")
    go_on(site)
    press(row(site, "one"), "Resume")
    expect_states(site, "complete", "waiting")
    expect_rows(site, "waiting", "complete")
    assert_arrived(one)
    press(row(site, "one"), "Dismiss")
    expect_states(site, "waiting")
    expect_rows(site, "waiting")
    assert Upload.objects.filter(filename="one").exists()


def test_controls_of_all_files(site: Page, tmp_path: Path) -> None:
    hold(site)
    choose(site, *make_files(tmp_path, "a", "b", "c", "d", "e"))
    expect_states(site, *["waiting"] * 4, "queued")
    press(site, "Pause all")
    expect_states(site, *["paused"] * 5)
    expect(button(site, "Pause all")).to_be_hidden()
    go_on(site)
    press(site, "Resume all")
    expect_states(site, *["complete"] * 5)
    press(site, "Clear what is finished")
    expect_rows(site)
    expect(button(site, "Choose files")).to_be_focused()


@pytest.mark.parametrize("action", ["Pause all", "Cancel and delete all"])
def test_stopping_all_lets_none_begin(site: Page, tmp_path: Path, action: str) -> None:
    hold(site)
    choose(site, *make_files(tmp_path, "a", "b", "c", "d", "e", "f"))
    expect_states(site, *["waiting"] * 4, *["queued"] * 2)
    site.evaluate(f"""() => {UPLOADER}.uploads.slice(4).forEach((upload) => {{
        upload.run = () => document.body.setAttribute("data-begun", upload.name);
    }})""")
    cancel(site, action)
    expect_states(site, *(["paused"] * 6 if action == "Pause all" else []))
    assert site.locator("body").get_attribute("data-begun") is None


def test_refused_files_are_cleared_together(site: Page, tmp_path: Path) -> None:
    site.evaluate(f"{UPLOADER}.server.site.accept = '.mp4'")
    choose(site, *make_files(tmp_path, "a", "b"))
    expect_states(site, "refused", "refused")
    expect(headline(site)).to_have_text(["2 not taken"])
    press(site, "Clear what is finished")
    expect_states(site)
    expect(site.locator(".chunked-uploads-summary")).to_be_hidden()


def test_all_that_go_on_are_told_of(site: Page, tmp_path: Path) -> None:
    hold(site)
    choose(site, *make_files(tmp_path, "a", "b"))
    expect_states(site, "waiting", "waiting")
    press(site, "Pause all")
    expect_states(site, "paused", "paused")
    note_news(site)
    press(site, "Resume all")
    assert site.evaluate("news.filter((name) => name === 'resume').length") == 2


def test_all_are_cancelled(site: Page, tmp_path: Path) -> None:
    hold(site)
    choose(site, *make_files(tmp_path, "a", "b", "c", "d", "e"))
    expect_states(site, *["waiting"] * 4, "queued")
    cancel(site, "Cancel and delete all")
    expect_states(site)
    expect_rows(site)
    assert not Upload.objects.exists()


def test_failure_of_one_leaves_the_others(site: Page, tmp_path: Path) -> None:
    def refuse(route: Route) -> None:
        if "bad" in route.request.headers.get("content-disposition", ""):
            return answer(404, '[{"error": "not_found", "detail": ""}]')(route)
        return route.continue_()

    site.route(CHUNKS, refuse)
    choose(site, *make_files(tmp_path, "bad", "good"))
    expect_states(site, "failed", "complete")
    message = row(site, "bad").locator(".chunked-uploads-why")
    expect(message).to_contain_text("The server no longer has this upload.")
    go_on(site)
    press(row(site, "bad"), "Try again")
    expect_states(site, "complete", "complete")


def test_total_and_rows_tell_the_same(site: Page, tmp_path: Path) -> None:
    hold(site, 1)
    choose(site, *make_files(tmp_path, "a", "b", size=4 * CHUNK_SIZE))
    expect_states(site, "waiting", "waiting")
    percents = site.locator(f"{ROW} .chunked-uploads-percent")
    expect(percents).to_have_text(["25%", "25%"])
    summary = site.locator(".chunked-uploads-summary")
    expect(summary.locator(".chunked-uploads-ring-text")).to_have_text("25")
    expect(summary.locator(".chunked-uploads-bytes")).to_have_text("131 of 524 kB")


def test_twins_go_one_after_the_other(site: Page, tmp_path: Path) -> None:
    one = make_file(tmp_path / "one" / "same.bin", 3 * CHUNK_SIZE)
    two = make_file(tmp_path / "two" / "same.bin", 3 * CHUNK_SIZE)
    os.utime(two, (1, 1))
    choose(site, one)
    choose(site, two)
    expect_states(site, "complete", "complete")
    arrived = {content_of(upload) for upload in Upload.objects.all()}
    assert arrived == {one.read_bytes(), two.read_bytes()}


def test_file_that_is_in_the_list_is_not_taken_twice(
    site: Page, tmp_path: Path
) -> None:
    hold(site)
    [file] = make_files(tmp_path, "a")
    choose(site, file)
    expect_states(site, "waiting")
    choose(site, file)
    expect_note(site, "a is in the list already.")
    expect_states(site, "waiting")


def test_files_of_one_name_and_size_are_told_apart(site: Page) -> None:
    add = """(contents) => {
        const files = contents.map(([text, lastModified]) =>
            new File([text], "image.png", { lastModified }));
        document.querySelector("[data-chunked-uploads]").chunkedUploads.add(files);
    }"""
    site.evaluate(add, [["one", 1], ["two", 2]])
    expect_states(site, "complete", "complete")
    arrived = {content_of(upload) for upload in Upload.objects.all()}
    assert arrived == {b"one", b"two"}


def test_other_content_dropped_on_an_unfinished_one_comes_beside_it(
    site: Page, tmp_path: Path
) -> None:
    [file] = make_files(tmp_path, "a.bin")
    hold(site)
    choose(site, file)
    expect_states(site, "waiting")
    press(site, "Pause")
    go_on(site)
    site.reload()
    expect_states(site, "missing")
    other = make_file(tmp_path / "other" / "a.bin", 3 * CHUNK_SIZE)
    choose(site, other)
    expect_states(site, "missing", "complete")
    assert_arrived(other)


def test_several_uploaders_on_one_page(site: Page, tmp_path: Path) -> None:
    files = make_files(tmp_path, "a", "b")
    site.route(re.compile(r"/$"), twice)
    site.reload()
    uploaders = site.locator(".chunked-uploads").all()
    for uploader, file in zip(uploaders, files, strict=True):
        uploader.locator(".chunked-uploads-input").set_input_files(file)
    for uploader, file in zip(uploaders, files, strict=True):
        expect_status(uploader, "Complete")
        assert_arrived(file)
    ids = site.evaluate("[...document.querySelectorAll('[id]')].map((each) => each.id)")
    assert len(ids) == len(set(ids))


def test_file_waits_for_its_twin_in_another_uploader(
    site: Page, tmp_path: Path
) -> None:
    site.route(re.compile(r"/$"), twice)
    site.reload()
    [file] = make_files(tmp_path, "a")
    uploaders = site.locator(".chunked-uploads").all()
    for uploader in uploaders:
        uploader.locator(".chunked-uploads-input").set_input_files(file)
    for uploader in uploaders:
        expect_status(uploader, "Complete")
    assert Upload.objects.filter(state=Upload.State.COMPLETE).count() == 2


def test_unfinished_upload_is_in_one_list_of_the_page(site: Page, file: Path) -> None:
    leave_unfinished(site, file)
    site.route(re.compile(r"/$"), twice)
    site.reload()
    expect_status(site, "Unfinished")
    wait_until(
        lambda: (
            site.evaluate(
                "performance.getEntriesByType('resource').filter("
                "({ name }) => name.includes('all=1')).length"
            )
            == 2
        )
    )
    expect(site.locator(ROW)).to_have_count(1)


def twice(route: Route) -> None:
    response = route.fetch()
    before, partial, after = re.split(r"(?s)<body>(.*)</body>", response.text())
    route.fulfill(response=response, body=f"{before}{partial}{partial}{after}")


def test_uploader_that_comes_later_works(site: Page, tmp_path: Path) -> None:
    [file] = make_files(tmp_path, "a")
    site.evaluate("""() => {
        const root = document.querySelector(".chunked-uploads");
        const copy = root.cloneNode(true);
        root.remove();
        setTimeout(() => document.body.append(copy));
    }""")
    expect(site.locator(".chunked-uploads")).to_have_count(1)
    choose(site, file)
    expect_status(site, "Complete")
    assert_arrived(file)


# --- ways in ---


def test_dropped_files_arrive(site: Page) -> None:
    looks = site.locator(".chunked-uploads-drop").evaluate(
        DROP, [["one.txt", "1"], ["two.txt", "2"]]
    )
    assert looks[1:] == [["Drop files to add them", True], ["", True]]
    expect_states(site, "complete", "complete")
    arrived = {content_of(upload) for upload in Upload.objects.all()}
    assert arrived == {b"1", b"2"}


def test_a_file_may_be_dropped_anywhere(site: Page) -> None:
    looks = site.locator("h1").evaluate(DROP, [["one.txt", "1"]])
    assert looks[1:] == [["Drop files to add them", True], ["", True]]
    expect_states(site, "complete")
    assert content_of(Upload.objects.get()) == b"1"


def test_pasted_file_arrives(site: Page) -> None:
    site.locator("body").evaluate(PASTE)
    expect_states(site, "complete")
    assert content_of(Upload.objects.get()) == b"pasted"


def test_what_is_pasted_into_a_text_field_stays_there(site: Page) -> None:
    site.evaluate("document.body.append(document.createElement('textarea'))")
    site.locator("textarea").evaluate(PASTE)
    site.locator("body").evaluate(PASTE)
    expect_states(site, "complete")


def test_chosen_folder_arrives_with_its_paths(site: Page, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    for name in ("a.txt", "deep/b.txt", "deep/er/c.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    site.set_input_files(".chunked-uploads-folder-input", folder)
    expect_states(site, *["complete"] * 3)
    head = site.locator(".chunked-uploads-fold").first
    expect(head).to_contain_text("folder")
    expect(head).to_contain_text("3 of 3 complete")
    paths = site.evaluate(f"{UPLOADER}.uploads.map(({{ path }}) => path)")
    assert sorted(paths) == [
        "folder/a.txt",
        "folder/deep/b.txt",
        "folder/deep/er/c.txt",
    ]
    assert set(Upload.objects.values_list("filename", flat=True)) == {
        "a.txt",
        "b.txt",
        "c.txt",
    }


def test_file_of_a_folder_tells_where_it_lies(site: Page, tmp_path: Path) -> None:
    told: dict[str, Any] = {}

    def note(request: Any) -> None:
        if request.method == "POST" and CHUNKS.search(request.url):
            query = parse_qs(urlsplit(request.url).query)
            name = request.headers["content-disposition"]
            told[name] = [json.loads(each) for each in query.get("metadata", [])]

    site.on("request", note)
    folder = tmp_path / "folder é&+"
    make_files(folder, "a.txt", size=10)
    site.set_input_files(".chunked-uploads-folder-input", folder)
    expect_states(site, "complete")
    choose(site, make_file(tmp_path / "b.txt", 10))
    expect_states(site, "complete", "complete")
    assert told == {
        'attachment; filename="a.txt"': [{"relativePath": "folder é&+/a.txt"}],
        'attachment; filename="b.txt"': [],
    }
    kept = dict(Upload.objects.values_list("filename", "metadata"))
    assert kept == {"a.txt": {"relativePath": "folder é&+/a.txt"}, "b.txt": {}}


def test_only_one_file_where_the_page_says_so(
    visitor: Page, server: Gunicorn, tmp_path: Path
) -> None:
    visitor.goto(f"{server.url}/?multiple=no")
    hold(visitor)
    one, two = make_files(tmp_path, "one", "two")
    choose(visitor, one)
    expect_states(visitor, "waiting")
    go_on(visitor)
    choose(visitor, two)
    expect_states(visitor, "complete")
    assert [upload.filename for upload in Upload.objects.all()] == ["two"]
    add = """() => document.querySelector("[data-chunked-uploads]").chunkedUploads.add(
        [new File(["1"], "1.txt"), new File(["2"], "2.txt")])"""
    visitor.evaluate(add)
    expect_note(visitor, "One file at a time: only the first one was taken.")
    expect_states(visitor, "complete")


# --- what is not taken ---


@pytest.fixture
def strict(page: Page, make_server: Callable[..., Gunicorn], user: User) -> Page:
    """The page of a site that takes little."""
    server = make_server(
        settings={
            "CHUNKED_UPLOADS_MAX_SIZE": 1000,
            "CHUNKED_UPLOADS_ALLOWED_EXTENSIONS": ["mp4", ".MOV"],
        }
    )
    browsers.log_in(page.context, server.url, user)
    page.goto(server.url)
    return page


def test_limits_are_told_beforehand(strict: Page) -> None:
    limits = strict.locator(".chunked-uploads-limits")
    expect(limits).to_have_text("MP4 or MOV, up to 1 kB each")
    accept = strict.locator(".chunked-uploads-input").get_attribute("accept")
    assert accept == ".mp4,.mov"


@pytest.mark.parametrize(
    ("name", "size", "why"),
    [
        ("large.mp4", 1001, "larger than 1 kB"),
        ("page.html", 10, "only .mp4, .mov"),
    ],
)
def test_refused_file_says_why_before_a_byte_is_sent(
    strict: Page, tmp_path: Path, name: str, size: int, why: str
) -> None:
    note_news(strict)
    sent = note_requests(strict)
    choose(strict, make_file(tmp_path / name, size))
    expect_status(strict, "Not taken")
    expect_message(strict, why)
    assert sent == []
    assert strict.evaluate("news") == ["refuse"]


def test_files_at_the_limit_are_taken(strict: Page, tmp_path: Path) -> None:
    for file in (tmp_path / "A.MP4", tmp_path / "b.mov"):
        make_file(file, 1000)
        choose(strict, file)
    expect_states(strict, "complete", "complete")


def test_unfinished_ones_of_others_are_not_shown(
    site: Page, stranger: Any, file: Path
) -> None:
    stranger.send(b"12", 0, 10, name="secret.bin")
    site.reload()
    requests = note_requests(site)
    choose(site, file)
    expect_states(site, "complete")
    assert len(requests) == 11


# --- drags, as the browser itself does them ---


def drag(page: Page, selector: str, file: Path) -> None:
    """Drag the file over the element and drop it there, like a hand does."""
    box = page.locator(selector).bounding_box()
    assert box
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + 10}
    data = {"items": [], "files": [str(file)], "dragOperationsMask": 1}
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        event = {"type": kind, **place, "data": data}
        session.send("Input.dispatchDragEvent", event)


def test_drop_goes_to_the_uploader_under_it(site: Page, tmp_path: Path) -> None:
    site.route(re.compile(r"/$"), twice)
    site.reload()
    files = make_files(tmp_path, "one", "two")
    for number, file in enumerate(files):
        drag(site, f".chunked-uploads-drop >> nth={number}", file)
        # A row that comes or grows moves the other uploader away from under a pointer.
        uploader = site.locator(".chunked-uploads").nth(number)
        expect_status(uploader, "Complete")
        assert_arrived(file)


def test_other_inputs_of_the_page_still_take_drops(site: Page, tmp_path: Path) -> None:
    site.evaluate("""() => {
        const input = Object.assign(document.createElement("input"), { type: "file" });
        document.body.prepend(input);
        input.id = "plain";
    }""")
    [file] = make_files(tmp_path, "one")
    drag(site, "#plain", file)
    count = "document.getElementById('plain').files.length"
    wait_until(lambda: site.evaluate(count) == 1)
    [other] = make_files(tmp_path, "two")
    choose(site, other)
    expect_states(site, "complete")
    assert_arrived(other)
