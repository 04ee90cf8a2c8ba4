"""The local store: one partial file for each upload, written to its place at once.

Every byte is written exactly once, by a positioned write, and finishing is a rename.
Nothing is allocated ahead: a file that is shorter than what was recorded, or has a hole
in it, shows that the machine lost power before it had written all, and the upload goes
back to there.
"""

from __future__ import annotations

import contextlib
import datetime
import os
from collections.abc import Iterator

from django.core.files.base import File
from django.core.files.storage import Storage

from chunked_uploads.conf import MIB
from chunked_uploads.errors import RangeBusy
from chunked_uploads.models import MAX_PATH
from chunked_uploads.storages import (
    is_in_own_folder,
    take_place,
    takes_files_as_they_are,
)
from chunked_uploads.stores.base import ChunkStore, Leftover
from chunked_uploads.stores.entered import (
    Comparison,
    Content,
    Entered,
    Kept,
    Losses,
    StoredUpload,
    Writer,
    full_disks_reported,
)
from chunked_uploads.stores.file_names import NAME, uuid_of
from chunked_uploads.stores.markers import MARKER
from chunked_uploads.stores.partial_files import (
    begin_state,
    check_folder,
    full_path,
    open_exclusively,
    open_or_make,
    path_of,
    state_of,
    usual_folder,
)
from chunked_uploads.system.holes import holes
from chunked_uploads.system.locks import (
    WHOLE,
    has_waiters,
    is_locked_whole,
    lock,
    wait_until_free,
)
from chunked_uploads.system.moving import move, sync_file, sync_name
from chunked_uploads.system.pipes import UNABLE
from chunked_uploads.system.writeout import begin_write_out

READ = MIB  # bytes read at once
WRITE_OUT = 8 * MIB  # bytes that are given to the disk at once
TURN = 2.5  # seconds to wait for a writer; one that hears nothing leaves sooner


