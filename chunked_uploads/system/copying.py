"""Copy bytes from one file to another within the kernel (Linux).

File systems that can let both files share the blocks do so (`copy_file_range(2)`), as
Btrfs and XFS where they begin at blocks in both; the others copy without a way through
this process.
"""

from __future__ import annotations

import errno
import os

from chunked_uploads.system.pipes import UNABLE as UNABLE_TO_SPLICE

# What kernels, sandboxes and file systems answer that can't; nothing is copied then.
UNABLE = (*UNABLE_TO_SPLICE, errno.EXDEV, errno.EACCES)
BLOCK = 2**20  # bytes that are read and written at once where the kernel can't


def copy_range(source: int, position: int, target: int, offset: int, size: int) -> int:
    """Copy up to `size` bytes from `position` of one open file to `offset` of another.

    Returns how many, 0 at the end of the first.
    """
    count = 0
    if hasattr(os, "copy_file_range"):
        try:
            count = os.copy_file_range(source, target, size, position, offset)
        except OSError as error:
            if error.errno not in UNABLE:
                raise
    # Some file systems say 0 where they can't.
    return count or _copy_block(source, position, target, offset, size)


def _copy_block(source: int, position: int, target: int, offset: int, size: int) -> int:
    block = os.pread(source, min(size, BLOCK), position)
    return os.pwrite(target, block, offset) if block else 0
