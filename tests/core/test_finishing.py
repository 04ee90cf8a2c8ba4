"""The end of an upload: the finished file, whatever happens on the way to it."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, InMemoryStorage
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from chunked_uploads.core import finishing, forgetting, placing, ranges
from chunked_uploads.models import Chunk, Removal, Upload
from chunked_uploads.stores import chunk_store, partial_files
from chunked_uploads.stores import local as local_store
from chunked_uploads.system import moving
from tests.core.faults import fail_sync
from tests.polling import wait_until
from tests.sending import (
    CONTENT,
    UPLOAD,
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

transactional = pytest.mark.django_db(transaction=True)
NO_PATHS = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
}


class PowerCut(BaseException):
    """What no code expects or handles."""


# The answer


def test_end_reads_the_row_as_it_is_opened_and_once_nobody_writes(
    uploader: Uploader,
) -> None:
    state = state_in(uploader.send(CONTENT))

    with CaptureQueriesContext(connection) as queries:
        uploader.done(state)

    made = [each["sql"].split()[0] for each in queries]
    framing = {"BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"}
    changes = ["UPDATE", "UPDATE", "DELETE", "DELETE"]
    assert [each for each in made if each not in framing] == ["SELECT"] * 2 + changes


def test_done_is_answered_with_the_files_url(uploader: Uploader) -> None:
    sent = uploader.send(CONTENT)

    response = uploader.done(state_in(sent))

    upload = upload_of(sent)
    url = f"http://testserver/media/chunked_uploads/files/{upload.uuid}/film.mp4"
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert response.json() == [
        {
            "video_url": url,
            "url": url,
            "state": "COMPLETE",
            "name": "film.mp4",
            "total_size": 10,
            "upload_uuid": str(upload.uuid),
        }
    ]
    assert upload.state == Upload.State.COMPLETE
    assert uploader.get(url).getvalue() == CONTENT


def test_done_may_be_repeated(uploader: Uploader, media_root: Path) -> None:
    state = state_in(uploader.send(CONTENT))
    first = uploader.done(state)

    second = uploader.done(state)

    assert second.status_code == 200
    assert second.content == first.content
    assert len(files_in(media_root)) == 1


def test_nothing_but_the_file_and_the_row_is_left(
    uploader: Uploader, media_root: Path
) -> None:
    sent = uploader.send(CONTENT)

    uploader.done(state_in(sent))

    assert files_in(media_root) == [Path(upload_of(sent).upload.path)]
    assert not Chunk.objects.exists()


@pytest.mark.parametrize(
    ("pieces", "size"),
    [
        ([(0, 4)], 4),
        ([(0, 9)], 9),
        ([(0, 1), (2, 10)], 1),
        ([(0, 4), (4, 6), (8, 10)], 6),
    ],
)
def test_done_before_all_bytes_are_there_loses_nothing(
    uploader: Uploader, pieces: list[tuple[int, int]], size: int
) -> None:
    url = UPLOAD
    for start, stop in pieces:
        before = uploader.send(CONTENT[start:stop], start, url=url)
        url = state_in(before)["url"]

    response = uploader.done(state_in(before))

    assert response.status_code == 409
    assert response["Cache-Control"] == "no-store"
    assert response.json() == [
        {
            "video_url": "",
            "state": "FAIL",
            "size": size,
            "total_size": 10,
            "upload_uuid": state_in(before)["upload_uuid"],
            "error": "incomplete",
            "detail": f"Only {size} of 10 bytes are there without a gap.",
        }
    ]
    assert uploader.get(url).json() == before.json()


def test_done_goes_on_once_the_missing_bytes_are_there(uploader: Uploader) -> None:
    before = uploader.send(CONTENT[:4], 0)
    assert uploader.done(state_in(before)).status_code == 409
    uploader.send(CONTENT[4:], 4)

    assert uploader.done(state_in(before)).status_code == 200
    assert finished(upload_of(before)) == CONTENT


# At the same time


@transactional
@pytest.mark.parametrize("content", [CONTENT, b""], ids=["bytes", "empty"])
def test_several_at_once_get_the_same_answer(
    uploader: Uploader, media_root: Path, content: bytes
) -> None:
    state = state_in(uploader.send(content))
    barrier = threading.Barrier(4)
    answers: list[bytes] = []

    def ask() -> None:
        barrier.wait()
        answers.append(Uploader().done(state).content)
        connection.close()

    run_threads(ask, 4)

    assert answers == [uploader.done(state).content] * 4
    assert files_in(media_root) == [Path(Upload.objects.get().upload.path)]
    assert finished(Upload.objects.get()) == content


@transactional
def test_done_waits_for_a_chunk_that_is_arriving(uploader: Uploader) -> None:
    sent = uploader.send(CONTENT)
    statuses: list[int] = []

    def ask() -> None:
        statuses.append(Uploader().done(state_in(sent)).status_code)
        connection.close()

    with chunk_store().writer(upload_of(sent), 0, 10) as writer:
        thread = threading.Thread(target=ask)
        thread.start()
        wait_until(writer.has_waiters)
        assert statuses == []
    thread.join()

    assert statuses == [200]


@transactional
def test_who_waited_for_one_that_failed_completes_the_upload(
    uploader: Uploader, media_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = uploader.send(CONTENT)
    statuses: list[int] = []
    waiting = threading.Event()
    lock, mark = partial_files.lock, finishing.mark_complete

    def tell(*args: Any, **options: Any) -> None:
        waiting.set()
        lock(*args, **options)

    def ask() -> None:
        statuses.append(Uploader().done(state_in(sent)).status_code)
        connection.close()

    waiter = threading.Thread(target=ask)

    def fail(*args: Any) -> None:
        monkeypatch.setattr(finishing, "mark_complete", mark)
        monkeypatch.setattr(partial_files, "lock", tell)
        waiter.start()
        waiting.wait()
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(finishing, "mark_complete", fail)
    assert uploader.done(state_in(sent)).status_code == 503
    waiter.join()

    assert statuses == [200]
    assert finished(upload_of(sent)) == CONTENT
    assert len(files_in(media_root)) == 1


def run_threads(target: Callable[[], None], count: int) -> None:
    threads = [threading.Thread(target=target) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# Crashes


def cut_power_after(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
    """Let a function do its work once, and end the request there."""
    function = getattr(owner, name)

    def cut(*args: Any, **options: Any) -> None:
        monkeypatch.setattr(owner, name, function)
        function(*args, **options)
        raise PowerCut

    monkeypatch.setattr(owner, name, cut)


def cut_power_before(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
    """Let a function not do its work once, and end the request there."""
    function = getattr(owner, name)

    def cut(*args: Any, **options: Any) -> None:
        monkeypatch.setattr(owner, name, function)
        raise PowerCut

    monkeypatch.setattr(owner, name, cut)


CRASHES = {
    "before the placeholder": (cut_power_before, FileSystemStorage, "save"),
    "after the placeholder": (cut_power_after, FileSystemStorage, "save"),
    "after the note": (cut_power_after, placing, "note_name"),
    "before the commit": (cut_power_before, finishing, "mark_complete"),
    "after the commit": (cut_power_after, finishing, "mark_complete"),
    "before the end": (cut_power_before, local_store.LocalStore, "delete"),
}
CRASHES_OF_A_MOVE = {
    "before the rename": (cut_power_before, os, "replace"),
    "after the rename": (cut_power_after, os, "replace"),
    "after the move": (cut_power_after, local_store.LocalContent, "place"),
}
CRASHES_OF_A_COPY = {
    "before the copy": (cut_power_before, shutil, "copyfile"),
    "after the copy": (cut_power_after, shutil, "copyfile"),
    "before its name is on disk": (cut_power_before, moving, "sync_name"),
    "before the part is removed": (cut_power_before, os, "unlink"),
}


def crashes(known: dict[str, tuple[Any, ...]]) -> pytest.MarkDecorator:
    names = ("crash", "owner", "name")
    return pytest.mark.parametrize(names, known.values(), ids=known.keys())


def assert_done_goes_on(uploader: Uploader, sent: Any, content: bytes) -> None:
    assert uploader.done(state_in(sent)).status_code == 200
    assert finished(upload_of(sent)) == content


@crashes(CRASHES | CRASHES_OF_A_MOVE)
def test_crash_on_the_way_leaves_what_done_goes_on_from(
    uploader: Uploader,
    monkeypatch: pytest.MonkeyPatch,
    media_root: Path,
    crash: Callable[..., None],
    owner: object,
    name: str,
) -> None:
    sent = uploader.send(CONTENT)
    crash(monkeypatch, owner, name)
    with pytest.raises(PowerCut):
        uploader.done(state_in(sent))

    assert_done_goes_on(uploader, sent, CONTENT)
    assert files_in(media_root) == [Path(upload_of(sent).upload.path)]


@crashes(CRASHES)
def test_crash_with_an_empty_file_leaves_what_done_goes_on_from(
    uploader: Uploader,
    monkeypatch: pytest.MonkeyPatch,
    media_root: Path,
    crash: Callable[..., None],
    owner: object,
    name: str,
) -> None:
    sent = uploader.send(b"")
    crash(monkeypatch, owner, name)
    with pytest.raises(PowerCut):
        uploader.done(state_in(sent))

    assert_done_goes_on(uploader, sent, b"")
    assert files_in(media_root) == [Path(upload_of(sent).upload.path)]


@crashes(CRASHES_OF_A_COPY)
def test_crash_while_copying_leaves_what_done_goes_on_from(
    uploader: Uploader,
    monkeypatch: pytest.MonkeyPatch,
    media_root: Path,
    crash: Callable[..., None],
    owner: object,
    name: str,
) -> None:
    simulate_file_systems(monkeypatch)
    sent = uploader.send(CONTENT)
    crash(monkeypatch, owner, name)
    with pytest.raises(PowerCut):
        uploader.done(state_in(sent))

    assert_done_goes_on(uploader, sent, CONTENT)
    assert files_in(media_root) == [Path(upload_of(sent).upload.path)]


@pytest.mark.parametrize("path", ["files", lambda upload, filename: filename])
def test_chunk_that_comes_again_while_the_file_is_put_in_place_loses_nothing(
    uploader: Uploader, settings: Any, monkeypatch: pytest.MonkeyPatch, path: Any
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = path
    sent = uploader.send(CONTENT)
    mark = finishing.mark_complete
    url = state_in(sent)["url"]
    answers = []

    def send_again_and_mark(*args: Any) -> None:
        answers.append(Uploader().send(b"abcde", 0, url=url))
        mark(*args)

    monkeypatch.setattr(finishing, "mark_complete", send_again_and_mark)

    assert_finishes(uploader, sent, CONTENT)

    assert_error(answers[0], 409, "range_busy")
    assert state_in(answers[0])["size"] == len(CONTENT)
    assert upload_of(sent).offset == upload_of(sent).received == len(CONTENT)


def test_chunk_that_comes_again_after_a_done_that_died_loses_nothing(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = uploader.send(CONTENT)

    def fail(*args: Any) -> None:
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as broken:
        broken.setattr(finishing, "mark_complete", fail)
        assert uploader.done(state_in(sent)).status_code == 503

    answer = uploader.send(b"abcde", 0, url=state_in(sent)["url"])

    assert_error(answer, 409, "range_busy")
    assert_done_goes_on(uploader, sent, CONTENT)


def test_database_that_fails_in_the_end_leaves_what_done_goes_on_from(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = uploader.send(CONTENT)

    def fail(*args: Any) -> None:
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as broken:
        broken.setattr(finishing, "mark_complete", fail)
        assert uploader.done(state_in(sent)).status_code == 503

    assert_done_goes_on(uploader, sent, CONTENT)


@pytest.mark.parametrize("left", [0, 3, 9])
def test_lost_bytes_are_asked_for_again(
    uploader: Uploader, media_root: Path, left: int
) -> None:
    uploader.send(CONTENT[:4], 0)
    sent = uploader.send(CONTENT[4:], 4)
    os.truncate(part_of(upload_of(sent), media_root), left)

    response = uploader.done(state_in(sent))

    assert response.status_code == 409
    assert state_in(response)["size"] == left
    again = uploader.send(CONTENT[left:], left, url=state_in(sent)["url"])
    assert_done_goes_on(uploader, again, CONTENT)


def test_lost_part_is_asked_for_again(uploader: Uploader, media_root: Path) -> None:
    sent = uploader.send(CONTENT)
    part_of(upload_of(sent), media_root).unlink()

    assert state_in(uploader.done(state_in(sent)))["size"] == 0
    assert_done_goes_on(uploader, uploader.send(CONTENT), CONTENT)


def test_next_chunk_notices_that_bytes_were_lost(
    uploader: Uploader, media_root: Path
) -> None:
    sent = uploader.send(CONTENT[:6], 0)
    os.truncate(part_of(upload_of(sent), media_root), 2)

    response = uploader.send(CONTENT[6:], 6)

    assert response.status_code == 409
    assert state_in(response)["size"] == state_in(response)["received"] == 2
    response = uploader.send(CONTENT[2:], 2)
    assert_done_goes_on(uploader, response, CONTENT)


def test_done_whose_record_was_lost_with_the_power_is_made_up_for(
    uploader: Uploader, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"
    sent = uploader.send(CONTENT)
    before = Upload.objects.filter(pk=upload_of(sent).pk).values()[0]
    chunk = Chunk.objects.values()[0]
    first = uploader.done(state_in(sent)).json()
    Upload.objects.filter(pk=before["id"]).update(**before)
    Chunk.objects.create(**chunk)

    assert uploader.done(state_in(sent)).json() == first
    assert finished(upload_of(sent)) == CONTENT


class Shouting(FileSystemStorage):
    """A storage that does something to what it saves."""

    def _save(self, name: str, content: Any) -> str:
        return super()._save(name, ContentFile(content.read().upper()))  # type: ignore[misc]


def test_storage_that_changes_what_it_saves_gets_the_whole_file(
    uploader: Uploader, settings: Any
) -> None:
    backend = f"{Shouting.__module__}.{Shouting.__qualname__}"
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": backend}}
    sent = uploader.send(b"whispered!")

    assert_done_goes_on(uploader, sent, b"WHISPERED!")


def test_done_does_not_wait_for_a_chunk_for_ever(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = uploader.send(CONTENT)
    monkeypatch.setattr(partial_files, "PATIENCE", 0)

    with chunk_store().writer(upload_of(sent), 0, 10):
        response = uploader.done(state_in(sent))

    assert (response.status_code, response["Retry-After"]) == (409, "1")
    assert state_in(response)["size"] == len(CONTENT)
    assert_done_goes_on(uploader, sent, CONTENT)


@transactional
def test_done_waits_for_another_one_as_long_as_it_lives(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = uploader.send(CONTENT)
    monkeypatch.setattr(partial_files, "PATIENCE", 0.01)
    looked = threading.Semaphore(0)
    is_locked_whole = partial_files.is_locked_whole

    def look(fd: int) -> bool:
        looked.release()
        return is_locked_whole(fd)

    answers: list[Any] = []

    def ask() -> None:
        answers.append(Uploader().done(state_in(sent)))
        connection.close()

    waiter = threading.Thread(target=ask)
    monkeypatch.setattr(partial_files, "is_locked_whole", look)
    with chunk_store().exclusive(upload_of(sent)):
        waiter.start()
        for _ in range(3):
            looked.acquire()
        assert answers == []
    waiter.join()

    assert answers[0].status_code == 200
    assert answers[0].content == uploader.done(state_in(sent)).content


# Disks that fail


def is_part(path: str) -> bool:
    return path.endswith(".part")


LOST = {errno.EIO: 503, errno.ENOSPC: 507, errno.EDQUOT: 507}


@pytest.mark.parametrize(("number", "status"), LOST.items(), ids=errno.errorcode.get)
def test_bytes_that_the_disk_lost_are_sent_again(
    uploader: Uploader,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    number: int,
    status: int,
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"
    sent = uploader.send(CONTENT)
    fail_sync(monkeypatch, is_part, number)

    response = uploader.done(state_in(sent))

    assert response.status_code == status
    assert state_in(response)["size"] == state_in(response)["received"] == 0
    assert uploader.done(state_in(sent)).status_code == 409
    url = state_in(sent)["url"]
    assert_done_goes_on(uploader, uploader.send(CONTENT, url=url), CONTENT)
    assert upload_of(sent).sha256 == sha256(CONTENT).hexdigest()


@pytest.mark.usefixtures("no_paths")
def test_bytes_that_the_disk_lost_are_never_copied(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = uploader.send(CONTENT)
    fail_sync(monkeypatch, is_part, errno.EIO)

    assert uploader.done(state_in(sent)).status_code == 503
    assert uploader.done(state_in(sent)).status_code == 409


def test_loss_is_remembered_where_the_database_is_away_too(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = uploader.send(CONTENT)
    fail_sync(monkeypatch, is_part, errno.EIO)

    def fail(*args: Any) -> None:
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as away:
        away.setattr(forgetting, "forget_all", fail)
        assert uploader.done(state_in(sent)).status_code == 503

    response = uploader.done(state_in(sent))
    assert (response.status_code, state_in(response)["size"]) == (409, 0)


def test_copy_that_the_disk_lost_is_made_anew(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch, media_root: Path
) -> None:
    simulate_file_systems(monkeypatch)
    uploader.raise_request_exception = False
    sent = uploader.send(CONTENT)
    fail_sync(monkeypatch, lambda path: "/files/" in path, errno.EIO)

    assert uploader.done(state_in(sent)).status_code in (500, 503)

    assert part_of(upload_of(sent), media_root).read_bytes() == CONTENT
    assert_done_goes_on(uploader, sent, CONTENT)
    assert files_in(media_root) == [Path(upload_of(sent).upload.path)]


@pytest.mark.parametrize("is_copied", [False, True])
def test_done_is_not_told_before_the_files_name_is_on_the_disk(
    uploader: Uploader,
    monkeypatch: pytest.MonkeyPatch,
    media_root: Path,
    is_copied: bool,
) -> None:
    if is_copied:
        simulate_file_systems(monkeypatch)
    uploader.raise_request_exception = False
    sent = uploader.send(CONTENT)
    fail_sync(monkeypatch, os.path.isdir, errno.EIO)

    assert uploader.done(state_in(sent)).status_code in (500, 503)
    assert not upload_of(sent).is_complete

    synced: list[str] = []
    monkeypatch.setattr(
        os, "fsync", lambda fd: synced.append(os.readlink(f"/dev/fd/{fd}"))
    )
    assert_done_goes_on(uploader, sent, CONTENT)
    assert str(Path(upload_of(sent).upload.path).parent) in synced


def test_part_stays_until_the_name_of_its_copy_is_on_the_disk(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch, media_root: Path
) -> None:
    simulate_file_systems(monkeypatch)
    sent = uploader.send(CONTENT)
    part = part_of(upload_of(sent), media_root)
    seen: list[tuple[bool, bool]] = []
    fsync = os.fsync

    def note(fd: int) -> None:
        path = Path(os.readlink(f"/dev/fd/{fd}"))
        if path.is_dir():
            is_whole = part.exists() and part.read_bytes() == CONTENT
            seen.append(((path / "film.mp4").exists(), is_whole))
        fsync(fd)

    monkeypatch.setattr(os, "fsync", note)
    uploader.done(state_in(sent))

    assert seen == [(True, True), (False, True)]
    assert not part.exists()


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
def test_folder_that_may_not_be_opened_does_not_fail_done(
    uploader: Uploader,
    monkeypatch: pytest.MonkeyPatch,
    media_root: Path,
    number: int,
) -> None:
    sent = uploader.send(CONTENT)
    opened = os.open

    def refuse(path: Any, *args: Any, **options: Any) -> int:
        if str(path) == str(media_root / "chunked_uploads" / "files"):
            raise OSError(number, os.strerror(number))
        return opened(path, *args, **options)

    monkeypatch.setattr(os, "open", refuse)

    assert_done_goes_on(uploader, sent, CONTENT)


@pytest.mark.parametrize("call", ["fchmod", "fchown"])
def test_mode_that_is_refused_does_not_fail_done(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch, settings: Any, call: str
) -> None:
    settings.FILE_UPLOAD_PERMISSIONS = 0o640
    sent = uploader.send(CONTENT)

    def refuse(*args: Any) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, call, refuse)

    assert_done_goes_on(uploader, sent, CONTENT)


# Cancel on the way


def cancel_after(
    monkeypatch: pytest.MonkeyPatch, owner: object, name: str, state: dict[str, Any]
) -> None:
    """Cancel the upload once a function has done its work."""
    function = getattr(owner, name)

    def cancel(*args: Any, **options: Any) -> Any:
        monkeypatch.setattr(owner, name, function)
        result = function(*args, **options)
        assert Uploader().delete(state["delete_url"]).status_code == 200
        return result

    monkeypatch.setattr(owner, name, cancel)


@transactional
@pytest.mark.parametrize("content", [CONTENT, b""], ids=["bytes", "empty"])
@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (ranges, "refresh"),
        (partial_files, "lock"),
        (finishing, "digest_of"),
        (FileSystemStorage, "save"),
        (placing, "note_name"),
        (os, "replace"),
        (local_store.LocalContent, "place"),
    ],
)
def test_cancel_while_done_is_at_work_leaves_nothing(
    uploader: Uploader,
    monkeypatch: pytest.MonkeyPatch,
    media_root: Path,
    owner: object,
    name: str,
    content: bytes,
) -> None:
    state = state_in(uploader.send(content))
    if not content and name == "replace":
        name, owner = "note_name", placing  # an empty file is not moved
    cancel_after(monkeypatch, owner, name, state)

    response = uploader.done(state)

    assert response.status_code == 404
    assert state_in(response)["error"] == "not_found"
    assert not Upload.objects.exists()
    assert not Removal.objects.exists()
    assert files_in(media_root) == []


@transactional
def test_cancelled_upload_of_its_owner_is_removed_when_complete(
    uploader: Uploader, media_root: Path
) -> None:
    sent = uploader.send(CONTENT)
    uploader.done(state_in(sent))

    assert uploader.delete(state_in(sent)["delete_url"]).status_code == 200

    assert files_in(media_root) == []
    assert list((media_root / "chunked_uploads" / "files").iterdir()) == []


# Places


@pytest.mark.parametrize("permissions", [0o600, 0o640, 0o664])
def test_file_has_the_permissions_of_the_settings(
    uploader: Uploader, settings: Any, permissions: int
) -> None:
    settings.FILE_UPLOAD_PERMISSIONS = permissions
    settings.FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o750

    sent = uploader.send(CONTENT)
    uploader.done(state_in(sent))

    path = Path(upload_of(sent).upload.path)
    assert stat.S_IMODE(path.stat().st_mode) == permissions
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o750


def test_paths_are_below_media_root_or_absolute(
    uploader: Uploader, settings: Any, tmp_path: Path, media_root: Path
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = "films/new"
    settings.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = str(tmp_path / "chunks")

    sent = uploader.send(CONTENT)

    upload = upload_of(sent)
    [part] = files_in(tmp_path / "chunks")
    assert part.read_bytes() == CONTENT
    uploader.done(state_in(sent))
    path = media_root / "films" / "new" / str(upload.uuid) / "film.mp4"
    assert path.read_bytes() == CONTENT


def test_absolute_path_below_media_root_is_served(
    uploader: Uploader, settings: Any, media_root: Path
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = str(media_root / "films")

    sent = uploader.send(CONTENT)

    url = state_in(uploader.done(state_in(sent)))["url"]
    uuid = state_in(sent)["upload_uuid"]
    assert url == f"http://testserver/media/films/{uuid}/film.mp4"


def test_path_that_the_site_does_not_serve_gives_no_url(
    uploader: Uploader, settings: Any, tmp_path: Path
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = str(tmp_path / "private")

    sent = uploader.send(CONTENT)
    response = uploader.done(state_in(sent))

    assert response.status_code == 200
    assert (state_in(response)["url"], state_in(response)["video_url"]) == ("", "")
    path = tmp_path / "private" / state_in(sent)["upload_uuid"] / "film.mp4"
    assert path.read_bytes() == CONTENT


def test_path_may_be_a_path_object(
    uploader: Uploader, settings: Any, tmp_path: Path
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = tmp_path / "private"
    settings.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = tmp_path / "chunks"

    sent = uploader.send(CONTENT)

    assert_done_goes_on(uploader, sent, CONTENT)
    assert len(files_in(tmp_path / "private")) == 1


def by_owner(upload: Upload, filename: str) -> str:
    return f"by/{upload.user}/{filename}"


@pytest.mark.parametrize(
    "name", ["\N{GRINNING FACE}", "???", "\N{HIRAGANA LETTER A}" * 200]
)
def test_callable_path_gets_a_name_that_fits(
    uploader: Uploader, settings: Any, name: str
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = by_owner
    sent = uploader.send(CONTENT, name=name)

    assert_done_goes_on(uploader, sent, CONTENT)


def test_paths_may_be_callables(
    uploader: Uploader, settings: Any, media_root: Path
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = by_owner
    settings.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = by_owner

    sent = uploader.send(CONTENT)

    [part] = files_in(media_root / "by" / "ada")
    assert part.read_bytes() == CONTENT
    assert_done_goes_on(uploader, sent, CONTENT)
    assert files_in(media_root) == [media_root / "by" / "ada" / "film.mp4"]


def test_two_files_of_one_name_are_kept_apart(
    uploader: Uploader, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = by_owner
    settings.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = by_owner
    first = uploader.send(b"first")
    second = uploader.send(b"second")

    uploader.done(state_in(second))
    uploader.done(state_in(first))

    assert finished(upload_of(first)) == b"first"
    assert finished(upload_of(second)) == b"second"


@transactional
def test_files_of_one_name_that_are_done_at_once_are_kept_apart(
    uploader: Uploader, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = by_owner
    contents = [b"x" * size for size in range(1, 5)]
    sent = [uploader.send(content) for content in contents]
    left = list(map(state_in, sent))
    barrier = threading.Barrier(4)

    def ask() -> None:
        state = left.pop()
        barrier.wait()
        Uploader().done(state)
        connection.close()

    run_threads(ask, 4)

    assert [finished(upload_of(each)) for each in sent] == contents


@transactional
def test_callable_that_would_climb_out_is_refused(
    uploader: Uploader, settings: Any, media_root: Path
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = lambda upload, filename: "../" + filename
    sent = uploader.send(CONTENT)

    response = uploader.done(state_in(sent))

    assert response.status_code == 400
    assert files_in(media_root.parent) == [part_of(upload_of(sent), media_root)]
    assert uploader.delete(state_in(sent)["url"]).status_code == 200


def test_file_system_that_differs_is_reached(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch, media_root: Path
) -> None:
    simulate_file_systems(monkeypatch)

    sent = uploader.send(CONTENT)

    assert_done_goes_on(uploader, sent, CONTENT)
    assert files_in(media_root) == [Path(upload_of(sent).upload.path)]


# Storages without paths


@pytest.fixture
def no_paths(settings: Any) -> None:
    settings.STORAGES = NO_PATHS


@pytest.mark.usefixtures("no_paths")
@pytest.mark.parametrize("content", [CONTENT, b"", bytes(200_000)], ids=len)
def test_storage_without_paths_gets_a_copy(
    uploader: Uploader, media_root: Path, content: bytes
) -> None:
    sent = uploader.send(content)

    assert_done_goes_on(uploader, sent, content)
    assert files_in(media_root) == []
    assert state_in(uploader.done(state_in(sent)))["url"].endswith("/film.mp4")


@pytest.mark.usefixtures("no_paths")
@pytest.mark.parametrize(
    ("crash", "owner", "name"),
    [
        (cut_power_before, InMemoryStorage, "save"),
        (cut_power_after, InMemoryStorage, "save"),
        (cut_power_before, finishing, "mark_complete"),
        (cut_power_before, local_store.LocalStore, "delete"),
    ],
)
def test_crash_with_a_storage_without_paths_leaves_one_copy(
    uploader: Uploader,
    monkeypatch: pytest.MonkeyPatch,
    crash: Callable[..., None],
    owner: object,
    name: str,
) -> None:
    sent = uploader.send(CONTENT)
    crash(monkeypatch, owner, name)
    with pytest.raises(PowerCut):
        uploader.done(state_in(sent))

    assert_done_goes_on(uploader, sent, CONTENT)
    file = upload_of(sent).upload
    folder = os.path.dirname(file.name or "")
    assert file.storage.listdir(folder) == ([], ["film.mp4"])


@transactional
@pytest.mark.usefixtures("no_paths")
def test_cancel_removes_the_copy_of_a_storage_without_paths(
    uploader: Uploader,
) -> None:
    sent = uploader.send(CONTENT)
    uploader.done(state_in(sent))
    file = upload_of(sent).upload

    uploader.delete(state_in(sent)["delete_url"])

    assert not file.storage.exists(file.name or "")
