"""The digests of a range on its way in: its own, and that of the file."""

from __future__ import annotations

import hashlib
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from chunked_uploads.digests.files import bytes_behind, digest_so_far
from chunked_uploads.digests.following import LAG, Follower
from chunked_uploads.errors import DigestMismatch
from chunked_uploads.models import Upload
from chunked_uploads.stores import Writer


class Checksum(NamedTuple):
    """What a sender says of its bytes: an algorithm of `hashlib`, and the digest."""

    algorithm: str
    digest: bytes

    def new(self) -> Any:
        """Return a digest of this algorithm, over nothing yet."""
        return hashlib.new(self.algorithm, usedforsecurity=False)


class RangeDigests:
    """Hash a range of the upload while `writer` writes it.

    `checksum`, where given, is what the range must have. The file's digest goes along
    where the range follows on it, or a little after. A context: at its end nothing is
    read back any more.
    """

    def __init__(
        self, upload: Upload, start: int, writer: Writer, checksum: Checksum | None
    ) -> None:
        ahead = start - upload.hashed
        is_next = ahead == 0
        if writer.is_readable and start == upload.offset:
            is_next = 0 <= ahead <= LAG
        self._writer, self._start = writer, start
        self._file = digest_so_far(upload) if is_next else None
        self._checksum = checksum
        self._check = checksum.new() if checksum else None
        self._follower = Follower(writer, start, self._check, self._file)

    def __enter__(self) -> RangeDigests:
        return self

    def __exit__(self, *exception: object) -> None:
        self._follower.__exit__(*exception)

    @property
    def can_follow(self) -> bool:
        """Whether bytes may be written that nobody sees on their way."""
        return self._follower.can_follow

    def expect_blocks(self) -> None:
        """Hash all that came before; from here on bytes come by `given`."""
        self._follower.catch_up()

    def expect_unseen(self) -> None:
        """Leave the bytes that come to who reads the file, if nobody can follow."""
        if not self.can_follow:
            self._file = None
            self._follower = Follower(self._writer, self._start, None, None)

    def given(self, block: bytes) -> AbstractContextManager[None]:
        """Hash what is written of `block` in this context."""
        return self._follower.given(block)

    def follow(self) -> None:
        """Hash what was written unseen, at the same time as more is written."""
        self._follower.follow()

    def verify(self) -> None:
        """Raise `DigestMismatch` where the range, now whole, is another one's."""
        if self._checksum is None or self._check is None:
            return
        self._follower.catch_up()
        if self._check.digest() != self._checksum.digest:
            raise DigestMismatch("The chunk arrived changed; send it again.")

    def changes(self, stop: int) -> dict[str, Any]:
        """Return what the upload's row has to say of its digest.

        Nothing where the digest covers more than the bytes up to `stop`.
        """
        if self._file is None:
            return {}
        self._follower.catch_up(LAG)
        return self._file.changes() if self._file.hashed <= stop else {}


def is_far_behind(upload: Upload, writer: Writer) -> bool:
    """Whether the file's digest lacks more than it may, and `hash_further` helps."""
    if not writer.is_readable or bytes_behind(upload) <= LAG:
        return False
    return digest_so_far(upload) is not None  # else the finished file is read


def hash_further(upload: Upload, writer: Writer, most: int) -> dict[str, Any]:
    """Hash up to `most` bytes that came out of order, with none missing before them.

    Returns what the upload's row has to say of its digest then, nothing where that is
    not far behind any more.
    """
    digest = digest_so_far(upload)
    if digest is None or bytes_behind(upload) <= LAG:
        return {}
    stop = min(upload.offset, digest.hashed + most)
    Follower(writer, stop, None, digest).read_back(stop)
    return digest.changes()
