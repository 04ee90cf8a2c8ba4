"""The local store: part files, locks that die with their holder, moves."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage

from chunked_uploads.errors import RangeBusy, StoreFull, StoreUnavailable
from chunked_uploads.models import MAX_STORE_STATE
from chunked_uploads.stores import (
    ChunkStore,
    Content,
    chunk_store,
    local_handles,
    markers,
    partial_files,
)
from chunked_uploads.stores import local as local_store
from chunked_uploads.stores.local import LocalStore
from chunked_uploads.system import holes, locks, writeout
from chunked_uploads.system.pipes import open_pipe
from tests.polling import wait_until
from tests.storages import simulate_file_systems
from tests.stores.contract import ChunkStoreContract, StoredUpload, begin, read, write

HOLDER = """
import sys
import django
from django.conf import settings
apps = ["django.contrib.auth", "django.contrib.contenttypes", "chunked_uploads"]
settings.configure(MEDIA_ROOT=sys.argv[1], INSTALLED_APPS=apps)
django.setup()
from chunked_uploads.stores.local import LocalStore
from types import SimpleNamespace
upload = SimpleNamespace(uuid=None, received=0, store_state=sys.argv[2])
with LocalStore().writer(upload, 0, 10) as writer:
    writer.write(b"01234")
    print("held", flush=True)
    sys.stdin.read()
