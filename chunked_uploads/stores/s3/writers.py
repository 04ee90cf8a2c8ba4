"""Ranges on their way into the bucket, cell by cell."""

from __future__ import annotations

import contextlib
import functools
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from uuid import UUID

from chunked_uploads.stores.facts import Kept, Piece, StoredUpload
from chunked_uploads.stores.handles import Replace, Writer
from chunked_uploads.stores.s3.buffers import Buffer
from chunked_uploads.stores.s3.copying import COPIES, PartObject, most_copies
from chunked_uploads.stores.s3.failures import Refused
from chunked_uploads.stores.s3.grid import Grid
from chunked_uploads.stores.s3.joining import join_cell
from chunked_uploads.stores.s3.objects import UploadObjects, grid_of
from chunked_uploads.stores.s3.receipts import Receipt


class S3Writer(Writer):
    """Sends whole cells as parts and what is less as fragments; a context.

    While one cell is sent, the next one comes in: two are here at most.
    """

    can_copy = True

    def __init__(
        self,
        find_objects: Callable[[StoredUpload], UploadObjects],
        upload: StoredUpload,
        start: int,
        length: int,
    ) -> None:
        self._find_objects = find_objects
        self._upload = upload
        self._start = self._position = start
        self._stop = start + length
        self._buffer: Buffer | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._sending: deque[Future[Receipt]] = deque()  # by other threads, in order
        self._part: tuple[UUID, PartObject] | None = None  # that is copied from
        self._sent: list[Receipt] = []  # since `keep` was asked last
        self._kept = 0
        self._fragments: set[int] = set()  # where those start that were recorded
        self._is_broken = False

    def __enter__(self) -> S3Writer:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._pool is not None:
            self._pool.shutdown()
        if self._buffer is not None:
            self._buffer.close()

    @property
    def written(self) -> int:
        return self._position - self._start

    @property
    def can_join(self) -> bool:  # type: ignore[override]
        return bool(self._fragments)

    def write(self, block: bytes) -> None:
        rest = memoryview(block)
        while rest:
            size = self._room().write(rest)
            rest = rest[size:]
            self._position += size

    def write_from(self, outlet: int, size: int) -> None:
        while size:
            written = self._room().write_from(outlet, size)
            size -= written
            self._position += written

    def copy(self, part: StoredUpload, position: int, size: int) -> int:
        source = self._object_of(part)
        cell = self._grid.cell_at(self._position)
        is_whole = self._position == cell.start and size >= cell.size
        if is_whole and (most := most_copies(self._objects, cell)):
            self._send_full()
            copied = functools.partial(source.copy, self._objects, cell, position)
            self._send_behind(copied, most)
            self._position = cell.stop
            return cell.size
        size = min(size, cell.stop - self._position)
        for block in source.read(position, size):
            self.write(block)
        return size

    def keep(self, *, everything: bool) -> Kept:
        if everything and not self._is_broken:
            self._send_rest()
        while self._sending and self._sending[0].done():
            self._await_first()
        pieces = [Piece(each.start, each.size, str(each)) for each in self._sent]
        self._kept += sum(each.size for each in pieces)
        self._fragments |= {each.start for each in self._sent if not each.is_part}
        self._sent = []
        return Kept(self._kept, tuple(pieces))

    def join(self, upload: StoredUpload, replace: Replace) -> None:
        for start in sorted(self._fragments):
            cell = self._grid.cell_at(start)
            rows = list(upload.recorded(cell.start, cell.stop))
            # Of several who wrote to this cell, the last one whose record is there
            # joins it. Another's may be there by now: that one asks as well.
            is_whole = sum(row.chunk_size for row in rows) == cell.size
            if is_whole and max(rows, key=lambda row: row.pk).start == start:
                join_cell(self._objects, upload, cell, rows, replace)

    @functools.cached_property
    def _objects(self) -> UploadObjects:
        # As late as that: what it has to know may change before the first byte comes.
        return self._find_objects(self._upload)

    @functools.cached_property
    def _grid(self) -> Grid:
        return grid_of(self._objects.state, self._upload)

    def _object_of(self, part: StoredUpload) -> PartObject:
        if self._part is None or self._part[0] != part.uuid:
            objects = self._find_objects(part)
            self._part = part.uuid, PartObject(objects.bucket, objects.key)
        return self._part[1]

    def _room(self) -> Buffer:
        """Return a buffer that takes the next bytes."""
        self._send_full()
        if self._buffer is None:
            cell = self._grid.cell_at(self._position)
            size = min(cell.stop, self._stop) - self._position
            self._buffer = self._objects.buffer_for(self._position, size)
        return self._buffer

    def _send_full(self) -> None:
        if self._buffer is not None and not self._buffer.room:
            full, self._buffer = self._buffer, None
            self._send_behind(functools.partial(self._send, full), 1)

    def _send_behind(self, send: Callable[[], Receipt], most: int) -> None:
        """Let another thread send a cell, when less than `most` are on their way."""
        while len(self._sending) >= most:
            self._await_first()
        if self._pool is None:
            self._pool = ThreadPoolExecutor(COPIES, "chunked_uploads_s3")
        self._sending.append(self._pool.submit(send))

    def _send_rest(self) -> None:
        while self._sending:
            self._await_first()
        if self._buffer is not None and self._buffer.written:
            buffer, self._buffer = self._buffer, None
            with self._breaking():
                self._sent.append(self._send(buffer))

    def _send(self, buffer: Buffer) -> Receipt:
        with contextlib.closing(buffer):
            return self._objects.send(buffer, self._grid.cell_at(buffer.start))

    def _await_first(self) -> None:
        with self._breaking():
            self._sent.append(self._sending.popleft().result())

    @contextlib.contextmanager
    def _breaking(self) -> Iterator[None]:
        """Send no more after a failure: what came after it would leave a gap."""
        try:
            yield
        except BaseException as error:
            self._is_broken = True
            self._sending.clear()
            if isinstance(error, Refused):
                raise self._objects.multipart_gone(self._upload) from None
            raise
