"""The page in real Chromium, against a real server."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from chunked_uploads.models import ApiKey, Upload
from tests import browsers
from tests.servers import Gunicorn

KIB = 1024
CHUNK_SIZE = 64 * KIB
NAME = "film.bin"
CHUNKS = re.compile(r"/uploads/upload/([\w-]+/)?\?")
DONE = re.compile(r"/uploads/upload/done/")
DELETE = re.compile(r"/uploads/\d+/delete/")


@pytest.fixture
def server(make_server: Callable[..., Gunicorn]) -> Gunicorn:
    """The tests' site, which wants small chunks."""
    return make_server(settings={"CHUNKED_UPLOADS_CHUNK_SIZE": CHUNK_SIZE})


@pytest.fixture
def site(page: Page, server: Gunicorn, user: User) -> Page:
    """The page with the uploader; Ada is logged in."""
    browsers.log_in(page.context, server.url, user)
    open_site(page, server)
    return page


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of ten chunks and a bit."""
    return make_file(tmp_path / NAME, 10 * CHUNK_SIZE + 17)


def make_file(path: Path, size: int) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(os.urandom(size))
    return path


def open_site(page: Page, server: Gunicorn) -> None:
    page.goto(server.url)
    set_chunk_size(page)


def set_chunk_size(page: Page) -> None:
    page.locator(".chunked-uploads").evaluate_all(
        "(roots, size) => roots.forEach((root) => (root.dataset.chunkSize = size))",
        CHUNK_SIZE,
    )


def choose(page: Page, file: Path) -> None:
    page.set_input_files(".chunked-uploads-input", file)
    expect_status(page, "Ready to start")


def start(page: Page, file: Path) -> None:
    choose(page, file)
    press(page, "Start")


def start_and_stop(page: Page, file: Path) -> None:
    """Send three chunks of a file of ten, and wait at the fourth."""
    stop_at(page, 3 * CHUNK_SIZE)
    start(page, file)
    expect_status(page, "Interrupted")
    expect(page.locator(".chunked-uploads-percent")).to_have_text("29%")


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def expect_status(page: Page, text: str) -> None:
    expect(page.locator(".chunked-uploads-status")).to_have_text(text, timeout=20_000)


def expect_message(page: Page, text: str) -> None:
    message = page.locator(".chunked-uploads-message")
    expect(message).to_contain_text(text, timeout=20_000)


def content_of(upload: Upload) -> bytes:
    with upload.upload.open() as arrived:
        return arrived.read()


def assert_arrived(file: Path) -> Upload:
    upload = Upload.objects.get(state=Upload.State.COMPLETE)
    assert content_of(upload) == file.read_bytes()
    return upload


def note_ranges(page: Page) -> list[str]:
    """Return a list that grows with the `Content-Range` of each chunk that is sent."""
    ranges: list[str] = []

    def note(request: Any) -> None:
        if request.method == "POST" and CHUNKS.search(request.url):
            ranges.append(request.headers.get("content-range", "the whole file"))

    page.on("request", note)
    return ranges


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


def fail_once(page: Page, url: Any, method: str, fail: Callable[[Route], None]) -> None:
    """Let `fail` answer the first such request that comes, the server the others."""
    failed: list[Route] = []

    def handle(route: Route) -> None:
        if route.request.method != method or failed:
            return route.continue_()
        failed.append(route)
        return fail(route)

    page.route(url, handle)


def answer(status: int, body: str = "", **headers: str) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=status, body=body, headers=headers)


def note_news(page: Page) -> None:
    """Keep the names of events and callbacks in the page's `news`."""
    page.evaluate("""() => {
        window.news = [];
        const names = ["start", "pause", "resume", "stop", "error", "complete"];
        for (const name of [...names, "cancel"]) {
            document.addEventListener(`chunkeduploads:${name}`, () => news.push(name));
        }
        for (const name of [...names, "video_url"]) {
            window[`chunked_upload_${name}`] = () => news.push(`upload_${name}`);
            window[`chunked_uploads_${name}`] = () => news.push(`uploads_${name}`);
        }
    }""")


# --- the way through ---


