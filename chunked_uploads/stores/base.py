"""The contract of a chunk store.

A part is the bytes of one unfinished upload, known to the store by its `name`: a
path that the caller chose once and keeps. The caller validates ranges, records
what was written and is the only one to say when a part may go; the store keeps
writers of the same bytes apart and frees what a dead process held.

What a store has to know of a part later it says as a `state`, a text of at most 255
characters; the caller keeps it beside the name, and does not look into it.
"""

from __future__ import annotations

import datetime
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

from django.core.files.base import File

BLOCK = 64 * 1024  # bytes; larger ones are mapped anew by malloc every time


@dataclass(frozen=True)
class Leftover:
    """A part that the store holds: its name, size in bytes, last change (UTC)."""

    name: str
    size: int
    modified: datetime.datetime


@dataclass(frozen=True)
class Examination:
    """What a store found of a part: ranges it lost, as first byte and first after it.

    `state` is the part's from now on.
    """

    lost: list[tuple[int, int]]
    state: str


class Opened(ABC):
    """A part that somebody has entered. Stores that lose nothing need only `extent`."""

    @property
    @abstractmethod
    def extent(self) -> int:
        """How far the part's bytes reach, in bytes from 0; 0 where there is none."""

    def is_known(self, state: str) -> bool:
        """Whether no byte before the extent can be lost since `state` was noted.

        Is asked for each chunk, and must cost nothing.
        """
        return True

    def examine(self, state: str) -> Examination:
        """Find out what was lost since `state` was noted, the end aside.

        What is told once is not told again for the state that is given back, though it
        be lost no more, or again.
        """
        return Examination([], state)

    def admit_loss(self, state: str) -> None:
        """Raise `StoreUnavailable` where what is missing here may lie elsewhere.

        As where the part was begun on a disk that is not there.
        """
        return


class Writer(Opened):
    """The only writer of one range of a part, for as long as its context lasts.

    A store whose writers can `read` says so by `is_readable`; bytes of which a digest
    is wanted come to others by `write` alone.
    """

    is_readable = False

    @abstractmethod
    def write(self, block: bytes) -> None:
        """Append `block` to what this writer wrote into its range.

        Raises `StoreFull`; `written` then tells what is there all the same.
        """

    def write_from(self, outlet: int, size: int) -> None:
        """Append the next `size` bytes of a pipe, whose file descriptor is `outlet`.

        As `write` does; what it could not write stays in the pipe or is lost.
        """
        while size:
            block = os.read(outlet, min(size, BLOCK))
            self.write(block)
            size -= len(block)

    @property
    @abstractmethod
    def written(self) -> int:
        """The bytes written so far, from the start of the range."""

    def is_wanted(self) -> bool:
        """Whether somebody waits for this range, as far as the store can tell."""
        return False

    def read(self, position: int, view: memoryview) -> int:
        """Read bytes of the part that were written, from `position` on, into `view`.

        Returns how many, 0 only at the part's end. Also those that other writers wrote,
        whether or not they have left. May be called in another thread while more are
        being written.
        """
        raise NotImplementedError


class Comparison(ABC):
    """Bytes that come again, compared with those that a part holds, in order."""

    @abstractmethod
    def add(self, block: bytes) -> bool:
        """Return False where the next bytes of the part are certainly not `block`."""

    def is_equal(self) -> bool:
        """Whether all that was added is what the part holds there.

        For stores that can't read back, and learn it by a digest at the end.
        """
        return True


class Part(Opened):
    """All bytes of one part, with nobody writing, for as long as its context lasts."""

    @abstractmethod
    def read(self, start: int) -> Iterator[bytes]:
        """Yield the bytes from `start` to the end, block by block."""

    @abstractmethod
    def open(self) -> File:
        """Return the part as a file to read, for a storage that copies it."""

    @abstractmethod
    def sync(self) -> None:
        """Make the part durable.

        Raises `OSError` where that fails: then nothing is known to be there, and a
        second try proves nothing, since the system tells each failure once.
        """

    @abstractmethod
    def discard(self) -> None:
        """Drop all bytes, which could not be kept; the part is empty then."""

    @abstractmethod
    def move(self, path: str) -> None:
        """Put the part, after `sync`, at `path` of the local file system for good.

        `path` is a file already; it is replaced at once or not at all, whether or
        not it lies on the same file system. Raises `StoreFull`.
        """

    @abstractmethod
    def settle(self, path: str) -> None:
        """Make durable what a `move` to `path` did that died or failed after it."""


class ChunkStore(ABC):
    """Keep the bytes of unfinished uploads."""

    def begin(self, name: str) -> str:
        """Prepare for a new part; return its state. Raises `StoreFull`."""
        return ""

    @abstractmethod
    def writer(
        self,
        name: str,
        start: int,
        length: int,
        state: str | None = None,
        *,
        alone: bool = False,
    ) -> AbstractContextManager[Writer]:
        """Enter as the only writer of `length` bytes from `start` of the part.

        Makes the part where it is missing. Raises `RangeBusy` where another writer
        is in any of these bytes, and stays for a while. With `alone` as the only
        writer of the whole part: `RangeBusy` comes at once where there is another.
        `state` is the part's, None where there is none yet: raises `StoreUnavailable`
        where it may lie elsewhere.
        """

    def is_intact(self, name: str, state: str, size: int) -> bool:
        """Whether none of the part's first `size` bytes can be lost since `state`.

        By a look, since it is asked often; False where it takes more.
        """
        return True

    @abstractmethod
    def compare(
        self, name: str, start: int, length: int
    ) -> AbstractContextManager[Comparison]:
        """Enter to compare with the `length` bytes from `start`, which are held.

        A store that can't read back keeps a digest of each range, and raises
        `RangeConflict` where the bytes are none of these ranges. Raises
        `FileNotFoundError` where there is no such part.
        """

    def agree(self, name: str, other: str, length: int) -> bool:
        """Whether the first `length` bytes of two parts are the same.

        False where the store can't tell.
        """
        return False

    def wait_for_writers(self, name: str, patience: float) -> None:
        """Return when nobody writes to the part, after `patience` seconds at most."""
        return  # where writers leave no trace

    @abstractmethod
    def sealed(
        self, name: str, state: str | None = None
    ) -> AbstractContextManager[Part]:
        """Enter alone with the part, waiting for others to leave.

        For a while for writers, then `RangeBusy` is raised; as long as it lives for
        whoever has sealed it, who may copy for hours.

        Makes the part where it is missing, so that there is something to lock; `state`
        is as for a writer.
        """

    @abstractmethod
    def is_sealed(self, name: str) -> bool:
        """Whether somebody has sealed the part just now; False where none can tell."""

    @abstractmethod
    def delete(self, name: str) -> None:
        """Remove the part's bytes, also under a writer; no error without any."""

    @abstractmethod
    def extent(self, name: str) -> int:
        """How far the part's bytes reach, in bytes from 0; 0 where there is none."""

    @abstractmethod
    def leftovers(self) -> Iterator[Leftover]:
        """Yield every part the store holds. Raises `OSError` where it can't look."""
