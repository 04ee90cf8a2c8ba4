"""What an earlier request left behind, and the next one makes good."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from chunked_uploads.core import finishing
from chunked_uploads.core.finishing import complete
from chunked_uploads.core.receiving import receive
from chunked_uploads.core.starting import set_filesize, start_upload
from chunked_uploads.core.sweeping import clean_uploads
from chunked_uploads.digests.arriving import Checksum
from chunked_uploads.errors import BadRequest, DigestMismatch
from chunked_uploads.models import Upload
from tests import storages
from tests.core.faults import Killed, die_once
from tests.films.models import Recording
from tests.sending import (
    CONTENT,
    Bytes,
    Uploader,
    assert_error,
    assert_finishes,
    files_in,
    finished,
    part_of,
    state_in,
    upload_of,
)

pytestmark = pytest.mark.django_db(transaction=True)


def reboot(upload: Upload) -> None:
    """Let nobody on this machine have looked at the upload's bytes yet."""
    state = json.loads(upload.store_state)
    state["boots"] = ["ffffffff"]
    Upload.objects.filter(pk=upload.pk).update(store_state=json.dumps(state))


@pytest.mark.parametrize("storage", [storages.Copying, storages.CopyingOver])
def test_copy_whose_chunks_are_gone_is_completed_and_stays_as_it_is(
    uploader: Uploader,
    media_root: Path,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    storage: type,
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"
    storages.use(settings, storage)
    sent = uploader.send(CONTENT)
    die_once(monkeypatch, finishing, "mark_complete")
    with pytest.raises(Killed):
        uploader.done(state_in(sent))
    part_of(upload_of(sent), media_root).unlink()

    done = uploader.done(state_in(sent))

    assert state_in(done)["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert finished(upload_of(sent)) == CONTENT
    assert files_in(media_root) == [Path(upload_of(sent).upload.path)]


@pytest.mark.parametrize("has_rebooted", [False, True])
def test_move_from_another_disk_that_died_at_its_end_copies_no_byte_again(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch, has_rebooted: bool
) -> None:
    storages.simulate_file_systems(monkeypatch)
    sent = uploader.send(CONTENT)
    die_once(monkeypatch, os, "unlink")
    with pytest.raises(Killed):
        uploader.done(state_in(sent))
    if has_rebooted:
        reboot(upload_of(sent))

    def refuse(*arguments: Any) -> None:
        raise AssertionError("It was copied already.")

    monkeypatch.setattr(shutil, "copyfile", refuse)

    assert_finishes(uploader, sent, CONTENT)


class Bucket(storages.Copying):
    """Does not answer."""

    def exists(self, name: str) -> bool:
        raise storages.BucketError("the bucket does not answer")

    def save(self, *arguments: Any, **options: Any) -> str:
        raise storages.BucketError("the bucket does not answer")


def test_whole_upload_needs_no_storage_to_be_looked_at_after_a_start(
    uploader: Uploader, settings: Any
) -> None:
    sent = uploader.send(CONTENT)
    reboot(upload_of(sent))
    storages.use(settings, Bucket)

    again = uploader.send(CONTENT[4:], 4, url=state_in(sent)["url"])

    assert again.status_code == 200
    assert_error(uploader.done(state_in(sent)), 503, "unavailable")


def test_loss_that_a_finished_file_explains_is_none(
    uploader: Uploader, media_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = uploader.send(CONTENT)
    die_once(monkeypatch, finishing, "mark_complete")
    with pytest.raises(Killed):
        uploader.done(state_in(sent))

    busy = uploader.send(CONTENT[4:], 4, url=state_in(sent)["url"])

    assert_error(busy, 409, "range_busy")
    assert state_in(busy)["size"] == len(CONTENT)
    assert_finishes(uploader, sent, CONTENT)


def test_bytes_beyond_the_size_that_was_said_later_are_cut_off(
    user: User, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"
    upload = start_upload(user, "film.mp4", None, "")
    receive(upload, 0, 4, Bytes(b"0123"))
    with pytest.raises(DigestMismatch):
        receive(upload, 4, 6, Bytes(b"XXXXXX"), Checksum("sha256", bytes(32)))

    set_filesize(upload, 6)
    receive(upload, 4, 2, Bytes(b"45"))
    complete(upload)

    assert finished(upload) == b"012345"
    assert upload.sha256 == hashlib.sha256(b"012345").hexdigest()


def test_size_that_was_said_before_a_range_entered_bounds_it(user: User) -> None:
    upload = start_upload(user, "film.mp4", None, "")
    read_before = Upload.objects.get()
    set_filesize(upload, 6)

    with pytest.raises(BadRequest):
        receive(read_before, 0, 10, Bytes(CONTENT))

    upload.refresh_from_db()
    assert (upload.filesize, upload.offset) == (6, 0)


def test_size_of_an_unknown_upload_may_come_with_a_classic_chunk(
    uploader: Uploader, user: User
) -> None:
    receive(start_upload(user, "film.mp4", None, ""), 0, 4, Bytes(CONTENT[:4]))
    (state,) = uploader.get("/uploads/upload/?all=1").json()

    sent = uploader.send(CONTENT[4:], 4, url=state["url"])

    assert_finishes(uploader, sent, CONTENT)


def make_idle(days: float) -> None:
    at = timezone.now() - datetime.timedelta(days=days)
    Upload.objects.update(modified_at=at)


def test_upload_of_another_store_waits_and_stops_no_clean_up(
    uploader: Uploader,
) -> None:
    sent = uploader.send(CONTENT[:4], 0)
    Upload.objects.update(store_state="bucket:upload-1")
    old = upload_of(uploader.send(CONTENT, name="old.mp4"))
    make_idle(9)
    Upload.objects.exclude(pk=old.pk).update(modified_at=timezone.now())

    waiting = uploader.send(CONTENT[4:], 4, url=state_in(sent)["url"])

    assert_error(waiting, 503, "unavailable")
    assert clean_uploads().expired == [str(old.uuid)]
    make_idle(0.1)
    assert len(clean_uploads().failed) == 1
    make_idle(9)
    clean_uploads()
    assert not Upload.objects.exists()


def test_clean_up_completes_no_upload_that_lacks_bytes(
    uploader: Uploader, media_root: Path
) -> None:
    sent = uploader.send(CONTENT)
    upload = upload_of(sent)
    Recording.objects.create(upload=upload)
    os.truncate(part_of(upload, media_root), 6)
    make_idle(0.1)
    before = upload_of(sent).modified_at

    report = clean_uploads(dry_run=True), clean_uploads()

    assert [each.completed for each in report] == [[], []]
    assert [each.failed for each in report] == [[], []]
    assert upload_of(sent).modified_at == before
