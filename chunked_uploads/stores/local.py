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

from django.core.files.storage import Storage

from chunked_uploads.errors import RangeBusy
from chunked_uploads.storages import takes_files_as_they_are
from chunked_uploads.stores.base import ChunkStore
from chunked_uploads.stores.facts import Leftover, StoredUpload
from chunked_uploads.stores.file_names import NAME, uuid_of
from chunked_uploads.stores.handles import BLOCK, full_disks_reported
from chunked_uploads.stores.local_handles import (
    LocalComparison,
    LocalContent,
    LocalWriter,
)
from chunked_uploads.stores.markers import MARKER
from chunked_uploads.stores.partial_files import (
    begin_state,
    common_folder,
    open_exclusively,
    open_or_make,
    path_of,
    state_of,
)
from chunked_uploads.system.locks import (
    WHOLE,
    is_locked_whole,
    lock,
    may_be_locked_whole,
    wait_until_free,
)

PATIENCE = 2.5  # seconds to wait for a writer; one that hears nothing leaves sooner


class LocalStore(ChunkStore):
    """Partial files under `CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH`."""

    def begin(self, upload: StoredUpload) -> str:
        with full_disks_reported():
            return str(begin_state(upload))

    @contextlib.contextmanager
    def writer(
        self, upload: StoredUpload, start: int, length: int, *, alone: bool = False
    ) -> Iterator[LocalWriter]:
        fd = open_or_make(upload)
        # Not the last byte, by which one that finishes the upload is known.
        locked = (0, WHOLE - 1) if alone else (start, length)
        try:
            try:
                lock(fd, *locked, patience=0 if alone else PATIENCE)
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
                while length and (block := file.read(min(BLOCK, length))):
                    if not mine.add(block):
                        return False
                    length -= len(block)
        except FileNotFoundError:
            return False
        return length == 0

    def is_intact(self, upload: StoredUpload) -> bool:
        return state_of(upload).is_known and self.count_bytes(upload) >= upload.offset

    def is_finishing(self, upload: StoredUpload) -> bool:
        with _opened_if_there(upload) as fd:
            return fd is not None and may_be_locked_whole(fd)

    def is_locked_to_finish(self, upload: StoredUpload) -> bool:
        with _opened_if_there(upload) as fd:
            return fd is not None and is_locked_whole(fd)

    def wait_for_writers(
        self, upload: StoredUpload, patience: float, *, is_urgent: bool = False
    ) -> None:
        with _opened_if_there(upload) as fd:
            if fd is not None:
                wait_until_free(fd, patience, is_urgent=is_urgent)

    def moves_into(self, storage: Storage) -> bool:
        return takes_files_as_they_are(storage)

    def owns(self, upload: StoredUpload, storage: Storage, name: str) -> bool:
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

    def count_bytes(self, upload: StoredUpload) -> int:
        try:
            return os.stat(path_of(upload)).st_size
        except FileNotFoundError:
            return 0

    def leftovers(self) -> Iterator[Leftover]:
        root = common_folder()
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

    def remove_leftover(self, leftover: Leftover) -> None:
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
