"""Which upload a range belongs to that names a file, and no upload.

Nothing is guessed: what fits two uploads that differ goes to neither.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace

from chunked_uploads.conf import MIB
from chunked_uploads.core.comparing import holds, which_hold
from chunked_uploads.core.intake import Source
from chunked_uploads.core.receiving import (
    OVERLAP,
    NotNext,
    is_held,
    receive,
    receive_next,
)
from chunked_uploads.digests.arriving import Checksum
from chunked_uploads.errors import (
    Ambiguous,
    NothingToContinue,
    RangeBusy,
    RangeConflict,
    UploadNotFound,
)
from chunked_uploads.models import Upload
from chunked_uploads.stores import BLOCK, chunk_store

# Of one request that names no upload; beyond, the client knows its upload's URL.
MOST_COMPARED = 64 * MIB  # bytes of uploads that may be equal so far, in all
MOST_FITTING = 64  # uploads, of each of which a file is opened and a block is read
ROUNDS = 5  # new uploads, each of which another request was faster to take


@dataclass(frozen=True)
class Range:
    """`length` bytes at `start`, on their way from `source`; what they must have."""

    start: int
    length: int
    source: Source
    checksum: Checksum | None

    @property
    def stop(self) -> int:
        """The first byte after the range."""
        return self.start + self.length


def begin(
    first: Range,
    uploads: list[Upload],
    start_anew: Callable[[], Upload],
    enter: Callable[[Upload], object],
) -> tuple[Upload, int]:
    """Receive a file's first bytes; return their upload, and how many arrived.

    It is one of `uploads` that holds nothing and that nobody writes to, else a new one.
    `enter` is called with it before the bytes are read. Raises what `receive` raises.
    """
    empty = [each for each in uploads if each.received == 0 and each.filesize]
    for _ in range(len(empty) + ROUNDS):
        is_shared = bool(empty)
        upload = empty.pop(0) if empty else start_anew()
        try:
            arrived = receive_next(
                upload,
                0,
                first.length,
                first.source,
                first.checksum,
                functools.partial(enter, upload),
                is_shared=is_shared,
            )
        except NotNext:
            continue
        except RangeBusy as busy:
            # Another job is at the same file: its state would lead into that one's.
            busy.upload = None
            raise
        return upload, arrived
    raise RangeBusy("Too many requests begin this file at once.")


def go_on(wanted: Range, uploads: list[Upload]) -> tuple[Upload, int]:
    """Receive a range beyond the first bytes; return its upload, and how many arrived.

    It is the one of `uploads` that the range continues or, where a request is repeated
    since its answer was lost, that holds the range already. One that holds the range's
    beginning alone is what a cut left of the same request, or another's. Raises
    `NothingToContinue`, `Ambiguous`, and what `receive` raises.
    """
    continued = [each for each in uploads if each.offset == wanted.start]
    ahead = [each for each in uploads if each.offset > wanted.start]
    is_cut = any(each.offset < wanted.stop for each in ahead)
    if not is_cut and len(continued) + len(ahead) == 1:
        (upload,) = [*continued, *ahead]
        return upload, receive_any(wanted, upload)
    if len(continued) + len(ahead) > MOST_FITTING:
        raise _ambiguity([*continued, *ahead])
    if ahead and not (is_cut or continued):
        return _repeat(wanted, ahead)
    if ahead:
        wanted, ahead = _without_others(wanted, ahead)
    if not (continued or ahead):
        raise NothingToContinue(
            "No unfinished upload of this name and size ends where this range starts."
        )
    _check_agreement(wanted.start, [*continued, *ahead])
    if continued:
        return _continue_one(wanted, continued)
    repeated = [each for each in ahead if each.offset >= wanted.stop]
    if repeated:
        return _repeat(wanted, repeated)
    raise RangeConflict(OVERLAP, ahead[0])


def receive_any(wanted: Range, upload: Upload) -> int:
    """Receive the range for this upload; return how many bytes arrived."""
    return receive(upload, wanted.start, wanted.length, wanted.source, wanted.checksum)


def _repeat(wanted: Range, uploads: list[Upload]) -> tuple[Upload, int]:
    """Find the upload that holds just the bytes that come."""
    fitting = [each for each in uploads if _is_held_for_certain(wanted, each)]
    if not fitting:
        raise RangeBusy("Other requests are at this range.")
    try:
        holding, arrived = which_hold(
            fitting, wanted.start, wanted.length, wanted.source, wanted.checksum
        )
    except (RangeBusy, RangeConflict):  # who can't tell, or not just now
        raise _ambiguity(uploads) from None
    if not holding:
        raise _ambiguity(uploads)
    _check_agreement(wanted.start, holding)
    return holding[0], arrived


def _is_held_for_certain(wanted: Range, upload: Upload) -> bool:
    try:
        return is_held(upload, wanted.start, wanted.length)
    except (RangeBusy, RangeConflict, UploadNotFound):  # not, or not any more
        return False


def _without_others(wanted: Range, ahead: list[Upload]) -> tuple[Range, list[Upload]]:
    """Leave out the uploads that hold other bytes than come, by the first block.

    Returns the range, of which nothing is lost, and the uploads that still fit.
    """
    block = _read_block(wanted)
    fitting = [each for each in ahead if _may_hold(each, wanted.start, block)]
    source = _Unread(block, wanted.source)
    return replace(wanted, source=source), fitting


def _read_block(wanted: Range) -> bytes:
    # Whole: connections give what they have, and a few bytes tell little apart.
    block, size = b"", min(BLOCK, wanted.length)
    while len(block) < size and (more := wanted.source.read(size - len(block))):
        block += more
    return block


def _may_hold(upload: Upload, start: int, block: bytes) -> bool:
    try:
        return holds(upload, start, block[: upload.offset - start])
    except (RangeBusy, RangeConflict):  # who can't tell, or not just now
        return True


def _check_agreement(start: int, uploads: list[Upload]) -> None:
    """Raise `Ambiguous` where uploads differ in what they hold before `start`."""
    first, *others = uploads
    if not others:
        return
    agree = chunk_store().agree
    if start * len(others) > MOST_COMPARED or not all(
        agree(first, other, start) for other in others
    ):
        raise _ambiguity(uploads)


def _continue_one(wanted: Range, uploads: list[Upload]) -> tuple[Upload, int]:
    # They are equal so far, so any will do that nobody else goes on with.
    for upload in uploads:
        try:
            arrived = receive_next(
                upload, wanted.start, wanted.length, wanted.source, wanted.checksum
            )
        except NotNext:
            continue
        return upload, arrived
    raise RangeBusy("Other requests go on with this file.")


def _ambiguity(uploads: list[Upload]) -> Ambiguous:
    return Ambiguous(
        "Several uploads of this name and size fit; go on by the URL of one.", uploads
    )


class _Unread:
    """A source, before it the block that was read from it too early."""

    def __init__(self, block: bytes, source: Source) -> None:
        self._block = block
        self._source = source
        self.is_exact = source.is_exact
        self.watch_waiters = source.watch_waiters
        self.finish = source.finish

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, none at the end."""
        if not self._block:
            return self._source.read(size)
        block, self._block = self._block[:size], self._block[size:]
        return block
