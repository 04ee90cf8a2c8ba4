"""One range's way from its source into the store and the records."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from typing import Protocol

from chunked_uploads.conf import MIB
from chunked_uploads.core import ranges
from chunked_uploads.core.forgetting import forget
from chunked_uploads.digests.arriving import (
    Checksum,
    RangeDigests,
    hash_further,
    is_far_behind,
)
from chunked_uploads.errors import (
    RangeConflict,
    StoreFull,
    StoreUnavailable,
    UploadError,
)
from chunked_uploads.models import Upload
from chunked_uploads.stores import BLOCK, Kept, Writer
from chunked_uploads.system.pipes import Pipe, open_pipe

logger = logging.getLogger("chunked_uploads")

# Of one request, after which its progress is recorded: what a server that is killed
# then loses at the most.
CHECKPOINT = 64 * MIB  # bytes
CHECKPOINT_SECONDS = 3
NOTICE_SECONDS = 60  # after which a request says that it is still there

# Moves up to so many bytes into the empty pipe; returns how many, none at the end.
Splice = Callable[[Pipe, int], int]
# Lets the writer copy up to so many bytes; returns how many, none at the end.
Copy = Callable[[Writer, int], int]


class Source(Protocol):
    """The bytes of a range on their way in.

    A source whose bytes can also come through a pipe, unseen, has a method `splice`;
    one whose bytes rest in the store has a method `copy`, for writers that can. One
    that may prove wrong after this range has a method `when_certain`, which is given
    what is to be done then.
    """

    is_exact: bool  # whether only a cut can make it shorter than announced

    def watch_waiters(self, has_waiters: Callable[[], bool]) -> None:
        """End as if cut when nothing comes and `has_waiters` says that others wait."""

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes that are certainly content; none at the end."""

    def finish(self, missing: int) -> None:
        """Raise `BadRequest` where what came contradicts what was announced.

        `missing` bytes were announced and did not come.
        """


def _by_nobody() -> bool:
    return False


def _at_once(call: Callable[[], None]) -> None:
    call()


