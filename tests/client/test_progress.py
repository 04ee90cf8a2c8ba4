"""What the command shows while files are on their way."""

from __future__ import annotations

import errno
import io

import pytest

from chunked_uploads.client import progress
from chunked_uploads.client.progress import Bar, Display, Lines, format_size, shorten
from tests.client.conftest import Clock

MB = 1_000_000
GB = 1000 * MB


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        return True

    @property
    def lines(self) -> list[str]:
        """What stood on the line, one after the other, and below it."""
        return self.getvalue().replace("\x1b[K", "").replace("\n", "\r").split("\r")


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_bar_tells_share_size_speed_and_time_left(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    terminal = Terminal()
    bar = Bar(terminal, clock.monotonic)

    bar.begin("/home/ada/film.mp4")
    for sent in (500 * MB, 600 * MB):
        bar.show(sent, GB)
        clock.sleep(1)
    bar.show(GB, GB)
    bar.end()

    assert terminal.lines[1] == "film.mp4 [##########..........] 50 % of 1.0 GB"
    assert terminal.lines[2] == (
        "film.mp4 [############........] 60 % of 1.0 GB, 100 MB/s, 0:04 left"
    )
    assert terminal.getvalue().endswith("\n")


def test_bar_fits_into_the_terminal(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    terminal = Terminal()
    bar = Bar(terminal, clock.monotonic)
    bar.begin("映画" * 20)

    bar.show(0, GB)

    assert terminal.lines[-1] == "映画映画映画映画映…"


def test_sentence_takes_the_place_of_the_bar(clock: Clock) -> None:
    terminal = Terminal()
    bar = Bar(terminal, clock.monotonic)
    bar.begin("film.mp4")
    bar.show(0, GB)

    bar.fail("It failed.")

    assert terminal.lines[-2:] == ["film.mp4: It failed.", ""]


def test_lines_are_few(clock: Clock) -> None:
    stream = io.StringIO()
    lines = Lines(stream, clock.monotonic)
    lines.begin("film.mp4")
    for second in range(31):
        lines.show(second * 10 * MB, 36 * GB)
        clock.sleep(1)
    lines.end()

    assert stream.getvalue().splitlines() == [
        "film.mp4: 0 % of 36.0 GB, 10.0 MB/s, 59:50 left",
        "film.mp4: 0 % of 36.0 GB, 10.0 MB/s, 59:40 left",
        "film.mp4: 0 % of 36.0 GB, 10.0 MB/s, 59:30 left",
        "film.mp4: 36.0 GB sent.",
    ]


class Full(Terminal):
    """A terminal that is gone."""

    def write(self, text: str) -> int:
        raise OSError(errno.EIO, "Input/output error")


@pytest.mark.parametrize("kind", [Display, Lines, Bar])
def test_upload_goes_on_where_nobody_can_be_told(
    kind: type[Display], clock: Clock
) -> None:
    display = kind(Full(), clock.monotonic)
    display.begin("film.mp4")
    for sent in (0, GB):
        display.show(sent, GB)
        clock.sleep(60)
    display.end()
    display.fail("It failed.")


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (99_449, "99.4 kB"),
        (99_500, "100 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (4 * 10**18, "4000 PB"),
    ],
)
def test_sizes_are_short(size: int, text: str) -> None:
    assert format_size(size) == text


def test_accents_take_no_column() -> None:
    assert shorten("e\u0301" * 5, 5) == "e\u0301" * 5
    assert shorten("film.mp4", 4) == "fil…"


def test_hours_are_told() -> None:
    assert progress.facts(0, 7322, 1.0).endswith("2:02:02 left")
