"""One range's way from its source into the store and the records."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Protocol

from chunked_uploads import digests, ranges
from chunked_uploads.conf import MIB
from chunked_uploads.errors import DigestMismatch, StoreFull
from chunked_uploads.following import LAG, Follower
from chunked_uploads.models import Upload
from chunked_uploads.pipes import Pipe, open_pipe
from chunked_uploads.stores import Writer

# Bytes. gunicorn receives up to 1 MiB and copies what is left of it at each read, so
# smaller blocks cost more; larger ones are mapped anew by malloc every time.
BLOCK = MIB // 2
CHECKPOINT = 64 * MIB  # bytes of one request after which its progress is recorded

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
        self.digest = digests.carry_on(upload) if self._is_near() else None
        self.follower = Follower(writer, start, self.check, self.digest, upload.hashed)
        self.recorded = 0

    def run(self, source: Source) -> None:
        """Write and record what the source gives.

        Raises `DigestMismatch`, `StoreFull`, `UploadNotFound`, and `BadRequest` from
        the source.
        """
        source.heed(self.writer.is_wanted)
        # Bytes that may yet prove wrong are not recorded before the end.
        step = CHECKPOINT if source.is_exact and not self.check else self.length
        with self.follower:
            try:
                self._take_all(source, step)
            except StoreFull:
                self._record()
                raise
            missing = self.length - self.writer.written
            source.finish(missing)
            self._check(missing)
            self._record()
        if self.writer.is_readable and digests.bytes_behind(self.upload) > LAG:
            self._carry_further()

    def _is_near(self) -> bool:
        """Whether the range goes on where the carried digest is, or a little after."""
        ahead = self.start - self.upload.hashed
        if ahead == 0 or not self.writer.is_readable:
            return ahead == 0
        return self.start == self.upload.offset and 0 < ahead <= LAG

    def _take_all(self, source: Source, step: int) -> None:
        while self.writer.written < self.length:
            goal = min(self.recorded + step, self.length)
            self._take(source, goal)
            if self.writer.written < goal:
                return  # the source ended early
            if goal < self.length:
                self._record()

    def _take(self, source: Source, goal: int) -> None:
        """Write up to `goal` bytes, counted from the start of the range."""
        splice: Splice | None = getattr(source, "splice", None)
        if splice is not None and self.follower.can_follow:
            return self._splice(splice, goal)
        self.follower.catch_up()
        while self.writer.written < goal:
            block = source.read(min(BLOCK, goal - self.writer.written))
            if not block:
                return
            with self.follower.given(block):
                self.writer.write(block)

    def _splice(self, splice: Splice, goal: int) -> None:
        with open_pipe() as pipe:
            while size := splice(pipe, goal - self.writer.written):
                self.writer.write_from(pipe.outlet, size)
                if self.writer.written < goal:
                    self.follower.follow()

    def _carry_further(self) -> None:
        """Hash what came out of order, now that nothing is missing before it."""
        if digests.carry_on(self.upload) is None:
            return  # what was put aside can't be read: `complete` reads the file
        ranges.refresh(self.upload)
        if digests.bytes_behind(self.upload) <= LAG:
            return  # somebody else did
        start = self.upload.hashed
        stop = min(self.upload.offset, start + CHECKPOINT)
        digest = digests.carry_on(self.upload)
        if digest is not None:
            Follower(self.writer, stop, None, digest, start).read_back(stop)
            state = digests.put_aside(digest)
            ranges.carry(self.upload, start, {"hashed": stop, "hash_state": state})

    def _check(self, missing: int) -> None:
        if self.check and not missing:
            self.follower.catch_up()
            if self.check.digest() != self.sha256:
                raise DigestMismatch("The chunk arrived changed; send it again.")

    def _record(self) -> None:
        size = self.writer.written - self.recorded
        if size == 0:
            return
        start = self.start + self.recorded
        carried: dict[str, Any] = {}
        if self.digest:
            self.follower.catch_up(LAG)
            carried["hashed"] = self.follower.hashed
            carried["hash_state"] = digests.put_aside(self.digest)
        ranges.record(self.upload, start, size, carried)
        self.recorded += size
