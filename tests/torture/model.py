"""What a server must say of an upload, after what it acknowledged."""

from __future__ import annotations

import time
from threading import Lock
from typing import Any

from tests.torture.spans import Spans


class Violation(Exception):
    """The server did otherwise than it promised."""

    def __init__(self, expected: object, got: object) -> None:
        super().__init__(f"expected {expected}, got {got}")
        self.expected = str(expected)
        self.got = str(got)


def require(claim: object, expected: object, got: object) -> None:
    """Raise `Violation` unless the claim is true."""
    if not claim:
        raise Violation(expected, got)


class Model:
    """What one upload of `size` bytes holds, as its client can know it.

    `held`: acknowledged, so there for good. `sent`: on its way at some time, so maybe
    there; with all that is held.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.held = Spans()
        self.sent = Spans()
        self.at_once: list[tuple[int, int]] = []  # the chunks that were acknowledged
        self.touched = time.monotonic()  # when the last acknowledged chunk was begun
        self._lock = Lock()  # one client may have several requests on their way

    def snapshot(self) -> Spans:
        """Return what is held for certain now."""
        with self._lock:
            return self.held.copy()

    def begin(self, start: int, stop: int) -> Spans:
        """Note that a chunk goes on its way; return what was sent before."""
        with self._lock:
            before = self.sent.copy()
            self.sent.add(start, stop)
            return before

    def acknowledge(self, start: int, stop: int, begun: float) -> None:
        """Note that a chunk, on its way since `begun`, got a 200."""
        with self._lock:
            self.held.add(start, stop)
            self.sent.add(start, stop)
            if start < stop:
                self.at_once.append((start, stop))
            self.touched = max(self.touched, begun)

    def check(self, item: dict[str, Any], before: Spans) -> None:
        """Compare a state that the server told with what can be.

        `before` is what was held for certain when it was asked. What the state says is
        held counts as acknowledged from here on. Raises `Violation`.
        """
        size, received, gap = item["size"], item["received"], item["gap"]
        told = {"size": size, "received": received, "gap": gap}
        with self._lock:
            sent = self.sent
            require(
                before.prefix <= size <= sent.prefix,
                f"size from {before.prefix} to {sent.prefix}",
                told,
            )
            require(
                before.total <= received <= sent.total and size <= received,
                f"received from {before.total} to {sent.total}",
                told,
            )
            require((gap is None) == (size == received), "a gap, or none", told)
            free = self.size if gap is None else size + gap
            require(
                not before.touch(size, free),
                f"nothing held in the gap, of {before}",
                told,
            )
            if gap is not None:
                require(
                    gap > 0 and sent.cover(free, free + 1),
                    f"the gap to end at something of {sent}",
                    told,
                )
            self.held.add(0, size)

    def check_offset(self, offset: int, before: Spans, *, is_sure: bool) -> None:
        """Compare the offset that the server told with what can be, as `check` does.

        Unless it `is_sure`, it may go back.
        """
        with self._lock:
            sent = self.sent
            require(
                before.prefix <= offset <= sent.prefix,
                f"an offset from {before.prefix} to {sent.prefix}",
                offset,
            )
            if is_sure:
                self.held.add(0, offset)
