"""Parts that are joined into a file, over stores with files and without."""

from __future__ import annotations

import datetime
import errno
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from chunked_uploads.core import intake
from chunked_uploads.core.concatenating import concatenate, mark_joined
from chunked_uploads.core.finishing import complete
from chunked_uploads.core.forgetting import forget
from chunked_uploads.core.receiving import receive
from chunked_uploads.core.removing import cancel
from chunked_uploads.core.starting import set_filesize, start_upload
from chunked_uploads.core.sweeping import Report, clean_uploads
from chunked_uploads.digests.resumable import can_resume
from chunked_uploads.errors import (
    BadRequest,
    Incomplete,
    RangeBusy,
    StoreFull,
    UploadNotFound,
)
from chunked_uploads.models import Upload
from chunked_uploads.stores import chunk_store, local_handles
from chunked_uploads.system import copying
from tests.core.faults import Killed
from tests.core.parts import (
    assert_finishes,
    at_record,
    begin,
    begin_all,
    begin_part,
    die,
)
from tests.core.test_losses import Start, punch, start
from tests.sending import Bytes, finished, part_of
from tests.stores.memory import CELL, MemoryStore

__all__ = ["at_record", "start"]

pytestmark = pytest.mark.django_db(transaction=True)

LOCAL = "chunked_uploads.stores.local.LocalStore"
MEMORY = [
    f"tests.stores.memory.{name}"
    for name in ("MemoryStore", "LateStore", "MovingStore")
]
STORES = pytest.mark.parametrize("store", [LOCAL, *MEMORY], indirect=True)
CONTENTS = [b"0123456", b"", b"abc", bytes(range(100)), b"x"]
STEP = CELL  # bytes that are copied, and recorded, at once


@pytest.fixture(autouse=True)
def store(request: pytest.FixtureRequest, settings: Any, monkeypatch: Any) -> Any:
    """The site's store, whose bytes are copied and recorded a few at a time."""
    settings.CHUNKED_UPLOADS_CHUNK_STORE = getattr(request, "param", LOCAL)
    monkeypatch.setattr(local_handles, "WRITE_OUT", STEP)
    monkeypatch.setattr(intake, "CHECKPOINT", STEP)
    monkeypatch.setattr(intake, "BLOCK", STEP)
    MemoryStore.blocks.clear()
    yield chunk_store()
    MemoryStore.blocks.clear()


# The whole way


