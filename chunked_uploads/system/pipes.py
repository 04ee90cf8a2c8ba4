"""Pipes: what `splice(2)` moves bytes through without a copy (Linux)."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator

PIPE_SIZE = 2**20  # bytes; what Linux lets any user have
# What kernels, sandboxes and file systems answer that can't splice; nothing is moved.
UNABLE = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM)


class Pipe:
    """A pipe that is empty before and after each piece that goes through it."""

    def __init__(self) -> None:
        self.outlet, self.inlet = os.pipe()
        try:
            # A user with many pipes may have small ones only; they do as well.
            with contextlib.suppress(PermissionError):
                fcntl.fcntl(self.inlet, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
            self.size = fcntl.fcntl(self.inlet, fcntl.F_GETPIPE_SZ)  # bytes
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close both ends."""
        os.close(self.outlet)
        os.close(self.inlet)


@contextlib.contextmanager
def open_pipe() -> Iterator[Pipe]:
    """Enter with a pipe, which is closed at the end."""
    pipe = Pipe()
    try:
        yield pipe
    finally:
        pipe.close()
