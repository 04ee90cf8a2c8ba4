"""Partial files: where each lies, and how it is opened and locked.

The state of an upload says where its file is, what marks the folder, and under which
boots of which machines it was looked at. An upload without one was never begun: its
file is where any would be.
"""

from __future__ import annotations

import functools
import json
import logging
import os
from dataclasses import asdict, dataclass, replace

from django.conf import settings

from chunked_uploads.conf import conf
from chunked_uploads.errors import RangeBusy, StoreUnavailable
from chunked_uploads.stores.facts import StoredUpload
from chunked_uploads.stores.file_names import file_name
from chunked_uploads.stores.markers import ensure_marker, read_marker
from chunked_uploads.system.holes import boot_id
from chunked_uploads.system.locks import is_locked_whole, lock

PATIENCE = 20  # seconds to wait for writers; for who finishes, as long as it lives
MODE = 0o600  # the finished file gets what its storage's settings say
MOST_BOOTS = 24  # machines that take turns; the state has no room for more

logger = logging.getLogger("chunked_uploads")


@dataclass(frozen=True)
class State:
    """What a store of files has to know of an upload."""

    path: str  # absolute, or under MEDIA_ROOT
    marker: str = ""
    boots: tuple[str, ...] = ()

    def __str__(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    @property
    def is_known(self) -> bool:
        """Whether this machine has looked at the file since it was started."""
        return boot_id() in self.boots

    def looked_at(self) -> State:
        """Return the state now that this machine has looked at the file."""
        # The file is here, so it is this folder's, whatever was noted. Machines that
        # share a disk take turns: none may forget that another one looked already.
        marker = ensure_marker(os.path.dirname(full_path(self.path)))
        boots = (*self.boots, boot_id())[-MOST_BOOTS:]
        return replace(self, marker=marker, boots=boots)


def begin_state(upload: StoredUpload) -> State:
    """Return the state of a new upload; make and mark its folder."""
    path = os.path.join(folder_of(upload), file_name(upload.uuid))
    marker = ensure_marker(os.path.dirname(full_path(path)))
    return State(path, marker, (boot_id(),))


def state_of(upload: StoredUpload) -> State:
    """Return the upload's state."""
    if upload.store_state:
        return _read_state(upload.store_state)
    return State(os.path.join(folder_of(upload), file_name(upload.uuid)))


def path_of(upload: StoredUpload) -> str:
    """Return the absolute path of the upload's partial file."""
    return full_path(state_of(upload).path)


def folder_of(upload: StoredUpload) -> str:
    """Return the folder that the settings name for the upload's file.

    A callable setting chooses the folder alone: two uploads in one file would destroy
    each other.
    """
    path = conf.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH
    return os.path.dirname(path(upload, upload.filename)) if callable(path) else path


def common_folder() -> str:
    """Return the folder that has all partial files, somewhere below it."""
    path = conf.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH
    return full_path("" if callable(path) else path)


def full_path(path: str) -> str:
    """Return the absolute path of one that may be under MEDIA_ROOT."""
    return os.path.join(settings.MEDIA_ROOT, path)


def open_or_make(upload: StoredUpload) -> int:
    """Open the partial file; make it where it is missing.

    Raises `StoreUnavailable` where it may lie on a disk that is not there just now.
    """
    state, flags = state_of(upload), os.O_RDWR
    path = full_path(state.path)
    if state.marker or upload.received:
        try:
            return os.open(path, flags)
        except FileNotFoundError:
            check_folder(upload)
    flags |= os.O_CREAT
    try:
        return os.open(path, flags, MODE)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return os.open(path, flags, MODE)


def open_exclusively(upload: StoredUpload) -> int:
    """Open the partial file, and lock all of it. Raises `RangeBusy`.

    A missing one is made, so that there is something to lock for those who come at the
    same time.
    """
    path = path_of(upload)
    while True:
        fd = open_or_make(upload)
        try:
            _lock_whole(fd)
            if _is_at(path, fd):  # whoever held the lock before may have moved it away
                return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


def check_folder(upload: StoredUpload) -> None:
    """Raise `StoreUnavailable` where the upload was begun in another folder."""
    state = state_of(upload)
    path = full_path(state.path)
    marker = read_marker(os.path.dirname(path))
    if not marker or marker != state.marker:
        message = (
            "%s lacks bytes, and its folder is not where it was begun: is it mounted?"
        )
        logger.error(message, path)
        raise StoreUnavailable("The chunk store is out of reach; try again later.")


@functools.lru_cache
def _read_state(text: str) -> State:
    try:
        found = json.loads(text)
        return State(found["path"], found["marker"], tuple(found["boots"]))
    except (ValueError, TypeError, KeyError):
        logger.error("An upload was begun in another chunk store: %s", text)
        raise StoreUnavailable("The upload was begun in another chunk store.") from None


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
                message = "Another request is writing to this upload."
                raise RangeBusy(message) from None


def _is_at(path: str, fd: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(fd))
    except FileNotFoundError:
        return False
