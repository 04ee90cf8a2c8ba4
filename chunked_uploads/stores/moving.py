"""Move a file to its place durably, on the same file system or another."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator

from chunked_uploads.errors import FULL, StoreFull


def move(fd: int, source: str, path: str) -> None:
    """Move `source`, which is open as `fd`, over the file that is at `path`.

    That one is replaced at once or not at all, and what replaces it is on disk by then.
    Raises `StoreFull` where a copy to another file system does not fit.
    """
    os.fsync(fd)
    _take_mode(fd, os.stat(path))
    try:
        os.replace(source, path)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy(source, path)
    _sync_folders(path)


@contextlib.contextmanager
def full_disk_told() -> Iterator[None]:
    """Raise `StoreFull` in place of what the system says of a full disk."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise StoreFull("The disk is full; what arrived before is kept.") from error


def _take_mode(fd: int, wanted: os.stat_result) -> None:
    # The placeholder has the mode and the group that the storage's settings ask for.
    os.fchmod(fd, wanted.st_mode & 0o7777)
    if os.fstat(fd).st_gid != wanted.st_gid:
        with contextlib.suppress(PermissionError):
            os.fchown(fd, -1, wanted.st_gid)


def _copy(source: str, path: str) -> None:
    # Into a neighbour of the target first, so that the target is whole or untouched.
    # A copy that died is overwritten by the next one: its name is the source's.
    neighbour = os.path.join(os.path.dirname(path), os.path.basename(source))
    try:
        with full_disk_told():
            shutil.copyfile(source, neighbour)
            shutil.copymode(source, neighbour)
            _sync(neighbour)
            os.replace(neighbour, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(neighbour)
        raise
    os.unlink(source)


def _sync_folders(path: str) -> None:
    # The file's own folder may be new as well, so its parent's entry counts too.
    folder = os.path.dirname(path)
    _sync(folder)
    _sync(os.path.dirname(folder))


def _sync(path: str) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
