"""Storages with a way of their own: what a copy costs, and what it leaves behind."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.management import call_command
from django.db import OperationalError, connection

from chunked_uploads.core import connections, finishing, placing
from chunked_uploads.core.sweeping import clean_uploads
from chunked_uploads.models import Removal, Upload
from chunked_uploads.stores import local_handles
from chunked_uploads.system import moving
from tests import storages
from tests.core.faults import Killed, fail_sync, make_removals_old
from tests.sending import (
    CONTENT,
    Uploader,
    assert_error,
    assert_finishes,
    files_in,
    finished,
    part_of,
    state_in,
    upload_of,
)
from tests.storages import simulate_file_systems

pytestmark = pytest.mark.django_db(transaction=True)

FILM = "by/ada/film.mp4"


def by_owner(upload: Upload, filename: str) -> str:
    return f"by/{upload.user}/{filename}"


def in_its_folder(upload: Upload, filename: str) -> str:
    return f"jobs/{upload.uuid}/{filename}"


@pytest.fixture(autouse=True)
def patient() -> Iterator[None]:
    """Storages that work again after the test."""
    yield
    storages.Failing.failures = 0
    storages.Undeletable.is_stuck = True


def kill(monkeypatch: pytest.MonkeyPatch, uploader: Uploader, sent: Any) -> None:
    """Ask for the finished file of a process that dies within the copy."""

    def die(*args: Any) -> None:
        raise Killed

    storages.Failing.failures = 1
    with monkeypatch.context() as death:
        calls = iter([placing.remove_copies, die])
        death.setattr(placing, "remove_copies", lambda *args: next(calls)(*args))
        with pytest.raises(Killed):
            uploader.done(state_in(sent))


# What is asked to write


@pytest.mark.parametrize(
    ("storage", "on_disk"),
    [
        (storages.MirroringSave, bytes(255 - byte for byte in CONTENT)),
        (storages.MirroringOpen, CONTENT),
        (storages.Shouting, CONTENT),
        (storages.Copying, CONTENT),
    ],
)
def test_storage_with_a_way_of_its_own_is_asked_to_write(
    uploader: Uploader,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    storage: type[FileSystemStorage],
    on_disk: bytes,
) -> None:
    storages.use(settings, storage)
    saved: list[int] = []
    save = FileSystemStorage.save

    def note(self: Any, name: Any, content: Any, max_length: Any = None) -> str:
        saved.append(content.size)
        return save(self, name, content, max_length)

    monkeypatch.setattr(FileSystemStorage, "save", note)
    sent = uploader.send(CONTENT)

    assert uploader.done(state_in(sent)).status_code == 200

    assert saved == [len(CONTENT)]
    assert Path(upload_of(sent).upload.path).read_bytes() == on_disk


def test_storage_that_encrypts_leaves_nothing_in_plain_text(
    uploader: Uploader, settings: Any, media_root: Path
) -> None:
    storages.use(settings, storages.MirroringSave)
    sent = uploader.send(CONTENT)

    assert_finishes(uploader, sent, CONTENT)

    assert CONTENT not in [path.read_bytes() for path in files_in(media_root)]


def test_part_stays_until_the_copy_is_on_the_disk(
    uploader: Uploader,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    media_root: Path,
) -> None:
    storages.use(settings, storages.Copying)
    sent = uploader.send(CONTENT)
    part = part_of(upload_of(sent), media_root)
    synced: list[Path] = []
    fsync = os.fsync

    def note(fd: int) -> None:
        if part.exists():
            synced.append(Path(os.readlink(f"/dev/fd/{fd}")))
        fsync(fd)

    monkeypatch.setattr(os, "fsync", note)
    assert_finishes(uploader, sent, CONTENT)

    place = Path(upload_of(sent).upload.path)
    assert synced == [part, place, place.parent, place.parent.parent]


def test_copy_that_the_disk_lost_is_made_again(
    uploader: Uploader,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    media_root: Path,
) -> None:
    storages.use(settings, storages.Copying)
    sent = uploader.send(CONTENT)
    fail_sync(monkeypatch, lambda path: path.endswith("film.mp4"), errno.EIO)

    assert uploader.done(state_in(sent)).status_code == 503

    assert files_in(media_root) == [part_of(upload_of(sent), media_root)]
    assert_finishes(uploader, sent, CONTENT)


# What a try that failed leaves


@pytest.mark.parametrize("path", ["files", by_owner])
def test_failed_copies_leave_nothing(
    uploader: Uploader, settings: Any, media_root: Path, path: Any
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = path
    storages.use(settings, storages.Failing)
    sent = uploader.send(CONTENT)
    storages.Failing.failures = 3

    for _ in range(3):
        assert uploader.done(state_in(sent)).status_code == 507
        assert files_in(media_root) == [part_of(upload_of(sent), media_root)]

    assert_finishes(uploader, sent, CONTENT)
    assert files_in(media_root) == [Path(upload_of(sent).upload.path)]
    assert not Removal.objects.exists()


@pytest.mark.parametrize("error", [storages.BucketError, ConnectionError, RuntimeError])
@pytest.mark.parametrize("step", ["save", "exists"])
@pytest.mark.parametrize("path", ["files", by_owner])
def test_storage_that_fails_in_its_own_way_gets_503_and_done_may_be_repeated(
    uploader: Uploader,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    media_root: Path,
    caplog: pytest.LogCaptureFixture,
    path: Any,
    step: str,
    error: type[Exception],
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = path
    storages.use(settings, storages.Copying)
    sent = uploader.send(CONTENT)

    def fail(*args: Any, **options: Any) -> None:
        raise error("the bucket does not answer")

    with monkeypatch.context() as broken:
        broken.setattr(storages.Copying, step, fail)
        response = uploader.done(state_in(sent))

    assert_error(response, 503, "unavailable")
    assert response["Retry-After"] == "5"
    assert "the bucket does not answer" in caplog.text
    assert_finishes(uploader, sent, CONTENT)
    assert files_in(media_root) == [Path(upload_of(sent).upload.path)]


def test_failed_copy_beside_its_part_leaves_the_part(
    uploader: Uploader, settings: Any, media_root: Path
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = in_its_folder
    settings.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = in_its_folder
    storages.use(settings, storages.Failing)
    sent = uploader.send(CONTENT)
    storages.Failing.failures = 1

    assert uploader.done(state_in(sent)).status_code == 507

    assert files_in(media_root) == [part_of(upload_of(sent), media_root)]
    assert_finishes(uploader, sent, CONTENT)
    assert files_in(media_root) == [Path(upload_of(sent).upload.path)]


@pytest.mark.parametrize("path", ["files", by_owner])
def test_copies_of_killed_processes_go_with_the_next_try(
    uploader: Uploader,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    media_root: Path,
    path: Any,
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = path
    storages.use(settings, storages.Failing)
    sent = uploader.send(CONTENT)

    for _ in range(3):
        kill(monkeypatch, uploader, sent)
        assert len(files_in(media_root)) == 2

    assert_finishes(uploader, sent, CONTENT)
    assert files_in(media_root) == [Path(upload_of(sent).upload.path)]
    assert not Removal.objects.exists()


def test_copy_from_another_disk_whose_process_was_killed_goes_with_the_upload(
    uploader: Uploader,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    media_root: Path,
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = by_owner
    sent = uploader.send(CONTENT)

    def die(*args: Any) -> None:
        raise Killed

    with monkeypatch.context() as death:
        simulate_file_systems(death)
        death.setattr(os, "unlink", die)
        died = iter([lambda: None, die])  # before the move, and within the copy
        death.setattr(moving, "copy_mode", lambda *args: next(died)())
        with pytest.raises(Killed):
            uploader.done(state_in(sent))
    place = media_root / FILM
    part = part_of(upload_of(sent), media_root)
    assert {*files_in(media_root)} == {part, place, place.with_name(part.name)}

    assert uploader.delete(state_in(sent)["delete_url"]).status_code == 200

    assert files_in(media_root) == [place]
    os.utime(place, (0, 0))
    make_removals_old()
    clean_uploads()
    assert files_in(media_root) == []
    assert not Removal.objects.exists()


def test_place_whose_name_cannot_be_made_durable_is_left_again(
    uploader: Uploader,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    media_root: Path,
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = by_owner
    sent = uploader.send(CONTENT)

    def fail(*args: Any) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as broken:
        broken.setattr(local_handles, "sync_name", fail)
        for _ in range(3):
            assert uploader.done(state_in(sent)).status_code == 503
            assert files_in(media_root) == [part_of(upload_of(sent), media_root)]

    assert_finishes(uploader, sent, CONTENT)
    assert upload_of(sent).upload.name == FILM


@pytest.mark.parametrize("path", ["files", by_owner])
def test_copy_of_a_killed_process_goes_with_the_upload(
    uploader: Uploader,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    media_root: Path,
    path: Any,
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = path
    storages.use(settings, storages.Failing)
    sent = uploader.send(CONTENT)
    kill(monkeypatch, uploader, sent)

    assert uploader.delete(state_in(sent)["delete_url"]).status_code == 200

    assert files_in(media_root) == []
    assert not Removal.objects.exists()


def test_file_of_somebody_else_at_the_noted_name_is_left_alone(
    uploader: Uploader,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    media_root: Path,
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = by_owner
    storages.use(settings, storages.Failing)
    sent = uploader.send(CONTENT)
    kill(monkeypatch, uploader, sent)
    (media_root / FILM).write_bytes(b"another model's")

    assert_finishes(uploader, sent, CONTENT)

    assert (media_root / FILM).read_bytes() == b"another model's"
    assert len(files_in(media_root)) == 2


def test_cancel_while_the_copy_is_made_leaves_nothing(
    uploader: Uploader,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    media_root: Path,
) -> None:
    storages.use(settings, storages.Copying)
    sent = uploader.send(CONTENT)
    save = FileSystemStorage.save

    def cancel_and_save(self: Any, *args: Any, **options: Any) -> str:
        assert Uploader().delete(state_in(sent)["delete_url"]).status_code == 200
        return save(self, *args, **options)

    monkeypatch.setattr(FileSystemStorage, "save", cancel_and_save)

    assert uploader.done(state_in(sent)).status_code == 404
    assert files_in(media_root) == []
    assert not Removal.objects.exists()


def test_copy_that_was_cancelled_and_then_killed_goes_with_the_clean_up(
    uploader: Uploader,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    media_root: Path,
) -> None:
    storages.use(settings, storages.Copying)
    sent = uploader.send(CONTENT)
    save = FileSystemStorage.save

    def cancel_save_and_die(self: Any, *args: Any, **options: Any) -> None:
        assert Uploader().delete(state_in(sent)["delete_url"]).status_code == 200
        save(self, *args, **options)
        death.setattr(placing, "remove_copies", die)
        die()

    def die(*args: Any) -> None:
        raise Killed

    with monkeypatch.context() as death:
        death.setattr(FileSystemStorage, "save", cancel_save_and_die)
        with pytest.raises(Killed):
            uploader.done(state_in(sent))
    [left] = files_in(media_root)
    assert clean_uploads().removed == []
    make_removals_old()

    dry = clean_uploads(dry_run=True)
    report = clean_uploads()

    assert dry == report
    assert [media_root / name for name in report.removed] == [left]
    assert report.freed == len(CONTENT)
    assert files_in(media_root) == []
    assert not Removal.objects.exists()


# The database meanwhile


class DeadConnection:
    """A connection that the server, or something on the way to it, gave up."""

    def __getattr__(self, name: str) -> Any:
        raise OperationalError("the server has gone away")

    def close(self) -> None:
        pass


def test_connection_that_died_during_the_copy_is_made_anew(
    uploader: Uploader, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    storages.use(settings, storages.Copying)
    monkeypatch.setattr(connections, "IDLE", 0)
    sent = uploader.send(CONTENT)
    save = FileSystemStorage.save
    open_transactions: list[bool] = []

    def save_for_long(self: Any, *args: Any, **options: Any) -> str:
        open_transactions.append(connection.in_atomic_block)
        connection.close()
        connection.connection = DeadConnection()
        return save(self, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(FileSystemStorage, "save", save_for_long)
        assert uploader.done(state_in(sent)).status_code == 200

    assert open_transactions == [False]
    assert finished(upload_of(sent)) == CONTENT


# Names that meet


def test_two_copies_of_one_name_are_kept_apart(
    uploader: Uploader, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = by_owner
    storages.use(settings, storages.CopyingOver)
    first = uploader.send(b"first")
    second = uploader.send(b"second")
    save = FileSystemStorage.save

    def finish_the_other_and_save(self: Any, *args: Any, **options: Any) -> str:
        monkeypatch.setattr(FileSystemStorage, "save", save)
        assert Uploader().done(state_in(second)).status_code == 200
        return save(self, *args, **options)

    monkeypatch.setattr(FileSystemStorage, "save", finish_the_other_and_save)
    assert uploader.done(state_in(first)).status_code == 200

    assert finished(upload_of(first)) == b"first"
    assert finished(upload_of(second)) == b"second"


@pytest.mark.parametrize(
    ("storage", "options", "step"),
    [
        (FileSystemStorage, {}, (placing, "note_name")),
        (FileSystemStorage, {"allow_overwrite": True}, (placing, "note_name")),
        (FileSystemStorage, {"allow_overwrite": True}, (finishing, "mark_complete")),
        (storages.Overwriting, {}, (placing, "note_name")),
        (storages.Overwriting, {}, (finishing, "mark_complete")),
        (storages.CopyingOver, {}, (finishing, "mark_complete")),
    ],
)
def test_done_that_fails_does_no_harm_to_a_finished_file_of_its_name(
    uploader: Uploader,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    storage: type,
    options: dict[str, Any],
    step: tuple[Any, str],
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = by_owner
    storages.use(settings, storage, **options)
    first = uploader.send(b"first")
    assert_finishes(uploader, first, b"first")
    second = uploader.send(b"second")

    def die(*args: Any) -> None:
        raise Killed

    with monkeypatch.context() as death:
        death.setattr(*step, die)
        with pytest.raises(Killed):
            uploader.done(state_in(second))
    assert finished(upload_of(first)) == b"first"

    assert_finishes(uploader, second, b"second")
    assert finished(upload_of(first)) == b"first"
    uploader.delete(state_in(second)["delete_url"])
    assert finished(upload_of(first)) == b"first"


@pytest.mark.parametrize("owner", [(placing, "note_name"), (FileSystemStorage, "save")])
def test_cancel_at_the_instant_of_done_takes_no_file_of_another(
    uploader: Uploader,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    media_root: Path,
    owner: tuple[Any, str],
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = by_owner
    first = uploader.send(b"first")
    second = uploader.send(b"second")
    function = getattr(*owner)

    def cancel_and_finish_the_other(*args: Any, **options: Any) -> Any:
        monkeypatch.setattr(*owner, function)
        result = function(*args, **options)
        assert Uploader().delete(state_in(first)["delete_url"]).status_code == 200
        assert Uploader().done(state_in(second)).status_code == 200
        return result

    monkeypatch.setattr(*owner, cancel_and_finish_the_other)
    assert uploader.done(state_in(first)).status_code == 404

    assert finished(upload_of(second)) == b"second"
    assert files_in(media_root) == [Path(upload_of(second).upload.path)]
    make_removals_old()
    clean_uploads()
    assert finished(upload_of(second)) == b"second"
    assert not Removal.objects.exists()


def of_one_meeting(upload: Upload, filename: str) -> str:
    first = Upload.objects.earliest("pk")
    return f"meetings/{first.uuid}/{filename}"


def test_files_in_a_folder_of_several_uploads_stay_where_the_first_is_deleted(
    uploader: Uploader, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = of_one_meeting
    first = uploader.send(CONTENT)
    assert_finishes(uploader, first, CONTENT)
    second = uploader.send(b"other", name="other.mp4")
    assert_finishes(uploader, second, b"other")

    assert uploader.delete(state_in(first)["delete_url"]).status_code == 200

    assert finished(upload_of(second)) == b"other"


# What can't be removed


@pytest.mark.parametrize("path", ["files", by_owner])
def test_file_that_cannot_be_removed_goes_with_the_clean_up(
    uploader: Uploader,
    settings: Any,
    media_root: Path,
    caplog: pytest.LogCaptureFixture,
    path: Any,
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = path
    storages.use(settings, storages.Undeletable)
    sent = uploader.send(CONTENT)
    uploader.done(state_in(sent))
    [left] = files_in(media_root)

    assert uploader.delete(state_in(sent)["delete_url"]).status_code == 200

    assert "the bucket does not answer" in caplog.text
    assert not Upload.objects.exists()
    make_removals_old()
    os.utime(left, (0, 0))
    assert "the bucket does not answer" in clean_uploads().failed[0]
    assert files_in(media_root) == [left]
    storages.Undeletable.is_stuck = False
    assert [media_root / name for name in clean_uploads().removed] == [left]
    assert files_in(media_root) == []
    assert not Removal.objects.exists()


def test_upload_whose_copies_cannot_be_removed_is_cancelled_all_the_same(
    uploader: Uploader, settings: Any, media_root: Path
) -> None:
    storages.use(settings, storages.Stuck)
    sent = uploader.send(CONTENT)
    storages.Failing.failures = 2
    for _ in range(2):
        assert uploader.done(state_in(sent)).status_code == 507
    assert Removal.objects.count() == 1

    assert uploader.delete(state_in(sent)["delete_url"]).status_code == 200

    assert not Upload.objects.exists()
    storages.Undeletable.is_stuck = False
    make_removals_old()
    clean_uploads()
    assert files_in(media_root) == []
    assert not Removal.objects.exists()


def test_name_that_somebody_else_has_by_now_is_left_to_them(
    uploader: Uploader, settings: Any, media_root: Path
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = by_owner
    storages.use(settings, storages.Undeletable)
    first = uploader.send(CONTENT)
    uploader.done(state_in(first))
    upload_of(first).delete()
    (media_root / FILM).unlink()  # which its bucket did after all
    second = uploader.send(CONTENT)
    uploader.done(state_in(second))
    assert upload_of(second).upload.name == FILM
    storages.Undeletable.is_stuck = False
    make_removals_old()

    clean_uploads()

    assert finished(upload_of(second)) == CONTENT
    assert not Removal.objects.exists()


def test_finished_file_that_its_storage_calls_otherwise_is_no_left_copy(
    uploader: Uploader, settings: Any
) -> None:
    storages.use(settings, storages.Lowering)
    sent = uploader.send(CONTENT, name="Film.MP4")
    assert_finishes(uploader, sent, CONTENT)
    make_removals_old()

    clean_uploads()

    assert finished(upload_of(sent)) == CONTENT
    assert not Removal.objects.exists()


def test_copy_that_could_not_be_removed_goes_when_another_one_is_finished(
    uploader: Uploader, settings: Any, media_root: Path
) -> None:
    storages.use(settings, storages.Stuck)
    sent = uploader.send(CONTENT)
    storages.Failing.failures = 1
    assert uploader.done(state_in(sent)).status_code == 507
    assert_finishes(uploader, sent, CONTENT)
    assert len(files_in(media_root)) == 2
    storages.Undeletable.is_stuck = False
    make_removals_old()

    clean_uploads()

    assert files_in(media_root) == [Path(upload_of(sent).upload.path)]
    assert finished(upload_of(sent)) == CONTENT


def test_command_tells_of_files_of_uploads_that_are_gone(
    uploader: Uploader, settings: Any
) -> None:
    storages.use(settings, storages.Undeletable)
    sent = uploader.send(CONTENT)
    uploader.done(state_in(sent))
    name = upload_of(sent).upload.name
    upload_of(sent).delete()
    storages.Undeletable.is_stuck = False
    make_removals_old()
    out = io.StringIO()

    call_command("clean_uploads", stdout=out)

    assert out.getvalue().splitlines() == [
        f"{name}: file of an upload that is gone: removed",
        "0 uploads and 0 leftovers removed, 0 uploads completed, "
        "10\N{NO-BREAK SPACE}bytes freed.",
    ]
