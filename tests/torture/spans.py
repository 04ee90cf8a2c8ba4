"""Sets of byte ranges."""

from __future__ import annotations

from collections.abc import Iterator


class Spans:
    """A set of byte positions, kept as ranges that neither overlap nor touch."""

    def __init__(self, spans: Iterator[tuple[int, int]] | None = None) -> None:
        self._spans: list[tuple[int, int]] = list(spans or ())

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(self._spans)

    def __repr__(self) -> str:
        return f"{self._spans}"

    def copy(self) -> Spans:
        """Return the same set, for later."""
        return Spans(iter(self._spans))

    def add(self, start: int, stop: int) -> None:
        """Let the bytes from `start` up to `stop` belong to the set."""
        if start >= stop:
            return
        apart = []
        for each in self._spans:
            if each[1] < start or each[0] > stop:
                apart.append(each)
            else:
                start, stop = min(start, each[0]), max(stop, each[1])
        self._spans = sorted([*apart, (start, stop)])

    def cover(self, start: int, stop: int) -> bool:
        """Whether all of the bytes from `start` up to `stop` belong to the set."""
        return start >= stop or any(a <= start and stop <= b for a, b in self._spans)

    def touch(self, start: int, stop: int) -> bool:
        """Whether any of the bytes from `start` up to `stop` belongs to the set."""
        return any(max(a, start) < min(b, stop) for a, b in self._spans)

    def free_from(self, start: int, size: int) -> int:
        """Return where the bytes from `start`, which is free, are free up to."""
        return min((a for a, _ in self._spans if a >= start), default=size)

    @property
    def prefix(self) -> int:
        """How many bytes from 0 belong to the set without a gap."""
        if self._spans and self._spans[0][0] == 0:
            return self._spans[0][1]
        return 0

    @property
    def total(self) -> int:
        """How many bytes belong to the set."""
        return sum(b - a for a, b in self._spans)
