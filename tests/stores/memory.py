"""A store without files, locks or paths: what one on other machines is like.

It takes blocks together before it keeps them, knows bytes by their receipts alone, and
lets two writers into one range: the rows decide whose bytes are held.
"""

from __future__ import annotations

import contextlib
import io
import os
import secrets
from collections.abc import Iterator
from typing import Any, ClassVar
from uuid import UUID

from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.db import connection
from django.utils import timezone

from chunked_uploads.errors import BytesLost, RangeBusy
from chunked_uploads.storages import is_in_own_folder
from chunked_uploads.stores import (
    ChunkStore,
    Comparison,
    Content,
    Kept,
    Leftover,
    Piece,
    StoredUpload,
    Writer,
)

CELL = 4  # bytes that are kept at once, unless the range ends


class MemoryWriter(Writer):
    """Keeps whole cells, each piece of them under a name of its own."""

    def __init__(self, store: MemoryStore, upload: StoredUpload, start: int) -> None:
        self._store = store
        self._uuid = upload.uuid
        self._start = start
        self._kept = 0
        self._buffer = b""

    @property
    def written(self) -> int:
        return self._kept + len(self._buffer)

    def write(self, block: bytes) -> None:
        self._buffer += block

    def keep(self, *, everything: bool) -> Kept:
        size = len(self._buffer)
        if not everything:
            size -= size % CELL
        if not size:
            return Kept(self._kept)
        start, name = (
            self._start + self._kept,
            self._store.put(self._uuid, self._buffer[:size]),
        )
        self._buffer = self._buffer[size:]
        self._kept += size
        return Kept(self._kept, (Piece(start, size, f"{start} {name}"),))


class CopyingWriter(MemoryWriter):
    """Copies parts, which nobody else can read."""

    can_copy = True

    def copy(self, part: StoredUpload, position: int, size: int) -> int:
        try:
            block = self._store.content(part, position, position + min(size, CELL))
        except BytesLost:
            block = b""
        if not block:
            raise FileNotFoundError("A part has no such bytes.")
        self.write(block)
        return len(block)


class MemoryComparison(Comparison):
    """Bytes that are at hand."""

    def __init__(self, held: bytes) -> None:
        self._held = io.BytesIO(held)

    def add(self, block: bytes) -> bool:
        return self._held.read(len(block)) == block


class MemoryContent(Content):
    """What the receipts of an upload name."""

    def __init__(self, store: MemoryStore, upload: StoredUpload) -> None:
        self._content = store.content(upload)

    def open(self) -> File:
        return ContentFile(self._content)


class LateContent(MemoryContent):
    """Can't be read before it is in its place."""

    is_readable = False

    def open(self) -> File:
        raise AssertionError("Nobody can read these bytes yet.")

    def place(self, storage: Storage, name: str) -> str:
        return storage.save(name, ContentFile(self._content))


