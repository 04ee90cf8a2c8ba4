"""Bytes that come again, compared by the digests of those that are held."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from chunked_uploads.errors import RangeConflict
from chunked_uploads.stores.facts import RecordedRange
from chunked_uploads.stores.handles import Comparison
from chunked_uploads.stores.s3.receipts import Digest, digests_of


class DigestComparison(Comparison):
    """Compares with what was sent as the ranges of these digests, one after another."""

    def __init__(self, digests: list[Digest]) -> None:
        self._digests = iter(digests)
        self._is_equal = True
        self._next()

    def add(self, block: bytes) -> bool:
        rest = memoryview(block)
        while rest and self._is_equal and self._digest is not None:
            head, rest = rest[: self._missing], rest[self._missing :]
            self._running.update(head)
            self._missing -= len(head)
            if not self._missing:
                self._is_equal = self._running.hexdigest() == self._digest.value
                self._next()
        return self._is_equal

    def is_equal(self) -> bool:
        return self._is_equal

    def _next(self) -> None:
        self._digest = next(self._digests, None)
        if self._digest is not None:
            self._running: Any = hashlib.new(
                self._digest.algorithm, usedforsecurity=False
            )
            self._missing = self._digest.size


def digests_between(
    rows: Iterable[RecordedRange], start: int, stop: int
) -> list[Digest]:
    """Return digests of ranges that together are the bytes `start` up to `stop`.

    Raises `RangeConflict` where none are: these bytes were sent in other pieces.
    """
    found: dict[int, Digest] = {}
    for digest in digests_of(rows):
        # The larger one of two: there are fewer of them.
        known = found.get(digest.start)
        if digest.stop <= stop and (known is None or known.size < digest.size):
            found[digest.start] = digest
    chosen = []
    while start < stop:
        if start not in found:
            raise RangeConflict("These bytes came in other ranges; see the state.")
        chosen.append(found[start])
        start = found[start].stop
    return chosen