"""


class TestLocalStore(ChunkStoreContract):
    @pytest.fixture
    def store(self, media_root: Path) -> ChunkStore:
        """The store that the settings' defaults name."""
        store = chunk_store()
        assert isinstance(store, LocalStore)
        return store

    @pytest.fixture(autouse=True)
    def chunks(self, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """The folder that the contract's names begin with; and nobody waits long."""
        monkeypatch.setattr(local_store, "PATIENCE", 0.1)
        settings.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = "chunks"

    def test_whole_blocks_are_given_to_the_disk_as_they_come(
        self, store: ChunkStore, upload: StoredUpload, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = []
        monkeypatch.setattr(local_handles, "WRITE_OUT", 100)
        monkeypatch.setattr(
            local_handles,
            "begin_write_out",
            lambda fd, start, length: asked.append((start, length)),
        )

        with open_pipe() as pipe, store.writer(upload, 150, 500) as writer:
            writer.write(b"x" * 49)
            assert asked == []
            writer.write(b"x")
            assert asked == [(100, 100)]
            writer.write(b"x" * 250)
            os.write(pipe.inlet, b"x" * 60)
            writer.write_from(pipe.outlet, 60)

        assert asked == [(100, 100), (200, 200), (400, 100)]

    @pytest.fixture
    def holder(
        self, store: ChunkStore, upload: StoredUpload, media_root: Path
    ) -> Iterator[subprocess.Popen[str]]:
        """Another process, in the middle of writing bytes 0 to 9."""
        command = [sys.executable, "-c", HOLDER, str(media_root), upload.store_state]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
            assert process.stdout
            assert process.stdout.readline() == "held\n"
            yield process

    def test_disjoint_ranges_are_written_at_the_same_time(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        with store.writer(upload, 0, 5) as first, store.writer(upload, 5, 5) as second:
            second.write(b"56789")
            first.write(b"01234")

        assert read(store, upload) == b"0123456789"

    def test_writer_in_another_process_is_kept_apart(
        self, store: ChunkStore, upload: StoredUpload, holder: subprocess.Popen[str]
    ) -> None:
        with pytest.raises(RangeBusy):
            write(store, upload, 9, b"9")
        write(store, upload, 10, b"x")

        holder.communicate()

        write(store, upload, 5, b"56789")
        assert read(store, upload) == b"0123456789x"

    @pytest.mark.parametrize(
        ("start", "length"), [(10, 10), (19, 5), (5, 6), (0, 99), (0, None)]
    )
    def test_writer_learns_who_waits_for_its_bytes(
        self,
        store: ChunkStore,
        upload: StoredUpload,
        monkeypatch: pytest.MonkeyPatch,
        start: int,
        length: int | None,
    ) -> None:
        monkeypatch.setattr(local_store, "PATIENCE", 60)
        with (
            ThreadPoolExecutor(1) as pool,
            store.writer(upload, 10, 10) as writer,
            store.writer(upload, 200, 10) as another,
        ):
            assert not writer.has_waiters()
            waiting: Future[Any]
            if length is None:
                waiting = pool.submit(read, store, upload)
            else:
                waiting = pool.submit(write, store, upload, start, b"x" * length)
            wait_until(writer.has_waiters)
            assert another.has_waiters() == (length is None)

        waiting.result()
        with store.writer(upload, 10, 10) as writer:
            assert not writer.has_waiters()

    @pytest.mark.parametrize("is_urgent", [True, False])
    def test_writers_learn_who_waits_for_them_where_it_is_urgent(
        self, store: ChunkStore, upload: StoredUpload, is_urgent: bool
    ) -> None:
        with ThreadPoolExecutor(1) as pool, store.writer(upload, 10, 10) as writer:
            waiting = pool.submit(
                store.wait_for_writers,
                upload,
                60 if is_urgent else 0.1,
                is_urgent=is_urgent,
            )
            if is_urgent:
                wait_until(writer.has_waiters)
            while not (is_urgent or waiting.done()):
                assert not writer.has_waiters()

        waiting.result()
        with store.writer(upload, 10, 10) as writer:
            assert not writer.has_waiters()

    def test_nobody_is_heard_where_locks_do_not_tell(
        self, store: ChunkStore, upload: StoredUpload, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*args: Any) -> None:
            raise OSError(errno.EINVAL, "no such command")

        with store.writer(upload, 10, 10) as writer:
            monkeypatch.setattr("fcntl.fcntl", refuse)
            assert not writer.has_waiters()

    def test_killed_process_leaves_its_range_free_and_its_bytes_there(
        self, store: ChunkStore, upload: StoredUpload, holder: subprocess.Popen[str]
    ) -> None:
        holder.send_signal(signal.SIGKILL)
        holder.wait()

        assert store.count_bytes(upload) == 5
        write(store, upload, 0, b"ABCDEFGHIJ")
        assert read(store, upload) == b"ABCDEFGHIJ"

    def test_part_that_was_moved_while_waiting_for_it_is_seen_as_gone(
        self, store: ChunkStore, upload: StoredUpload, tmp_path: Path, monkeypatch: Any
    ) -> None:
        path = tmp_path / "film.mp4"
        path.touch()
        write(store, upload, 0, b"whole")
        seen: list[bytes] = []
        waiter = threading.Thread(target=lambda: seen.append(read(store, upload)))

        with store.exclusive(upload) as content:
            about_to_wait = watch_locks(monkeypatch)
            waiter.start()
            about_to_wait.wait()
            move(content, path)
        waiter.join()

        assert seen == [b""]
        assert path.read_bytes() == b"whole"

    def test_each_byte_is_written_once(
        self, store: ChunkStore, upload: StoredUpload, monkeypatch: Any
    ) -> None:
        counts: list[int] = []
        pwrite = os.pwrite

        def count(fd: int, block: Any, offset: int) -> int:
            counts.append(pwrite(fd, block, offset))
            return counts[-1]

        monkeypatch.setattr(os, "pwrite", count)
        with store.writer(upload, 0, 300_000) as writer:
            for _ in range(3):
                writer.write(bytes(100_000))

        assert sum(counts) == 300_000

    def test_short_writes_are_gone_on_with(
        self, store: ChunkStore, upload: StoredUpload, monkeypatch: Any
    ) -> None:
        limit_writes(monkeypatch, lambda written: 3)

        write(store, upload, 2, b"23456789")

        assert read(store, upload, 2) == b"23456789"

    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
    def test_full_disk_is_told_with_what_is_there_all_the_same(
        self, store: ChunkStore, upload: StoredUpload, monkeypatch: Any, number: int
    ) -> None:
        limit_writes(monkeypatch, lambda written: 7 - written, number)

        with store.writer(upload, 0, 10) as writer:
            writer.write(b"01234")
            with pytest.raises(StoreFull):
                writer.write(b"56789")
            assert writer.written == 7

        assert read(store, upload) == b"0123456"

    def test_failing_disk_is_not_called_full(
        self, store: ChunkStore, upload: StoredUpload, monkeypatch: Any
    ) -> None:
        limit_writes(monkeypatch, lambda written: 0, errno.EIO)

        with pytest.raises(OSError, match="Input/output") as caught:
            write(store, upload, 0, b"0")

        assert not isinstance(caught.value, StoreFull)

    @pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o644])
    def test_moved_file_has_the_mode_of_the_one_it_replaces(
        self, store: ChunkStore, upload: StoredUpload, tmp_path: Path, mode: int
    ) -> None:
        path = tmp_path / "film.mp4"
        path.touch()
        path.chmod(mode)
        write(store, upload, 0, b"whole")

        with store.exclusive(upload) as content:
            move(content, path)

        assert path.stat().st_mode & 0o7777 == mode

    def test_move_copies_no_byte_on_the_same_file_system(
        self, store: ChunkStore, upload: StoredUpload, tmp_path: Path, media_root: Path
    ) -> None:
        path = tmp_path / "film.mp4"
        path.touch()
        write(store, upload, 0, b"whole")
        inode = part_of(upload, media_root).stat().st_ino

        with store.exclusive(upload) as content:
            move(content, path)

        assert path.stat().st_ino == inode

    def test_move_reaches_another_file_system(
        self, store: ChunkStore, upload: StoredUpload, elsewhere: Path
    ) -> None:
        path = elsewhere / "film.mp4"
        path.touch(0o640)
        mode = path.stat().st_mode
        write(store, upload, 0, b"whole")

        with store.exclusive(upload) as content:
            move(content, path)

        assert path.read_bytes() == b"whole"
        assert path.stat().st_mode == mode
        assert os.listdir(elsewhere) == ["film.mp4"]
        assert store.count_bytes(upload) == 0

    def test_move_to_a_full_file_system_leaves_both_as_they_were(
        self, store: ChunkStore, upload: StoredUpload, elsewhere: Path, monkeypatch: Any
    ) -> None:
        path = elsewhere / "film.mp4"
        path.touch()
        write(store, upload, 0, b"whole")
        monkeypatch.setattr("shutil.copyfile", full_disk)

        with store.exclusive(upload) as content, pytest.raises(StoreFull):
            move(content, path)

        assert read(store, upload) == b"whole"
        assert path.read_bytes() == b""
        assert os.listdir(elsewhere) == ["film.mp4"]

    def test_move_syncs_the_file_before_it_is_in_its_place_and_the_folder_after(
        self, store: ChunkStore, upload: StoredUpload, tmp_path: Path, monkeypatch: Any
    ) -> None:
        path = tmp_path / "films" / "film.mp4"
        path.parent.mkdir()
        path.touch()
        write(store, upload, 0, b"whole")
        steps: list[str] = []
        watch(monkeypatch, "fsync", steps, lambda fd: os.readlink(f"/dev/fd/{fd}"))
        watch(monkeypatch, "replace", steps, lambda source, target: "replace")

        with store.exclusive(upload) as content:
            content.sync()
            move(content, path)

        assert steps[0].endswith(".part")
        assert steps[1:] == ["replace", str(path.parent), str(tmp_path)]

    def test_part_is_for_its_owner_alone(
        self, store: ChunkStore, upload: StoredUpload, media_root: Path
    ) -> None:
        before = os.umask(0)
        try:
            write(store, upload, 0, b"secret")
        finally:
            os.umask(before)

        assert part_of(upload, media_root).stat().st_mode & 0o7777 == 0o600

    @pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
    def test_copied_file_has_the_mode_of_the_one_it_replaces(
        self, store: ChunkStore, upload: StoredUpload, elsewhere: Path, mode: int
    ) -> None:
        path = elsewhere / "film.mp4"
        path.touch()
        path.chmod(mode)
        write(store, upload, 0, b"whole")

        with store.exclusive(upload) as content:
            move(content, path)

        assert path.stat().st_mode & 0o7777 == mode

    def test_part_that_is_not_where_it_was_begun_is_not_made(
        self, store: ChunkStore, upload: StoredUpload, media_root: Path
    ) -> None:
        write(store, upload, 0, b"whole")
        (media_root / "chunks").rename(media_root / "away")

        with pytest.raises(StoreUnavailable), store.writer(upload, 5, 1):
            pass
        with pytest.raises(StoreUnavailable), store.exclusive(upload):
            pass
        assert not (media_root / "chunks").exists()

        part_of(upload, media_root).parent.mkdir()
        part_of(upload, media_root).write_bytes(b"other")
        with store.exclusive(upload) as content, pytest.raises(StoreUnavailable):
            content.confirm_loss(upload)

    def test_folder_is_marked_once_though_several_begin(
        self, store: ChunkStore, media_root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        begun: list[str] = []
        link = os.link

        def link_late(source: str, target: str) -> None:
            monkeypatch.setattr(os, "link", link)
            begun.append(marker_of(begin(store)))
            link(source, target)

        monkeypatch.setattr(os, "link", link_late)
        begun.append(marker_of(begin(store)))

        assert begun[0] == begun[1] == marker_of(begin(store))
        assert os.listdir(media_root / "chunks") == [markers.MARKER]

    def test_folder_is_marked_where_there_are_no_hard_links(
        self, store: ChunkStore, media_root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(source: str, target: str) -> None:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

        monkeypatch.setattr(os, "link", refuse)

        begun = marker_of(begin(store))

        assert begun == marker_of(begin(store))
        assert os.listdir(media_root / "chunks") == [markers.MARKER]

    def test_marker_is_on_disk_before_a_part_is_begun(
        self, store: ChunkStore, media_root: Path, monkeypatch: Any
    ) -> None:
        steps: list[str] = []
        watch(monkeypatch, "fsync", steps, lambda fd: os.readlink(f"/dev/fd/{fd}"))
        watch(monkeypatch, "link", steps, lambda source, target: "link")

        marker_of(begin(store))

        folder = media_root / "chunks"
        assert steps[:2] == [str(media_root.parent), str(media_root)]
        assert steps[2].startswith(str(folder / markers.MARKER))
        assert steps[3:] == ["link", str(folder)]

    @pytest.mark.parametrize(
        "number", [errno.EROFS, errno.EACCES, errno.EIO, errno.EMFILE, errno.ENFILE]
    )
    def test_store_that_fails_says_why(
        self, store: ChunkStore, upload: StoredUpload, monkeypatch: Any, number: int
    ) -> None:
        def fail(*args: Any, **options: Any) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "open", fail)
        monkeypatch.setattr("builtins.open", fail)

        for enter in (
            lambda: store.begin(upload),
            lambda: store.writer(upload, 0, 5).__enter__(),
            lambda: store.exclusive(upload).__enter__(),
        ):
            with pytest.raises(OSError, match=r".") as caught:
                enter()
            assert caught.value.errno == number

    def test_part_with_very_many_holes_is_lost_from_there_on(
        self, store: ChunkStore, upload: StoredUpload, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr(holes, "MOST_HOLES", 3)
        step = 2**20
        for number in range(1, 6):
            write(store, upload, number * step - 4096, b"x" * 4096)

        with store.exclusive(upload) as content:
            lost = content.find_losses(not_looked_at(upload)).ranges[:-1]

        ends = [step - 4096, 2 * step - 4096, 5 * step]
        assert lost == list(zip([0, step, 2 * step], ends, strict=True))

    def test_hole_that_somebody_has_read_is_one_still(
        self, store: ChunkStore, upload: StoredUpload, media_root: Path
    ) -> None:
        write(store, upload, 0, b"x" * 65536)
        with part_of(upload, media_root).open("r+b") as file:
            os.posix_fallocate(file.fileno(), 65536, 65536)
            if os.lseek(file.fileno(), 0, os.SEEK_HOLE) != 65536:
                pytest.skip("reserved blocks count as data here")

        assert read(store, upload, 65536) == bytes(65536)

        with store.exclusive(upload) as content:
            assert content.find_losses(not_looked_at(upload)).ranges[:-1] == [
                (65536, 131072)
            ]

    @pytest.mark.parametrize("number", [errno.EINVAL, errno.EOPNOTSUPP])
    def test_file_system_that_knows_no_holes_has_none(
        self, store: ChunkStore, upload: StoredUpload, monkeypatch: Any, number: int
    ) -> None:
        write(store, upload, 2**20, b"x")

        def refuse(*args: Any) -> None:
            raise OSError(number, os.strerror(number))

        with store.exclusive(upload) as content, monkeypatch.context() as unable:
            unable.setattr(os, "lseek", refuse)
            assert content.find_losses(not_looked_at(upload)).ranges[:-1] == []

    def test_bytes_rest_where_an_absolute_folder_says(
        self, store: ChunkStore, tmp_path: Path, settings: Any
    ) -> None:
        folder = tmp_path / "deep" / "down"
        settings.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = str(folder)

        write(store, begin(store), 0, b"whole")

        (file,) = folder.glob("*.part")
        assert file.read_bytes() == b"whole"

    @pytest.mark.parametrize("is_begun", [True, False])
    def test_bytes_rest_in_the_folder_that_a_callable_chooses(
        self, store: ChunkStore, settings: Any, media_root: Path, is_begun: bool
    ) -> None:
        settings.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = lambda upload, filename: (
            f"private/{upload.filesize}/{filename}"
        )

        write(store, begin(store) if is_begun else StoredUpload(), 0, b"whole")

        (file,) = (media_root / "private" / "20").glob("*.part")
        assert file.read_bytes() == b"whole"

    def test_who_finishes_is_known_from_who_writes(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        assert not store.is_finishing(upload)
        for alone in (False, True):
            with store.writer(upload, 0, 5, alone=alone):
                assert not store.is_finishing(upload)

    @pytest.mark.parametrize("state", ["marker boot", "{}", "[1]", '{"path": 1}'])
    def test_upload_of_another_store_waits_for_it(
        self, store: ChunkStore, state: str
    ) -> None:
        upload = StoredUpload(store_state=state)

        with pytest.raises(StoreUnavailable), store.writer(upload, 0, 5):
            pass
        with pytest.raises(StoreUnavailable):
            store.count_bytes(upload)

    def test_longest_path_fits_into_the_state(
        self, store: ChunkStore, settings: Any
    ) -> None:
        folder = "/".join(["я" * 100] * 8)
        settings.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = folder
        state = partial_files.State(
            f"{folder}/{'x' * 91}", "m" * 32, ("12345678",) * partial_files.MOST_BOOTS
        )

        assert len(str(state)) <= MAX_STORE_STATE

    def test_leftovers_of_a_folder_that_is_missing_are_an_error(
        self, store: ChunkStore
    ) -> None:
        with pytest.raises(FileNotFoundError):
            list(store.leftovers())

    def test_other_files_are_not_leftovers(
        self, store: ChunkStore, media_root: Path
    ) -> None:
        (media_root / "chunks").mkdir(parents=True)
        for other in ("film.mp4", "notes.part", ".part"):
            (media_root / "chunks" / other).touch()

        assert list(store.leftovers()) == []

    def test_leftovers_are_looked_for_below_media_root_where_a_callable_chooses(
        self, store: ChunkStore, upload: StoredUpload, settings: Any, media_root: Path
    ) -> None:
        settings.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = lambda upload, filename: filename
        write(store, upload, 0, b"whole")

        (leftover,) = store.leftovers()

        assert leftover.name == str(part_of(upload, media_root))

    @pytest.fixture
    def elsewhere(self, tmp_path: Path, monkeypatch: Any) -> Iterator[Path]:
        """A folder on another file system than MEDIA_ROOT, real where there is one."""
        shared_memory = Path("/dev/shm")
        parent = shared_memory if is_other(shared_memory, tmp_path) else tmp_path
        if parent == tmp_path:
            simulate_file_systems(monkeypatch)
        with tempfile.TemporaryDirectory(dir=parent) as folder:
            yield Path(folder)


class TestLocalStoreWithoutRangeLocks(ChunkStoreContract):
    @pytest.fixture
    def store(self, media_root: Path, monkeypatch: Any, settings: Any) -> ChunkStore:
        """The store where the system locks whole files only."""
        monkeypatch.setattr(locks, "HAVE_RANGES", False)
        monkeypatch.setattr(local_store, "PATIENCE", 0.1)
        settings.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = "chunks"
        return LocalStore()

    def test_writer_may_be_one_who_finishes(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        with store.writer(upload, 0, 5):  # whom these locks don't tell apart
            assert store.is_finishing(upload)

    def test_upload_has_one_writer_at_a_time(
        self, store: ChunkStore, upload: StoredUpload
    ) -> None:
        with store.writer(upload, 0, 5), pytest.raises(RangeBusy):
            write(store, upload, 5, b"56789")


def watch_locks(monkeypatch: Any) -> threading.Event:
    """Return what is set when the next lock of a whole file is asked for."""
    asked = threading.Event()
    lock = partial_files.lock

    def watched(*args: Any, **options: Any) -> None:
        asked.set()
        lock(*args, **options)

    monkeypatch.setattr(partial_files, "lock", watched)
    return asked


def limit_writes(
    monkeypatch: Any, room: Callable[[int], int], number: int = errno.ENOSPC
) -> None:
    """Let each `os.pwrite` take `room(written so far)` bytes; fail where none."""
    pwrite = os.pwrite
    written = 0

    def limited(fd: int, block: Any, offset: int) -> int:
        nonlocal written
        left = room(written)
        if left <= 0:
            raise OSError(number, os.strerror(number))
        count = pwrite(fd, bytes(block)[:left], offset)
        written += count
        return count

    monkeypatch.setattr(os, "pwrite", limited)


def marker_of(upload: StoredUpload) -> str:
    return partial_files.State(**json.loads(upload.store_state)).marker


def part_of(upload: StoredUpload, media_root: Path) -> Path:
    return media_root / partial_files.State(**json.loads(upload.store_state)).path


def not_looked_at(upload: StoredUpload) -> StoredUpload:
    """Return the upload as if nobody had looked at its bytes on this machine."""
    state = partial_files.State(**json.loads(upload.store_state))
    return replace(upload, store_state=str(replace(state, boots=())))


def move(content: Content, path: Path) -> None:
    """Put the bytes over the file at `path`, as `place` does."""
    storage = FileSystemStorage(str(path.parent))
    assert content.place(storage, path.name) == path.name


def full_disk(*args: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def watch(
    monkeypatch: Any, name: str, steps: list[str], tell: Callable[..., str]
) -> None:
    """Note in `steps` what `tell` says of each call of a function of `os`."""
    function = getattr(os, name)

    def watched(*args: Any) -> Any:
        steps.append(tell(*args))
        return function(*args)

    monkeypatch.setattr(os, name, watched)


def is_other(folder: Path, than: Path) -> bool:
    """Whether `folder` is there, on another file system."""
    if not os.access(folder, os.W_OK):
        return False
    return folder.stat().st_dev != than.stat().st_dev


def test_kernel_takes_what_it_is_asked_to_write(tmp_path: Path) -> None:
    with open(tmp_path / "part", "wb") as file:
        file.write(b"x" * 100_000)
        file.flush()
        call = writeout._sync_file_range()
        assert call(file.fileno(), 0, 65536, writeout.START) == 0
        assert call(file.fileno(), -1, 65536, writeout.START) == -1

        writeout.begin_write_out(file.fileno(), 2**40, 65536)


@pytest.fixture
def unknown() -> Iterator[None]:
    """Nobody has asked yet what this system can do."""
    writeout._sync_file_range.cache_clear()
    yield
    writeout._sync_file_range.cache_clear()


def without_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")


def without_ctypes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ctypes", None)


def without_dynamic_loading(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str | None) -> None:
        raise OSError("Dynamic loading not supported")

    monkeypatch.setattr(ctypes, "CDLL", refuse)


@pytest.mark.usefixtures("unknown")
@pytest.mark.parametrize(
    "without", [without_linux, without_ctypes, without_dynamic_loading]
)
def test_write_out_is_done_without_where_the_system_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without: Callable[..., None]
) -> None:
    without(monkeypatch)

    assert writeout._sync_file_range() is None
    with open(tmp_path / "part", "wb") as file:
        writeout.begin_write_out(file.fileno(), 0, 65536)
