"""What the torture found, each as small as it gets."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import FileSystemStorage
from django.db import connection
from django.utils import timezone

from chunked_uploads.core import finishing, receiving
from chunked_uploads.core.starting import start_upload
from chunked_uploads.core.sweeping import clean_uploads
from chunked_uploads.errors import UploadNotFound
from chunked_uploads.models import Chunk, Removal, Upload
from chunked_uploads.signals import upload_started
from tests.sending import (
    CONTENT,
    UPLOAD,
    Bytes,
    Uploader,
    assert_error,
    assert_finishes,
    files_in,
    finished,
    spans,
    state_in,
    upload_of,
)

OTHER = b"abcdefghij"
WRONG = {"Content-Digest": f"sha-256=:{'A' * 43}=:"}


def test_repeat_of_a_chunk_that_was_cut_goes_to_no_twin_that_ends_where_it_starts(
    uploader: Uploader,
) -> None:
    own, twin = (uploader.send(content[:4], 0) for content in (CONTENT, OTHER))
    uploader.send(CONTENT[4:6], 4, url=state_in(own)["url"])  # what arrived of 4 bytes

    response = uploader.send(CONTENT[4:8], 4)

    assert_error(response, 409, "ambiguous")
    assert spans(upload_of(twin)) == [(0, 4)]


def test_next_chunk_goes_on_with_its_own_beside_a_twin_that_holds_part_of_the_range(
    uploader: Uploader,
) -> None:
    own, twin = (uploader.send(content[:4], 0) for content in (CONTENT, OTHER))
    uploader.send(OTHER[4:6], 4, url=state_in(twin)["url"])

    response = uploader.send(CONTENT[4:], 4)

    assert state_in(response)["upload_uuid"] == state_in(own)["upload_uuid"]
    assert_finishes(uploader, response, CONTENT)


def test_repeat_of_a_chunk_that_was_cut_is_told_of_its_own_and_of_no_twin_ahead(
    uploader: Uploader,
) -> None:
    own, _twin = uploader.send(CONTENT[:6], 0), uploader.send(OTHER[:8], 0)

    response = uploader.send(CONTENT[4:8], 4)

    assert_error(response, 409, "range_conflict")
    assert state_in(response)["upload_uuid"] == state_in(own)["upload_uuid"]
    assert state_in(response)["size"] == 6


def test_chunk_that_others_hold_in_part_with_other_bytes_is_for_nobody(
    uploader: Uploader,
) -> None:
    uploader.send(OTHER[:6], 0)

    assert_error(uploader.send(CONTENT[4:8], 4), 409, "nothing_to_continue")


def test_upload_that_is_joined_has_the_metadata_of_its_bytes_alone(
    uploader: Uploader,
) -> None:
    uploader.send(OTHER, 0, url=f'{UPLOAD}?metadata={{"of":"other"}}', headers=WRONG)

    response = uploader.send(CONTENT, 0)

    assert Upload.objects.count() == 1
    assert upload_of(response).metadata == {}


@pytest.mark.parametrize("start", [0, 4])
def test_chunk_that_is_repeated_after_done_was_killed_loses_nothing(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch, start: int
) -> None:
    response = uploader.send(CONTENT, 0)
    state = state_in(response)
    with monkeypatch.context() as patched:
        patched.setattr(finishing, "mark_complete", _die)
        with pytest.raises(KeyboardInterrupt):
            uploader.done(state)

    repeated = uploader.send(CONTENT[start:8], start, url=state["url"])

    assert_error(repeated, 409, "range_busy")
    assert state_in(repeated)["size"] == 10
    assert_finishes(uploader, response, CONTENT)


@pytest.mark.django_db(transaction=True)
def test_chunk_that_is_repeated_while_done_moves_the_file_makes_it_lose_nothing(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    response = uploader.send(CONTENT, 0)
    state, mark = state_in(response), finishing.mark_complete
    answers: list[Any] = []

    def mark_later(*arguments: Any) -> None:
        if not answers:
            answers.append(None)
            answers.append(uploader.send(CONTENT[4:], 4, url=state["url"]))
        mark(*arguments)

    monkeypatch.setattr(finishing, "mark_complete", mark_later)
    done = uploader.done(state)

    assert (done.status_code, answers[1].status_code) == (200, 409)
    assert upload_of(response).offset == 10
    assert finished(upload_of(response)) == CONTENT


def _die(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.django_db(transaction=True)
def test_upload_that_another_joined_in_vain_has_the_metadata_of_its_bytes(
    uploader: Uploader,
) -> None:
    def come_between(**kwargs: object) -> None:
        upload_started.disconnect(come_between)
        uploader.send(OTHER, 0, headers=WRONG)

    upload_started.connect(come_between)
    response = uploader.send(CONTENT, 0, url=f'{UPLOAD}?metadata={{"of":"own"}}')

    assert Upload.objects.count() == 1
    assert upload_of(response).metadata == {"of": "own"}


def test_cancel_between_two_questions_about_a_range_is_no_error(
    user: User,
) -> None:
    upload = Upload.objects.create(user=user, filename="film.mp4", filesize=10)
    receiving.receive(upload, 2, 2, Bytes(CONTENT[2:4]))

    def cancel_first(execute: Any, sql: str, *rest: Any) -> Any:
        if "SUM(" in sql:
            Chunk.objects.all().delete()
            Upload.objects.all().delete()
        return execute(sql, *rest)

    with connection.execute_wrapper(cancel_first), pytest.raises(UploadNotFound):
        receiving.receive(upload, 0, 4, Bytes(CONTENT[:4]))


@pytest.mark.django_db(transaction=True)
def test_clean_up_removes_the_file_of_a_cancel_that_was_killed(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch, media_root: Path
) -> None:
    response = uploader.send(CONTENT, 0)
    assert_finishes(uploader, response, CONTENT)

    with monkeypatch.context() as patched:
        patched.setattr(FileSystemStorage, "delete", _die)
        with pytest.raises(KeyboardInterrupt):
            uploader.delete(f"{UPLOAD}{upload_of(response).uuid}/")
    Removal.objects.update(created_at=timezone.now() - timedelta(hours=2))
    clean_uploads(days=0)

    assert not Upload.objects.exists()
    assert files_in(media_root) == []


def test_chunk_that_another_one_brought_just_before_hears_of_it(
    user: User, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_CHUNK_STORE = "tests.stores.memory.MemoryStore"
    upload = start_upload(user, "film.mp4", 10, "")
    for start, stop in ((0, 4), (9, 10)):
        receiving.receive(upload, start, stop - start, Bytes(CONTENT[start:stop]))
    other = Upload.objects.get()
    calls = [lambda: receiving.receive(other, 4, 5, Bytes(CONTENT[4:9]))]

    def come_between(execute: Any, sql: str, *rest: Any) -> Any:
        if "DESC" in sql and calls:
            calls.pop()()
        return execute(sql, *rest)

    with connection.execute_wrapper(come_between):
        receiving.receive(upload, 4, 6, Bytes(CONTENT[4:]))

    assert upload.offset == 10
