"""Locks of byte ranges, freed by the operating system when their holder dies.

Open file description locks (Linux, `fcntl(2)`) belong to an open file: they keep
threads apart as well as processes, and go when the file is closed, however that
comes about. Elsewhere `flock(2)` gives the same for the file as a whole: correct,
with one writer at a time for each upload.
"""

from __future__ import annotations

import fcntl
import struct

HAVE_RANGES = hasattr(fcntl, "F_OFD_SETLK")


def lock(fd: int, start: int = 0, length: int = 0, *, wait: bool = False) -> None:
    """Lock `length` bytes from `start` of the file, until `fd` is closed.

    `length` 0 means to the end and beyond. Raises `BlockingIOError` at once where
    another open file holds any of it, unless told to wait.
    """
    if HAVE_RANGES:
        _lock_range(fd, start, length, wait)
    else:
        fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


def _lock_range(fd: int, start: int, length: int, wait: bool) -> None:
    # struct flock of 64-bit Linux: type, whence, start, length, pid (0 as it must).
    wanted = struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, start, length, 0)
    fcntl.fcntl(fd, fcntl.F_OFD_SETLKW if wait else fcntl.F_OFD_SETLK, wanted)
