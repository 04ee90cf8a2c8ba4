"""Append to uploads, as protocols do that know one offset and no ranges.

It ends where a range is held already that another protocol left beyond the offset: the
upload then goes on behind that. And it may be of a length that nobody knows: then it is
taken in piece by piece.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from chunked_uploads.conf import conf
from chunked_uploads.core import gaps, ranges
from chunked_uploads.core.forgetting import forget
from chunked_uploads.core.intake import Source
from chunked_uploads.core.losses import losses_forgotten
from chunked_uploads.core.ranges import LARGEST
from chunked_uploads.core.receiving import check_bounds, check_offset, receive
from chunked_uploads.digests.arriving import Checksum
from chunked_uploads.errors import (
    BadRequest,
    BeyondEnd,
    DigestMismatch,
    UploadError,
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
) -> bool:
    """Take in `length` bytes, which must be the next ones; return whether all came.

    What arrived is recorded, be it all or, after a cut, the beginning; nothing where
    the whole has another `checksum`. Leaves `upload` up to date. Raises what `receive`
    raises, and `OffsetConflict` where `start` is not the upload's offset.
    """
    check_offset(upload, start)
    check_bounds(upload, start, start + length)
    room = gaps.gap(upload)
    if room is None or length <= room:
        try:
            return length == receive(
                upload, start, length, source, checksum, at_offset=True
            )
        except DigestMismatch as mismatch:
            mismatch.upload = upload
            raise
    late = checksum and LateChecksum((checksum.algorithm,), lambda: checksum)
    return _append_pieces(upload, _Pieces(upload, source, length, late))


def append_stream(
    upload: Upload, start: int, stream: Stream, checksum: LateChecksum | None
) -> bool:
    """Take in all that the stream has; return whether it came to its end.

    Otherwise as `append`.
    """
    check_offset(upload, start)
    pieces = _Pieces(upload, stream, None, checksum)
    return _append_pieces(upload, pieces) and not stream.is_cut


class _Pieces:
    """A source that is read piece by piece; the last one ends when all proves right."""

    is_exact = False  # what is there may prove wrong at the end

    def __init__(
        self,
        upload: Upload,
        source: Source,
        length: int | None,
        checksum: LateChecksum | None,
    ) -> None:
        self.watch_waiters = source.watch_waiters
        self.added: list[tuple[int, int]] = []  # what was recorded of the pieces
        self._upload = upload
        self.left = length  # bytes that have still to come; None where nobody knows
        # Where the piece ends that is read now: at the file's end, or where bytes are
        # held already.
        self.ends_at_end = self.ends_at_held = False
        self.most_beyond = LARGEST  # bytes that the file may have beyond this piece
        self._source = source
        self._checksum = checksum
        self._ahead = b""  # read, and not given yet
        self._waiting: list[Callable[[], None]] = []

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

    def when_certain(self, call: Callable[[], None]) -> None:
        """Have it called once no byte of the whole is taken back any more."""
        self._waiting.append(call)

    def call_waiting(self) -> None:
        """Do what waited for the whole to be certain."""
        for call in self._waiting:
            call()

    @property
    def is_unverified(self) -> bool:
        """Whether it has a checksum that was not looked at, since it was cut."""
        return self._checksum is not None and bool(self.left)

    def finish(self, missing: int) -> None:
        """Verify the whole, where the piece that ends here is its last one."""
        try:
            self._verify(missing)
        except UploadError:
            # While nobody else can bring this piece, so that the upload is not whole.
            self.take_back()
            raise

    def take_back(self) -> None:
        """Let nothing stay of the pieces that were recorded."""
        spans = [(start, stop) for start, stop in self.added if start < stop]
        self.added.clear()
        if not spans:
            return
        try:
            forget(self._upload, lambda: spans)
        except UploadNotFound:
            ranges.refresh(self._upload)  # which raises it, unless it is complete

    def _verify(self, missing: int) -> None:
        if self.ends_at_held and not missing:
            self._look_at_rest()
        if self.has_more():
            if self.ends_at_end and not missing:
                raise BeyondEnd("The body does not end where the file does.")
        elif self._checksum and not getattr(self._source, "is_cut", False):
            self._checksum.verify()

    def _look_at_rest(self) -> None:
        """Read what is held already, for the checksum, or to see where it ends."""
        while (self._checksum or self.left is None) and self.has_more():
            block = self.read(min(BLOCK, self.most_beyond + 1))
            self.most_beyond -= len(block)
            if self.most_beyond < 0:
                raise BeyondEnd("The body does not end where the file does.")
            if not block:
                return


def _append_pieces(upload: Upload, pieces: _Pieces) -> bool:
    """Append piece by piece; return whether no piece is shorter than it should be."""
    position = stop = upload.offset
    try:
        if not pieces.has_more():
            pieces.finish(0)
        while pieces.has_more() and position == stop and not pieces.ends_at_held:
            is_known = upload.filesize is not None
            stop = _end_of_piece(upload, position, pieces)
            try:
                position += receive(
                    upload,
                    position,
                    stop - position,
                    pieces,
                    at_offset=True,
                    added=pieces.added,
                )
            except BeyondEnd:
                if is_known or upload.filesize is None:
                    raise
                stop = position  # the size was said meanwhile, before a byte was read
    except (BadRequest, DigestMismatch) as error:
        pieces.take_back()
        error.upload = upload
        raise
    # What is joined with bytes of others can't be taken back without them.
    with losses_forgotten(upload):
        pieces.call_waiting()
    return (position == stop or pieces.left is None) and not pieces.is_unverified


def _end_of_piece(upload: Upload, position: int, pieces: _Pieces) -> int:
    """Return where the piece ends that begins at `position`, the upload's offset.

    Raises `BeyondEnd`, `TooLarge`.
    """
    check_bounds(upload, position, position + 1)
    gap = gaps.gap(upload)
    held = LARGEST if gap is None else position + gap
    end = upload.filesize or conf.CHUNKED_UPLOADS_MAX_SIZE or LARGEST
    if pieces.left is not None:
        stop = min(held, position + pieces.left)
    else:
        # Each piece is recorded: better at the edges that the store likes.
        step = chunk_store().piece_size(upload)
        stop = min(held, (position // step + 1) * step, end)
    pieces.ends_at_end, pieces.ends_at_held = stop == upload.filesize, stop == held
    pieces.most_beyond = (upload.filesize or LARGEST) - stop
    return stop
