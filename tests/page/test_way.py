"""One file's way through the page: send, pause, resume, cancel, come back."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import BrowserContext, Page, Route, expect

from chunked_uploads.models import Upload
from tests import browsers
from tests.page.driving import (
    CHUNK_SIZE,
    CHUNKS,
    DELETE,
    DONE,
    ROW,
    UPLOADER,
    answer,
    assert_arrived,
    button,
    cancel,
    choose,
    choose_and_stop,
    expect_message,
    expect_note,
    expect_states,
    expect_status,
    fail_once,
    give,
    go_on,
    leave_unfinished,
    lose_the_answer,
    make_file,
    make_files,
    note_news,
    note_requests,
    press,
    ranges_of,
    settle,
    stop_at,
)
from tests.polling import wait_until
from tests.sending import Uploader
from tests.servers import Gunicorn

LATER = re.compile(r"/uploads/upload/[\w-]+/\?")


def refuse_state(route: Route) -> None:
    """Answer as to somebody whose token ended, and who has no login."""
    if route.request.method == "GET":
        return route.fulfill(status=401, body='[{"error": "not_authenticated"}]')
    return route.continue_()


def lose_question(route: Route) -> None:
    """Let no question for a state reach the server."""
    if route.request.method == "GET":
        return route.abort()
    return route.continue_()


def fingerprint_of(file: Path) -> str:
    """Return the fingerprint of a file of less than 1 MiB; tests/js has larger ones."""
    content = file.read_bytes()
    return hashlib.sha256(f"{len(content)}\n".encode() + content).hexdigest()


def test_file_arrives(site: Page, file: Path) -> None:
    requests = note_requests(site)
    choose(site, file)
    expect_status(site, "Complete")
    upload = assert_arrived(file)
    assert upload.fingerprint == fingerprint_of(file)
    link = site.get_by_role("link", name="film .bin")
    expect(link).to_have_attribute("href", re.compile(re.escape(upload.url) + "$"))
    starts = range(0, 11 * CHUNK_SIZE, CHUNK_SIZE)
    size = file.stat().st_size
    spans = [(start, min(start + CHUNK_SIZE, size) - 1) for start in starts]
    assert sorted(ranges_of(requests)) == spans


def test_small_files_arrive(site: Page, tmp_path: Path) -> None:
    sizes = [0, 1, CHUNK_SIZE, CHUNK_SIZE + 1]
    files = [make_file(tmp_path / f"{size}.bin", size) for size in sizes]
    choose(site, *files)
    expect_states(site, *["complete"] * 4)
    for file in files:
        assert_arrived(file)


def test_names_arrive(site: Page, tmp_path: Path) -> None:
    names = ["ファイル.bin", "100% =;,'.bin", "a" * 240 + ".bin"]
    files = make_files(tmp_path, *names, size=2 * CHUNK_SIZE)
    choose(site, *files)
    expect_states(site, *["complete"] * 3)
    for file in files:
        assert_arrived(file)


def test_100_per_cent_waits_for_the_server(site: Page, file: Path) -> None:
    held: list[Route] = []
    site.route(DONE, lambda route: held.append(route))
    choose(site, file)
    expect_status(site, "Finishing…")
    assert site.evaluate(f"{UPLOADER}.uploads[0].percent") == 99
    held[0].continue_()
    expect_status(site, "Complete")


def test_manual_start(visitor: Page, server: Gunicorn, file: Path) -> None:
    visitor.goto(f"{server.url}/?auto_start=no")
    requests = note_requests(visitor)
    choose(visitor, file)
    expect_status(visitor, "Ready to start")
    assert requests == []
    press(visitor, "Start")
    expect_status(visitor, "Complete")
    assert_arrived(file)


# --- pause, resume, cancel ---


def test_resume_goes_on_where_the_server_is(site: Page, file: Path) -> None:
    requests = note_requests(site)
    choose_and_stop(site, file)
    press(site, "Pause")
    expect_status(site, "Paused")
    go_on(site)
    press(site, "Resume")
    expect_status(site, "Complete")
    assert_arrived(file)
    spans = ranges_of(requests)
    assert spans[4][0] == 3 * CHUNK_SIZE
    assert len(spans) == 12


def test_pause_aborts_what_is_in_flight(site: Page, file: Path) -> None:
    def press_pause(route: Route) -> None:
        site.evaluate("document.querySelector('[data-action=pause]').click()")
        route.continue_()

    fail_once(site, CHUNKS, "POST", press_pause)
    aborted = "requestfailed"
    with site.expect_event(aborted, lambda request: request.method == "POST"):
        choose(site, file)
    expect_status(site, "Paused")
    press(site, "Resume")
    expect_status(site, "Complete")
    assert_arrived(file)


def test_paused_stays_paused(site: Page, file: Path) -> None:
    choose_and_stop(site, file)
    press(site, "Pause")
    go_on(site)
    site.context.set_offline(True)
    site.context.set_offline(False)
    site.evaluate("window.dispatchEvent(new Event('focus'))")
    expect_status(site, "Paused")
    assert Upload.objects.get().offset == 3 * CHUNK_SIZE


def test_cancel_removes_the_upload(site: Page, file: Path) -> None:
    note_news(site)
    choose_and_stop(site, file)
    press(site, "Cancel and delete")
    expect_note(site, "Cancelled: film.bin")
    expect(button(site, "Choose files")).to_be_focused()
    settle(site)
    expect_states(site)
    assert not Upload.objects.exists()
    told = ["cancel", "stop", "upload_stop", "uploads_stop"]
    assert site.evaluate("news.slice(3)") == told


def test_cancel_that_came_too_late_says_so(site: Page, file: Path) -> None:
    # The page tries again by itself: no answer says that it is complete.
    site.route(DONE, lose_the_answer)
    site.route(LATER, lose_question)
    choose(site, file)
    expect_status(site, "Interrupted")
    press(site, "Cancel and delete")
    site.unroute(DONE)
    site.unroute(LATER)
    settle(site)
    expect_note(site, "film.bin was complete already. The server keeps it.")
    assert_arrived(file)


def fetch_only(route: Route) -> None:
    """Let the server have the request, and the page wait for its answer."""
    route.fetch()


def test_pause_while_it_is_finished_sends_nothing_again(site: Page, file: Path) -> None:
    requests = note_requests(site)
    held = fail_once(site, DONE, "POST", fetch_only)
    site.route(LATER, refuse_state)
    choose(site, file)
    expect_status(site, "Finishing…")
    wait_until(lambda: site.evaluate("true") and Upload.objects.get().is_complete)
    assert held
    press(site, "Pause")
    expect_status(site, "Paused")
    expect(site.locator(f"{ROW} .chunked-uploads-percent")).to_have_text("99%")
    sent = len(requests)
    press(site, "Resume")
    expect_status(site, "Complete")
    assert len(requests) == sent


def test_done_that_is_busy_sends_nothing_again(site: Page, file: Path) -> None:
    requests = note_requests(site)

    def say_busy(route: Route) -> None:
        route.fetch()
        route.fulfill(status=409, body='[{"error": "range_busy", "detail": ""}]')

    failed = fail_once(site, DONE, "POST", say_busy)
    site.route(LATER, refuse_state)
    choose(site, file)
    expect_status(site, "Complete")
    assert failed
    assert len(ranges_of(requests)) == len(set(ranges_of(requests)))


def test_cancel_that_came_too_late_says_so_without_a_login(
    site: Page, file: Path
) -> None:
    site.route(DONE, lose_the_answer)
    site.route(LATER, refuse_state)
    choose(site, file)
    expect_status(site, "Interrupted")
    press(site, "Cancel and delete")
    site.unroute(DONE)
    settle(site)
    expect_note(site, "film.bin was complete already. The server keeps it.")
    assert_arrived(file)


def test_address_that_is_none_leaves_the_file_complete(site: Page, file: Path) -> None:
    site.route(DONE, answer(200, '[{"url": "http://[", "state": "COMPLETE"}]'))
    choose(site, file)
    expect_status(site, "Complete")
    expect(site.locator(".chunked-uploads-name a")).to_have_count(0)


def test_cancel_that_the_server_never_heard_of_is_told(site: Page, file: Path) -> None:
    site.route(DELETE, answer(400))
    choose_and_stop(site, file)
    cancel(site)
    expect_note(
        site,
        "film.bin was cancelled here, but the server could not be told. "
        "It removes unfinished uploads by itself after some days.",
    )


def test_leaving_while_uploading_asks_first(site: Page, file: Path) -> None:
    choose_and_stop(site, file)
    with site.expect_event("dialog") as asked:
        site.evaluate("setTimeout(() => location.reload())")
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    press(site, "Pause")
    site.reload()


# --- come back ---


def test_page_reopened_asks_for_the_file(site: Page, file: Path) -> None:
    choose_and_stop(site, file)
    go_on(site)
    site.on("dialog", lambda dialog: dialog.accept())
    site.reload()
    expect_status(site, "Unfinished")
    name = site.locator(f"{ROW} .chunked-uploads-name")
    expect(name).to_have_text("Choose film.bin again to go on from 29%")
    facts = site.locator(f"{ROW} .chunked-uploads-facts")
    expect(facts).to_contain_text("197 of 655 kB are on the server")
    requests = note_requests(site)
    give(site, file)
    expect_status(site, "Complete")
    assert_arrived(file)
    assert ranges_of(requests)[0][0] == 3 * CHUNK_SIZE


def test_file_chosen_the_usual_way_continues_the_unfinished_upload(
    site: Page, file: Path
) -> None:
    leave_unfinished(site, file)
    requests = note_requests(site)
    choose(site, file)
    expect_status(site, "Complete")
    assert_arrived(file)
    assert ranges_of(requests)[0][0] == 3 * CHUNK_SIZE


def test_browser_restarted_goes_on(
    open_profile: Callable[[], BrowserContext],
    server: Gunicorn,
    user: User,
    file: Path,
) -> None:
    context = open_profile()
    browsers.log_in(context, server.url, user)
    page = context.pages[0]
    page.goto(server.url)
    choose_and_stop(page, file)
    context.close()
    context = open_profile()
    browsers.log_in(context, server.url, user)
    page = context.pages[0]
    page.goto(server.url)
    expect_status(page, "Unfinished")
    requests = note_requests(page)
    choose(page, file)
    expect_status(page, "Complete")
    assert_arrived(file)
    assert ranges_of(requests)[0][0] == 3 * CHUNK_SIZE


def test_upload_that_another_tab_finished_is_found_complete(
    site: Page, server: Gunicorn, file: Path
) -> None:
    choose_and_stop(site, file)
    press(site, "Pause")
    other = site.context.new_page()
    other.goto(server.url)
    expect_status(other, "Unfinished")
    choose(other, file)
    expect_status(other, "Complete")
    press(site, "Resume")
    expect_status(site, "Complete")
    assert Upload.objects.count() == 1


def test_other_content_of_same_name_and_size_is_not_mixed_in(
    site: Page, file: Path, tmp_path: Path
) -> None:
    leave_unfinished(site, file)
    other = make_file(tmp_path / "other" / file.name, file.stat().st_size)
    give(site, other)
    expect_message(site, "That file has the same name and size, but other content.")
    expect_status(site, "Unfinished")
    choose(site, file)
    expect_status(site, "Complete")
    assert_arrived(file)


def test_wrong_file_for_an_unfinished_upload_is_told(
    site: Page, file: Path, tmp_path: Path
) -> None:
    choose_and_stop(site, file)
    press(site, "Pause")
    site.reload()
    expect_status(site, "Unfinished")
    give(site, make_file(tmp_path / "other.bin", 1))
    expect_message(
        site, "That was another file: this one is called film.bin and has 655 kB."
    )


def test_unfinished_upload_is_discarded(site: Page, file: Path) -> None:
    choose_and_stop(site, file)
    press(site, "Pause")
    site.reload()
    expect_status(site, "Unfinished")
    cancel(site)
    expect_states(site)
    assert not Upload.objects.exists()


def test_unfinished_uploads_need_not_be_shown(
    site: Page, server: Gunicorn, file: Path
) -> None:
    choose_and_stop(site, file)
    press(site, "Pause")
    go_on(site)
    site.goto(f"{server.url}/?show_unfinished=no")
    requests = note_requests(site)
    choose(site, file)
    expect_status(site, "Complete")
    assert ranges_of(requests)[0][0] == 3 * CHUNK_SIZE


def test_file_that_the_server_has_whole_is_finished(site: Page, file: Path) -> None:
    site.route(DONE, answer(503, **{"Retry-After": "600"}))
    choose(site, file)
    expect_status(site, "Interrupted")
    press(site, "Pause")
    site.unroute(DONE)
    site.reload()
    requests = note_requests(site)
    choose(site, file)
    expect_status(site, "Complete")
    assert_arrived(file)
    assert requests == []


def test_gap_that_another_sender_left_is_filled(
    site: Page, uploader: Uploader, user: User, file: Path
) -> None:
    content = file.read_bytes()
    url = "/uploads/upload/"
    for start, stop in [(0, 100), (1000, 2000)]:
        sent = uploader.send(
            content[start:stop], start, len(content), url=url, name=file.name
        )
        url = sent.json()[0]["url"]
    site.reload()
    expect_status(site, "Unfinished")
    give(site, file)
    expect_status(site, "Complete")
    assert assert_arrived(file).user == user


def test_changed_file_is_told_and_can_be_chosen_again(site: Page, file: Path) -> None:
    content = file.read_bytes()
    choose_and_stop(site, file)
    press(site, "Pause")
    go_on(site)
    make_file(file, file.stat().st_size)
    press(site, "Resume")
    expect_message(site, "The file on your device was changed or moved")
    file.write_bytes(content)
    give(site, file)
    expect_status(site, "Complete")
    assert_arrived(file)


# --- by keyboard, by ear, without JavaScript ---


def test_by_keyboard(site: Page, file: Path) -> None:
    expect(button(site, "Choose files")).to_be_visible()
    site.keyboard.press("Tab")
    expect(button(site, "Choose files")).to_be_focused()
    stop_at(site, 3 * CHUNK_SIZE)
    choose(site, file)
    expect_status(site, "Interrupted")
    button(site, "Pause").focus()
    for name in ("Pause", "Resume", "Pause"):
        expect(button(site, name)).to_be_focused()
        site.keyboard.press("Enter")
    site.keyboard.press("Tab")
    expect(button(site, "Cancel and delete")).to_be_focused()
    site.keyboard.press("Enter")
    expect(button(site, "Choose files")).to_be_focused()


def test_without_javascript_a_sentence_is_shown(client: Client) -> None:
    page = client.get("/").content.decode()
    assert re.search("<noscript><p[^>]*>Uploading needs JavaScript.", page)
    assert '<div class="chunked-uploads-drop" hidden>' in page


def test_page_keeps_its_own_jquery(site: Page) -> None:
    site.add_init_script("window.jQuery = window.$ = { own: true }")
    site.reload()
    expect(site.locator(".chunked-uploads-drop")).to_be_visible()
    assert site.evaluate("jQuery.own && $.own")
