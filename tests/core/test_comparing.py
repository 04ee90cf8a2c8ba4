"""A 200 says that exactly these bytes are held: a repetition is compared."""

from __future__ import annotations

import base64
import hashlib
import io
from typing import Any

import pytest
from django.core.files.base import File

from chunked_uploads.core import comparing
from chunked_uploads.core.receiving import receive
from chunked_uploads.core.removing import cancel
from chunked_uploads.core.starting import start_upload
from chunked_uploads.errors import BadRequest
from chunked_uploads.models import Upload
from chunked_uploads.stores import chunk_store
from chunked_uploads.stores.local import LocalStore
from tests import storages
from tests.sending import (
    CONTENT,
    TAKES_PIECES,
    UPLOAD,
    Bytes,
    Stream,
    Uploader,
    assert_error,
    assert_finishes,
    finished,
    spans,
    state_in,
    upload_of,
)


def digest_of(content: bytes) -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    return {"Content-Digest": f"sha-256=:{digest}:"}


@pytest.fixture
def begun(uploader: Uploader) -> dict[str, Any]:
    """The state of an upload that holds the bytes 0 to 4 and 6 to 8 of 10."""
    url = state_in(uploader.send(CONTENT[:4], 0))["url"]
    return state_in(uploader.send(CONTENT[6:8], 6, url=url))


@TAKES_PIECES
@pytest.mark.parametrize("has_digest", [False, True])
@pytest.mark.parametrize(("start", "stop"), [(0, 4), (0, 2), (3, 4), (6, 8), (7, 8)])
def test_range_that_is_held_with_other_bytes_gets_409_and_the_state(
    uploader: Uploader,
    begun: dict[str, Any],
    send: str,
    has_digest: bool,
    start: int,
    stop: int,
) -> None:
    piece = CONTENT[start : stop - 1] + b"x"
    headers = digest_of(piece) if has_digest else {}

    response = getattr(uploader, send)(piece, start, url=begun["url"], headers=headers)

    assert_error(response, 409, "content_conflict")
    error = state_in(response)
    assert {name: error[name] for name in begun} == begun
    url = state_in(uploader.send(CONTENT[4:6], 4, url=begun["url"]))["url"]
    assert_finishes(uploader, uploader.send(CONTENT[8:], 8, url=url), CONTENT)


@TAKES_PIECES
def test_held_range_that_arrived_changed_is_told_so(
    uploader: Uploader, begun: dict[str, Any], send: str
) -> None:
    headers = digest_of(CONTENT[:4])

    response = getattr(uploader, send)(b"x123", 0, url=begun["url"], headers=headers)

    assert_error(response, 400, "digest_mismatch")


def test_held_range_against_its_own_digest_is_refused(
    uploader: Uploader, begun: dict[str, Any]
) -> None:
    headers = digest_of(b"else")

    response = uploader.send(CONTENT[:4], 0, url=begun["url"], headers=headers)

    assert_error(response, 400, "digest_mismatch")


def test_held_range_that_was_cut_is_told_so(
    uploader: Uploader, begun: dict[str, Any]
) -> None:
    response = uploader.send_cut(io.BytesIO(CONTENT[:3]), 0, 4, url=begun["url"])

    assert_error(response, 400, "body_cut")
    assert state_in(response)["size"] == 4


def test_body_is_not_read_on_where_it_differs(
    uploader: Uploader, begun: dict[str, Any]
) -> None:
    read: list[int] = []

    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            read.append(size)
            return b"x" * min(size, 2)

    response = uploader.send_cut(Endless(), 0, 4, url=begun["url"])

    assert_error(response, 409, "content_conflict")
    assert read[0] == 4


