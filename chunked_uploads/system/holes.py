"""Holes that a power loss leaves in files, and how to know that there was one.

A block that was in memory only when the machine stopped is missing afterwards. The
file's length shows it at its end; anywhere else it is a hole, which reads as zeros.
"""

from __future__ import annotations

import errno
import functools
import os

BOOT_ID = "/proc/sys/kernel/random/boot_id"  # Linux
NO_BOOT_ID = "-"  # of systems that don't tell
MOST_HOLES = 1000  # forgetting more would take the database long


@functools.cache
def boot_id() -> str:
    """Return what changes whenever the machine is started, and only then."""
    try:
        with open(BOOT_ID, encoding="ascii") as file:
            return file.read().partition("-")[0]
    except (FileNotFoundError, PermissionError):
        return NO_BOOT_ID


def find_holes(fd: int) -> list[tuple[int, int]]:
    """Return the holes of a file: for each its first byte and the first after it.

    None where the file system can't tell. The last of very many is everything from
    there on.
    """
    _drop_cached(fd)
    found: list[tuple[int, int]] = []
    size, end = os.fstat(fd).st_size, 0
    while end < size:
        start = _seek(fd, end, os.SEEK_HOLE, size)
        if start >= size:
            break
        end = _seek(fd, start, os.SEEK_DATA, size)
        if len(found) == MOST_HOLES - 1:
            end = size
        found.append((start, end))
    return found


def _drop_cached(fd: int) -> None:
    # What was reserved and never written is a hole too, until somebody has read it:
    # then the zeros in the page cache pass for data.
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)


def _seek(fd: int, position: int, whence: int, size: int) -> int:
    try:
        return os.lseek(fd, position, whence)
    except OSError as error:
        # Nothing of the kind up to the end; or a file system that knows no holes.
        if error.errno not in (errno.ENXIO, errno.EINVAL, errno.EOPNOTSUPP):
            raise
        return size
