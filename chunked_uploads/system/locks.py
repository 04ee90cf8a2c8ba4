"""Locks of byte ranges, freed by the operating system when their holder dies.

Open file description locks (Linux, `fcntl(2)`) belong to an open file: they keep
threads apart as well as processes, and go when the file is closed, however that
comes about. Elsewhere `flock(2)` gives the same for the file as a whole: correct,
with one writer at a time for each upload.

A holder can see that somebody waits for its range, and give way where its own client is
silent: who waits holds a second, shared lock meanwhile, on the same bytes moved by
`WAITING`, where no file has any.
"""

from __future__ import annotations

import contextlib
import fcntl
import struct
import sys
import time
from collections.abc import Iterator

HAVE_RANGES = sys.platform == "linux" and hasattr(fcntl, "F_OFD_SETLK")
WAITING = 2**62  # the first byte that no file reaches; ranges end before it
WHOLE = WAITING  # bytes from 0: all of a file
FIRST_PAUSE, LONGEST_PAUSE = 0.002, 0.2  # seconds


def lock(fd: int, start: int = 0, length: int = WHOLE, *, patience: float = 0) -> None:
    """Lock `length` bytes from `start` of the file, until `fd` is closed.

    All of it where neither is given. Raises `BlockingIOError` where another open file
    holds any of it, and still does after `patience` seconds.
    """
    deadline = time.monotonic() + patience
    try:
        return _lock_now(fd, start, length)
    except BlockingIOError:
        if not patience:
            raise
    with _shown_as_waiting(fd, start, length):
        pause = FIRST_PAUSE
        while True:
            # Not left to the kernel: it would stop all greenlets of the process, maybe
            # the one that holds the lock among them.
            time.sleep(pause)
            try:
                return _lock_now(fd, start, length)
            except BlockingIOError:
                if time.monotonic() + pause > deadline:
                    raise
            pause = min(2 * pause, LONGEST_PAUSE)


def wait_until_free(fd: int, patience: float, *, is_urgent: bool = False) -> None:
    """Return when no other open file locks any of the file, or after `patience`.

    Holders see that somebody waits, and may give way, only where it `is_urgent`.
    """
    if not _is_locked(fd):
        return
    deadline = time.monotonic() + patience
    pause = FIRST_PAUSE
    with _shown_as_waiting(fd, 0, WHOLE) if is_urgent else contextlib.nullcontext():
        while _is_locked(fd) and time.monotonic() + pause <= deadline:
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


def has_waiters(fd: int, start: int, length: int) -> bool:
    """Whether somebody waits for any of the `length` bytes from `start`."""
    return HAVE_RANGES and _is_held_by_another(fd, WAITING + start, length)


def is_locked_whole(fd: int) -> bool:
    """Whether another open file locks all of this one, up to the very last byte."""
    return HAVE_RANGES and _is_held_by_another(fd, WHOLE - 1, 1)


def may_be_locked_whole(fd: int) -> bool:
    """Whether another open file locks all of this one, or nobody can say.

    As where locks are of whole files only.
    """
    if not HAVE_RANGES:
        return True
    return _is_held_by_another(fd, WHOLE - 1, 1, if_unknown=True)


@contextlib.contextmanager
def _shown_as_waiting(fd: int, start: int, length: int) -> Iterator[None]:
    if not HAVE_RANGES:
        yield
        return
    # Shared, since several may wait for the same bytes.
    fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _flock(fcntl.F_RDLCK, WAITING + start, length))
    try:
        yield
    finally:
        unlock = _flock(fcntl.F_UNLCK, WAITING + start, length)
        fcntl.fcntl(fd, fcntl.F_OFD_SETLK, unlock)


def _is_locked(fd: int) -> bool:
    if HAVE_RANGES:
        return _is_held_by_another(fd, 0, WHOLE)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(fd, fcntl.LOCK_UN)
    return False


def _is_held_by_another(
    fd: int, start: int, length: int, *, if_unknown: bool = False
) -> bool:
    wanted = _flock(fcntl.F_WRLCK, start, length)
    try:
        answer = fcntl.fcntl(fd, fcntl.F_OFD_GETLK, wanted)
    except OSError:  # of file systems that lock, but can't be asked
        return if_unknown
    return struct.unpack_from("h", answer)[0] != fcntl.F_UNLCK


def _lock_now(fd: int, start: int, length: int) -> None:
    if HAVE_RANGES:
        fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _flock(fcntl.F_WRLCK, start, length))
    else:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _flock(kind: int, start: int, length: int) -> bytes:
    # struct flock of 64-bit Linux: type, whence, start, length, pid (0 as it must).
    return struct.pack("hhqqi4x", kind, 0, start, length, 0)