def test_file_arrives(site: Page, file: Path) -> None:
    ranges = note_ranges(site)
    start(site, file)
    expect_status(site, "Complete")
    upload = assert_arrived(file)
    link = site.get_by_role("link", name="film.bin")
    expect(link).to_have_attribute("href", re.compile(re.escape(upload.url) + "$"))
    assert len(ranges) == 11
    assert ranges[:2] == ["bytes 0-65535/655377", "bytes 65536-131071/655377"]


@pytest.mark.parametrize("size", [0, 1, CHUNK_SIZE, CHUNK_SIZE + 1])
def test_small_file_arrives(site: Page, tmp_path: Path, size: int) -> None:
    file = make_file(tmp_path / "small.bin", size)
    start(site, file)
    expect_status(site, "Complete")
    assert_arrived(file)


@pytest.mark.parametrize("name", ["ファイル.bin", "100% =;,'.bin", "a" * 240 + ".bin"])
def test_name_arrives(site: Page, tmp_path: Path, name: str) -> None:
    file = make_file(tmp_path / name, 2 * CHUNK_SIZE)
    start(site, file)
    expect_status(site, "Complete")
    assert assert_arrived(file).filename == name


def test_page_is_told_in_order(site: Page, file: Path) -> None:
    note_news(site)
    start(site, file)
    expect_status(site, "Complete")
    assert site.evaluate("news") == [
        *("start", "upload_start", "uploads_start"),
        *("complete", "upload_complete", "uploads_complete"),
        *("upload_video_url", "uploads_video_url"),
        *("stop", "upload_stop", "uploads_stop"),
    ]


def test_mistake_in_a_callback_does_not_end_the_upload(site: Page, file: Path) -> None:
    site.evaluate("""() => {
        window.onerror = () => true;
        window.chunked_upload_start = () => { throw new Error("mine"); };
    }""")
    start(site, file)
    expect_status(site, "Complete")


def test_dropped_file_arrives(site: Page, file: Path) -> None:
    drop = """(zone) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File(["dropped"], "dropped.txt"));
        const options = { dataTransfer: transfer, bubbles: true, cancelable: true };
        zone.dispatchEvent(new DragEvent("dragover", options));
        const isShown = zone.closest(".chunked-uploads-is-over") !== null;
        zone.dispatchEvent(new DragEvent("drop", options));
        return isShown;
    }"""
    assert site.locator(".chunked-uploads-drop").evaluate(drop)
    expect(site.locator(".chunked-uploads-is-over")).to_have_count(0)
    press(site, "Start")
    expect_status(site, "Complete")
    assert content_of(Upload.objects.get()) == b"dropped"


def test_100_per_cent_waits_for_the_server(site: Page, file: Path) -> None:
    held: list[Route] = []
    site.route(DONE, lambda route: held.append(route))
    start(site, file)
    expect_status(site, "Finishing…")
    expect(site.locator(".chunked-uploads-percent")).to_have_text("99%")
    held[0].continue_()
    expect_status(site, "Complete")
    expect(site.locator(".chunked-uploads-percent")).to_have_text("100%")


def test_two_uploaders_on_one_page(site: Page, tmp_path: Path) -> None:
    files = [make_file(tmp_path / name, 3 * CHUNK_SIZE) for name in ("a", "b")]
    site.route(re.compile(r"/$"), twice)
    site.reload()
    uploaders = site.locator(".chunked-uploads").all()
    for uploader, file in zip(uploaders, files, strict=True):
        uploader.locator("input").set_input_files(file)
        uploader.get_by_role("button", name="Start").click()
    for uploader, file in zip(uploaders, files, strict=True):
        status = uploader.locator(".chunked-uploads-status")
        expect(status).to_have_text("Complete", timeout=20_000)
        upload = Upload.objects.get(filename=file.name)
        assert content_of(upload) == file.read_bytes()


def twice(route: Route) -> None:
    response = route.fetch()
    before, partial, after = re.split(r"(?s)<body>(.*)</body>", response.text())
    route.fulfill(response=response, body=f"{before}{partial}{partial}{after}")


# --- pause, resume, cancel, come back ---


