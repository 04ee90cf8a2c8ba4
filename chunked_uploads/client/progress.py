"""What the command shows meanwhile: a bar in a terminal, a line now and then elsewhere.

tqdm and rich were weighed: one line for one file at a time is what is shown here, and
for that neither pays for a dependency and for the time that it takes to load.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
import unicodedata
from collections import deque
from collections.abc import Callable
from typing import TextIO

WINDOW = 10.0  # seconds that the speed is told of
OFTEN = 0.1  # seconds between two looks of a bar
SELDOM = 10.0  # and between two lines where nobody looks
WIDTH = 20  # characters of the bar
LONGEST_NAME = 30  # columns
UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


class Meter:
    """How fast bytes go, by the last seconds; what was there before does not count."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, sent: int) -> None:
        """Take note of how many bytes there are by now."""
        now = self._clock()
        self._seen.append((now, sent))
        while len(self._seen) > 2 and self._seen[1][0] < now - WINDOW:
            self._seen.popleft()

    @property
    def speed(self) -> float:
        """Bytes per second, 0 while nobody knows."""
        if not self._seen:
            return 0.0
        (since, first), (now, last) = self._seen[0], self._seen[-1]
        return max(0.0, (last - first) / (now - since)) if now > since else 0.0


class Display:
    """What is shown of one file after the other; here nothing but failures.

    A stream that takes nothing any more ends no upload.
    """

    def __init__(
        self, stream: TextIO, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._name = ""

    def begin(self, name: str) -> None:
        """A file's turn begins."""
        self._name = name

    def show(self, sent: int, total: int) -> None:
        """So many bytes of it are sent, of so many in all."""

    def end(self) -> None:
        """It is done."""

    def fail(self, sentence: str) -> None:
        """It is not."""
        self.say(f"{self._name}: {sentence}")

    def say(self, sentence: str) -> None:
        """Show a sentence on a line of its own."""
        self._write(f"{sentence}\n")

    def mention(self, sentence: str) -> None:
        """Show a sentence that tells of no failure."""

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._stream.write(text)
            self._stream.flush()


class Lines(Display):
    """Plain lines: now and then, and at the end of each file."""

    first, pause = SELDOM, SELDOM  # seconds until one is drawn, and the next one

    def begin(self, name: str) -> None:
        """A file's turn begins."""
        super().begin(name)
        self._meter = Meter(self._clock)
        self._sent = self._total = 0
        self._due = self._clock() + self.first

    def show(self, sent: int, total: int) -> None:
        """So many bytes of it are sent, of so many in all."""
        self._meter.note(sent)
        self._sent, self._total = sent, total
        if self._clock() >= self._due:
            self._due = self._clock() + self.pause
            self._draw()

    def end(self) -> None:
        """It is done."""
        self.say(f"{self._name}: {format_size(self._total)} sent.")

    def mention(self, sentence: str) -> None:
        """Show a sentence that tells of no failure."""
        self.say(sentence)

    def _draw(self) -> None:
        self.say(f"{self._name}: {self._facts}")

    @property
    def _facts(self) -> str:
        return facts(self._sent, self._total, self._meter.speed)


class Bar(Lines):
    """One line in a terminal, written over again and again."""

    first, pause = 0.0, OFTEN

    def end(self) -> None:
        """It is done."""
        self._draw()
        self._write("\n")

    def say(self, sentence: str) -> None:
        """Show a sentence on a line of its own."""
        super().say(f"\r\x1b[K{sentence}")

    def _draw(self) -> None:
        share = self._sent / self._total if self._total else 1.0
        full = int(share * WIDTH)
        bar = "#" * full + "." * (WIDTH - full)
        name = shorten(os.path.basename(self._name), LONGEST_NAME)
        line = f"{name} [{bar}] {self._facts}"
        columns = shutil.get_terminal_size().columns
        self._write(f"\r{shorten(line, columns - 1)}\x1b[K")


def make_display(stream: TextIO, *, is_quiet: bool) -> Display:
    """Return what fits the stream."""
    if is_quiet:
        return Display(stream)
    return Bar(stream) if stream.isatty() else Lines(stream)


def facts(sent: int, total: int, speed: float) -> str:
    """Return in words how far it is, how fast it goes, and how long it takes still."""
    percent = 100 * sent // total if total else 100
    told = [f"{percent} % of {format_size(total)}"]
    if speed:
        seconds = round((total - sent) / speed)
        hours, minutes = seconds // 3600, seconds // 60 % 60
        left = f"{hours}:{minutes:02}" if hours else f"{minutes}"
        told += [f"{format_size(speed)}/s", f"{left}:{seconds % 60:02} left"]
    return ", ".join(told)


def format_size(size: float) -> str:
    """Return a number of bytes for people, in units of 1000."""
    power = 0
    while size >= 999.5 and power < len(UNITS) - 1:
        size /= 1000
        power += 1
    digits = 0 if power == 0 or size >= 99.5 else 1
    return f"{size:.{digits}f} {UNITS[power]}"


def shorten(text: str, columns: int) -> str:
    """Return what of the text fits into so many columns, wide characters counted."""
    widths = [_width_of(character) for character in text]
    if sum(widths) <= columns:
        return text
    kept, width = "", 0
    for character, needed in zip(text, widths, strict=True):
        width += needed
        if width > columns - 1:
            break
        kept += character
    return f"{kept}…"


def _width_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
