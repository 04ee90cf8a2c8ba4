"""Locks of byte ranges, freed by the operating system when their holder dies.

Open file description locks (Linux, `fcntl(2)`) belong to an open file: they keep
threads apart as well as processes, and go when the file is closed, however that
comes about. Elsewhere `flock(2)` gives the same for the file as a whole: correct,
with one writer at a time for each upload.
"""

from __future__ import annotations

import fcntl
import struct
import sys
import time

HAVE_RANGES = sys.platform == "linux" and hasattr(fcntl, "F_OFD_SETLK")
FIRST_PAUSE, LONGEST_PAUSE = 0.002, 0.2  # seconds


def lock(fd: int, start: int = 0, length: int = 0, *, patience: float = 0) -> None:
    """Lock `length` bytes from `start` of the file, until `fd` is closed.

    `length` 0 means to the end and beyond. Raises `BlockingIOError` where another
    open file holds any of it, and still does after `patience` seconds.
    """
    deadline = time.monotonic() + patience
    pause = FIRST_PAUSE
    while True:
        try:
            return _lock_now(fd, start, length)
        except BlockingIOError:
            if time.monotonic() + pause > deadline:
                raise
        # Not left to the kernel: it would stop all greenlets of the process, maybe
        # the one that holds the lock among them.
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def _lock_now(fd: int, start: int, length: int) -> None:
    if not HAVE_RANGES:
        return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    # struct flock of 64-bit Linux: type, whence, start, length, pid (0 as it must).
    wanted = struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, start, length, 0)
    fcntl.fcntl(fd, fcntl.F_OFD_SETLK, wanted)