class Intake:
    """Take in `length` bytes at `start` of the upload, by a writer of this range.

    `checksum`, where given, is what they must have.
    """

    def __init__(
        self,
        upload: Upload,
        start: int,
        length: int,
        writer: Writer,
        checksum: Checksum | None,
    ) -> None:
        self.upload = upload
        self.start = start
        self.length = length
        self.writer = writer
        self.checksum = checksum
        self.digests = RangeDigests(upload, start, writer, checksum)
        self.recorded = 0
        self.is_held_still = True  # whether all that was recorded is held still
        self.recorded_at = self.noticed_at = time.monotonic()

    def run(self, source: Source) -> None:
        """Write and record what the source gives.

        Nothing of it stays recorded where it proves wrong at its end. Raises
        `DigestMismatch`, `StoreFull`, `UploadNotFound`, `RangeBusy` where another
        request recorded these bytes first, `BadRequest` from the source, and
        `RangeConflict` where others noticed meanwhile that some of it was lost.
        """
        source.watch_waiters(self.writer.has_waiters)
        try:
            self._run(source)
        finally:
            # What comes next, the source waits for with no writer.
            source.watch_waiters(_by_nobody)

    def _run(self, source: Source) -> None:
        is_certain = source.is_exact and not self.checksum
        with self.digests:
            try:
                self._write_all(source, is_certain)
            except (StoreFull, StoreUnavailable, OSError):
                self._record()  # what came before
                raise
            missing = self.length - self.writer.written
            try:
                source.finish(missing)
                if not missing:
                    self.digests.verify()
            except UploadError:
                self._take_back()
                raise
            self._record()
        if not self.is_held_still:
            raise RangeConflict("The server lost bytes of this range.", self.upload)
        if self.writer.can_join:
            getattr(source, "when_certain", _at_once)(self._join)
        if is_far_behind(self.upload, self.writer):
            self._hash_further()

    def _write_all(self, source: Source, is_certain: bool) -> None:
        splice: Splice | None = getattr(source, "splice", None)
        copy: Copy | None = getattr(source, "copy", None)
        if copy is not None and self.writer.can_copy:
            self.digests.expect_unseen()
            self._write_pieces(lambda: self._copy(copy), is_certain)
        elif splice is not None and self.digests.can_follow:
            with open_pipe() as pipe:
                self._write_pieces(lambda: self._splice(splice, pipe), is_certain)
        else:
            self.digests.expect_blocks()
            self._write_pieces(lambda: self._read(source), is_certain)

    def _write_pieces(self, write_piece: Callable[[], int], is_certain: bool) -> None:
        """Write piece by piece to the end, and record what is due."""
        while write_piece():
            if self.writer.written < self.length and self._is_due():
                self._checkpoint(is_certain)

    def _splice(self, splice: Splice, pipe: Pipe) -> int:
        size = splice(pipe, self.length - self.writer.written)
        if size:
            self.writer.write_from(pipe.outlet, size)
            if self.writer.written < self.length:
                self.digests.follow()
        return size

    def _copy(self, copy: Copy) -> int:
        size = copy(self.writer, self.length - self.writer.written)
        if size and self.writer.written < self.length:
            self.digests.follow()
        return size

    def _read(self, source: Source) -> int:
        block = source.read(min(BLOCK, self.length - self.writer.written))
        if block:
            with self.digests.given(block):
                self.writer.write(block)
        return len(block)

    def _is_due(self) -> bool:
        if self.writer.written - self.recorded >= CHECKPOINT:
            return True
        return time.monotonic() - self.recorded_at >= CHECKPOINT_SECONDS

    def _checkpoint(self, is_certain: bool) -> None:
        if not (is_certain or self.writer.is_alone):
            # Somebody else might be told that it holds, and then it proves wrong.
            self.recorded_at = time.monotonic()
            self._stay_noticed()
            return
        # The file's digest may cover only what can't prove wrong any more.
        self._record_kept(self.writer.keep(everything=False), is_hashed=is_certain)

    def _record(self) -> None:
        try:
            kept = self.writer.keep(everything=True)
        except (StoreFull, StoreUnavailable):
            # What came before has its place, all the same.
            self._record_kept(self.writer.keep(everything=False), is_hashed=True)
            raise
        self._record_kept(kept, is_hashed=True)

    def _record_kept(self, kept: Kept, *, is_hashed: bool) -> None:
        self.recorded_at = time.monotonic()
        if kept.size == self.recorded:
            self._stay_noticed()
            return
        stop = self.start + kept.size
        changes = self.digests.changes(stop) if is_hashed and self.is_held_still else {}
        is_held_still = ranges.record(
            self.upload,
            self.start,
            self.recorded,
            kept,
            changes,
            is_alone=self.writer.is_alone,
        )
        self.is_held_still = self.is_held_still and is_held_still
        self.recorded = kept.size

    def _stay_noticed(self) -> None:
        """Let others see that somebody writes, though nothing is kept yet."""
        if self.recorded_at - self.noticed_at >= NOTICE_SECONDS:
            self.noticed_at = self.recorded_at
            ranges.touch(self.upload)

    def _join(self) -> None:
        try:
            self.writer.join(self.upload, functools.partial(ranges.join, self.upload))
        except (StoreFull, StoreUnavailable) as error:
            # All is recorded, and whoever finishes it will join it.
            logger.warning("Ranges of %s were not joined: %s", self.upload.uuid, error)

    def _take_back(self) -> None:
        if self.recorded:
            span = self.start, self.start + self.recorded
            forget(self.upload, lambda: [span])
            self.recorded = 0

    def _hash_further(self) -> None:
        ranges.refresh(self.upload)  # somebody else may have done it
        before = self.upload.hashed
        changes = hash_further(self.upload, self.writer, CHECKPOINT)
        ranges.record_digest(self.upload, before, changes)
