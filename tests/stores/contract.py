"""What every chunk store promises: a mixin of tests for each of them."""

from __future__ import annotations

import contextlib
import datetime
import os
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import pytest
from django.core.files.storage import FileSystemStorage, InMemoryStorage, Storage
from django.utils import timezone

from chunked_uploads.errors import BytesLost, RangeBusy
from chunked_uploads.models import MAX_STORE_STATE
from chunked_uploads.stores import ChunkStore, Kept, Piece, RecordedRange
from chunked_uploads.system.pipes import open_pipe


@dataclass
class Recorded:
    """A range as the core records it."""

    start: int
    chunk_size: int
    receipt: str
    pk: int


@dataclass
class StoredUpload:
    """An upload as a store sees it, and as the core keeps it up to date."""

    filesize: int | None = 20
    offset: int = 0
    received: int = 0
    store_state: str = ""
    uuid: uuid.UUID = field(default_factory=uuid.uuid4)
    ranges: list[Recorded] = field(default_factory=list)
    filename: str = "film.mp4"
    number: int = 0  # of the last record
    is_complete: bool = False
    is_part: bool = False

    def recorded(self, start: int = 0, stop: int | None = None) -> list[Recorded]:
        found = [
            each
            for each in self.ranges
            if each.start + each.chunk_size > start
            and (stop is None or each.start < stop)
        ]
        return sorted(found, key=lambda each: each.start)

    def generate_name(self) -> str:
        return f"files/{self.uuid}/{self.filename}"

    def record(self, start: int, kept: Kept) -> None:
        """Record that the store keeps a range, and count anew."""
        gives_receipts = kept.pieces or any(each.receipt for each in self.ranges)
        if kept.size and not gives_receipts:
            self.ranges = [each for each in self.ranges if each.start != start]
            self._add(Piece(start, kept.size, ""))
        for piece in kept.pieces:
            self._add(piece)
        self._count()

    def replace(self, ranges: Sequence[RecordedRange], receipt: str) -> bool:
        """Record one range in place of those that follow each other."""
        first, last = ranges[0], ranges[-1]
        stop = last.start + last.chunk_size
        if self.recorded(first.start, stop) != list(ranges):
            return False
        self.ranges = [each for each in self.ranges if each not in ranges]
        self._add(Piece(first.start, stop - first.start, receipt))
        return True

    def _add(self, piece: Piece) -> None:
        self.number += 1
        self.ranges.append(
            Recorded(piece.start, piece.size, piece.receipt, self.number)
        )

    def _count(self) -> None:
        self.received = sum(each.chunk_size for each in self.ranges)
        self.offset = 0
        for each in self.recorded():
            if each.start == self.offset:
                self.offset += each.chunk_size


def begin(
    store: ChunkStore, filesize: int | None = 20, *, is_part: bool = False
) -> StoredUpload:
    """Return an upload that was begun."""
    upload = StoredUpload(filesize, is_part=is_part)
    upload.store_state = store.begin(upload)
    return upload


def write(store: ChunkStore, upload: StoredUpload, start: int, content: bytes) -> None:
    """Write `content` as one range of an upload."""
    with store.writer(upload, start, len(content)) as writer:
        writer.write(content)
        upload.record(start, writer.keep(everything=True))
        writer.join(upload, upload.replace)


def write_anew(
    store: ChunkStore, upload: StoredUpload, start: int, content: bytes
) -> None:
    """Write as `write` does, again where the store finds first that bytes are gone."""
    try:
        write(store, upload, start, content)
    except BytesLost as lost:
        upload.store_state = lost.state or upload.store_state
        write(store, upload, start, content)


def begin_part(store: ChunkStore, content: bytes, cut: int = 0) -> StoredUpload:
    """Return a part of a file that has this content, in two ranges where it is cut."""
    part = begin(store, len(content), is_part=True)
    for start, piece in ((cut, content[cut:]), (0, content[:cut])):
        if piece:
            write(store, part, start, piece)
    return part


def copy(
    store: ChunkStore,
    upload: StoredUpload,
    start: int,
    *sources: tuple[StoredUpload, int],
) -> None:
    """Fill a range with bytes of parts, of each from a position up to its end."""
    length = sum((part.filesize or 0) - position for part, position in sources)
    with store.writer(upload, start, length) as writer:
        for part, position in sources:
            store.prepare_part(part, part.replace)
            while size := (part.filesize or 0) - position:
                if writer.can_copy:
                    copied = writer.copy(part, position, size)
                else:
                    with store.exclusive(part) as content, content.open() as file:
                        file.seek(position)
                        writer.write(file.read(size))
                        copied = size
                assert 0 < copied <= size
                position += copied
                upload.record(start, writer.keep(everything=False))
        assert writer.written == length
        upload.record(start, writer.keep(everything=True))
        writer.join(upload, upload.replace)


