"""The bytes of one cell, or of less, between who sends them and the bucket.

A request to the bucket begins when all its bytes are here: a slow visitor holds none
open, and its checksum stands in its header.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import mmap
import os
import tempfile
import zlib
from collections.abc import Iterator
from typing import IO, Any

from chunked_uploads.conf import MIB
from chunked_uploads.stores.handles import BLOCK, full_disks_reported

MOST_IN_MEMORY = 8 * MIB  # bytes; beyond, an unnamed temporary file has them


class Crc32:
    """CRC-32 as `hashlib` has its digests."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, block: Any) -> None:
        """Take in the next bytes."""
        self._value = zlib.crc32(block, self._value)

    def digest(self) -> bytes:
        """Return it as S3 has it, in network order."""
        return self._value.to_bytes(4, "big")


def new_checksum(algorithm: str) -> Any:
    """Return a checksum of nothing: CRC32, MD5, SHA1 or SHA256."""
    if algorithm == "CRC32":
        return Crc32()
    return hashlib.new(algorithm.lower(), usedforsecurity=False)


def in_base64(checksum: Any) -> str:
    """Return a checksum as the headers of S3 have it."""
    return base64.b64encode(checksum.digest()).decode()


class Buffer:
    """Room for `size` bytes from `start` of a file on, until it is closed.

    `algorithm` is that of `checksum`.
    """

    def __init__(self, start: int, size: int, algorithm: str) -> None:
        self.start = start
        self.written = 0
        self._size = size
        self._checksum = new_checksum(algorithm)
        self._file: IO[bytes] | None = None
        if size > MOST_IN_MEMORY:
            with full_disks_reported():
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
                self._view = memoryview(bytearray(BLOCK))
        else:
            self._view = memoryview(_new_memory(max(size, 1)))

    def close(self) -> None:
        """Give the room back."""
        # Memory goes with the last view of it, which who sent it may still hold.
        self._view = memoryview(b"")
        if self._file is not None:
            self._file.close()

    @property
    def is_small(self) -> bool:
        """Whether the bytes are in memory."""
        return self._file is None

    @property
    def room(self) -> int:
        """How many bytes it takes still."""
        return self._size - self.written

    @property
    def checksum(self) -> str:
        """The checksum of what was written, in Base64."""
        return in_base64(self._checksum)

    def hexdigest(self, algorithm: str) -> str:
        """Return another digest of what was written, of an algorithm of `hashlib`."""
        digest = hashlib.new(algorithm, usedforsecurity=False)
        for block in self.blocks():
            digest.update(block)
        return digest.hexdigest()

    def write(self, block: bytes | memoryview) -> int:
        """Append as much of `block` as there is room for; return how much."""
        block = memoryview(block)[: self.room]
        if self._file is None:
            self._view[self.written : self.written + len(block)] = block
        else:
            self._write_to_file(self._file, block)
        self._add(block)
        return len(block)

    def write_from(self, outlet: int, size: int) -> int:
        """Append up to `size` bytes of a pipe; return how many."""
        size = min(size, self.room)
        if self._file is not None:
            view = self._view[: min(size, BLOCK)]
        else:
            view = self._view[self.written : self.written + size]
        with view, view[: os.readv(outlet, [view])] as block:
            if self._file is not None:
                self._write_to_file(self._file, block)
            self._add(block)
            return len(block)

    def read(self, position: int) -> memoryview:
        """Return the next bytes from `position` on, none at their end.

        They are good until the next call.
        """
        if self._file is None:
            return self._view[position : min(position + BLOCK, self.written)]
        self._file.seek(position)
        size = self._file.readinto(self._view)  # type: ignore[attr-defined]
        return self._view[:size]

    def blocks(self) -> Iterator[memoryview]:
        """Yield all bytes, block by block."""
        position = 0
        while block := self.read(position):
            position += len(block)
            yield block

    def _write_to_file(self, file: IO[bytes], block: memoryview) -> None:
        with full_disks_reported():
            while block:
                block = block[file.write(block) :]

    def _add(self, block: memoryview) -> None:
        self._checksum.update(block)
        self.written += len(block)


def _new_memory(size: int) -> mmap.mmap:
    # Pages come when they are filled, and go at once: no heap keeps them. Large ones,
    # and shared with nobody, take a sixth of the processor time to come.
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with contextlib.suppress(AttributeError, OSError):  # not every system has them
        memory.madvise(mmap.MADV_HUGEPAGE)
    return memory


class Body:
    """What a buffer has, as the body of a request: a file of blocks.

    `read` gives a block of its own size, whatever it is asked for: those who send it
    ask for 16 KiB at a time, and each one costs.
    """

    def __init__(self, buffer: Buffer) -> None:
        self._buffer = buffer
        self._position = 0

    def read(self, size: int = -1) -> memoryview:
        """Return the next block, none at the end."""
        block = self._buffer.read(self._position)
        self._position += len(block)
        return block

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go on at another byte; return which."""
        if whence == os.SEEK_CUR:
            offset += self._position
        elif whence == os.SEEK_END:
            offset += self._buffer.written
        self._position = offset
        return offset

    def tell(self) -> int:
        """Return which byte comes next."""
        return self._position
