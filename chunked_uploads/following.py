"""Digests of bytes on their way into a store.

Bytes that come as blocks are hashed as they come. Bytes that are spliced are seen by
nobody on their way, so they are read back where they landed, while they are in the
page cache, by a thread that follows the writer.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from chunked_uploads.conf import MIB
from chunked_uploads.stores import Writer

BLOCK = 256 * 1024  # bytes
STRIDE = MIB  # bytes; for fewer it is not worth waking another thread


class Updated(Protocol):
    """A digest on its way."""

    def update(self, block: bytes, /) -> None:
        """Take in the next bytes."""


class Follower:
    """Takes all that the writer has written from `start` on into each of the digests.

    A context: at its end nothing is read back any more.
    """

    def __init__(self, writer: Writer, start: int, digests: Sequence[Updated]) -> None:
        self._writer = writer
        self._start = start
        self._digests = digests
        self._asked = 0  # bytes of the range that were hashed or are about to be
        self._pool: ThreadPoolExecutor | None = None
        self._last: Future[None] | None = None

    def __enter__(self) -> Follower:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    @property
    def can_follow(self) -> bool:
        """Whether bytes may be written unseen."""
        return self._writer.is_readable or not self._digests

    @contextlib.contextmanager
    def given(self, block: bytes) -> Iterator[None]:
        """Hash what is written of `block` in this context."""
        before = self._writer.written
        try:
            yield
        finally:
            taken = block[: self._writer.written - before]
            for digest in self._digests:
                digest.update(taken)
            self._asked = self._writer.written

    def follow(self) -> None:
        """Hash what was written unseen, at the same time as more is written."""
        written = self._writer.written
        if self._digests and written - self._asked >= STRIDE:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(1, "chunked_uploads_digest")
            self._last = self._pool.submit(self._hash, self._asked, written)
            self._asked = written

    def catch_up(self) -> None:
        """Return when all that was written is hashed."""
        if self._last is not None:
            self._last.result()
        self._hash(self._asked, self._writer.written)
        self._asked = self._writer.written

    def _hash(self, start: int, stop: int) -> None:
        start, stop = self._start + start, self._start + stop
        for block in read(self._writer, start, stop):
            for digest in self._digests:
                digest.update(block)


def read(writer: Writer, start: int, stop: int) -> Iterator[bytes]:
    """Yield the part's bytes from `start` up to `stop`, which were written."""
    while start < stop:
        block = writer.read(start, min(BLOCK, stop - start))
        yield block
        start += len(block)
