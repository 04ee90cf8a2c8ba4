"""No byte is sent for nothing, and what is seen of the progress never goes back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from chunked_uploads.models import Upload
from tests import browsers
from tests.page.driving import (
    KIB,
    NAME,
    ROW,
    assert_arrived,
    choose,
    expect_status,
    make_file,
    press,
)
from tests.polling import wait_until
from tests.servers import Gunicorn
from tests.weather import Weather

MIB = KIB * KIB
SIZE = 24 * MIB + 17
SPARE = MIB  # bytes that may be sent beyond the file's size
LINE = 12 * MIB  # bytes per second: the whole takes a few seconds

# Notes what a visitor sees of the only file's progress, in per cent: as a number, as
# a bar and as bytes of bytes. The tests' page sends one range at a time otherwise.
PREPARE = """
    window.seen = [];
    new MutationObserver(() => {
        const row = document.querySelector("[role=list] > .chunked-uploads-row");
        const bar = row && row.querySelector(".chunked-uploads-bar");
        const find = (part) => row.querySelector(`.chunked-uploads-${part}`);
        if (!bar || bar.hidden || find("percent").hidden) return;
        const percent = parseInt(find("percent").textContent, 10);
        const figures = find("bytes").textContent.match(/[\\d.]+/g) || [];
        const [sent, total] = figures.map(Number);
        const bytes = total ? [(sent * 100) / total] : [];
        const filled = bar.style.getPropertyValue("--chunked-uploads-part") * 100;
        window.seen.push([percent, filled, ...bytes]);
    }).observe(document, {
        subtree: true, childList: true, characterData: true, attributes: true,
    });
    document.addEventListener("chunkeduploads:ready", ({ target }) => {
        target.chunkedUploads.queue.ranges = RANGES;
    });
    document.addEventListener("chunkeduploads:error", ({ detail }) => {
        console.error(detail.sentence, detail.upload.failure.stack);
    });
"""


PLAIN = "/static/chunked_uploads/css/field.css"  # without scripts


class Visit:
    """A visitor's page, and what must not happen in it."""

    def __init__(self, page: Page, weather: Weather, file: Path, ranges: int) -> None:
        self.page = page
        self.weather = weather
        self.file = file
        self.mishaps: list[str] = []
        self.is_server_there = True
        self._seen: list[list[float]] = []
        page.add_init_script(PREPARE.replace("RANGES", str(ranges)))
        page.on("dialog", lambda dialog: dialog.accept())
        page.on("response", self._note_answer)
        page.on("console", self._note_message)

    def begin(self) -> None:
        self.page.goto(self.weather.url)
        choose(self.page, self.file)

    def reload(self) -> None:
        """Open the page again, and choose the file that it asks for."""
        self._collect()
        # What it had just begun to send would reach a busy server after the next page
        # had asked it, and no page can know of that: another request goes in between.
        self.page.goto(f"{self.weather.url}{PLAIN}")
        self.page.goto(self.weather.url)
        expect_status(self.page, "Unfinished")
        choose(self.page, self.file)

    def let_through(self) -> None:
        """Let what was held back reach the server: another request comes after it."""
        self.page.evaluate(
            "(url) => fetch(url, {cache: 'no-store'}).then((answer) => answer.text())",
            PLAIN,
        )

    def wait_until_true(self, condition: Callable[[], Any]) -> None:
        # The page is asked so that its news come in meanwhile.
        wait_until(lambda: self.page.evaluate("true") and condition(), 60)

    def wait_for(self, sent: int) -> None:
        """Wait until so many bytes of the file were let through in all."""
        self.wait_until_true(lambda: self.weather.sent >= sent)

    def wait_for_all(self) -> None:
        expect(self.page.locator(f"{ROW} .chunked-uploads-status")).to_have_text(
            "Complete", timeout=60_000
        )
        assert_arrived(self.file)

    def assert_nothing_in_vain(self, lost: int = 0) -> None:
        assert self.mishaps == []
        assert SIZE <= self.weather.sent <= SIZE + lost + SPARE
        self._collect()
        assert len(self._seen) > 10
        most = [0.0] * 3
        for sample in self._seen:
            for place, percent in enumerate(sample):
                assert percent >= most[place] - 1, self._seen
                most[place] = max(most[place], percent)

    def _collect(self) -> None:
        self._seen += self.page.evaluate("seen")

    def _note_answer(self, response: Any) -> None:
        if response.status >= 400:
            self.mishaps.append(f"{response.status} {response.url}")

    def _note_message(self, message: Any) -> None:
        url = message.location["url"]
        if message.type == "error" and self.is_server_there and "favicon" not in url:
            self.mishaps.append(f"{message.text} {url}")


@pytest.fixture
def server(make_server: Callable[..., Gunicorn]) -> Gunicorn:
    """The tests' site, with chunks of the usual size."""
    return make_server()


@pytest.fixture
def ranges() -> int:
    """How many ranges of a file are in flight."""
    return 2


@pytest.fixture
def visit(
    page: Page, weather: Weather, user: User, tmp_path: Path, ranges: int
) -> Visit:
    """Ada's visit, over a line that is not too fast."""
    browsers.log_in(page.context, weather.url, user)
    weather.slow(LINE)
    return Visit(page, weather, make_file(tmp_path / NAME, SIZE), ranges)


@pytest.mark.parametrize("ranges", [1, 3])
def test_pauses_cost_nothing(visit: Visit) -> None:
    visit.begin()
    for sent in (1, 300 * KIB, 2 * MIB, 5 * MIB + 1, 9 * MIB, 14 * MIB, 15 * MIB):
        visit.wait_for(sent)
        press(visit.page, "Pause")
        expect_status(visit.page, "Paused")
        press(visit.page, "Resume")
    visit.wait_for_all()
    visit.assert_nothing_in_vain()


def test_pauses_in_a_silent_network_cost_nothing(visit: Visit) -> None:
    visit.begin()
    for sent in (3 * MIB, 10 * MIB, 16 * MIB, 20 * MIB):
        visit.weather.stall(after=max(1, sent - visit.weather.sent))
        visit.wait_until_true(lambda: visit.weather.is_stalled)
        press(visit.page, "Pause")
        expect_status(visit.page, "Paused")
        visit.weather.clear()
        visit.weather.slow(LINE)
        visit.let_through()
        press(visit.page, "Resume")
    visit.wait_for_all()
    visit.assert_nothing_in_vain()


@browsers.IN_BOTH
def test_reloads_cost_nothing(visit: Visit) -> None:
    visit.begin()
    for sent in (MIB, 6 * MIB, 11 * MIB, 17 * MIB, 20 * MIB):
        visit.wait_for(sent)
        visit.reload()
    visit.wait_for_all()
    visit.assert_nothing_in_vain()


@browsers.IN_BOTH
def test_killed_servers_cost_what_they_lost(visit: Visit, server: Gunicorn) -> None:
    visit.begin()
    lost = 0
    for sent in (4 * MIB, 12 * MIB):
        visit.wait_for(sent + lost)
        visit.is_server_there = False
        server.kill()
        lost = visit.weather.sent - Upload.objects.get().received
        expect_status(visit.page, "Interrupted")
        server.start()
        expect_status(visit.page, "Uploading")
        visit.is_server_there = True
        visit.reload()
    visit.wait_for_all()
    visit.assert_nothing_in_vain(lost)