def test_resume_goes_on_where_the_server_is(site: Page, file: Path) -> None:
    ranges = note_ranges(site)
    start_and_stop(site, file)
    press(site, "Pause")
    expect_status(site, "Paused")
    go_on(site)
    press(site, "Resume")
    expect_status(site, "Complete")
    assert_arrived(file)
    assert ranges[4].startswith(f"bytes {3 * CHUNK_SIZE}-")
    assert len(ranges) == 12


def test_pause_aborts_what_is_in_flight(site: Page, file: Path) -> None:
    def press_pause(route: Route) -> None:
        site.evaluate("document.querySelector('[data-action=pause]').click()")
        route.continue_()

    ranges = note_ranges(site)
    fail_once(site, CHUNKS, "POST", press_pause)
    # Start aborts a question first, which fails as well.
    aborted = "requestfailed"
    with site.expect_event(aborted, lambda request: request.method == "POST"):
        start(site, file)
    expect_status(site, "Paused")
    press(site, "Resume")
    expect_status(site, "Complete")
    assert_arrived(file)
    assert len(ranges) == 12


def test_paused_stays_paused(site: Page, file: Path) -> None:
    start_and_stop(site, file)
    press(site, "Pause")
    go_on(site)
    site.context.set_offline(True)
    site.context.set_offline(False)
    expect_status(site, "Paused")
    assert Upload.objects.get().offset == 3 * CHUNK_SIZE


def test_page_reopened_goes_on(site: Page, server: Gunicorn, file: Path) -> None:
    start_and_stop(site, file)
    go_on(site)
    site.on("dialog", lambda dialog: dialog.accept())
    open_site(site, server)
    ranges = note_ranges(site)
    choose(site, file)
    expect_message(site, "The server has 29% of this file already.")
    press(site, "Start")
    expect_status(site, "Complete")
    assert_arrived(file)
    assert ranges[0].startswith(f"bytes {3 * CHUNK_SIZE}-")


def test_browser_restarted_goes_on(
    open_profile: Callable[[], BrowserContext],
    server: Gunicorn,
    user: User,
    file: Path,
) -> None:
    context = open_profile()
    browsers.log_in(context, server.url, user)
    page = context.pages[0]
    open_site(page, server)
    start_and_stop(page, file)
    context.close()
    context = open_profile()
    browsers.log_in(context, server.url, user)
    page = context.pages[0]
    open_site(page, server)
    ranges = note_ranges(page)
    start(page, file)
    expect_status(page, "Complete")
    assert_arrived(file)
    assert ranges[0].startswith(f"bytes {3 * CHUNK_SIZE}-")


def test_other_file_of_same_name_and_size_starts_anew(
    site: Page, file: Path, tmp_path: Path
) -> None:
    start_and_stop(site, file)
    press(site, "Pause")
    go_on(site)
    site.reload()
    other = make_file(tmp_path / "other" / file.name, file.stat().st_size)
    start(site, other)
    expect_status(site, "Complete")
    assert_arrived(other)


def test_file_that_the_server_has_whole_is_finished(site: Page, file: Path) -> None:
    site.route(DONE, answer(503, **{"Retry-After": "600"}))
    start(site, file)
    expect_status(site, "Interrupted")
    press(site, "Pause")
    site.unroute(DONE)
    site.reload()
    ranges = note_ranges(site)
    start(site, file)
    expect_status(site, "Complete")
    assert_arrived(file)
    assert ranges == []


def test_gap_that_another_sender_left_is_filled(
    site: Page, server: Gunicorn, user: User, api_key: ApiKey, file: Path
) -> None:
    content = file.read_bytes()
    sender = Client(headers={"Authorization": f"ApiKey {user.username}:{api_key.key}"})
    url = "/uploads/upload/"
    for start_, stop in [(0, 100), (1000, 2000)]:
        span = f"bytes {start_}-{stop - 1}/{len(content)}"
        headers = {"Content-Range": span, "Content-Disposition": f"a; filename={NAME}"}
        octets = "application/octet-stream"
        sent = sender.post(url, content[start_:stop], octets, headers=headers)
        url = sent.json()[0]["url"]

    start(site, file)

    expect_status(site, "Complete")
    assert assert_arrived(file).user == user