def read(store: ChunkStore, upload: StoredUpload, start: int = 0) -> bytes:
    """Return an upload's bytes from `start` on, in whatever way the store allows."""
    if isinstance(store, ReadsBack):
        return store.read_back(upload)[start:]
    with store.exclusive(upload) as content:
        if content.is_readable:
            with content.open() as file:
                file.seek(start)
                return file.read()
    whole = begin(store, upload.filesize)
    whole.ranges, whole.uuid = upload.ranges, upload.uuid
    with store.exclusive(whole) as content:
        storage = InMemoryStorage()
        with storage.open(content.place(storage, "read")) as file:
            return file.read()[start:]


@runtime_checkable
class ReadsBack(Protocol):
    """A store that has a way of its own to be read in tests."""

    def read_back(self, upload: StoredUpload) -> bytes:
        """Return the upload's bytes."""


class ChunkStoreContract:
    """The contract of `chunked_uploads.stores.base`, for a store of any kind."""

    @pytest.fixture
    def store(self) -> ChunkStore:
        """The store to test, empty."""
        raise NotImplementedError

    @pytest.fixture
    def upload(self, store: ChunkStore) -> StoredUpload:
        """An upload of 20 bytes that was begun."""
        return begin(store)

    @pytest.fixture(params=["moved or copied", "copied"])
    def storage(self, request: pytest.FixtureRequest, media_root: Any) -> Storage:
        """Where finished files go."""
        if request.param == "copied":
            return InMemoryStorage()
        return FileSystemStorage(str(media_root))

    def test_state_fits_into_its_field(self, upload: StoredUpload) -> None:
        assert len(upload.store_state) <= MAX_STORE_STATE

    def test_written_ranges_are_read_in_order(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        write(store, upload, 4, b"456")
        write(store, upload, 0, b"0123")

        assert read(store, upload) == b"0123456"

    def test_writer_appends_blocks_to_its_range_and_counts(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        write(store, upload, 0, b"01")
        with store.writer(upload, 2, 5) as writer:
            assert writer.written == 0
            writer.write(b"23")
            writer.write(b"456")
            assert writer.written == 5
            upload.record(2, writer.keep(everything=True))

        assert read(store, upload, 2) == b"23456"

    def test_empty_block_changes_nothing(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        with store.writer(upload, 0, 5) as writer:
            writer.write(b"")

            assert writer.written == writer.keep(everything=True).size == 0

    def test_what_is_kept_never_shrinks_and_ends_as_all(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        sizes = []
        with store.writer(upload, 0, 20) as writer:
            for block in (b"0123", b"4", b"56789", b""):
                writer.write(block)
                kept = writer.keep(everything=False)
                assert kept.size <= writer.written
                sizes.append(kept.size)
                upload.record(0, kept)
            kept = writer.keep(everything=True)
            assert kept.size == writer.written == 10
            upload.record(0, kept)

        assert sizes == sorted(sizes)
        assert read(store, upload) == b"0123456789"

    def test_what_is_kept_stays_where_the_writer_failed(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        with (
            contextlib.suppress(ConnectionError),
            store.writer(upload, 0, 5) as writer,
        ):
            writer.write(b"012")
            upload.record(0, writer.keep(everything=True))
            raise ConnectionError

        assert read(store, upload) == b"012"

    def test_uploads_are_kept_apart(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        other = begin(store)

        write(store, upload, 0, b"one")
        write(store, other, 0, b"another")

        assert read(store, upload) == b"one"
        assert read(store, other) == b"another"

    def test_size_may_be_unknown_until_the_end(self, store: ChunkStore) -> None:
        upload = begin(store, None)

        write(store, upload, 0, b"0123")
        write(store, upload, 4, b"4567")

        upload.filesize = 8
        assert read(store, upload) == b"01234567"

    def test_bytes_out_of_a_pipe_follow_those_that_were_written(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        write(store, upload, 0, b"...")
        with open_pipe() as pipe, store.writer(upload, 3, 9) as writer:
            writer.write(b"abc")
            os.write(pipe.inlet, b"defghi")
            writer.write_from(pipe.outlet, 4)
            assert writer.written == 7
            writer.write_from(pipe.outlet, 2)
            upload.record(3, writer.keep(everything=True))

        assert read(store, upload, 3) == b"abcdefghi"

    def test_writer_gives_back_what_it_wrote_where_it_can(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        with store.writer(upload, 3, 6) as writer:
            writer.write(b"abcdef")
            if writer.is_readable:
                buffer = bytearray(b"......")
                assert writer.read(5, memoryview(buffer)[1:4]) == 3
                assert buffer == b".cde.."
                assert writer.read(9, memoryview(buffer)) == 0

    @pytest.mark.parametrize(("start", "length"), [(10, 10), (19, 1), (5, 6), (0, 20)])
    def test_second_writer_of_the_same_bytes_is_kept_out_or_changes_nothing(
        self, store: ChunkStore, upload: StoredUpload, start: int, length: int
    ) -> None:
        write(store, upload, 0, b"0123456789")
        with store.writer(upload, 10, 10) as writer:
            if writer.is_alone:
                with pytest.raises(RangeBusy):
                    write(store, upload, start, b"x" * length)
            else:  # it is not recorded, since the first one is
                with store.writer(upload, start, length) as another:
                    another.write(b"x" * length)
                    another.keep(everything=True)
            writer.write(b"abcdefghij")
            upload.record(10, writer.keep(everything=True))

        assert read(store, upload) == b"0123456789abcdefghij"

    def test_second_writer_in_another_thread_changes_nothing(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        refused = []

        def attempt() -> None:
            try:
                with store.writer(upload, 0, 5) as writer:
                    writer.write(b"other")
                    writer.keep(everything=True)
            except RangeBusy:
                refused.append(upload)

        with store.writer(upload, 0, 5) as writer:
            thread = threading.Thread(target=attempt)
            thread.start()
            thread.join()
            writer.write(b"first")
            upload.record(0, writer.keep(everything=True))
            assert bool(refused) == writer.is_alone

        assert read(store, upload) == b"first"

    def test_writers_of_other_uploads_and_later_ones_are_let_in(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        with store.writer(upload, 0, 5) as writer:
            write(store, begin(store), 0, b"other")
            writer.write(b"first")
        write(store, upload, 0, b"again")

        assert read(store, upload) == b"again"

    def test_range_is_free_again_where_a_writer_failed(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        with contextlib.suppress(ConnectionError), store.writer(upload, 0, 5):
            raise ConnectionError

        write(store, upload, 0, b"again")

        assert read(store, upload) == b"again"

    def test_who_finishes_sees_what_writers_kept_before(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        seen: list[bytes] = []
        with store.writer(upload, 0, 5) as writer:
            thread = threading.Thread(target=lambda: seen.append(read(store, upload)))
            if writer.is_alone:
                thread.start()
                thread.join(0.2)
                assert seen == []
            writer.write(b"whole")
            upload.record(0, writer.keep(everything=True))
        if not thread.is_alive() and not seen:
            thread.start()
        thread.join()

        assert seen == [b"whole"]

    def test_writer_beside_somebody_who_finishes_changes_nothing(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        write(store, upload, 0, b"whole")

        with (
            store.exclusive(upload),
            contextlib.suppress(RangeBusy),
            store.writer(upload, 0, 5) as writer,
        ):
            assert not writer.is_alone
            writer.write(b"other")
            writer.keep(everything=True)  # which nobody records: the rows are gone

        assert read(store, upload) == b"whole"

    def test_finishing_what_nobody_wrote_gives_nothing(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        assert read(store, upload) == b""

    def test_bytes_that_are_held_are_compared(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        write(store, upload, 0, b"0123")
        write(store, upload, 4, b"4567")

        for start, blocks, is_equal in (
            (4, [b"45", b"67"], True),
            (4, [b"4567"], True),
            (0, [b"0123"], True),
            (0, [b"0", b"123"], True),
            (4, [b"4568"], False),
            (4, [b"45", b"76"], False),
        ):
            with store.compare(upload, start, 4) as comparison:
                added = [comparison.add(block) for block in blocks]
                assert (all(added) and comparison.is_equal()) is is_equal

    def test_uploads_that_differ_never_agree(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        other = begin(store)
        write(store, upload, 0, b"0123")
        write(store, other, 0, b"01x3")

        assert not store.agree(upload, other, 4)
        assert not store.agree(upload, begin(store), 2)

    def test_file_is_put_into_the_storage_whole(
        self, store: ChunkStore, upload: StoredUpload, storage: Storage
    ) -> None:
        write(store, upload, 12, b"cdefghij")
        write(store, upload, 0, b"0123456789ab")
        wanted = upload.generate_name()

        with store.exclusive(upload) as content:
            content.sync()
            name = wanted
            if store.moves_into(storage):
                name = content.reserve(storage, wanted, is_noted=False)
            assert not content.is_placed(storage, name)
            placed = content.place(storage, name)

        assert placed == wanted
        with storage.open(placed) as file:
            assert file.read() == b"0123456789abcdefghij"

    def test_move_is_known_and_may_be_repeated(
        self, store: ChunkStore, upload: StoredUpload, storage: Storage
    ) -> None:
        write(store, upload, 0, b"0123456789abcdefghij")
        if not store.moves_into(storage):
            return
        with store.exclusive(upload) as content:
            content.sync()
            name = content.reserve(storage, "film.mp4", is_noted=False)
            content.place(storage, name)

        with store.exclusive(upload) as content:
            assert content.is_placed(storage, name)
            content.sync_place(storage, name)

        assert storage.size(name) == 20
        assert store.count_bytes(upload) == 0

    def test_name_that_is_taken_is_not_reserved(
        self, store: ChunkStore, upload: StoredUpload, storage: Storage
    ) -> None:
        other = begin(store)
        if not store.moves_into(storage):
            return
        with store.exclusive(upload) as content, store.exclusive(other) as another:
            names = [
                each.reserve(storage, "film.mp4", is_noted=False)
                for each in (content, another)
            ]

        assert len({*names}) == 2

    def test_parts_are_copied_in_any_order_twice_and_stay(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        one, two = begin_part(store, b"0123456", cut=3), begin_part(store, b"abc")

        copy(store, upload, 0, (two, 0), (one, 0), (two, 0))
        copy(store, upload, 13, (one, 2))

        assert read(store, upload) == b"abc0123456abc23456"
        another = begin(store, 10)
        copy(store, another, 0, (one, 0), (two, 0))
        assert read(store, another) == b"0123456abc"
        assert store.count_bytes(one) == 7
        assert store.count_bytes(two) == 3

    def test_part_that_is_gone_is_missed(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        part = begin_part(store, b"0123456789")
        store.prepare_part(part, part.replace)
        store.delete(part)

        with store.writer(upload, 0, 20) as writer:
            if writer.can_copy:
                with pytest.raises(FileNotFoundError):
                    writer.copy(part, 0, 10)
            else:
                with pytest.raises(BytesLost), store.exclusive(part) as content:
                    content.open()
        assert upload.received == 0

    def test_part_leaves_nothing(self, store: ChunkStore) -> None:
        for is_prepared in (False, True):
            part = begin_part(store, b"0123456789", cut=4)
            if is_prepared:
                store.prepare_part(part, part.replace)
            (leftover,) = store.leftovers()
            assert (leftover.uuid, leftover.size) == (part.uuid, 10)

            store.delete(part)

            assert store.count_bytes(part) == 0
            assert list(store.leftovers()) == []

    def test_who_finishes_is_never_overlooked(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        write(store, upload, 0, b"whole")

        with store.exclusive(upload):
            assert store.is_finishing(upload)

    def test_discarded_bytes_are_gone_and_others_come_again(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        write(store, upload, 0, b"whole")

        with store.exclusive(upload) as content:
            content.sync()
            content.discard()
        upload.ranges.clear()

        write(store, upload, 0, b"again")
        assert read(store, upload) == b"again"

    def test_delete_removes_the_bytes_and_may_be_repeated(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        write(store, upload, 0, b"whole")
        assert store.count_bytes(upload) == 5

        upload.ranges.clear()
        store.delete(upload)
        store.delete(upload)

        assert store.count_bytes(upload) == 0
        assert read(store, upload) == b""

    def test_delete_under_a_writer_leaves_nothing_of_it_for_long(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        with store.writer(upload, 0, 5) as writer:
            writer.write(b"01")
            store.delete(upload)
            writer.write(b"234")
            writer.keep(everything=True)

        for leftover in list(store.leftovers()):
            store.remove_leftover(leftover)
        assert store.count_bytes(upload) == 0

    def test_range_that_follows_is_known_to_be_next_or_is_asked_for(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        write(store, upload, 0, b"0123")
        stale = StoredUpload(20, 0, 0, upload.store_state, upload.uuid)

        with store.writer(upload, 4, 4) as writer:
            assert not writer.is_unchanged(stale)
            assert writer.is_certain(upload)

    def test_bytes_that_were_not_lost_are_certain_once_they_were_looked_for(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        write(store, upload, 0, b"whole")
        for entered in (store.writer(upload, 5, 1), store.exclusive(upload)):
            with entered as bytes_of:
                found = bytes_of.find_losses(upload)
                assert all(start >= 5 for start, _ in found.ranges)
                upload.store_state = found.state
                assert bytes_of.is_certain(upload)
                bytes_of.confirm_loss(upload)
        assert store.is_intact(upload)

    def test_upload_whose_bytes_are_gone_takes_others_where_its_store_is(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        write(store, upload, 0, b"0123")
        store.delete(upload)
        upload.ranges.clear()
        upload.offset = upload.received = 0

        write_anew(store, upload, 0, b"again")

        assert read(store, upload) == b"again"

    def test_leftovers_are_all_bytes_with_size_and_age(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        write(store, upload, 0, b"whole")

        (leftover,) = store.leftovers()

        assert (leftover.uuid, leftover.size) == (upload.uuid, 5)
        age = timezone.now() - leftover.modified
        assert abs(age) < datetime.timedelta(hours=1)
        store.remove_leftover(leftover)
        store.remove_leftover(leftover)
        assert store.count_bytes(upload) == 0
        assert list(store.leftovers()) == []
