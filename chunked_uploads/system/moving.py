"""Move a file to its place durably, on the same file system or another."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator

# What file systems say of a mode or a group that they keep for themselves.
REFUSED = (errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENOSYS)


def move(fd: int, source: str, path: str) -> None:
    """Move `source`, open as `fd` and on disk already, over the file at `path`.

    That one is replaced at once or not at all, and the new one is there for good when
    this returns; until then nothing whole is taken away. Raises `OSError`, also
    where a copy to another file system does not fit.
    """
    # The one that is there has the mode and the group that its storage asks for.
    wanted = os.stat(path)
    copy_mode(fd, wanted)
    try:
        os.replace(source, path)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy(source, path, wanted)
        sync_name(path)
        os.unlink(source)
    else:
        sync_name(path)


def copy_mode(fd: int, wanted: os.stat_result) -> None:
    """Give the file the mode and the group of another, as far as it may have them."""
    found = os.fstat(fd)
    if found.st_mode != wanted.st_mode:
        with _refusals_ignored():
            os.fchmod(fd, wanted.st_mode & 0o7777)
    if found.st_gid != wanted.st_gid:
        with _refusals_ignored():
            os.fchown(fd, -1, wanted.st_gid)


def sync_name(path: str) -> None:
    """Make durable that the file is at `path`, whether or not it was before."""
    # The file's own folder may be new as well, so its parent's entry counts too.
    folder = os.path.dirname(path)
    for each in (folder, os.path.dirname(folder)):
        try:
            sync_path(each)
        except PermissionError:
            # A folder that may be entered and not read. Journals are written in
            # order, so that with the file its new name is there as well.
            sync_path(path)


def sync_copy(path: str) -> None:
    """Make durable what somebody else wrote to `path`, where it can be looked at."""
    with contextlib.suppress(FileNotFoundError, PermissionError):
        sync_path(path)
        sync_name(path)


def sync_path(path: str) -> None:
    """Make the file or folder at `path` durable."""
    fd = os.open(path, os.O_RDONLY)
    try:
        sync_file(fd)
    finally:
        os.close(fd)


def sync_file(fd: int) -> None:
    """Make a file or a folder durable, where its file system knows how to."""
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise


@contextlib.contextmanager
def _refusals_ignored() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in REFUSED:
            raise


def _copy(source: str, path: str, wanted: os.stat_result) -> None:
    # Into a neighbour of the target first, so that the target is whole or untouched.
    # A copy that died is overwritten by the next one: its name is the source's.
    neighbour = os.path.join(os.path.dirname(path), os.path.basename(source))
    try:
        shutil.copyfile(source, neighbour)
        fd = os.open(neighbour, os.O_RDWR)
        try:
            copy_mode(fd, wanted)
            sync_file(fd)
        finally:
            os.close(fd)
        os.replace(neighbour, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(neighbour)
        raise