def test_cancel_removes_the_upload(site: Page, file: Path) -> None:
    note_news(site)
    start_and_stop(site, file)
    press(site, "Cancel")
    note = site.locator(".chunked-uploads-note")
    expect(note).to_have_text("The upload was cancelled.")
    expect(site.locator(".chunked-uploads-input")).to_be_focused()
    assert not Upload.objects.exists()
    told = ["cancel", "stop", "upload_stop", "uploads_stop"]
    assert site.evaluate("news.slice(3)") == told


def test_cancel_is_tried_again(site: Page, file: Path) -> None:
    stop_at(site, 3 * CHUNK_SIZE)
    fail_once(site, DELETE, "DELETE", answer(503))
    start(site, file)
    expect(site.locator(".chunked-uploads-percent")).to_have_text("29%")
    press(site, "Cancel")
    note = site.locator(".chunked-uploads-note")
    expect(note).to_have_text("The upload was cancelled.")
    assert not Upload.objects.exists()


def test_leaving_while_uploading_asks_first(site: Page, file: Path) -> None:
    start_and_stop(site, file)
    with site.expect_event("dialog") as asked:
        site.evaluate("setTimeout(() => location.reload())")
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    press(site, "Pause")
    site.reload()


# --- weather ---


@pytest.mark.parametrize(
    "fail",
    [
        answer(500, "<h1>Oops</h1>"),
        answer(503, **{"Retry-After": "1"}),
        answer(429, **{"Retry-After": "1"}),
        answer(423),
        answer(200, "<p>Please accept the terms of this Wi-Fi</p>"),
        answer(200, '[{"welcome": true}]', **{"Content-Type": "application/json"}),
        lambda route: route.abort("connectionreset"),
    ],
)
def test_chunk_is_tried_again(
    site: Page, file: Path, fail: Callable[[Route], None]
) -> None:
    fail_once(site, CHUNKS, "POST", fail)
    start(site, file)
    expect_status(site, "Complete")
    assert_arrived(file)


def test_lost_answer_to_the_first_chunk(site: Page, file: Path) -> None:
    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort("connectionreset")

    fail_once(site, CHUNKS, "POST", lose_the_answer)
    start(site, file)
    expect_status(site, "Complete")
    assert_arrived(file)
    assert Upload.objects.count() == 1


def test_lost_answer_to_done(site: Page, file: Path) -> None:
    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort("connectionreset")

    ranges = note_ranges(site)
    fail_once(site, DONE, "POST", lose_the_answer)
    start(site, file)
    expect_status(site, "Complete")
    assert_arrived(file)
    assert len(ranges) == 11


def test_done_before_all_bytes_are_there_goes_on(site: Page, file: Path) -> None:
    fail = '[{"state": "FAIL", "size": 0, "error": "incomplete"}]'
    fail_once(site, DONE, "POST", answer(409, fail))
    start(site, file)
    expect_status(site, "Complete")
    assert_arrived(file)


def test_killed_server_is_waited_for(site: Page, server: Gunicorn, file: Path) -> None:
    def kill(route: Route) -> None:
        server.kill()
        route.continue_()

    fail_once(site, re.compile(r"/uploads/upload/[\w-]+/"), "POST", kill)
    start(site, file)
    expect_message(site, "The server cannot be reached.")
    server.start()
    expect_status(site, "Complete")
    assert_arrived(file)


def test_goes_on_when_the_network_is_back(site: Page, file: Path) -> None:
    def cut(route: Route) -> None:
        site.context.set_offline(True)
        route.abort("internetdisconnected")

    fail_once(site, re.compile(r"/uploads/upload/[\w-]+/"), "POST", cut)
    start(site, file)
    expect_status(site, "Offline")
    site.context.set_offline(False)
    expect_status(site, "Complete")
    assert_arrived(file)


