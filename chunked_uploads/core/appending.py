"""Append to uploads, as protocols do that know one offset and no ranges.

What is appended may run over ranges that another protocol left beyond the offset, and
may be of a length that nobody knows: then it is taken in piece by piece.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from chunked_uploads.conf import conf
from chunked_uploads.core import gaps, ranges
from chunked_uploads.core.forgetting import forget
from chunked_uploads.core.intake import Source
from chunked_uploads.core.ranges import LARGEST
from chunked_uploads.core.receiving import check_bounds, check_offset, receive
from chunked_uploads.digests.arriving import Checksum
from chunked_uploads.errors import (
    BadRequest,
    BeyondEnd,
    ContentConflict,
    DigestMismatch,
    UploadNotFound,
)
from chunked_uploads.models import Upload
from chunked_uploads.stores import BLOCK, chunk_store


class Stream(Source, Protocol):
    """The bytes of a body whose length nobody knows before its end."""

    is_cut: bool  # whether it broke off before its end


class LateChecksum:
    """A checksum that the sender tells when all bytes have come, by some algorithm.

    `find` is called then; it returns None where the sender told none.
    """

    def __init__(
        self, algorithms: tuple[str, ...], find: Callable[[], Checksum | None]
    ) -> None:
        self.find = find
        self._running = [Checksum(name, b"").new() for name in algorithms]

    def update(self, block: bytes) -> None:
        """Take in the next bytes."""
        for digest in self._running:
            digest.update(block)

    def verify(self) -> None:
        """Raise `DigestMismatch` where the bytes are others than the sender's."""
        checksum = self.find()
        if checksum is None:
            return
        found = {each.name: each.digest() for each in self._running}
        if found[checksum.algorithm] != checksum.digest:
            raise DigestMismatch("The bytes arrived changed; send them again.")


def append(
    upload: Upload,
    start: int,
    length: int,
    source: Source,
    checksum: Checksum | None = None,
) -> int:
    """Take in `length` bytes, which must be the next ones; return how many arrived.

    What arrived is recorded, be it all or, after a cut, the beginning; nothing where
    the whole has another `checksum`. Leaves `upload` up to date. Raises what `receive`
    raises, and `OffsetConflict` where `start` is not the upload's offset.
    """
    check_offset(upload, start)
    if upload.received == upload.offset:
        try:
            return receive(upload, start, length, source, checksum, at_offset=True)
        except DigestMismatch as mismatch:
            mismatch.upload = upload
            raise
    check_bounds(upload, start, start + length)
    late = checksum and LateChecksum((checksum.algorithm,), lambda: checksum)
    return _append_pieces(upload, _Pieces(source, length, late))


def append_stream(
    upload: Upload, start: int, stream: Stream, checksum: LateChecksum | None
) -> int:
    """Take in all that the stream has; return how many bytes that was.

    Otherwise as `append`.
    """
    check_offset(upload, start)
    return _append_pieces(upload, _Pieces(stream, None, checksum))


class _Pieces:
    """A source that is read piece by piece; the last one ends when all proves right."""

    is_exact = False  # what is there may prove wrong at the end

    def __init__(
        self, source: Source, length: int | None, checksum: LateChecksum | None
    ) -> None:
        self.watch_waiters = source.watch_waiters
        self.left = length  # bytes that have still to come; None where nobody knows
        self.may_go_on = True  # whether there may be another piece after this one
        self._source = source
        self._checksum = checksum
        self._ahead = b""  # read, and not given yet

    @property
    def has_checksum(self) -> bool:
        """Whether the whole may have to have a checksum."""
        return self._checksum is not None

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, none at the end."""
        block = self._ahead[:size] or self._source.read(size)
        self._ahead = self._ahead[size:]
        if self.left is not None:
            self.left -= len(block)
        if self._checksum:
            self._checksum.update(block)
        return block

    def has_more(self) -> bool:
        """Whether there are more bytes; waits for them where nobody knows."""
        if self.left is not None:
            return self.left > 0
        self._ahead = self._ahead or self._source.read(BLOCK)
        return bool(self._ahead)

    def finish(self, missing: int) -> None:
        """Verify the whole, where the piece that ends here is its last one."""
        if self.has_more():
            if not (missing or self.may_go_on):
                raise BeyondEnd("The body does not end where the file does.")
        elif self._checksum and not getattr(self._source, "is_cut", False):
            self._checksum.verify()


def _append_pieces(upload: Upload, pieces: _Pieces) -> int:
    start = position = upload.offset
    added: list[tuple[int, int]] = []
    try:
        if not pieces.has_more():
            pieces.finish(0)
        while pieces.has_more():
            stop = _end_of_piece(upload, position, pieces.left)
            pieces.may_go_on = stop != upload.filesize
            is_new = position == upload.offset
            is_known = upload.filesize is not None
            try:
                # What another request appends meanwhile is not this one's to take back.
                arrived = receive(
                    upload, position, stop - position, pieces, at_offset=is_new
                )
            except BeyondEnd:
                if is_known or upload.filesize is None:
                    raise
                continue  # the size was said meanwhile, before a byte of this was read
            if is_new:
                added.append((position, position + arrived))
            position += arrived
            if position < stop:
                break  # its end, or a cut
    except (BadRequest, ContentConflict, DigestMismatch) as error:
        # Of a conflict without a checksum, nobody says that what came before is wrong.
        is_wrong = pieces.has_checksum or not isinstance(error, ContentConflict)
        if added and is_wrong:
            _take_back(upload, added)
        error.upload = upload
        raise
    return position - start


def _take_back(upload: Upload, added: list[tuple[int, int]]) -> None:
    try:
        forget(upload, lambda: added)
    except UploadNotFound:
        ranges.refresh(upload)  # which raises it again, unless it is complete by now


def _end_of_piece(upload: Upload, position: int, left: int | None) -> int:
    """Return where the piece ends that begins at `position`.

    Raises `BeyondEnd`, `TooLarge`.
    """
    check_bounds(upload, position, position + 1)
    if position < upload.offset:
        stop = upload.offset  # held, and to be compared
    else:
        gap = gaps.gap(upload)
        stop = LARGEST if gap is None else position + gap
    if left is not None:
        return min(stop, position + left)
    # Each piece is recorded: better at the edges that the store likes.
    step = chunk_store().suggest_chunk_size(upload)
    most = upload.filesize or conf.CHUNKED_UPLOADS_MAX_SIZE or LARGEST
    return min(stop, (position // step + 1) * step, most)
