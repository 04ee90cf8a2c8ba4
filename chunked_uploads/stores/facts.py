"""What a chunk store and the core say to each other of an upload and its bytes."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


class RecordedRange(Protocol):
    """A range that the core recorded, with the receipt that the store gave for it.

    Where some bytes of a range were given up, each piece that is left has its receipt.
    """

    @property
    def start(self) -> int:
        """The first byte."""

    @property
    def chunk_size(self) -> int:
        """How many bytes it has."""

    @property
    def receipt(self) -> str:
        """What `Writer.keep`, or who joined it, said of it."""

    @property
    def pk(self) -> int:
        """A number that is larger than those of all that were recorded before."""


class StoredUpload(Protocol):
    """What a store may know of an upload; sizes in bytes."""

    @property
    def uuid(self) -> UUID:
        """The upload's name, which is nobody else's."""

    @property
    def filename(self) -> str:
        """The name that the sender gave the file."""

    @property
    def filesize(self) -> int | None:
        """How many bytes it will have; None where nobody knows yet."""

    @property
    def offset(self) -> int:
        """How many bytes from 0 are recorded without a gap."""

    @property
    def received(self) -> int:
        """How many bytes are recorded in all."""

    @property
    def is_complete(self) -> bool:
        """Whether the finished file has been put in its place."""

    @property
    def is_part(self) -> bool:
        """Whether it is a part that is joined with others into a file of their own."""

    @property
    def store_state(self) -> str:
        """What the store said last; empty for an upload that was never begun."""

    def recorded(
        self, start: int = 0, stop: int | None = None
    ) -> Iterable[RecordedRange]:
        """Ask the database for the recorded ranges that reach into these bytes.

        In order; `stop` is the first byte after them, None for the end.
        """

    def generate_name(self) -> str:
        """Return where in the storage the site's settings want the finished file.

        May be another place when it is asked again.
        """


@dataclass(frozen=True)
class Piece:
    """`size` bytes from `start` on that have a receipt, and a record, of their own."""

    start: int
    size: int
    receipt: str


@dataclass(frozen=True)
class Kept:
    """How many bytes of a writer's range are kept for certain.

    A store that gives receipts says of which pieces those are that it did not keep
    when it was asked last: in order, and without a gap.
    """

    size: int
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True)
class Losses:
    """What a store lost: ranges, as first byte and first after it.

    `state` is the upload's from now on.
    """

    ranges: list[tuple[int, int]]
    state: str


@dataclass(frozen=True)
class Leftover:
    """Bytes that the store holds for an upload, whether or not there is one still.

    `name` is for people; `size` in bytes, `modified` in UTC.
    """

    uuid: UUID
    name: str
    size: int
    modified: datetime.datetime
