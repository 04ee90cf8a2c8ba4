"""The local store: one part file for each upload, written to its place at once.

Every byte is written exactly once, by a positioned write, and finishing is a rename.
Nothing is allocated ahead: a part that is shorter than what was recorded, or has a
hole in it, shows that the machine lost power before it had written all, and the upload
goes back to there. A part's state is the marker of its folder and the boots of the
machines under which it was looked at.
"""

from __future__ import annotations

import contextlib
import datetime
import logging
import os
import re
from collections.abc import Iterator

from django.conf import settings
from django.core.files.base import File

from chunked_uploads.conf import MIB, conf
from chunked_uploads.errors import RangeBusy, StoreUnavailable
from chunked_uploads.stores.base import (
    ChunkStore,
    Comparison,
    Examination,
    Leftover,
    Opened,
    Part,
    Writer,
)
from chunked_uploads.stores.markers import ensure_marker, read_marker
from chunked_uploads.system.holes import boot_id, holes
from chunked_uploads.system.locks import (
    WHOLE,
    is_locked_whole,
    is_wanted,
    lock,
    wait_until_free,
)
from chunked_uploads.system.moving import full_disk_told, move, sync_file, sync_name
from chunked_uploads.system.pipes import UNABLE
from chunked_uploads.system.writeout import begin_write_out

BLOCK = MIB  # bytes
WRITE_OUT = 8 * MIB  # bytes that are given to the disk at once
TURN = 2.5  # seconds to wait for a writer; one that hears nothing leaves sooner
PATIENCE = 20  # seconds to wait for writers; for who finishes, as long as it lives
MODE = 0o600  # of parts: the finished file gets what its storage's settings say
MOST_BOOTS = 24  # machines that take turns at a part; the state has no room for more
PART_FILE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\.[\w-]+)?\.part")

logger = logging.getLogger("chunked_uploads")


class LocalFile(Opened):
    """An open part file."""

    def __init__(self, path: str, fd: int) -> None:
        self._path = path
        self._fd = fd

    @property
    def extent(self) -> int:
        return os.fstat(self._fd).st_size

    def is_known(self, state: str) -> bool:
        return _is_known(state)

    def examine(self, state: str) -> Examination:
        if self.is_known(state):
            return Examination([], state)
        # The part is here, so it is this folder's, whatever was noted. Machines that
        # share a disk take turns: none may forget that another one looked already.
        boots = [*state.split()[1:], boot_id()][-MOST_BOOTS:]
        marker = ensure_marker(os.path.dirname(self._path))
        return Examination(holes(self._fd), " ".join([marker, *boots]))

    def admit_loss(self, state: str) -> None:
        _check_folder(self._path, state)


class LocalWriter(LocalFile, Writer):
    """Positioned writes into an open part file."""

    is_readable = True

    def __init__(self, path: str, fd: int, start: int, locked: tuple[int, int]) -> None:
        super().__init__(path, fd)
        self._start = start
        self._locked = locked  # first byte, length
        self._written = 0

    @property
    def written(self) -> int:
        return self._written

    def write(self, block: bytes) -> None:
        view = memoryview(block)
        while view:
            with full_disk_told():
                count = os.pwrite(self._fd, view, self._start + self._written)
            self._advance(count)
            view = view[count:]

    def write_from(self, outlet: int, size: int) -> None:
        while size:
            place = self._start + self._written
            try:
                with full_disk_told():
                    count = os.splice(outlet, self._fd, size, offset_dst=place)
            except OSError as error:
                if error.errno not in UNABLE:
                    raise
                return super().write_from(outlet, size)
            self._advance(count)
            size -= count

    def is_wanted(self) -> bool:
        return is_wanted(self._fd, *self._locked)

    def read(self, position: int, view: memoryview) -> int:
        return os.preadv(self._fd, [view], position)

    def _advance(self, count: int) -> None:
        begun = (self._start + self._written) // WRITE_OUT * WRITE_OUT
        self._written += count
        whole = (self._start + self._written) // WRITE_OUT * WRITE_OUT
        if whole > begun:
            begin_write_out(self._fd, begun, whole - begun)


class LocalComparison(Comparison):
    """Bytes of an open part file, read as far as others come to be compared."""

    def __init__(self, fd: int, start: int) -> None:
        self._fd = fd
        self._position = start

    def add(self, block: bytes) -> bool:
        position, self._position = self._position, self._position + len(block)
        return _read_exactly(self._fd, position, len(block)) == block


class LocalPart(LocalFile, Part):
    """A part file of which the whole is locked."""

    def read(self, start: int) -> Iterator[bytes]:
        while block := os.pread(self._fd, BLOCK, start):
            yield block
            start += len(block)

    def open(self) -> File:
        return File(open(self._path, "rb"))

    def sync(self) -> None:
        sync_file(self._fd)

    def discard(self) -> None:
        # Not unlinked: who waits for the lock has this file open, and writes into it.
        os.ftruncate(self._fd, 0)

    def move(self, path: str) -> None:
        move(self._fd, self._path, path)

    def settle(self, path: str) -> None:
        sync_name(path)


