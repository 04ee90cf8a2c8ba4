"""What the page does when network, server or login go away."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, Route, expect

from chunked_uploads.models import Upload
from tests import browsers
from tests.page.driving import (
    CHUNK_SIZE,
    CHUNKS,
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
    expect_status,
    fail_once,
    go_on,
    lose_the_answer,
    make_file,
    note_news,
    note_requests,
    press,
    ranges_of,
    stop_at,
)
from tests.servers import Gunicorn

LATER_CHUNKS = re.compile(r"/uploads/upload/[\w-]+/\?token")


@pytest.mark.parametrize(
    "fail",
    [
        answer(503, "<h1>Oops</h1>", **{"Retry-After": "1"}),
        answer(200, "<p>Please accept the terms of this Wi-Fi</p>"),
        answer(200, '[{"welcome": true}]', **{"Content-Type": "application/json"}),
        lambda route: route.abort("connectionreset"),
    ],
)
def test_chunk_is_tried_again(
    site: Page, file: Path, fail: Callable[[Route], None]
) -> None:
    failed = fail_once(site, LATER_CHUNKS, "POST", fail)
    choose(site, file)
    expect_status(site, "Complete")
    assert_arrived(file)
    assert failed


def test_lost_answer_to_the_first_chunk(site: Page, file: Path) -> None:
    failed = fail_once(site, CHUNKS, "POST", lose_the_answer)
    choose(site, file)
    expect_status(site, "Complete")
    assert_arrived(file)
    assert failed
    assert Upload.objects.count() == 1


def test_lost_answer_to_done(site: Page, file: Path) -> None:
    requests = note_requests(site)
    failed = fail_once(site, DONE, "POST", lose_the_answer)
    choose(site, file)
    expect_status(site, "Complete")
    assert_arrived(file)
    assert failed
    assert len(requests) == 11


def test_done_before_all_bytes_are_there_goes_on(site: Page, file: Path) -> None:
    fail = '[{"state": "FAIL", "size": 0, "error": "incomplete"}]'
    failed = fail_once(site, DONE, "POST", answer(409, fail))
    choose(site, file)
    expect_status(site, "Complete")
    assert_arrived(file)
    assert failed


def test_pause_between_attempts_is_the_servers(site: Page, file: Path) -> None:
    fail_once(site, LATER_CHUNKS, "POST", answer(503, **{"Retry-After": "500"}))
    choose(site, file)
    expect_message(site, "The server has a problem at the moment.")
    expect(site.locator(f"{ROW} .chunked-uploads-left")).to_contain_text(
        "trying again in"
    )
    upload = f"{UPLOADER}.uploads[0]"
    assert 490_000 < site.evaluate(f"{upload}.retryAt - Date.now()") <= 500_000


def test_killed_server_is_waited_for(site: Page, server: Gunicorn, file: Path) -> None:
    def kill(route: Route) -> None:
        server.kill()
        route.continue_()

    fail_once(site, LATER_CHUNKS, "POST", kill)
    choose(site, file)
    expect_status(site, "Interrupted")
    server.start()
    expect_status(site, "Complete")
    assert_arrived(file)


def test_goes_on_when_the_network_is_back(site: Page, file: Path) -> None:
    def cut(route: Route) -> None:
        site.context.set_offline(True)
        route.abort("internetdisconnected")

    fail_once(site, LATER_CHUNKS, "POST", cut)
    choose(site, file)
    expect_status(site, "Offline")
    site.context.set_offline(False)
    expect_status(site, "Complete")
    assert_arrived(file)


def test_proxy_that_refuses_large_chunks(site: Page, file: Path) -> None:
    limit = CHUNK_SIZE

    def refuse(route: Route) -> None:
        if len(route.request.post_data_buffer or b"") > limit:
            return route.fulfill(status=413, body="<h1>Too large</h1>")
        response = route.fetch()
        text = response.text().replace(f'"chunk_size": {limit}', '"chunk_size": 400000')
        return route.fulfill(response=response, body=text)

    site.evaluate(f"{UPLOADER}.options.chunkSize = 400000")
    site.route(CHUNKS, refuse)
    choose(site, file)
    expect_status(site, "Complete")
    assert_arrived(file)


def test_refusal_is_told_and_ends_it(site: Page, file: Path) -> None:
    note_news(site)
    refusal = '[{"error": "refused", "detail": "<b>Why</b>"}]'
    site.route(CHUNKS, answer(415, refusal))
    choose(site, file)
    expect_status(site, "Failed")
    expect_message(site, "<b>Why</b>")
    assert "error" in site.evaluate("news")
    expect(button(site, "Try again")).to_be_hidden()


def test_too_many_uploads_are_told_in_the_words_of_the_site(
    site: Page, file: Path
) -> None:
    told = '[{"error": "too_many", "detail": "Three on Sundays."}]'
    fail_once(site, CHUNKS, "POST", answer(429, told, **{"Retry-After": "1"}))
    choose(site, file)
    expect_message(site, "Three on Sundays.")
    expect_status(site, "Complete")
    assert_arrived(file)


def test_file_that_the_site_refuses_as_a_whole(site: Page, file: Path) -> None:
    note_news(site)
    asked: list[str] = []
    refusal = '[{"error": "file_refused", "detail": "This film is <b>too loud</b>."}]'

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=422, body=refusal)

    site.route(DONE, refuse)
    choose(site, file)
    expect_status(site, "Not taken")
    message = site.locator(f"{ROW} .chunked-uploads-why")
    expect(message).to_have_text("This film is <b>too loud</b>.")
    assert len(asked) == 1
    news = site.evaluate("news")
    assert {"refuse", "error", "stop"} < set(news)
    assert news.count("upload_error") == news.count("uploads_error") == 1
    press(site, "Dismiss")
    expect(site.locator(ROW)).to_have_count(0)


def test_upload_that_is_gone_is_begun_anew(site: Page, file: Path) -> None:
    choose_and_stop(site, file)
    press(site, "Pause")
    gone = Upload.objects.get()
    gone.delete()
    go_on(site)
    missing = '[{"error": "not_found", "detail": "There is no such upload."}]'
    site.route(re.compile(str(gone.uuid)), answer(404, missing))
    press(site, "Resume")
    expect_status(site, "Complete")
    assert assert_arrived(file).uuid != gone.uuid


def test_upload_that_goes_while_it_is_sent_is_told(site: Page, file: Path) -> None:
    missing = '[{"error": "not_found", "detail": "There is no such upload."}]'
    fail_once(site, LATER_CHUNKS, "POST", answer(404, missing))
    choose(site, file)
    expect_status(site, "Failed")
    expect_message(site, "The server no longer has this upload.")
    press(site, "Try again")
    expect_status(site, "Complete")
    assert_arrived(file)


CONFLICT = (
    '[{"error": "content_conflict", "detail": "Held with other bytes.", "size": 0}]'
)


def test_upload_of_other_content_is_left_alone(site: Page, file: Path) -> None:
    fail_once(site, LATER_CHUNKS, "POST", answer(409, CONFLICT))
    choose(site, file)
    expect_status(site, "Failed")
    expect_message(site, "is of a file with other content. Trying again begins a new")
    other = Upload.objects.get()
    cancel(site)
    expect(site.locator(ROW)).to_have_count(0)
    assert Upload.objects.get() == other


def test_file_whose_upload_has_other_content_is_sent_as_a_new_one(
    site: Page, file: Path
) -> None:
    fail_once(site, LATER_CHUNKS, "POST", answer(409, CONFLICT))
    choose(site, file)
    expect_status(site, "Failed")
    other = Upload.objects.get()
    press(site, "Try again")
    expect_status(site, "Complete")
    assert assert_arrived(file) != other
    assert Upload.objects.filter(state=Upload.State.UPLOADING).get() == other


def test_small_file_that_may_belong_to_several_uploads(
    site: Page, tmp_path: Path
) -> None:
    ambiguous = '[{"error": "ambiguous", "detail": "Which?", "candidates": []}]'
    failed = fail_once(site, CHUNKS, "POST", answer(409, ambiguous))
    file = make_file(tmp_path / "small.bin", 100)
    choose(site, file)
    expect_status(site, "Complete")
    assert_arrived(file)
    assert failed


# --- integrity ---


def test_every_chunk_tells_its_digest(site: Page, file: Path) -> None:
    requests = note_requests(site)
    choose(site, file)
    expect_status(site, "Complete")
    assert len(requests) == 11
    content = file.read_bytes()
    for headers, (first, last) in zip(requests, ranges_of(requests), strict=True):
        digest = hashlib.sha256(content[first : last + 1]).digest()
        told = f"sha-256=:{base64.b64encode(digest).decode()}:"
        assert headers["content-digest"] == told


def test_chunk_that_was_changed_on_its_way_is_sent_again(
    site: Page, file: Path
) -> None:
    def change(route: Route) -> None:
        body = route.request.post_data_buffer or b""
        route.continue_(post_data=bytes([body[0] ^ 1]) + body[1:])

    requests = note_requests(site)
    fail_once(site, LATER_CHUNKS, "POST", change)
    choose(site, file)
    expect_status(site, "Complete")
    assert_arrived(file)
    assert len(requests) == 12


# --- several ranges of one file ---


def test_several_ranges_in_flight_arrive(site: Page, file: Path) -> None:
    site.evaluate(f"{UPLOADER}.queue.ranges = 3")
    held: list[Route] = []

    def hold_three(route: Route) -> None:
        held.append(route)
        if len(held) == 3:
            for each in held[:3]:
                each.continue_()
        elif len(held) > 3:
            route.continue_()

    site.route(LATER_CHUNKS, hold_three)
    choose(site, file)
    expect_status(site, "Complete")
    assert_arrived(file)


def test_holes_that_parallel_ranges_left_are_filled(site: Page, file: Path) -> None:
    site.evaluate(f"{UPLOADER}.queue.ranges = 3")
    stop_at(site, CHUNK_SIZE)
    choose(site, file)
    expect_status(site, "Interrupted")
    upload = Upload.objects.get()
    assert upload.received > upload.offset == CHUNK_SIZE
    press(site, "Pause")
    go_on(site)
    press(site, "Resume")
    expect_status(site, "Complete")
    assert_arrived(file)


# --- logins ---


def test_login_that_ran_out_is_waited_for(
    site: Page, server: Gunicorn, user: User, file: Path
) -> None:
    site.context.clear_cookies()
    choose(site, file)
    expect_message(site, "Log in again, in another tab for instance")
    expect_status(site, "Interrupted")
    # Nothing is sent before the login is whole, which comes in two steps here: as every
    # login does, it brings another CSRF token.
    site.route("**/uploads/**", lambda route: route.abort())
    browsers.log_in(site.context, server.url, user)
    other = site.context.new_page()
    other.goto(server.url)
    site.unroute("**/uploads/**")
    site.bring_to_front()
    site.evaluate("window.dispatchEvent(new Event('focus'))")
    expect_status(site, "Complete")
    assert assert_arrived(file).user == user


def test_login_that_runs_out_in_the_middle_is_not_missed(
    site: Page, user: User, file: Path
) -> None:
    choose_and_stop(site, file)
    site.context.clear_cookies()
    press(site, "Pause")
    go_on(site)
    press(site, "Resume")
    expect_status(site, "Complete")
    assert assert_arrived(file).user == user


# --- integrity, where it can't be had ---


def test_page_may_do_without_digests(
    visitor: Page, server: Gunicorn, file: Path
) -> None:
    requests = note_requests(visitor)
    visitor.goto(f"{server.url}/?digests=no")
    choose(visitor, file)
    expect_status(visitor, "Complete")
    assert len(requests) == 11
    assert_arrived(file)
    assert not any("content-digest" in each for each in requests)


def test_digests_are_done_without_where_the_worker_is_out_of_reach(
    site: Page, file: Path
) -> None:
    site.route(re.compile(r"digest\.worker\.js"), lambda route: route.abort())
    requests = note_requests(site)
    choose(site, file)
    expect_status(site, "Complete")
    assert len(requests) == 11
    assert_arrived(file)
    assert not any("content-digest" in each for each in requests)