def test_range_that_another_request_brought_meanwhile_is_compared(
    uploader: Uploader, begun: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for piece, status in ((CONTENT[4:6], 200), (b"xy", 409)):
        stale = Upload.objects.get()
        Uploader().send(CONTENT[4:6], 4, url=begun["url"])
        monkeypatch.setattr(
            "chunked_uploads.access.finding.by_uuid", lambda *_, u=stale: u
        )

        response = uploader.send(piece, 4, url=begun["url"])

        assert response.status_code == status
        assert state_in(response)["size"] == 8


@pytest.mark.parametrize(
    ("piece", "start", "status"),
    [(CONTENT, 0, 200), (CONTENT[4:8], 4, 200), (b"x", 9, 409), (b"x123", 0, 409)],
)
def test_chunk_of_a_complete_upload_is_compared_with_the_file(
    uploader: Uploader, piece: bytes, start: int, status: int
) -> None:
    response = uploader.send(CONTENT)
    uploader.done(state_in(response))
    upload = upload_of(response)

    again = uploader.send(piece, start, url=f"{UPLOAD}{upload.uuid}/")

    assert again.status_code == status
    assert state_in(again)["state"] == "COMPLETE"
    assert finished(upload) == CONTENT


@pytest.mark.parametrize("most", [9, 10])
def test_long_file_is_not_fetched_from_another_machine_to_be_compared(
    uploader: Uploader, settings: Any, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(comparing, "MOST_FETCHED", most)
    storages.use(settings, storages.Elsewhere)
    response = uploader.send(CONTENT)
    uploader.done(state_in(response))

    again = uploader.send(CONTENT, 0, url=f"{UPLOAD}{upload_of(response).uuid}/")

    if most == 10:
        assert again.status_code == 200
    else:
        assert_error(again, 409, "range_conflict")
        assert state_in(again)["state"] == "COMPLETE"


def test_chunk_of_a_complete_upload_whose_file_is_gone_gets_409(
    uploader: Uploader,
) -> None:
    response = uploader.send(CONTENT)
    uploader.done(state_in(response))
    upload = upload_of(response)
    upload.upload.storage.delete(str(upload.upload.name))

    again = uploader.send(CONTENT, 0, url=f"{UPLOAD}{upload.uuid}/")

    assert_error(again, 409, "content_conflict")


@pytest.mark.parametrize("step", ["open", "read"])
@pytest.mark.parametrize("error", [storages.BucketError, ConnectionError])
def test_repetition_gets_503_while_the_storage_of_the_file_is_away(
    uploader: Uploader,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    error: type[Exception],
) -> None:
    storages.use(settings, storages.Elsewhere)
    state = state_in(uploader.send(CONTENT))
    assert uploader.done(state).status_code == 200

    def fail(*arguments: Any) -> None:
        raise error("the bucket does not answer")

    storage = upload_of(uploader.get(state["url"])).upload.storage
    with monkeypatch.context() as broken:
        if step == "open":
            broken.setattr(storage, "_open", fail)
        else:
            file: Any = Stream(CONTENT, fail)
            broken.setattr(file, "seek", lambda *arguments: 0)
            broken.setattr(storage, "_open", lambda *arguments: File(file))
        response = uploader.send(CONTENT, url=state["url"].partition("?")[0])

    assert_error(response, 503, "unavailable")


def test_chunk_that_done_overtook_is_compared_with_the_file(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    response = uploader.send(CONTENT)
    stale = upload_of(response)
    uploader.done(state_in(response))
    monkeypatch.setattr("chunked_uploads.access.finding.by_uuid", lambda *_: stale)

    again = uploader.send(CONTENT[:4], 0, url=state_in(response)["url"])

    assert (again.status_code, state_in(again)["state"]) == (200, "COMPLETE")


def test_held_empty_file_may_be_repeated(uploader: Uploader) -> None:
    url = state_in(uploader.send(b"", total=0))["url"]

    assert uploader.send(b"", total=0, url=url).status_code == 200


@pytest.mark.parametrize("content", [CONTENT, b"x" * 10])
def test_store_that_cannot_read_back_compares_by_the_digests_it_keeps(
    uploader: Uploader, settings: Any, content: bytes
) -> None:
    settings.CHUNKED_UPLOADS_CHUNK_STORE = "tests.stores.ways.DigestStore"
    url = state_in(uploader.send(CONTENT[:4], 0))["url"]

    same = uploader.send(content[:4], 0, url=url)
    part = uploader.send(content[:2], 0, url=url)

    if content == CONTENT:
        assert same.status_code == 200
    else:
        assert_error(same, 409, "content_conflict")
    assert_error(part, 409, "range_conflict")
    assert state_in(part)["size"] == 4


@pytest.mark.parametrize(
    ("start", "length"), [(0, 13), (8, 5), (10, 1), (11, 0), (-1, 5), (-3, 1), (5, -1)]
)
def test_range_beyond_the_file_is_taken_by_no_caller(
    db: None, start: int, length: int
) -> None:
    upload = start_upload(None, "film.mp4", 10, "")

    with pytest.raises(BadRequest):
        receive(upload, start, length, Bytes(b"x" * 13))

    assert spans(upload) == []


@pytest.mark.django_db(transaction=True)
def test_bytes_that_may_still_prove_wrong_are_confirmed_to_nobody(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chunked_uploads.core.intake.BLOCK", 2)
    monkeypatch.setattr("chunked_uploads.core.intake.CHECKPOINT_SECONDS", 0)
    monkeypatch.setattr("chunked_uploads.stores.local.PATIENCE", 0)
    answers: list[Any] = []

    def come_between() -> None:
        upload = Upload.objects.get()
        if upload.offset == 4:
            url = f"{UPLOAD}{upload.uuid}/"
            answers.append(uploader.send(CONTENT[:2], 0, url=url))

    stream, wrong = Stream(CONTENT, come_between), digest_of(b"else")
    response = uploader.send_cut(stream, 0, 10, headers=wrong)

    assert_error(response, 400, "digest_mismatch")
    assert_error(answers[0], 409, "range_busy")
    assert state_in(answers[0])["size"] == 4


@pytest.mark.django_db(transaction=True)
def test_upload_that_is_cancelled_before_it_is_compared_is_not_found(
    uploader: Uploader, begun: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    compare = LocalStore.compare

    def cancel_and_compare(*which: Any) -> Any:
        cancel(Upload.objects.get())
        return compare(*which)

    monkeypatch.setattr(LocalStore, "compare", cancel_and_compare)

    assert_error(uploader.send(CONTENT[:4], 0, url=begun["url"]), 404, "not_found")


def test_held_range_on_its_way_to_its_place_is_no_conflict(
    uploader: Uploader, begun: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    compare = LocalStore.compare

    def move_and_compare(store: LocalStore, upload: Upload, *which: Any) -> Any:
        store.delete(upload)  # from there; the row is not changed yet
        return compare(store, upload, *which)

    monkeypatch.setattr(LocalStore, "compare", move_and_compare)
    response = uploader.send(CONTENT[:4], 0, url=begun["url"])

    assert_error(response, 409, "range_busy")
    assert state_in(response)["size"] == 4


def test_held_range_is_confirmed_while_the_upload_is_finished(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chunked_uploads.stores.local.PATIENCE", 0)
    url = state_in(uploader.send(CONTENT))["url"]

    with chunk_store().exclusive(Upload.objects.get()):
        response = uploader.send(CONTENT[:4], 0, url=url)

    assert (response.status_code, state_in(response)["size"]) == (200, 10)


@TAKES_PIECES
@pytest.mark.django_db(transaction=True)
def test_bytes_that_proved_wrong_are_taken_back(
    uploader: Uploader,
    begun: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    send: str,
) -> None:
    monkeypatch.setattr("chunked_uploads.core.intake.BLOCK", 1)
    monkeypatch.setattr("chunked_uploads.core.intake.CHECKPOINT_SECONDS", 0)
    seen: list[int] = []

    def look() -> None:
        seen.append(Upload.objects.get().received)

    stream = Stream(CONTENT[8:9] + b"x", look)
    options: dict[str, Any] = {"url": begun["url"], "headers": digest_of(CONTENT[8:])}
    if send == "send":
        response = uploader.send_cut(stream, 8, 2, **options)
        assert max(seen) > 6
    else:
        response = uploader.send_form(CONTENT[8:9] + b"x", 8, **options)

    assert_error(response, 400, "digest_mismatch")
    assert spans(Upload.objects.get()) == [(0, 4), (6, 8)]
    assert state_in(uploader.get(begun["url"])) == begun
    uploader.send(CONTENT[4:6], 4, url=begun["url"])
    again = uploader.send(CONTENT[8:], 8, **options)
    assert_finishes(uploader, again, CONTENT)


@pytest.mark.django_db(transaction=True)
def test_form_that_proved_shorter_than_announced_is_taken_back(
    uploader: Uploader, begun: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chunked_uploads.core.intake.BLOCK", 1)
    monkeypatch.setattr("chunked_uploads.core.intake.CHECKPOINT_SECONDS", 0)

    span = {"Content-Range": "bytes 4-5/10"}
    response = uploader.send_form(b"4", url=begun["url"], headers=span)

    assert_error(response, 400, "bad_request")
    assert state_in(uploader.get(begun["url"])) == begun


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("algorithm", ["sha256", "md5"])
def test_carried_digest_survives_bytes_that_were_taken_back(
    uploader: Uploader,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    algorithm: str,
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = algorithm
    monkeypatch.setattr("chunked_uploads.core.intake.BLOCK", 1)
    monkeypatch.setattr("chunked_uploads.core.intake.CHECKPOINT_SECONDS", 0)
    url = state_in(uploader.send(CONTENT[:4], 0))["url"]
    wrong = uploader.send(b"x" * 6, 4, url=url, headers=digest_of(CONTENT[4:]))
    assert_error(wrong, 400, "digest_mismatch")

    response = uploader.send(CONTENT[4:], 4, url=url, headers=digest_of(CONTENT[4:]))

    expected = hashlib.new(algorithm, CONTENT).hexdigest()
    assert state_in(uploader.done(state_in(response)))[algorithm] == expected
