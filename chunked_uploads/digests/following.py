"""Digests of bytes on their way into a store.

Bytes that come as blocks are hashed as they come. Bytes that are spliced are seen by
nobody on their way, so they are read back where they landed, while they are in the
page cache, by a thread that follows the writer.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from chunked_uploads.conf import MIB
from chunked_uploads.digests.files import FileDigest
from chunked_uploads.digests.resumable import Hash
from chunked_uploads.stores import Writer

BLOCK = 256 * 1024  # bytes
STRIDE = MIB  # bytes; for fewer it is not worth waking another thread
LAG = 8 * MIB  # bytes that may be left to the next request; some milliseconds' work


class Follower:
    """Hashes what the writer has written from `start` on.

    `check` takes all of it. `file` goes on from where it is, which is where the range
    starts or before; bytes in between were written earlier. It may stay up to LAG
    behind: the next request finds these bytes, and hashes them while it receives its
    own.

    A context: at its end nothing is read back any more.
    """

    def __init__(
        self,
        writer: Writer,
        start: int,
        check: Hash | None,
        file: FileDigest | None,
    ) -> None:
        self._writer = writer
        self._start = start
        self._check = check
        self._file = file
        self._position = start if file is None else file.hashed  # bytes from 0
        self._goal = self._position
        self._buffer: memoryview | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._last: Future[None] | None = None

    def __enter__(self) -> Follower:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._pool is not None:
            self._goal = 0
            self._pool.shutdown(cancel_futures=True)

    @property
    def can_follow(self) -> bool:
        """Whether bytes may be written unseen."""
        return self._writer.is_readable or not (self._check or self._file)

    @contextlib.contextmanager
    def given(self, block: bytes) -> Iterator[None]:
        """Hash what is written of `block` in this context. Only after `catch_up`."""
        before = self._writer.written
        try:
            yield
        finally:
            self._hash(block[: self._writer.written - before])

    def follow(self) -> None:
        """Hash what was written unseen, at the same time as more is written."""
        end = self._end
        if (self._check or self._file) and end - self._goal >= STRIDE:
            self._goal = end
            if self._pool is None:
                self._pool = ThreadPoolExecutor(1, "chunked_uploads_digest")
            self._last = self._pool.submit(self._read_back)

    def catch_up(self, lag: int = 0) -> None:
        """Return when all that was written is hashed, but for the last `lag` bytes."""
        self._goal = self._end - lag
        if self._last is not None:
            self._last.result()
            self._last = None
        self._read_back()

    def read_back(self, goal: int) -> None:
        """Return when the bytes up to `goal` are hashed."""
        self._goal = goal
        self._read_back()

    @property
    def _end(self) -> int:
        return self._start + self._writer.written

    def _read_back(self) -> None:
        # The goal may be moved meanwhile, also back.
        while (size := min(BLOCK, self._goal - self._position)) > 0:
            if self._position < self._start:
                size = min(size, self._start - self._position)
            if self._buffer is None:
                self._buffer = memoryview(bytearray(BLOCK))
            view = self._buffer[:size]
            count = self._writer.read(self._position, view)
            if count == 0:
                raise OSError("Fewer bytes are there than were written.")
            self._hash(view[:count])

    def _hash(self, block: bytes | memoryview) -> None:
        if self._file:
            self._file.update(block)
        if self._check and self._position >= self._start:
            self._check.update(block)
        self._position += len(block)
