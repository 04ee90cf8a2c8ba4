"""What a chunk store gives to who has entered: to write, to compare, to finish."""

from __future__ import annotations

import contextlib
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence

from django.core.files.base import File
from django.core.files.storage import Storage

from chunked_uploads.conf import MIB
from chunked_uploads.errors import FULL, StoreFull
from chunked_uploads.models import MAX_PATH
from chunked_uploads.stores.facts import Kept, Losses, RecordedRange, StoredUpload
from chunked_uploads.system.moving import sync_copy

# Bytes that are read at once. Servers receive up to 1 MiB, and copy what is left of it
# at each read: smaller blocks cost more. Out of a pipe or a socket, blocks from 32 KiB
# to 1 MiB cost the same within a fifth.
BLOCK = MIB // 2

Replace = Callable[[Sequence[RecordedRange], str], bool]


class Handle:
    """The bytes of an upload that somebody has entered.

    Stores that lose nothing need none of this.
    """

    def is_unchanged(self, upload: StoredUpload) -> bool:
        """Whether nobody wrote, finished or cancelled since the row was read.

        And nothing was lost. Asked for each chunk that comes in order, it spares a
        question to the database; False where only that can tell.
        """
        return False

    def is_certain(self, upload: StoredUpload) -> bool:
        """Whether no recorded byte can be lost, as far as is known without a question.

        Answered from what is at hand, never over a network.
        """
        return True

    def find_losses(self, upload: StoredUpload) -> Losses:
        """Find out what was lost since the upload's state was given.

        Also bytes that were never recorded may be named. What was found once is not
        looked for again under the state that is given back. Asked under a lock of the
        database, so never over a network: a store that finds there that bytes are gone
        raises `BytesLost` where it finds it.
        """
        return Losses([], upload.store_state)

    def join(self, upload: StoredUpload, replace: Replace) -> None:
        """Put recorded ranges together that can be kept better as one.

        Asked after a writer's range was recorded, when it is certain, maybe after the
        writer's context; and before all is put in its place.
        `replace` lets one record, with the receipt that it is given, take the place of
        those of ranges that follow each other, and says False where they are not any
        more what they were. Raises `StoreFull`, `StoreUnavailable`, after which nothing
        is lost, and `BytesLost`.
        """
        return

    def confirm_loss(self, upload: StoredUpload) -> None:
        """Raise `StoreUnavailable` where what is missing here may lie elsewhere.

        As on a disk that is not mounted just now.
        """
        return


class Writer(Handle, ABC):
    """A writer of one range, for as long as its context lasts.

    A store whose writers can `read` says so by `is_readable`; bytes of which a digest
    is wanted come to others by `write` alone. One whose writers let no other into their
    range says so by `is_alone`; where two others recorded the same range, the first
    one wins. One whose writers `copy` says so by `can_copy`, one that has something to
    `join` by `can_join`.
    """

    is_readable = False
    is_alone = False
    can_copy = False
    can_join = False

    @property
    @abstractmethod
    def written(self) -> int:
        """The bytes written so far, from the start of the range."""

    @abstractmethod
    def write(self, block: bytes) -> None:
        """Append `block` to what this writer wrote into its range.

        Raises `StoreFull`; `written` then says what is there all the same. Raises
        `StoreUnavailable`, `BytesLost`.
        """

    def write_from(self, outlet: int, size: int) -> None:
        """Append the next `size` bytes of a pipe, whose file descriptor is `outlet`.

        As `write` does; what it could not write stays in the pipe or is lost.
        """
        while size:
            block = os.read(outlet, min(size, BLOCK))
            self.write(block)
            size -= len(block)

    def copy(self, part: StoredUpload, position: int, size: int) -> int:
        """Append bytes of a part, up to `size` from `position` on; return how many.

        `part` was prepared (`ChunkStore.prepare_part`), and `size` bytes follow in it:
        at least one of them is copied, and as many as go at once. Raises
        `FileNotFoundError` where they are not there any more, which is sometimes known
        only when the next ones are to be copied or kept. Raises what `write` raises.
        """
        raise NotImplementedError

    @abstractmethod
    def keep(self, *, everything: bool) -> Kept:
        """Keep what was written, also where this process is killed now.

        With `everything` all of it; else what can be kept cheaply, as more comes soon.
        Never less than before. Of a piece, some bytes may be given up later: what is
        left has its receipt still, which therefore says where the piece starts.
        Raises `StoreFull`, `StoreUnavailable`, `BytesLost`; `FileNotFoundError` as
        `copy` does.
        """

    def has_waiters(self) -> bool:
        """Whether somebody waits for this range, as far as the store knows."""
        return False

    def read(self, position: int, view: memoryview) -> int:
        """Read bytes of the upload that were written, from `position` on, into `view`.

        Returns how many, 0 only at their end. Also those that other writers wrote,
        whether or not they have left. May be called in another thread while more are
        being written.
        """
        raise NotImplementedError


class Comparison(ABC):
    """Bytes that come again, compared with those that are held, in order."""

    @abstractmethod
    def add(self, block: bytes) -> bool:
        """Return False where the next bytes that are held are certainly not `block`."""

    def is_equal(self) -> bool:
        """Whether all that was added is what is held there.

        For stores that can't read back, and learn it by a digest at the end.
        """
        return True


class Content(Handle, ABC):
    """All bytes of an upload, with nobody writing, while its context lasts.

    A store that can't `open` them before they are in their place has `is_readable`
    False: digest and validators see the file there.
    """

    is_readable = True

    @abstractmethod
    def open(self) -> File:
        """Return the bytes as a file to read. Raises `BytesLost`."""

    def open_placed(self, storage: Storage, name: str) -> File:
        """Return the finished file to be read once, in bounded memory."""
        return storage.open(name)

    def sync(self) -> None:
        """Make the bytes durable, where `Writer.keep` did not.

        Raises `OSError` where that fails: then nothing is known to be there, and a
        second try proves nothing, since the system reports each failure once.
        """

    def discard(self) -> None:
        """Drop all bytes, which could not be kept."""

    def is_placed(self, storage: Storage, name: str) -> bool:
        """Whether an earlier `place` put the bytes at `name`, for certain.

        Though it died before anybody heard of it.
        """
        return False

    def sync_place(self, storage: Storage, name: str) -> None:
        """Make durable what a `place` did that died or failed after it."""

    def reserve(self, storage: Storage, wanted: str, *, is_noted: bool) -> str:
        """Make certain of a name for the finished file, `wanted` or beside it.

        `is_noted` says that an earlier try may have made certain of `wanted`. Only for
        stores that move. It is the upload's alone from here on, also after a
        loss of power. Raises `StoreFull`, and what the storage raises.
        """
        return wanted

    def place(self, storage: Storage, name: str) -> str:
        """Put the bytes, after `sync`, into the storage for good; return their name.

        At `name` at once or not at all, where the store moves; else as a copy, at
        `name` or beside it. May be repeated where it failed, or died and `is_placed`
        says no. Raises `StoreFull`, `BytesLost`, and what the storage raises.
        """
        with full_disks_reported(), self.open() as file:
            name = storage.save(name, file, max_length=MAX_PATH)
            with contextlib.suppress(NotImplementedError):  # it lies elsewhere
                sync_copy(storage.path(name))
        return name


@contextlib.contextmanager
def full_disks_reported() -> Iterator[None]:
    """Raise `StoreFull` in place of what the system says of a full disk."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise StoreFull("The disk is full; what arrived before is kept.") from error
