"""The file to send, by its path or open; read at any place, by many threads."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import threading
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from chunked_uploads.client.errors import FileChanged, FileUnreadable

BLOCK = 256 * 1024  # bytes in memory at once

PathOrFile = str | bytes | os.PathLike[str] | BinaryIO


class Source:
    """The bytes of one file, of a size that is known; `close` ends what was opened."""

    def __init__(self, path_or_file: PathOrFile, filename: str | None = None) -> None:
        """Raise `FileUnreadable` where there is no such file, or none with a size."""
        self._lock = threading.Lock()
        self._is_own = isinstance(path_or_file, str | bytes | os.PathLike)
        try:
            self._file = _open(path_or_file)
        except (OSError, ValueError) as error:
            raise FileUnreadable(_sentence(error)) from None
        try:
            self.descriptor = _descriptor_of(self._file)
            self.size = self._file.seek(0, io.SEEK_END)
            self._first_look = self._look()
            # What is no UTF-8 on this disk is none anywhere.
            name = os.fsencode(filename or _name_of(self._file))
            self.filename = name.decode("utf-8", "replace")
        except (OSError, ValueError) as error:
            self.close()
            raise FileUnreadable(_sentence(error)) from None

    @cached_property
    def stamp(self) -> list[int | str] | None:
        """What tells the file from what it was at another time; None: nothing does."""
        if self.descriptor is None:
            return None
        if os.fstat(self.descriptor).st_nlink == 0:  # a copy, as of standard input
            return [self.size, self.digest(0, self.size).hex()]
        return self._first_look

    def read(self, start: int, size: int) -> bytes:
        """Return `size` bytes from `start` on. Raises `FileUnreadable`."""
        try:
            if self.descriptor is not None:
                block = os.pread(self.descriptor, size, start)
            else:
                with self._lock:
                    self._file.seek(start)
                    block = self._file.read(size)
        except (OSError, ValueError) as error:
            raise FileUnreadable(_sentence(error)) from None
        if not block and size:
            raise FileChanged("The file became shorter while it was sent.")
        return block

    def blocks(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield the bytes from `start` to `stop`."""
        while start < stop:
            block = self.read(start, min(BLOCK, stop - start))
            yield block
            start += len(block)

    def digest(self, start: int, stop: int) -> bytes:
        """Return the SHA-256 of a range."""
        digest = hashlib.sha256()
        for block in self.blocks(start, stop):
            digest.update(block)
        return digest.digest()

    def check_unchanged(self) -> None:
        """Raise `FileChanged` where the file was written to since it was opened."""
        if self._look() != self._first_look:
            raise FileChanged("The file was changed while it was sent.")

    def close(self) -> None:
        """Close what was opened here."""
        if self._is_own:
            self._file.close()

    def _look(self) -> list[int | str] | None:
        if self.descriptor is None:
            return None
        stat = os.fstat(self.descriptor)
        return [stat.st_size, stat.st_mtime_ns, stat.st_ino]


def _open(path_or_file: PathOrFile) -> BinaryIO:
    if hasattr(path_or_file, "encoding"):
        raise ValueError("it was opened as text")
    if not isinstance(path_or_file, str | bytes | os.PathLike):
        return path_or_file
    path = Path(os.fsdecode(path_or_file))
    if not path.is_file():  # a pipe would wait here for its writer
        path.stat()
        raise OSError(f"{path} is no file")
    return open(path, "rb", buffering=0)


def _name_of(file: BinaryIO) -> str:
    name = getattr(file, "name", None)  # of a temporary file it is a number, or None
    if isinstance(name, str | bytes) and (base := os.path.basename(name)):
        return os.fsdecode(base)
    raise ValueError("it has no name: give it a filename")


def _descriptor_of(file: BinaryIO) -> int | None:
    # Of a gzip file, and its like, the descriptor gives other bytes than `read`.
    raw = getattr(file, "raw", file)
    if not isinstance(raw, io.FileIO):
        return None
    # Devices can be sought in as if they were empty.
    if not stat.S_ISREG(os.fstat(raw.fileno()).st_mode):
        raise ValueError("it is a device or a pipe")
    return raw.fileno()


def _sentence(error: Exception) -> str:
    reason = getattr(error, "strerror", None) or str(error)
    return f"The file can't be read: {reason.rstrip('.')}."
