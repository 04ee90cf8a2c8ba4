"""A store without files, locks or paths: what one on other machines is like.

It takes blocks together before it keeps them, knows bytes by their receipts alone, and
lets two writers into one range: the rows decide whose bytes are held.
"""

from __future__ import annotations

import contextlib
import io
import secrets
from collections.abc import Iterator
from typing import Any, ClassVar
from uuid import UUID

from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.utils import timezone

from chunked_uploads.errors import RangeBusy
from chunked_uploads.stores import (
    ChunkStore,
    Comparison,
    Content,
    Kept,
    Leftover,
    StoredUpload,
    Writer,
)

CELL = 4  # bytes that are kept at once, unless the range ends


class MemoryWriter(Writer):
    """Keeps whole cells, each under a name of its own; the receipt lists the names."""

    def __init__(self, store: MemoryStore, upload: StoredUpload, start: int) -> None:
        self._store = store
        self._uuid = upload.uuid
        self._start = start
        self._names: list[str] = []
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
        if size:
            self._names.append(self._store.put(self._uuid, self._buffer[:size]))
            self._buffer = self._buffer[size:]
            self._kept += size
        return Kept(self._kept, " ".join([str(self._start), *self._names]))


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
    blocks: ClassVar[dict[str, bytes]] = {}
    finishing: ClassVar[dict[UUID, object]] = {}

    def put(self, uuid: UUID, block: bytes) -> str:
        """Keep a block under a new name; return the name."""
        name = f"{uuid}/{secrets.token_hex(4)}"
        self.blocks[name] = block
        return name

    def content(self, upload: StoredUpload) -> bytes:
        """Return all bytes that the upload's receipts name, gaps filled by zeros."""
        content = bytearray()
        for each in upload.recorded():
            start, *names = each.receipt.split()
            whole = b"".join(self.blocks[name] for name in names)
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
        yield MemoryWriter(self, upload, start)

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
        try:
            yield MemoryComparison(self.content(upload)[start : start + length])
        except KeyError:
            raise FileNotFoundError from None

    def agree(self, upload: StoredUpload, other: StoredUpload, length: int) -> bool:
        mine, its = self.content(upload)[:length], self.content(other)[:length]
        return len(mine) == length and mine == its

    def delete(self, upload: StoredUpload) -> None:
        self._delete(upload.uuid)

    def resting(self, upload: StoredUpload) -> int:
        return sum(map(len, self._blocks_of(upload.uuid).values()))

    def leftovers(self) -> Iterator[Leftover]:
        for uuid in {UUID(name.partition("/")[0]) for name in [*self.blocks]}:
            size = sum(map(len, self._blocks_of(uuid).values()))
            yield Leftover(uuid, f"memory:{uuid}", size, self.modified())

    def remove(self, leftover: Leftover) -> None:
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