def test_proxy_that_refuses_large_chunks(site: Page, file: Path) -> None:
    def refuse(route: Route) -> None:
        if len(route.request.post_data_buffer or b"") > CHUNK_SIZE:
            return route.fulfill(status=413, body="<h1>Too large</h1>")
        return route.continue_()

    site.locator(".chunked-uploads").evaluate("it => (it.dataset.chunkSize = 4e5)")
    site.route(CHUNKS, refuse)
    start(site, file)
    expect_status(site, "Complete")
    assert_arrived(file)


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (400, "The server did not understand the request. <b>Why</b>"),
        (401, "Please log in again, in another tab for instance, and press Resume."),
        (403, "You may not upload this here. <b>Why</b>"),
        (404, "The server no longer has this upload. Resume begins it anew."),
        (413, "The file is too large for this server. <b>Why</b>"),
        (415, "The server does not take files of this type. <b>Why</b>"),
    ],
)
def test_refusal_is_told_and_ends_it(
    site: Page, file: Path, status: int, sentence: str
) -> None:
    note_news(site)
    refusal = '[{"error": "refused", "detail": "<b>Why</b>"}]'
    fail_once(site, CHUNKS, "POST", answer(status, refusal))
    start(site, file)
    expect_status(site, "Stopped")
    expect_message(site, sentence)
    assert "error" in site.evaluate("news")
    press(site, "Resume")
    expect_status(site, "Complete")
    assert_arrived(file)


def test_login_in_another_tab_lets_it_go_on(
    site: Page, server: Gunicorn, user: User, file: Path
) -> None:
    choose(site, file)
    site.context.clear_cookies()
    press(site, "Start")
    expect_message(site, "Please log in again")
    browsers.log_in(site.context, server.url, user)
    # As every login does, this brings another CSRF token.
    site.context.new_page().goto(server.url)
    press(site, "Resume")
    expect_status(site, "Complete")
    assert assert_arrived(file).user == user


def test_changed_file_is_told(site: Page, file: Path) -> None:
    start_and_stop(site, file)
    press(site, "Pause")
    make_file(file, file.stat().st_size)
    press(site, "Resume")
    expect_status(site, "Stopped")
    expect_message(site, "The file on your device was changed, moved or deleted")


# --- another origin ---


@pytest.fixture
def host(make_server: Callable[..., Gunicorn]) -> Gunicorn:
    """The site of another origin that has the page."""
    return make_server()


@pytest.fixture
def api(make_server: Callable[..., Gunicorn], host: Gunicorn) -> Gunicorn:
    """The site that takes the files; it lets the other one's pages in."""
    settings = {
        "CHUNKED_UPLOADS_CHUNK_SIZE": CHUNK_SIZE,
        "CROSS_DOMAIN_ALLOWED_ORIGINS": host.url,
    }
    return make_server(settings=settings)


@pytest.fixture
def foreign(browser: Browser, host: Gunicorn, api: Gunicorn) -> Iterator[Page]:
    """The other origin's page with the uploader."""
    # The policy of the tests' page allows no connection to elsewhere.
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    open_site(page, host)
    yield page
    context.close()


def set_endpoints(page: Page, server: Gunicorn, credentials: str) -> None:
    nil = "00000000-0000-0000-0000-000000000000"
    page.evaluate(f"""() => {{
        window.chunked_uploads_endpoints = {{
            upload_url: "{server.url}/uploads/upload/",
            done_url: "{server.url}/uploads/upload/done/{nil}/",
            {credentials}
        }};
    }}""")


def test_other_origin_with_an_api_key(
    foreign: Page, api: Gunicorn, api_key: ApiKey, file: Path
) -> None:
    headers: list[dict[str, str]] = []
    foreign.on("request", lambda request: headers.append(request.headers))
    key = f'username: "{api_key.user.username}", api_key: "{api_key.key}"'
    set_endpoints(foreign, api, key)
    start(foreign, file)
    expect_status(foreign, "Complete")
    assert assert_arrived(file).user == api_key.user
    assert not any("x-csrftoken" in each for each in headers)
    # The signed URLs need no key, so none is sent.
    assert sum("authorization" in each for each in headers) < 5


