"""Let the kernel begin to write what lies in the page cache (Linux).

By itself it begins when a tenth of the memory is dirty, or a page has been for half a
minute: the sync of a finished file would wait for gigabytes, in the request that
finishes it.
"""

from __future__ import annotations

import functools
import sys
from typing import Any

START = 2  # SYNC_FILE_RANGE_WRITE: ask for it, don't wait until it is written


def begin_write_out(fd: int, start: int, length: int) -> None:
    """Ask for `length` bytes from `start` of the file to be written to disk.

    Promises nothing, and reports no error: a sync does (`sync_file_range(2)`).
    """
    call = _sync_file_range()
    if call is not None:
        call(fd, start, length, START)


@functools.cache
def _sync_file_range() -> Any:
    if sys.platform != "linux":
        return None
    try:
        import ctypes

        call = ctypes.CDLL(None).sync_file_range
    except (ImportError, OSError, AttributeError):  # Python or libc does without
        return None
    call.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint]
    return call