class LocalFile(Entered):
    """An open partial file."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    @property
    def extent(self) -> int:
        """How far the file reaches, in bytes from 0."""
        return os.fstat(self._fd).st_size

    def is_unchanged(self, upload: StoredUpload) -> bool:
        # Who wrote, finished or cancelled would have left the file longer or empty.
        return self.extent == upload.received

    def is_certain(self, upload: StoredUpload) -> bool:
        return state_of(upload).is_known and self.extent >= upload.offset

    def find_losses(self, upload: StoredUpload) -> Losses:
        end, state = (self.extent, WHOLE), state_of(upload)
        if state.is_known:
            return Losses([end], upload.store_state)
        return Losses([*holes(self._fd), end], str(state.looked_at()))

    def confirm_loss(self, upload: StoredUpload) -> None:
        check_folder(upload)


class LocalWriter(LocalFile, Writer):
    """Positioned writes into an open partial file."""

    is_readable = True
    is_alone = True

    def __init__(self, fd: int, start: int, locked: tuple[int, int]) -> None:
        super().__init__(fd)
        self._start = start
        self._locked = locked  # first byte, length
        self._written = 0

    @property
    def written(self) -> int:
        return self._written

    def write(self, block: bytes) -> None:
        view = memoryview(block)
        while view:
            with full_disks_reported():
                count = os.pwrite(self._fd, view, self._start + self._written)
            self._advance(count)
            view = view[count:]

    def write_from(self, outlet: int, size: int) -> None:
        while size:
            place = self._start + self._written
            try:
                with full_disks_reported():
                    count = os.splice(outlet, self._fd, size, offset_dst=place)
            except OSError as error:
                if error.errno not in UNABLE:
                    raise
                return super().write_from(outlet, size)
            self._advance(count)
            size -= count

    def keep(self, *, everything: bool) -> Kept:
        # In the kernel's memory it outlives this process; a power loss is noticed.
        return Kept(self._written)

    def has_waiters(self) -> bool:
        return has_waiters(self._fd, *self._locked)

    def read(self, position: int, view: memoryview) -> int:
        return os.preadv(self._fd, [view], position)

    def _advance(self, count: int) -> None:
        begun = (self._start + self._written) // WRITE_OUT * WRITE_OUT
        self._written += count
        whole = (self._start + self._written) // WRITE_OUT * WRITE_OUT
        if whole > begun:
            begin_write_out(self._fd, begun, whole - begun)


class LocalComparison(Comparison):
    """Bytes of an open partial file, read as far as others come to be compared."""

    def __init__(self, fd: int, start: int) -> None:
        self._fd = fd
        self._position = start

    def add(self, block: bytes) -> bool:
        position, self._position = self._position, self._position + len(block)
        return _read_exactly(self._fd, position, len(block)) == block


class LocalContent(LocalFile, Content):
    """A partial file of which the whole is locked."""

    def __init__(self, fd: int, upload: StoredUpload) -> None:
        super().__init__(fd)
        self._upload = upload
        self._path = path_of(upload)

    def open(self) -> File:
        return File(open(self._path, "rb"))

    def sync(self) -> None:
        sync_file(self._fd)

    def discard(self) -> None:
        # Not unlinked: who waits for the lock has this file open, and writes into it.
        os.ftruncate(self._fd, 0)

    def is_placed(self, storage: Storage, name: str) -> bool:
        size = self._upload.filesize
        is_whole = self.extent == size
        return not is_whole and storage.exists(name) and storage.size(name) == size

    def reserve(self, storage: Storage, wanted: str) -> str:
        name = take_place(storage, wanted, MAX_PATH)
        if is_in_own_folder(self._upload.uuid, name):
            return name
        try:
            # Or somebody else could have taken the name after a loss of power.
            sync_name(storage.path(name))
        except BaseException:
            storage.delete(name)  # or the next try would take one more
            raise
        return name

    def place(self, storage: Storage, name: str) -> str:
        if not takes_files_as_they_are(storage):
            return super().place(storage, name)
        path = storage.path(name)
        if self.is_placed(storage, name):
            sync_name(path)
        elif self._upload.filesize:
            with full_disks_reported():
                move(self._fd, self._path, path)
        return name


class LocalStore(ChunkStore):
    """Partial files under `CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH`."""

    def begin(self, upload: StoredUpload, folder: str) -> str:
        with full_disks_reported():
            return str(begin_state(upload, folder))

    @contextlib.contextmanager
    def writer(
        self, upload: StoredUpload, start: int, length: int, *, alone: bool = False
    ) -> Iterator[LocalWriter]:
        fd = open_or_make(upload)
        # Not the last byte, by which one that finishes the upload is known.
        locked = (0, WHOLE - 1) if alone else (start, length)
        try:
            try:
                lock(fd, *locked, patience=0 if alone else TURN)
            except BlockingIOError:
                raise RangeBusy("Another request is writing to this range.") from None
            yield LocalWriter(fd, start, locked)
        finally:
            os.close(fd)

    @contextlib.contextmanager
    def exclusive(self, upload: StoredUpload) -> Iterator[LocalContent]:
        fd = open_exclusively(upload)
        try:
            yield LocalContent(fd, upload)
        finally:
            os.close(fd)

    @contextlib.contextmanager
    def compare(
        self, upload: StoredUpload, start: int, length: int
    ) -> Iterator[LocalComparison]:
        fd = os.open(path_of(upload), os.O_RDONLY)
        try:
            yield LocalComparison(fd, start)
        finally:
            os.close(fd)

    def agree(self, upload: StoredUpload, other: StoredUpload, length: int) -> bool:
        try:
            with (
                self.compare(upload, 0, length) as mine,
                open(path_of(other), "rb") as file,
            ):
                while length and (block := file.read(min(READ, length))):
                    if not mine.add(block):
                        return False
                    length -= len(block)
        except FileNotFoundError:
            return False
        return length == 0

    def is_intact(self, upload: StoredUpload) -> bool:
        return state_of(upload).is_known and self.resting(upload) >= upload.offset

    def is_finishing(self, upload: StoredUpload) -> bool:
        with _opened_if_there(upload) as fd:
            return fd is not None and is_locked_whole(fd)

    def wait_for_writers(self, upload: StoredUpload, patience: float) -> None:
        with _opened_if_there(upload) as fd:
            if fd is not None:
                wait_until_free(fd, patience)

    def moves_into(self, storage: Storage) -> bool:
        return takes_files_as_they_are(storage)

    def keeps(self, upload: StoredUpload, storage: Storage, name: str) -> bool:
        # Both lie in the finished file's folder where the site's settings say so.
        return os.path.basename(name) in (os.path.basename(path_of(upload)), MARKER)

    def remove_draft(self, upload: StoredUpload, storage: Storage, name: str) -> None:
        # On another file system a move is a copy first, by the partial file's own name.
        if takes_files_as_they_are(storage):
            draft = os.path.basename(path_of(upload))
            storage.delete(os.path.join(os.path.dirname(name), draft))

    def delete(self, upload: StoredUpload) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path_of(upload))

    def resting(self, upload: StoredUpload) -> int:
        try:
            return os.stat(path_of(upload)).st_size
        except FileNotFoundError:
            return 0

    def leftovers(self) -> Iterator[Leftover]:
        root = full_path(usual_folder())
        # A missing folder is an error to report, not an empty store to clean up after.
        os.stat(root)
        for folder, _, files in os.walk(root):
            for file in filter(NAME.fullmatch, files):
                path, uuid = os.path.join(folder, file), uuid_of(file)
                if uuid is None:
                    continue
                with contextlib.suppress(FileNotFoundError):
                    found = os.stat(path)
                    modified = datetime.datetime.fromtimestamp(
                        found.st_mtime, datetime.timezone.utc
                    )
                    yield Leftover(uuid, path, found.st_size, modified)

    def remove(self, leftover: Leftover) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(leftover.name)


@contextlib.contextmanager
def _opened_if_there(upload: StoredUpload) -> Iterator[int | None]:
    try:
        fd = os.open(path_of(upload), os.O_RDWR)
    except FileNotFoundError:
        yield None
        return
    try:
        yield fd
    finally:
        os.close(fd)


def _read_exactly(fd: int, position: int, size: int) -> bytes:
    block = os.pread(fd, size, position)
    while len(block) < size and (
        more := os.pread(fd, size - len(block), position + len(block))
    ):
        block += more
    return block
