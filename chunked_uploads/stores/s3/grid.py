"""The grid that an upload is cut by: part n has the same bytes, whoever sends them.

S3 takes 10,000 parts at most, and some engines want all but the last to be equal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chunked_uploads.conf import MIB

SMALLEST = 8 * MIB  # bytes of a cell; S3 takes no parts below 5 MiB but the last
MOST_PARTS = 10_000
LARGEST_PART = 5 * 1024 * MIB  # bytes
# Of a file whose size is not known yet, where the site sets no largest: enough for
# 625 GiB. Cells that grow as the file does would be for more, but not all equal.
UNKNOWN = 64 * MIB


@dataclass(frozen=True)
class Cell:
    """The bytes `start` up to `stop` of a file, which are its part `number`."""

    number: int
    start: int
    stop: int

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self.stop - self.start


@dataclass(frozen=True)
class Grid:
    """Cells of `cell_size` bytes; the last one ends where the file does, if known."""

    cell_size: int
    filesize: int | None

    def cell_at(self, position: int) -> Cell:
        """Return the cell that has this byte."""
        index = position // self.cell_size
        start = index * self.cell_size
        stop = start + self.cell_size
        if self.filesize is not None:
            stop = min(stop, self.filesize)
        return Cell(index + 1, start, stop)

    def cells(self, start: int, stop: int) -> Iterator[Cell]:
        """Yield the cells that have the bytes from `start` up to `stop`."""
        while start < stop:
            cell = self.cell_at(start)
            yield cell
            start = cell.start + self.cell_size


def cell_size_for(filesize: int) -> int:
    """Return how many bytes each cell of such a file has."""
    unit = min(MIB, SMALLEST)
    least = -(-filesize // MOST_PARTS)
    return max(SMALLEST, -(-least // unit) * unit)
