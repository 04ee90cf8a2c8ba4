"""A partial file that somebody has entered: to write, to compare, to finish."""

from __future__ import annotations

import errno
import os

from django.core.files.base import File
from django.core.files.storage import Storage

from chunked_uploads.conf import MIB
from chunked_uploads.models import MAX_PATH
from chunked_uploads.storages import (
    is_in_own_folder,
    reserve_name,
    takes_files_as_they_are,
)
from chunked_uploads.stores.facts import Kept, Losses, StoredUpload
from chunked_uploads.stores.handles import (
    Comparison,
    Content,
    Handle,
    Writer,
    full_disks_reported,
)
from chunked_uploads.stores.partial_files import check_folder, path_of, state_of
from chunked_uploads.system.copying import copy_range
from chunked_uploads.system.holes import find_holes
from chunked_uploads.system.locks import WHOLE, has_waiters
from chunked_uploads.system.moving import move, sync_file, sync_name
from chunked_uploads.system.pipes import UNABLE
from chunked_uploads.system.writeout import begin_write_out

WRITE_OUT = 8 * MIB  # bytes that are given to the disk at once


class LocalFile(Handle):
    """An open partial file."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    @property
    def extent(self) -> int:
        """How far the file reaches, in bytes from 0."""
        return os.fstat(self._fd).st_size

    def is_unchanged(self, upload: StoredUpload) -> bool:
        # Who wrote, finished or cancelled would have left the file longer or empty.
        return state_of(upload).is_known and self.extent == upload.received

    def is_certain(self, upload: StoredUpload) -> bool:
        return state_of(upload).is_known and self.extent >= upload.offset

    def find_losses(self, upload: StoredUpload) -> Losses:
        end, state = (self.extent, WHOLE), state_of(upload)
        if state.is_known:
            return Losses([end], upload.store_state)
        return Losses([*find_holes(self._fd), end], str(state.looked_at()))

    def confirm_loss(self, upload: StoredUpload) -> None:
        check_folder(upload)


class LocalWriter(LocalFile, Writer):
    """Positioned writes into an open partial file."""

    is_readable = True
    is_alone = True
    can_copy = True

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
            position = self._start + self._written
            try:
                with full_disks_reported():
                    count = os.splice(outlet, self._fd, size, offset_dst=position)
            except OSError as error:
                if error.errno not in UNABLE:
                    raise
                return super().write_from(outlet, size)
            self._advance(count)
            size -= count

    def copy(self, part: StoredUpload, position: int, size: int) -> int:
        # Each time anew: what was cancelled meanwhile is seen, and few files are open.
        source = os.open(path_of(part), os.O_RDONLY)
        try:
            place = self._fd, self._start + self._written
            with full_disks_reported():
                count = copy_range(source, position, *place, min(size, WRITE_OUT))
        finally:
            os.close(source)
        if not count:
            raise FileNotFoundError(errno.ENOENT, "A part ends before its size.")
        self._advance(count)
        return count

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
        size = self._upload.filesize
        if size is not None and self.extent > size:
            os.ftruncate(self._fd, size)  # what came before anybody knew the size
        sync_file(self._fd)

    def discard(self) -> None:
        # Not unlinked: who waits for the lock has this file open, and writes into it.
        os.ftruncate(self._fd, 0)

    def is_placed(self, storage: Storage, name: str) -> bool:
        size = self._upload.filesize
        # On another file system it was copied, and may lie here still. What is in the
        # upload's own folder is nobody else's; an empty file is its place, and no more.
        may_be_copied = takes_files_as_they_are(storage) and is_in_own_folder(
            self._upload.uuid, name
        )
        if self.extent == size and not (size and may_be_copied):
            return False
        return storage.exists(name) and storage.size(name) == size

    def sync_place(self, storage: Storage, name: str) -> None:
        if takes_files_as_they_are(storage):
            sync_name(storage.path(name))

    def reserve(self, storage: Storage, wanted: str, *, is_noted: bool) -> str:
        if is_noted and storage.exists(wanted):
            return wanted
        name = reserve_name(storage, wanted, MAX_PATH)
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
        if self._upload.filesize:
            with full_disks_reported():
                move(self._fd, self._path, storage.path(name))
        return name


def _read_exactly(fd: int, position: int, size: int) -> bytes:
    block = os.pread(fd, size, position)
    while len(block) < size and (
        more := os.pread(fd, size - len(block), position + len(block))
    ):
        block += more
    return block
