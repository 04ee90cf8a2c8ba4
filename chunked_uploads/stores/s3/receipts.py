"""What the S3 store notes of an upload, and of each piece of it, as text."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import NamedTuple

from chunked_uploads.stores.facts import RecordedRange

# Ranges as they were sent whose digests a cell remembers, for who repeats them.
MOST_DIGESTS = 64


@dataclass(frozen=True)
class State:
    """Where an upload's bytes are.

    `name` is the finished file's in the storage, `multipart` the id of S3's multipart
    upload there (empty where the file has one cell only), `folder` the key's beginning
    of all that is not a part, `cell_size` in bytes.
    """

    bucket: str
    name: str
    folder: str
    cell_size: int
    multipart: str = ""

    def __str__(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    @property
    def mark(self) -> str:
        """What the receipts of its parts have, short for the multipart upload."""
        return f"{zlib.crc32(self.multipart.encode()):08x}" if self.multipart else ""


def read_state(text: str) -> State:
    """Return what `str` made of a state. Raises `ValueError` for another store's."""
    try:
        return State(**json.loads(text))
    except TypeError:
        raise ValueError("This is no state of the S3 store.") from None


class Digest(NamedTuple):
    """The digest of `size` bytes from `start` on, with its algorithm's name."""

    start: int
    size: int
    algorithm: str
    value: str

    @property
    def stop(self) -> int:
        """The first byte after them."""
        return self.start + self.size


@dataclass(frozen=True)
class Receipt:
    """What S3 said of `size` bytes from `start` on.

    They are the fragment of this `name`, or else a part of the multipart upload that
    `mark` is for. `checksum` is what the engine compared them with.
    """

    start: int
    size: int
    etag: str
    checksum: str
    digests: tuple[Digest, ...]
    name: str = ""
    mark: str = ""

    def __str__(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @property
    def is_part(self) -> bool:
        """Whether it is part of the multipart upload."""
        return not self.name


def receipt_of(row: RecordedRange) -> Receipt:
    """Return the receipt of a recorded range."""
    fields = json.loads(row.receipt)
    digests = tuple(Digest(*each) for each in fields.pop("digests"))
    return Receipt(**fields, digests=digests)


def is_whole(row: RecordedRange, receipt: Receipt) -> bool:
    """Whether no byte of the piece was given up since it was kept."""
    return (row.start, row.chunk_size) == (receipt.start, receipt.size)


def digests_of(rows: Iterable[RecordedRange]) -> list[Digest]:
    """Return the digests of what was sent, as far as it is recorded still, in order."""
    digests = [(row, digest) for row in rows for digest in receipt_of(row).digests]
    return [
        digest
        for row, digest in digests
        if row.start <= digest.start and digest.stop <= row.start + row.chunk_size
    ]
