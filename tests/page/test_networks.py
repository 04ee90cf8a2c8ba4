"""Both browsers on networks that slow down, fall silent, break and come back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from chunked_uploads.models import Upload
from tests import browsers
from tests.page.driving import (
    CHUNK_SIZE,
    NAME,
    ROW,
    UPLOADER,
    assert_arrived,
    choose,
    content_of,
    expect_states,
    expect_status,
    make_file,
    make_files,
    press,
)
from tests.polling import wait_until
from tests.weather import Weather

pytestmark = browsers.IN_BOTH

# More than what browser and system take in before they feel the line.
LARGE = 64 * CHUNK_SIZE


@pytest.fixture
def site(page: Page, weather: Weather, user: User) -> Page:
    """The page with the uploader, through the network; Ada is logged in."""
    browsers.log_in(page.context, weather.url, user)
    page.goto(weather.url)
    return page


def test_many_files_arrive(site: Page, tmp_path: Path) -> None:
    files = make_files(tmp_path, "a", "b", "c", "d", "e")
    choose(site, *files)
    expect_states(site, *["complete"] * 5)
    for file in files:
        assert_arrived(file)


def test_file_arrives_though_the_network_breaks(
    site: Page, weather: Weather, file: Path
) -> None:
    weather.cut(after=CHUNK_SIZE + 1000)
    choose(site, file)
    expect_status(site, "Complete")
    assert_arrived(file)


def test_silent_network_is_given_up_and_tried_again(
    site: Page, weather: Weather, tmp_path: Path
) -> None:
    file = make_file(tmp_path / NAME, LARGE)
    uploader = site.locator("[data-chunked-uploads]")
    uploader.evaluate("it => it.chunkedUploads.options.patience = 2")
    weather.stall(after=10 * CHUNK_SIZE)
    choose(site, file)
    expect_status(site, "Interrupted")
    weather.cut()
    weather.clear()
    expect_status(site, "Complete")
    assert_arrived(file)


def test_server_that_is_away_for_a_while_is_waited_for(
    site: Page, weather: Weather, file: Path
) -> None:
    weather.refuse()
    weather.cut()
    choose(site, file)
    expect_status(site, "Interrupted")
    weather.clear()
    expect_status(site, "Complete")
    assert_arrived(file)


def test_slow_line_tells_speed_and_time_left(
    site: Page, weather: Weather, tmp_path: Path
) -> None:
    weather.slow(bytes_per_second=100_000)
    choose(site, make_file(tmp_path / NAME, LARGE))
    facts = site.locator(f"{ROW} .chunked-uploads-facts")
    expect(facts).to_contain_text("kB/\u2060s")
    expect(facts).to_contain_text(re.compile(r"\d+\xa0(sec|min) left"))
    press(site, "Pause")
    expect_status(site, "Paused")
    weather.clear()
    press(site, "Resume")
    expect_status(site, "Complete")


def test_pause_without_a_network_counts_what_the_server_has(
    site: Page, weather: Weather, tmp_path: Path
) -> None:
    weather.stall(after=10 * CHUNK_SIZE + 1000)
    choose(site, make_file(tmp_path / NAME, LARGE))
    wait_until(lambda: site.evaluate("true") and weather.is_stalled)
    press(site, "Pause")
    expect_status(site, "Paused")
    weather.refuse()
    weather.cut()
    upload = f"{UPLOADER}.uploads[0]"
    wait_until(lambda: site.evaluate(f"{upload}.sent === {upload}.known.received"))


def test_page_reopened_goes_on_to_the_byte(
    site: Page, weather: Weather, tmp_path: Path
) -> None:
    file = make_file(tmp_path / NAME, LARGE)
    weather.stall(after=10 * CHUNK_SIZE + 1000)
    choose(site, file)
    wait_until(lambda: site.evaluate("true") and weather.is_stalled)
    site.on("dialog", lambda dialog: dialog.accept())
    site.goto("about:blank")
    weather.cut()
    weather.clear()
    wait_until(lambda: Upload.objects.get().received == weather.sent)
    site.goto(weather.url)
    expect_status(site, "Unfinished")
    choose(site, file)
    expect_status(site, "Complete")
    assert_arrived(file)
    assert weather.sent == LARGE


def test_dropped_file_arrives(site: Page) -> None:
    site.locator(".chunked-uploads-drop").evaluate("""(target) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File(["dropped"], "dropped.txt"));
        const options = { dataTransfer: transfer, bubbles: true, cancelable: true };
        target.dispatchEvent(new DragEvent("drop", options));
    }""")
    expect_status(site, "Complete")
    assert content_of(Upload.objects.get()) == b"dropped"