class MemoryStore(ChunkStore):
    """Blocks by name, in this process alone."""

    content_class: type[MemoryContent] = MemoryContent
    writer_class = MemoryWriter
    blocks: ClassVar[dict[str, bytes]] = {}
    finishing: ClassVar[dict[UUID, object]] = {}

    def put(self, uuid: UUID, block: bytes) -> str:
        """Keep a block under a new name; return the name."""
        name = f"{uuid}/{secrets.token_hex(4)}"
        self.blocks[name] = block
        return name

    def content(
        self, upload: StoredUpload, start: int = 0, stop: int | None = None
    ) -> bytes:
        """Return these bytes as the receipts name them, gaps filled by zeros."""
        return self._pieces(upload, start, stop)[start:stop]

    def _pieces(self, upload: StoredUpload, first: int, stop: int | None) -> bytes:
        content = bytearray()
        for each in upload.recorded(first, stop):
            start, name = each.receipt.split()
            try:
                whole = self.blocks[name]
            except KeyError:
                raise BytesLost([each]) from None
            first = each.start - int(start)
            piece = whole[first : first + each.chunk_size]
            assert len(piece) == each.chunk_size
            content.extend(bytes(max(0, each.start - len(content))))
            content[each.start : each.start + len(piece)] = piece
        return bytes(content)

    @contextlib.contextmanager
    def writer(
        self, upload: StoredUpload, start: int, length: int, *, alone: bool = False
    ) -> Iterator[MemoryWriter]:
        if upload.uuid in self.finishing:
            raise RangeBusy("Another request is finishing this upload.")
        yield self.writer_class(self, upload, start)

    @contextlib.contextmanager
    def exclusive(self, upload: StoredUpload) -> Iterator[MemoryContent]:
        me = object()
        if self.finishing.setdefault(upload.uuid, me) is not me:
            raise RangeBusy("Another request is finishing this upload.")
        try:
            yield self.content_class(self, upload)
        finally:
            del self.finishing[upload.uuid]

    @contextlib.contextmanager
    def compare(
        self, upload: StoredUpload, start: int, length: int
    ) -> Iterator[MemoryComparison]:
        yield MemoryComparison(self.content(upload, start, start + length))

    def agree(self, upload: StoredUpload, other: StoredUpload, length: int) -> bool:
        mine, its = self.content(upload, 0, length), self.content(other, 0, length)
        return len(mine) == length and mine == its

    def is_finishing(self, upload: StoredUpload) -> bool:
        return upload.uuid in self.finishing

    def delete(self, upload: StoredUpload) -> None:
        self._delete(upload.uuid)

    def count_bytes(self, upload: StoredUpload) -> int:
        return sum(map(len, self._blocks_of(upload.uuid).values()))

    def leftovers(self) -> Iterator[Leftover]:
        for uuid in {UUID(name.partition("/")[0]) for name in [*self.blocks]}:
            size = sum(map(len, self._blocks_of(uuid).values()))
            yield Leftover(uuid, f"memory:{uuid}", size, self.modified())

    def remove_leftover(self, leftover: Leftover) -> None:
        self._delete(leftover.uuid)

    def modified(self) -> Any:
        """Return when the blocks were put, as far as anybody asks."""
        return timezone.now()

    def _blocks_of(self, uuid: UUID) -> dict[str, bytes]:
        return {
            name: block
            for name, block in [*self.blocks.items()]
            if name.startswith(f"{uuid}/")
        }

    def _delete(self, uuid: UUID) -> None:
        for name in self._blocks_of(uuid):
            self.blocks.pop(name, None)


class LateStore(MemoryStore):
    """The same, whose bytes can't be read before the end."""

    content_class = LateContent
    writer_class = CopyingWriter

    def is_finishing(self, upload: StoredUpload) -> bool:
        return True  # it can't tell


class MovingContent(LateContent):
    """Goes to its name at once, or was there already; nobody is kept out meanwhile."""

    def __init__(self, store: MemoryStore, upload: StoredUpload) -> None:
        self._store = store
        self._upload = upload

    def is_placed(self, storage: Storage, name: str) -> bool:
        return storage.exists(name) and storage.size(name) == self._upload.filesize

    def reserve(self, storage: Storage, wanted: str, *, is_noted: bool) -> str:
        if is_in_own_folder(self._upload.uuid, wanted):
            return wanted
        folder, name = os.path.split(wanted)
        return os.path.join(folder, str(self._upload.uuid), name)

    def place(self, storage: Storage, name: str) -> str:
        if not self.is_placed(storage, name):
            storage.save(name, ContentFile(self._store.content(self._upload)))
            self._store.delete(self._upload)
        return name


class MovingStore(MemoryStore):
    """As buckets are that can complete an object by one request: without any lock."""

    content_class = MovingContent
    writer_class = CopyingWriter
    was_in_transaction = False  # when an upload was begun last

    def begin(self, upload: StoredUpload) -> str:
        MovingStore.was_in_transaction = connection.in_atomic_block
        return ""

    @contextlib.contextmanager
    def exclusive(self, upload: StoredUpload) -> Iterator[MemoryContent]:
        yield self.content_class(self, upload)

    def is_finishing(self, upload: StoredUpload) -> bool:
        return True  # it can't tell

    def moves_into(self, storage: Storage) -> bool:
        return True
