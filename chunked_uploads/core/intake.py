"""One range's way from its source into the store and the records."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Any, Protocol

from chunked_uploads.conf import MIB
from chunked_uploads.core import ranges
from chunked_uploads.digests import carrying
from chunked_uploads.digests.following import LAG, Follower
from chunked_uploads.errors import DigestMismatch, RangeConflict, StoreFull, UploadError
from chunked_uploads.models import Upload
from chunked_uploads.stores import Writer
from chunked_uploads.system.pipes import Pipe, open_pipe

# Bytes. gunicorn receives up to 1 MiB and copies what is left of it at each read, so
# smaller blocks cost more; larger ones are mapped anew by malloc every time.
BLOCK = MIB // 2
# Of one request, after which its progress is recorded: what a server that is killed
# then loses at the most.
CHECKPOINT = 64 * MIB  # bytes
CHECKPOINT_SECONDS = 3

# Moves up to so many bytes into the empty pipe; returns how many, none at the end.
Splice = Callable[[Pipe, int], int]


class Source(Protocol):
    """The bytes of a range on their way in.

    A source whose bytes can also come through a pipe, unseen, has a method `splice`.
    """

    is_exact: bool  # whether only a cut can make it shorter than announced

    def heed(self, is_wanted: Callable[[], bool]) -> None:
        """End as if cut when nothing comes and `is_wanted` says that others wait."""

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes that are certainly content; none at the end."""

    def finish(self, missing: int) -> None:
        """Raise `BadRequest` where what came contradicts what was announced.

        `missing` bytes were announced and did not come.
        """


class Intake:
    """Take in `length` bytes at `start` of the upload, by its only writer there.

    `sha256` (32 bytes), where given, is the digest that they must have.
    """

    def __init__(
        self,
        upload: Upload,
        start: int,
        length: int,
        writer: Writer,
        sha256: bytes | None,
    ) -> None:
        self.upload = upload
        self.start = start
        self.length = length
        self.writer = writer
        self.sha256 = sha256
        self.check = hashlib.sha256() if sha256 else None
        self.digest = carrying.carry_on(upload) if self._is_near() else None
        self.follower = Follower(writer, start, self.check, self.digest, upload.hashed)
        self.recorded = 0
        self.is_whole = True  # whether all that was recorded is held still
        self.recorded_at = time.monotonic()

    def run(self, source: Source) -> None:
        """Write and record what the source gives.

        Nothing of it stays recorded where it proves wrong at its end. Raises
        `DigestMismatch`, `StoreFull`, `UploadNotFound`, `BadRequest` from the source,
        and `RangeConflict` where others noticed meanwhile that some of it was lost.
        """
        source.heed(self.writer.is_wanted)
        is_certain = source.is_exact and not self.check
        with self.follower:
            try:
                self._take_all(source, is_certain)
            except (StoreFull, OSError):
                self._record()  # what came before
                raise
            missing = self.length - self.writer.written
            try:
                source.finish(missing)
                self._check(missing)
            except UploadError:
                self._take_back()
                raise
            self._record()
        if not self.is_whole:
            raise RangeConflict("The server lost bytes of this range.", self.upload)
        if self.writer.is_readable and carrying.bytes_behind(self.upload) > LAG:
            self._carry_further()

    def _is_near(self) -> bool:
        """Whether the range goes on where the carried digest is, or a little after."""
        ahead = self.start - self.upload.hashed
        if ahead == 0 or not self.writer.is_readable:
            return ahead == 0
        return self.start == self.upload.offset and 0 < ahead <= LAG

    def _take_all(self, source: Source, is_certain: bool) -> None:
        splice: Splice | None = getattr(source, "splice", None)
        if splice is not None and self.follower.can_follow:
            with open_pipe() as pipe:
                self._take(lambda: self._splice(splice, pipe), is_certain)
        else:
            self.follower.catch_up()
            self._take(lambda: self._read(source), is_certain)

    def _take(self, next_piece: Callable[[], int], is_certain: bool) -> None:
        """Write piece by piece to the end, and record what is due."""
        while next_piece():
            if self.writer.written < self.length and self._is_due():
                # The digest may cover only what can't prove wrong any more.
                self._record(carries=is_certain)

    def _splice(self, splice: Splice, pipe: Pipe) -> int:
        size = splice(pipe, self.length - self.writer.written)
        if size:
            self.writer.write_from(pipe.outlet, size)
            if self.writer.written < self.length:
                self.follower.follow()
        return size

    def _read(self, source: Source) -> int:
        block = source.read(min(BLOCK, self.length - self.writer.written))
        if block:
            with self.follower.given(block):
                self.writer.write(block)
        return len(block)

    def _is_due(self) -> bool:
        if self.writer.written - self.recorded >= CHECKPOINT:
            return True
        return time.monotonic() - self.recorded_at >= CHECKPOINT_SECONDS

    def _carry_further(self) -> None:
        """Hash what came out of order, now that nothing is missing before it."""
        if carrying.carry_on(self.upload) is None:
            return  # what was put aside can't be read: `complete` reads the file
        ranges.refresh(self.upload)
        if carrying.bytes_behind(self.upload) <= LAG:
            return  # somebody else did
        start = self.upload.hashed
        stop = min(self.upload.offset, start + CHECKPOINT)
        digest = carrying.carry_on(self.upload)
        if digest is not None:
            Follower(self.writer, stop, None, digest, start).read_back(stop)
            state = carrying.put_aside(digest)
            ranges.carry(self.upload, start, {"hashed": stop, "hash_state": state})

    def _check(self, missing: int) -> None:
        if self.check and not missing:
            self.follower.catch_up()
            if self.check.digest() != self.sha256:
                raise DigestMismatch("The chunk arrived changed; send it again.")

    def _record(self, *, carries: bool = True) -> None:
        size = self.writer.written - self.recorded
        self.recorded_at = time.monotonic()
        if size == 0:
            return
        carried: dict[str, Any] = {}
        if self.digest and carries and self.is_whole:
            self.follower.catch_up(LAG)
            carried["hashed"] = self.follower.hashed
            carried["hash_state"] = carrying.put_aside(self.digest)
        is_whole = ranges.record(self.upload, self.start, self.recorded, size, carried)
        self.is_whole = self.is_whole and is_whole
        self.recorded += size

    def _take_back(self) -> None:
        if self.recorded:
            span = self.start, self.start + self.recorded
            ranges.forget(self.upload, lambda: [span])
