"""What every chunk store promises: a mixin of tests for each of them."""

from __future__ import annotations

import contextlib
import datetime
import errno
import os
import threading
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from chunked_uploads.errors import RangeBusy
from chunked_uploads.stores import ChunkStore
from chunked_uploads.system.pipes import open_pipe


def write(store: ChunkStore, name: str, start: int, content: bytes) -> None:
    """Write `content` as one range of a part."""
    with store.writer(name, start, len(content)) as writer:
        writer.write(content)


def read(store: ChunkStore, name: str, start: int = 0) -> bytes:
    """Return a part's bytes from `start` on."""
    with store.sealed(name) as part:
        return b"".join(part.read(start))


def simulate_file_systems(monkeypatch: Any) -> None:
    """Make every folder one of its own, as far as renaming goes."""
    replace = os.replace

    def refuse(source: str, target: str) -> None:
        if os.path.dirname(source) != os.path.dirname(target):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse)


class ChunkStoreContract:
    """The contract of `chunked_uploads.stores.base`, for a store of any kind."""

    @pytest.fixture
    def store(self) -> ChunkStore:
        """The store to test, empty."""
        raise NotImplementedError

    @pytest.fixture
    def name(self) -> str:
        """The name of a part as the core chooses it."""
        return f"chunks/{uuid.uuid4()}.part"

    def test_written_ranges_are_read_in_order(
        self, store: ChunkStore, name: str
    ) -> None:
        write(store, name, 4, b"456")
        write(store, name, 0, b"0123")

        assert read(store, name) == b"0123456"
        assert read(store, name, 5) == b"56"
        assert read(store, name, 7) == b""

    def test_writer_appends_blocks_to_its_range_and_counts(
        self, store: ChunkStore, name: str
    ) -> None:
        with store.writer(name, 2, 5) as writer:
            assert writer.written == 0
            writer.write(b"23")
            writer.write(b"456")
            assert writer.written == 5
            assert writer.extent == 7

        assert read(store, name, 2) == b"23456"

    def test_empty_block_changes_nothing(self, store: ChunkStore, name: str) -> None:
        with store.writer(name, 0, 5) as writer:
            writer.write(b"")

            assert (writer.written, writer.extent) == (0, 0)

    def test_extent_is_how_far_the_bytes_reach(
        self, store: ChunkStore, name: str
    ) -> None:
        assert store.extent(name) == 0

        write(store, name, 10, b"xyz")

        assert store.extent(name) == 13
        with store.sealed(name) as part:
            assert part.extent == 13

    def test_parts_are_kept_apart(self, store: ChunkStore, name: str) -> None:
        other = f"chunks/{uuid.uuid4()}.part"

        write(store, name, 0, b"one")
        write(store, other, 0, b"another")

        assert read(store, name) == b"one"
        assert read(store, other) == b"another"

    def test_written_bytes_stay_where_the_writer_failed(
        self, store: ChunkStore, name: str
    ) -> None:
        with (
            contextlib.suppress(ConnectionError),
            store.writer(name, 0, 5) as writer,
        ):
            writer.write(b"012")
            raise ConnectionError

        assert read(store, name) == b"012"

    def test_bytes_out_of_a_pipe_follow_those_that_were_written(
        self, store: ChunkStore, name: str
    ) -> None:
        with open_pipe() as pipe, store.writer(name, 3, 9) as writer:
            writer.write(b"abc")
            os.write(pipe.inlet, b"defghi")
            writer.write_from(pipe.outlet, 4)
            assert writer.written == 7
            writer.write_from(pipe.outlet, 2)

        assert read(store, name, 3) == b"abcdefghi"

    def test_writer_gives_back_what_it_wrote_where_it_can(
        self, store: ChunkStore, name: str
    ) -> None:
        with store.writer(name, 3, 6) as writer:
            writer.write(b"abcdef")
            if writer.is_readable:
                buffer = bytearray(b"......")
                assert writer.read(5, memoryview(buffer)[1:4]) == 3
                assert buffer == b".cde.."
                assert writer.read(9, memoryview(buffer)) == 0

    @pytest.mark.parametrize(("start", "length"), [(10, 10), (19, 5), (5, 6), (0, 99)])
    def test_second_writer_of_the_same_bytes_is_told_so(
        self, store: ChunkStore, name: str, start: int, length: int
    ) -> None:
        with store.writer(name, 10, 10), pytest.raises(RangeBusy):
            write(store, name, start, b"x" * length)

    def test_second_writer_is_kept_out_in_another_thread(
        self, store: ChunkStore, name: str
    ) -> None:
        refused = []

        def attempt() -> None:
            try:
                write(store, name, 0, b"other")
            except RangeBusy:
                refused.append(name)

        with store.writer(name, 0, 5) as writer:
            thread = threading.Thread(target=attempt)
            thread.start()
            thread.join()
            writer.write(b"first")

        assert refused == [name]
        assert read(store, name) == b"first"

    def test_writers_of_other_parts_and_later_ones_are_let_in(
        self, store: ChunkStore, name: str
    ) -> None:
        with store.writer(name, 0, 5) as writer:
            write(store, f"chunks/{uuid.uuid4()}.part", 0, b"other")
            writer.write(b"first")
        write(store, name, 0, b"again")

        assert read(store, name) == b"again"

    def test_range_is_free_again_where_a_writer_failed(
        self, store: ChunkStore, name: str
    ) -> None:
        with contextlib.suppress(ConnectionError), store.writer(name, 0, 5):
            raise ConnectionError

        write(store, name, 0, b"again")

        assert read(store, name) == b"again"

    def test_sealing_waits_for_the_writers(self, store: ChunkStore, name: str) -> None:
        seen: list[bytes] = []
        with store.writer(name, 0, 5) as writer:
            thread = threading.Thread(target=lambda: seen.append(read(store, name)))
            thread.start()
            thread.join(0.2)
            assert seen == []
            writer.write(b"whole")
        thread.join()

        assert seen == [b"whole"]

    def test_no_writer_enters_a_sealed_part(self, store: ChunkStore, name: str) -> None:
        write(store, name, 0, b"whole")

        with store.sealed(name), pytest.raises(RangeBusy):
            write(store, name, 5, b"more")

    def test_sealing_what_is_not_there_gives_an_empty_part(
        self, store: ChunkStore, name: str
    ) -> None:
        with store.sealed(name) as part:
            assert part.extent == 0
            assert list(part.read(0)) == []
            with part.open() as file:
                assert file.read() == b""

    def test_open_gives_a_file_that_a_storage_can_save(
        self, store: ChunkStore, name: str
    ) -> None:
        write(store, name, 0, b"whole")

        with store.sealed(name) as part, part.open() as file:
            assert file.size == 5
            assert b"".join(file.chunks()) == b"whole"

    def test_move_replaces_the_file_and_leaves_no_part(
        self, store: ChunkStore, name: str, tmp_path: Path
    ) -> None:
        path = tmp_path / "film.mp4"
        path.touch()
        write(store, name, 0, b"whole")

        with store.sealed(name) as part:
            part.move(str(path))

        assert path.read_bytes() == b"whole"
        assert store.extent(name) == 0

    def test_sealed_part_is_known_from_one_that_is_written_to(
        self, store: ChunkStore, name: str
    ) -> None:
        assert not store.is_sealed(name)
        for alone in (False, True):
            with store.writer(name, 0, 5, alone=alone):
                assert not store.is_sealed(name)
        with store.sealed(name):
            assert store.is_sealed(name)
        assert not store.is_sealed(name)

    def test_discarded_part_is_empty_and_takes_bytes_again(
        self, store: ChunkStore, name: str
    ) -> None:
        write(store, name, 0, b"whole")

        with store.sealed(name) as part:
            part.sync()
            part.discard()
            assert part.extent == 0

        write(store, name, 0, b"again")
        assert read(store, name) == b"again"

    def test_move_may_be_settled_again(
        self, store: ChunkStore, name: str, tmp_path: Path
    ) -> None:
        path = tmp_path / "film.mp4"
        path.touch()
        write(store, name, 0, b"whole")
        with store.sealed(name) as part:
            part.sync()
            part.move(str(path))

        with store.sealed(name) as part:
            part.settle(str(path))

        assert path.read_bytes() == b"whole"

    def test_delete_removes_the_bytes_and_may_be_repeated(
        self, store: ChunkStore, name: str
    ) -> None:
        write(store, name, 0, b"whole")

        store.delete(name)
        store.delete(name)

        assert store.extent(name) == 0
        assert read(store, name) == b""

    def test_delete_under_a_writer_leaves_nothing_of_it(
        self, store: ChunkStore, name: str
    ) -> None:
        with store.writer(name, 0, 5) as writer:
            writer.write(b"01")
            store.delete(name)
            writer.write(b"234")

        assert store.extent(name) == 0

    def test_part_is_written_and_sealed_under_the_state_that_it_was_begun_with(
        self, store: ChunkStore, name: str
    ) -> None:
        state = store.begin(name)

        with store.writer(name, 0, 4, state) as writer:
            writer.write(b"0123")
        with store.writer(name, 4, 4, state) as writer:
            writer.write(b"4567")
        with store.sealed(name, state) as part:
            assert b"".join(part.read(0)) == b"01234567"
            assert part.is_known(state)
            part.admit_loss(state)

    def test_part_that_is_gone_is_made_anew_where_its_store_is(
        self, store: ChunkStore, name: str
    ) -> None:
        state = store.begin(name)
        with store.writer(name, 0, 4, state) as writer:
            writer.write(b"0123")
        store.delete(name)

        with store.writer(name, 0, 4, state) as writer:
            assert writer.extent == 0
            writer.admit_loss(state)
        with store.sealed(name, state) as part:
            assert part.extent == 0

    @pytest.mark.parametrize("is_noted", [True, False])
    def test_part_that_lost_nothing_is_known_once_it_was_examined(
        self, store: ChunkStore, name: str, is_noted: bool
    ) -> None:
        state = store.begin(name) if is_noted else ""
        write(store, name, 0, b"whole")

        for opened in (store.writer(name, 5, 1, state), store.sealed(name, state)):
            with opened as part:
                found = part.examine(state)
                assert found.lost == []
                assert len(found.state) <= 255
                assert part.is_known(found.state)
                assert part.examine(found.state) == found

    def test_leftovers_are_all_parts_with_size_and_age(
        self, store: ChunkStore, name: str
    ) -> None:
        write(store, name, 0, b"whole")

        (leftover,) = store.leftovers()

        assert leftover.size == 5
        age = timezone.now() - leftover.modified
        assert abs(age) < datetime.timedelta(hours=1)
        store.delete(leftover.name)
        assert store.extent(name) == 0