def test_other_origin_renews_credentials(
    foreign: Page, api: Gunicorn, api_key: ApiKey, file: Path
) -> None:
    renewing = f"""
        authentication: async () => {{
            window.asked = (window.asked || 0) + 1;
            const api_key = asked < 2 ? "expired" : "{api_key.key}";
            return {{ username: "{api_key.user.username}", api_key }};
        }},
    """
    set_endpoints(foreign, api, renewing)
    start(foreign, file)
    expect_status(foreign, "Complete")
    assert_arrived(file)
    assert foreign.evaluate("asked") == 2


def test_other_origin_with_a_signature_asks_with_it(
    foreign: Page, api: Gunicorn, file: Path
) -> None:
    signed = 'api_key: "KEY", timestamp: 1700000000, signature: "SIGNATURE"'
    set_endpoints(foreign, api, signed)
    with foreign.expect_request(CHUNKS) as asked:
        choose(foreign, file)
    sent = asked.value.headers["authorization"]
    assert sent == "Query KEY:1700000000:SIGNATURE"


# --- by keyboard, by ear, without JavaScript ---


def test_by_keyboard(site: Page, file: Path) -> None:
    site.keyboard.press("Tab")
    expect(site.get_by_label("Choose a file")).to_be_focused()
    stop_at(site, 3 * CHUNK_SIZE)
    choose(site, file)
    for name in ("Start", "Pause", "Resume", "Pause"):
        button = site.get_by_role("button", name=name, exact=True)
        expect(button).to_be_focused()
        site.keyboard.press("Enter")
    site.keyboard.press("Tab")
    site.keyboard.press("Enter")
    expect(site.get_by_label("Choose a file")).to_be_focused()


def test_states_and_quarters_are_said(site: Page, file: Path) -> None:
    site.evaluate("""() => {
        window.said = [];
        const live = document.querySelector("[role=status]");
        new MutationObserver(() => said.push(live.textContent))
            .observe(live, { childList: true });
    }""")
    start(site, file)
    expect_status(site, "Complete")
    said = [line.removeprefix("film.bin: ") for line in site.evaluate("said")]
    assert said[:2] == ["Ready to start", "Uploading"]
    assert said[-2:] == ["Finishing…", "Complete"]
    assert 1 <= len(said[2:-2]) <= 3
    assert all(line.endswith("%") for line in said[2:-2])


def test_without_javascript_a_sentence_is_shown(client: Client) -> None:
    page = client.get("/").content.decode()
    assert re.search("<noscript><p[^>]*>Uploading needs JavaScript.", page)
    assert '<div class="chunked-uploads-body" hidden>' in page


def test_fingerprint_is_the_same_without_webcrypto(
    page: Page, server: Gunicorn
) -> None:
    page.goto(server.url)
    sizes = [0, 1, 55, 56, 64, 3 * 64 * KIB, 3 * 64 * KIB + 1]
    assert (
        page.evaluate(
            """async (sizes) => {
            const subtle = Object.getOwnPropertyDescriptor(Crypto.prototype, "subtle");
            for (const size of sizes) {
                const file = new Blob([new Uint8Array(size).map((_, i) => i * i)]);
                const native = await ChunkedUploads.fingerprint(file);
                Object.defineProperty(Crypto.prototype, "subtle",
                    { configurable: true, get: () => undefined });
                const own = await ChunkedUploads.fingerprint(file);
                Object.defineProperty(Crypto.prototype, "subtle", subtle);
                if (own !== native || own.length !== 64) return size;
            }
            return "all";
        }""",
            sizes,
        )
        == "all"
    )


def test_page_keeps_its_own_jquery(site: Page) -> None:
    site.add_init_script("window.jQuery = window.$ = { own: true }")
    site.reload()
    expect(site.locator(".chunked-uploads-body")).to_be_visible()
    assert site.evaluate("jQuery.own && $.own")


# --- what is in the package ---


def test_vendored_scripts_are_those_of_the_manifest() -> None:
    found = finders.find("chunked_uploads/js/vendor/README.md")
    assert isinstance(found, str)
    manifest = Path(found)
    row = re.compile(r"^\| `([\w.]+)` \|.*\| `([0-9a-f]{64})` \|$", re.M)
    listed = dict(row.findall(manifest.read_text()))
    files = {path.name: path for path in manifest.parent.iterdir() if path != manifest}
    digests = {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in files.items()
    }
    assert listed == digests