class LocalStore(ChunkStore):
    """Part files under `CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH`."""

    def begin(self, name: str) -> str:
        with full_disk_told():
            marker = ensure_marker(os.path.dirname(self._path(name)))
        return f"{marker} {boot_id()}"

    @contextlib.contextmanager
    def writer(
        self,
        name: str,
        start: int,
        length: int,
        state: str | None = None,
        *,
        alone: bool = False,
    ) -> Iterator[LocalWriter]:
        path = self._path(name)
        fd = _open_or_make(path, state)
        # Not the last byte, by which one that finishes the upload is known.
        locked = (0, WHOLE - 1) if alone else (start, length)
        try:
            try:
                lock(fd, *locked, patience=0 if alone else TURN)
            except BlockingIOError:
                raise RangeBusy("Another request is writing to this range.") from None
            yield LocalWriter(path, fd, start, locked)
        finally:
            os.close(fd)

    def is_intact(self, name: str, state: str, size: int) -> bool:
        return _is_known(state) and self.extent(name) >= size

    @contextlib.contextmanager
    def compare(self, name: str, start: int, length: int) -> Iterator[LocalComparison]:
        fd = os.open(self._path(name), os.O_RDONLY)
        try:
            yield LocalComparison(fd, start)
        finally:
            os.close(fd)

    def agree(self, name: str, other: str, length: int) -> bool:
        try:
            with (
                self.compare(name, 0, length) as mine,
                open(self._path(other), "rb") as file,
            ):
                while length and (block := file.read(min(BLOCK, length))):
                    if not mine.add(block):
                        return False
                    length -= len(block)
        except FileNotFoundError:
            return False
        return length == 0

    def wait_for_writers(self, name: str, patience: float) -> None:
        try:
            fd = os.open(self._path(name), os.O_RDWR)
        except FileNotFoundError:
            return
        try:
            wait_until_free(fd, patience)
        finally:
            os.close(fd)

    @contextlib.contextmanager
    def sealed(self, name: str, state: str | None = None) -> Iterator[LocalPart]:
        path = self._path(name)
        fd = _open_alone(path, state)
        try:
            yield LocalPart(path, fd)
        finally:
            os.close(fd)

    def is_sealed(self, name: str) -> bool:
        try:
            fd = os.open(self._path(name), os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            return is_locked_whole(fd)
        finally:
            os.close(fd)

    def delete(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path(name))

    def extent(self, name: str) -> int:
        try:
            return os.stat(self._path(name)).st_size
        except FileNotFoundError:
            return 0

    def leftovers(self) -> Iterator[Leftover]:
        path = conf.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH
        root = "" if callable(path) else path
        # A missing folder is an error to tell, not an empty store to clean up after.
        os.stat(self._path(root))
        for folder, _, files in os.walk(self._path(root)):
            for file in filter(PART_FILE.fullmatch, files):
                name = os.path.join(folder, file)
                with contextlib.suppress(FileNotFoundError):
                    found = os.stat(name)
                    modified = datetime.datetime.fromtimestamp(
                        found.st_mtime, datetime.timezone.utc
                    )
                    yield Leftover(name, found.st_size, modified)

    def _path(self, name: str) -> str:
        return os.path.join(settings.MEDIA_ROOT, name)


def _is_known(state: str) -> bool:
    return boot_id() in state.split()[1:]


def _read_exactly(fd: int, position: int, size: int) -> bytes:
    block = os.pread(fd, size, position)
    while len(block) < size and (
        more := os.pread(fd, size - len(block), position + len(block))
    ):
        block += more
    return block


def _open_or_make(path: str, state: str | None) -> int:
    flags = os.O_RDWR
    if state is not None:
        try:
            return os.open(path, flags)
        except FileNotFoundError:
            _check_folder(path, state)
    flags |= os.O_CREAT
    try:
        return os.open(path, flags, MODE)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return os.open(path, flags, MODE)


def _check_folder(path: str, state: str) -> None:
    """Raise `StoreUnavailable` where the part was begun in another folder than this."""
    marker = read_marker(os.path.dirname(path))
    if not marker or marker not in state.split()[:1]:
        told = (
            "%s lacks bytes, and its folder is not where it was begun: is it mounted?"
        )
        logger.error(told, path)
        raise StoreUnavailable("The chunk store is out of reach; try again later.")


def _open_alone(path: str, state: str | None) -> int:
    # A missing part is made, so that there is something to lock for those who come
    # at the same time. Whoever held the lock before may have moved the file away.
    while True:
        fd = _open_or_make(path, state)
        try:
            _lock_whole(fd)
            if _is_at(path, fd):
                return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


def _lock_whole(fd: int) -> None:
    patience: float = PATIENCE
    while True:
        try:
            return lock(fd, patience=patience)
        except BlockingIOError:
            if is_locked_whole(fd):  # maybe for a copy that takes hours
                patience = PATIENCE
            elif patience:
                patience = 0  # once more: it may be free by now
            else:
                told = "Another request is writing to this upload."
                raise RangeBusy(told) from None


def _is_at(path: str, fd: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(fd))
    except FileNotFoundError:
        return False