@STORES
@pytest.mark.parametrize("algorithm", ["sha256", None])
def test_parts_become_one_file_in_their_order(
    user: User, settings: Any, algorithm: str | None
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = algorithm
    one, empty, *others = (begin_part(user, content) for content in CONTENTS)
    parts = [others[1], one, empty, others[0], one, empty, others[2]]
    upload = begin(user, parts)
    content = CONTENTS[3] + CONTENTS[0] + CONTENTS[2] + CONTENTS[0] + CONTENTS[4]

    assert_finishes(upload, parts, content)

    assert upload.sha256 == (sha256(content).hexdigest() if algorithm else "")
    assert not any(part.hashed for part in parts)  # which would be of no use


@pytest.mark.skipif(not can_resume("sha256"), reason="no digest can be gone on with")
def test_digest_goes_along_so_that_the_end_reads_nothing(
    user: User, settings: Any, at_record: Callable[..., None], monkeypatch: Any
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"
    monkeypatch.setattr("chunked_uploads.digests.arriving.LAG", 0)
    upload, parts = begin_all(user, CONTENTS)
    at_record(10, die)
    with pytest.raises(Killed):
        concatenate(upload, parts)
    upload.refresh_from_db()
    assert upload.hashed == upload.offset

    concatenate(upload, parts)

    assert upload.hashed == upload.filesize


@STORES
@pytest.mark.parametrize("parts", [[], [b""], [b"", b""], [b"x"]])
def test_parts_of_next_to_nothing_become_a_file(user: User, parts: list[bytes]) -> None:
    assert_finishes(*begin_all(user, parts), b"".join(parts))


@STORES
def test_joining_once_more_changes_nothing(user: User) -> None:
    upload, parts = begin_all(user, CONTENTS)
    concatenate(upload, parts)
    before = [*upload.chunks.values()]

    concatenate(upload, parts)

    assert [*upload.chunks.values()] == before
    assert_finishes(upload, parts, b"".join(CONTENTS))
    concatenate(upload, parts)  # also when it is finished
    assert finished(upload) == b"".join(CONTENTS)


@STORES
def test_parts_that_were_joined_are_joined_again(user: User) -> None:
    upload, parts = begin_all(user, CONTENTS)
    assert_finishes(upload, parts, b"".join(CONTENTS))
    mark_joined(parts)

    assert_finishes(begin(user, parts[::-1]), parts[::-1], b"".join(reversed(CONTENTS)))

    for part in parts:
        part.refresh_from_db()
        assert part.role == Upload.Role.JOINED


def test_no_transaction_is_open_while_bytes_are_copied(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload, parts = begin_all(user, CONTENTS)
    copy, seen = local_handles.copy_range, []

    def copy_and_look(*arguments: int) -> int:
        seen.append(connection.in_atomic_block)
        return copy(*arguments)

    monkeypatch.setattr(local_handles, "copy_range", copy_and_look)
    concatenate(upload, parts)

    assert len(seen) > len(CONTENTS)
    assert not any(seen)


# What the kernel can't


@pytest.mark.parametrize("number", [*copying.UNABLE, 0, None])
def test_bytes_are_read_and_written_where_the_kernel_does_not_copy(
    user: User, monkeypatch: pytest.MonkeyPatch, number: int | None
) -> None:
    def refuse(*arguments: int) -> int:
        if number:
            raise OSError(number, os.strerror(number))
        return 0

    if number is None:  # as on other systems
        monkeypatch.delattr(os, "copy_file_range")
    else:
        monkeypatch.setattr(os, "copy_file_range", refuse)

    assert_finishes(*begin_all(user, CONTENTS), b"".join(CONTENTS))


def test_disk_that_is_full_is_told_and_what_was_copied_is_kept(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload, parts = begin_all(user, CONTENTS)
    copy = os.copy_file_range

    def refuse(*arguments: int) -> int:
        if arguments[4] >= 20:  # the offset there
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return copy(*arguments)

    with monkeypatch.context() as context:
        context.setattr(os, "copy_file_range", refuse)
        with pytest.raises(StoreFull):
            concatenate(upload, parts)

    upload.refresh_from_db()
    assert upload.offset >= 20
    assert_finishes(upload, parts, b"".join(CONTENTS))


# Who dies, and who else is there


@STORES
@pytest.mark.parametrize("number", [1, 2, 10, 25])
def test_joining_goes_on_where_it_died(
    user: User, settings: Any, at_record: Callable[..., None], number: int
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"
    upload, parts = begin_all(user, CONTENTS)
    at_record(number, die)
    with pytest.raises(Killed):
        concatenate(upload, parts)
    upload = Upload.objects.get(pk=upload.pk)
    assert (number - 1) * STEP <= upload.offset < number * 2 * STEP

    content = b"".join(CONTENTS)
    assert_finishes(upload, parts, content)
    assert upload.sha256 == sha256(content).hexdigest()


def test_joining_goes_on_without_the_parts_that_are_joined_already(
    user: User, at_record: Callable[..., None]
) -> None:
    upload, parts = begin_all(user, CONTENTS)
    at_record(10, die)
    with pytest.raises(Killed):
        concatenate(upload, parts)
    cancel(Upload.objects.get(pk=parts[0].pk))

    concatenate(upload, parts)
    complete(upload)

    assert finished(upload) == b"".join(CONTENTS)


@STORES
@pytest.mark.parametrize("number", [1, 10])
def test_two_who_join_at_once_make_one_file(
    user: User, at_record: Callable[..., None], number: int
) -> None:
    upload, parts = begin_all(user, CONTENTS)
    refused: list[str] = []

    def join(name: str) -> None:
        try:
            concatenate(Upload.objects.get(pk=upload.pk), parts)
        except RangeBusy:
            refused.append(name)

    at_record(number, lambda: join("second"))
    join("first")

    assert len(refused) == 1
    assert_finishes(upload, parts, b"".join(CONTENTS))


@STORES
def test_part_that_is_cancelled_meanwhile_is_missed_and_nothing_is_lost(
    user: User, at_record: Callable[..., None]
) -> None:
    upload, parts = begin_all(user, CONTENTS)
    at_record(3, lambda: cancel(Upload.objects.get(pk=parts[3].pk)))

    for _ in range(2):
        with pytest.raises(UploadNotFound):
            concatenate(upload, parts)

    upload.refresh_from_db()
    assert upload.offset >= len(CONTENTS[0])
    left = [upload, *parts[:3], parts[4]]
    bytes_left = {each.uuid for each in left if each.received}
    bytes_left.add(upload.uuid)
    assert {each.uuid for each in chunk_store().leftovers()} == bytes_left
    assert_finishes(begin(user, parts[:3]), parts[:3], b"".join(CONTENTS[:3]))


@STORES
def test_file_that_is_cancelled_meanwhile_leaves_nothing_and_the_parts_stay(
    user: User, at_record: Callable[..., None]
) -> None:
    upload, parts = begin_all(user, CONTENTS)
    at_record(3, lambda: cancel(Upload.objects.get(pk=upload.pk)))

    with pytest.raises(UploadNotFound):
        concatenate(upload, parts)
    with pytest.raises(UploadNotFound):
        concatenate(upload, parts)

    if isinstance(store_now := chunk_store(), MemoryStore):  # it knows no cancel
        store_now.delete(upload)
    left = {each.uuid for each in store_now.leftovers()}
    assert left == {part.uuid for part in parts if part.filesize}
    assert_finishes(begin(user, parts), parts, b"".join(CONTENTS))


def test_part_that_is_being_written_is_busy(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chunked_uploads.stores.local.PATIENCE", 0.01)
    upload, parts = begin_all(user, CONTENTS)

    with chunk_store().writer(parts[0], 0, 3), pytest.raises(RangeBusy):
        concatenate(upload, parts)

    assert_finishes(upload, parts, b"".join(CONTENTS))


# Parts that lack bytes


@STORES
def test_part_that_lacks_bytes_is_waited_for(user: User) -> None:
    parts = [begin_part(user, b"0123456"), begin_part(user, b"abc", 5)]
    upload = begin(user, parts)

    with pytest.raises(Incomplete) as incomplete:
        concatenate(upload, parts)
    assert incomplete.value.upload == parts[1]
    assert upload.received == 0

    receive(parts[1], 3, 2, Bytes(b"de"))
    assert_finishes(upload, parts, b"0123456abcde")


@STORES
def test_part_of_unknown_size_is_waited_for(user: User) -> None:
    part = start_upload(user, "", None, "", role=Upload.Role.PART)
    receive(part, 0, 3, Bytes(b"abc"))
    upload = start_upload(user, "film.mp4", 3, "")

    with pytest.raises(Incomplete):
        concatenate(upload, [part])

    set_filesize(part, 3)
    assert_finishes(upload, [part], b"abc")


def test_files_are_no_parts(user: User) -> None:
    file = start_upload(user, "film.mp4", 3, "")
    receive(file, 0, 3, Bytes(b"abc"))

    with pytest.raises(BadRequest):
        concatenate(start_upload(user, "film.mp4", 3, ""), [file])
    with pytest.raises(BadRequest):
        concatenate(start_upload(user, "film.mp4", 4, ""), [begin_part(user, b"abc")])


@pytest.mark.parametrize("boot", ["00000001", "00000002", None])
def test_part_whose_file_was_cut_by_a_power_loss_is_sent_again(
    user: User, media_root: Path, start: Start, boot: str | None
) -> None:
    upload, parts = begin_all(user, CONTENTS)
    os.truncate(part_of(parts[3], media_root), 90)
    start(boot)

    with pytest.raises(Incomplete) as incomplete:
        concatenate(upload, parts)

    assert incomplete.value.upload == parts[3]
    part = Upload.objects.get(pk=parts[3].pk)
    assert part.offset == 90
    receive(part, 90, 10, Bytes(CONTENTS[3][90:]))
    assert_finishes(upload, parts, b"".join(CONTENTS))


@pytest.mark.parametrize("boot", ["00000002", None])
def test_part_with_a_hole_of_a_power_loss_is_no_zeros(
    user: User,
    media_root: Path,
    start: Start,
    boot: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(intake, "BLOCK", 2**20)
    content = bytes(range(1, 256)) * 1028
    upload, parts = begin_all(user, [b"abc", content])
    punch(part_of(parts[1], media_root), 64 * 1024, 128 * 1024)
    start(boot)

    with pytest.raises(Incomplete):
        concatenate(upload, parts)

    assert Upload.objects.get(pk=parts[1].pk).offset < len(content)


def test_part_that_is_cut_while_it_is_copied_is_missed(
    user: User, media_root: Path, at_record: Callable[..., None]
) -> None:
    upload, parts = begin_all(user, CONTENTS)
    at_record(6, lambda: os.truncate(part_of(parts[3], media_root), 30))

    with pytest.raises(Incomplete) as incomplete:
        concatenate(upload, parts)

    assert incomplete.value.upload == parts[3]
    assert upload.offset == 10 + 30


@pytest.mark.parametrize("store", MEMORY[:1], indirect=True)
def test_part_of_which_a_store_lost_a_block_is_sent_again(user: User) -> None:
    upload, parts = begin_all(user, CONTENTS)
    for name in [*MemoryStore.blocks]:
        if name.startswith(str(parts[2].uuid)):
            del MemoryStore.blocks[name]

    with pytest.raises(Incomplete):
        concatenate(upload, parts)

    assert Upload.objects.get(pk=parts[2].pk).received == 0


# The file's own losses


def test_file_that_lost_what_was_copied_is_copied_again_from_there(
    user: User, media_root: Path, start: Start, at_record: Callable[..., None]
) -> None:
    upload, parts = begin_all(user, CONTENTS)
    at_record(20, die)
    with pytest.raises(Killed):
        concatenate(upload, parts)
    os.truncate(part_of(upload, media_root), 30)
    start("00000002")

    assert_finishes(upload, parts, b"".join(CONTENTS))


@STORES
def test_file_that_lost_bytes_in_its_middle_is_copied_again(user: User) -> None:
    upload, parts = begin_all(user, CONTENTS)
    concatenate(upload, parts)
    forget(upload, lambda: [(9, 50), (60, 61)])
    assert upload.offset < upload.received

    assert_finishes(upload, parts, b"".join(CONTENTS))


# The clean-up


def make_quiet(hours: float) -> None:
    at = timezone.now() - datetime.timedelta(hours=hours)
    Upload.objects.update(modified_at=at)


@pytest.fixture
def resting(user: User) -> list[Upload]:
    """A whole part, one that is not, and an empty one."""
    return [
        begin_part(user, b"whole"),
        begin_part(user, b"more", 10),
        begin_part(user, b""),
    ]


@STORES
def test_clean_up_leaves_parts_alone(user: User, resting: list[Upload]) -> None:
    make_quiet(hours=3)

    assert clean_uploads() == Report()

    assert_finishes(begin(user, resting[::2]), resting[::2], b"whole")


@STORES
def test_parts_expire_as_other_uploads_do(resting: list[Upload]) -> None:
    make_quiet(hours=24 * 30)

    report = clean_uploads()

    assert {*report.expired} == {str(part.uuid) for part in resting}
    assert report.freed == 9
    assert not report.failed
    assert [*chunk_store().leftovers()] == []


@STORES
def test_part_without_bytes_is_missed_and_never_completed(
    resting: list[Upload],
) -> None:
    for part in resting:
        chunk_store().delete(part)
    make_quiet(hours=3)

    report = clean_uploads()

    missing = [str(part.uuid) for part in resting if part.received]
    assert report == Report(missing=missing)


@STORES
def test_joined_part_rests_for_an_hour_from_when_it_was_used_last(
    user: User, resting: list[Upload]
) -> None:
    parts = resting[:1]
    assert_finishes(begin(user, parts), parts, b"whole")
    mark_joined([*parts, *parts])
    make_quiet(hours=0.9)
    upload = begin(user, parts)

    concatenate(upload, parts)  # by which it is used again

    assert timezone.now() - Upload.objects.get(pk=parts[0].pk).modified_at < (
        datetime.timedelta(minutes=5)
    )
    make_quiet(hours=1.1)
    assert clean_uploads().expired == [str(parts[0].uuid)]
    complete(upload)
    assert finished(upload) == b"whole"
