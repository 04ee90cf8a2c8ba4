"""The wire protocol of chunks: which bytes land where, one sentence at a time."""

from __future__ import annotations

import io
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from chunked_uploads.core import forgetting, intake, ranges
from chunked_uploads.models import Upload
from chunked_uploads.signals import chunk_received
from chunked_uploads.stores import chunk_store
from tests.sending import (
    CONTENT,
    FORM,
    TAKES_PIECES,
    UPLOAD,
    BrokenStream,
    Stream,
    Uploader,
    assert_error,
    assert_finishes,
    from_stream,
    make_form,
    spans,
    state_in,
    upload_of,
)

# The answer


def test_chunk_is_answered_with_the_state(uploader: Uploader) -> None:
    response = uploader.send(CONTENT[:4], 0)

    upload = Upload.objects.get()
    state = state_in(response)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    urls = {name: state.pop(name) for name in ("url", "done_url", "delete_url")}
    assert state == {
        "name": "film.mp4",
        "size": 4,
        "total_size": 10,
        "received": 4,
        "gap": None,
        "delete_type": "DELETE",
        "upload_uuid": str(upload.uuid),
        "state": "UPLOADING",
        "chunk_size": 8 * 2**20,
    }
    site = "http://testserver/uploads"
    assert {name: url.partition("?token=")[0] for name, url in urls.items()} == {
        "url": f"{site}/upload/{upload.uuid}/",
        "done_url": f"{site}/upload/done/{upload.uuid}/",
        "delete_url": f"{site}/{upload.pk}/delete/",
    }


def test_chunk_size_is_told_as_set(uploader: Uploader, settings: Any) -> None:
    settings.CHUNKED_UPLOADS_CHUNK_SIZE = 12345

    assert state_in(uploader.send(b"0", 0))["chunk_size"] == 12345


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [(0, 1, None), (0, 2, "bytes=0-1"), (0, 10, "bytes=0-9")],
)
def test_range_is_told_where_more_than_one_byte_is_held(
    uploader: Uploader, start: int, stop: int, expected: str | None
) -> None:
    response = uploader.send(CONTENT[start:stop], start)

    assert response.get("Range") == expected


def test_range_stands_before_a_gap(uploader: Uploader) -> None:
    url = state_in(uploader.send(CONTENT[:4], 0))["url"]

    response = uploader.send(CONTENT[6:8], 6, url=url)

    assert response["Range"] == "bytes=0-3"
    assert (state_in(response)["size"], state_in(response)["received"]) == (4, 6)


def test_url_of_a_secure_site_is_secure(uploader: Uploader) -> None:
    response = uploader.send(CONTENT, 0, secure=True)

    assert state_in(response)["url"].startswith("https://testserver/")


# Ranges


@TAKES_PIECES
def test_chunks_in_order_make_the_file(uploader: Uploader, send: str) -> None:
    for start in range(0, 10, 3):
        response = getattr(uploader, send)(CONTENT[start : start + 3], start)
        assert state_in(response)["size"] == min(start + 3, 10)

    assert Upload.objects.count() == 1
    assert_finishes(uploader, response, CONTENT)


@TAKES_PIECES
@pytest.mark.parametrize("order", [(9, 6, 3), (6, 9, 3), (3, 9, 6)])
def test_chunks_in_any_order_make_the_file(
    uploader: Uploader, send: str, order: tuple[int, ...]
) -> None:
    response = uploader.send(CONTENT[:3], 0)
    for start in order:
        url = state_in(response)["url"]
        piece = CONTENT[start : start + 3]
        response = getattr(uploader, send)(piece, start, url=url)
        assert response.status_code == 200

    assert state_in(response)["size"] == 10
    assert_finishes(uploader, response, CONTENT)


@pytest.mark.parametrize("page", [1, 2, 3, 99])
def test_size_jumps_over_all_ranges_that_a_gap_kept_apart(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(ranges, "PAGE", page)
    url = state_in(uploader.send(CONTENT[:1], 0))["url"]
    for start in (2, 3, 4, 5, 7, 8):
        uploader.send(CONTENT[start : start + 1], start, url=url)

    response = uploader.send(CONTENT[1:2], 1, url=url)

    assert state_in(response)["size"] == 6
    assert state_in(uploader.send(CONTENT[6:7], 6, url=url))["size"] == 9


@pytest.mark.parametrize(
    ("start", "stop"),
    [(0, 2), (2, 4), (0, 4), (1, 3), (6, 8), (7, 8), (6, 7), (3, 4)],
)
def test_range_that_is_held_is_answered_like_a_fresh_one(
    uploader: Uploader, start: int, stop: int
) -> None:
    uploader.send(CONTENT[:2], 0)
    url = state_in(uploader.send(CONTENT[2:4], 2))["url"]
    before = uploader.send(CONTENT[6:8], 6, url=url)

    response = uploader.send(CONTENT[start:stop], start, url=url)

    assert response.status_code == 200
    assert response.json() == before.json()
    assert response["Range"] == before["Range"]
    rest = {4: CONTENT[4:6], 8: CONTENT[8:]}
    for offset, piece in rest.items():
        response = uploader.send(piece, offset, url=url)
    assert_finishes(uploader, response, CONTENT)


def test_range_over_several_held_ones_beyond_a_gap_is_held(uploader: Uploader) -> None:
    url = state_in(uploader.send(CONTENT[:1], 0))["url"]
    for start in (4, 6, 8):
        uploader.send(CONTENT[start : start + 2], start, url=url)

    response = uploader.send(CONTENT[5:], 5, url=url)

    assert response.status_code == 200
    assert state_in(response)["received"] == 7


@TAKES_PIECES
@pytest.mark.parametrize(
    ("start", "stop"),
    [(0, 5), (3, 5), (3, 6), (3, 7), (0, 10), (5, 7), (7, 9), (5, 9), (4, 10)],
)
def test_range_that_overlaps_held_bytes_gets_409_and_the_state(
    uploader: Uploader, send: str, start: int, stop: int
) -> None:
    url = state_in(uploader.send(CONTENT[:4], 0))["url"]
    before = state_in(uploader.send(CONTENT[6:8], 6, url=url))

    response = getattr(uploader, send)(b"x" * (stop - start), start, url=url)

    assert_error(response, 409, "range_conflict")
    error = state_in(response)
    assert {name: error[name] for name in before} == before
    assert spans(upload_of(response)) == [(0, 4), (6, 8)]


def test_range_that_somebody_is_writing_gets_409_and_the_state(
    uploader: Uploader,
) -> None:
    before = uploader.send(CONTENT[:4], 0)

    with chunk_store().writer(upload_of(before), 6, 2):
        response = uploader.send(CONTENT[4:], 4, url=state_in(before)["url"])

    assert_error(response, 409, "range_busy")
    assert response["Retry-After"] == "1"
    assert state_in(response)["size"] == 4


def test_who_waited_in_vain_is_told_the_state_of_now(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = uploader.send(CONTENT[:4], 0)

    def lock(*args: Any, **kwargs: Any) -> None:
        Upload.objects.update(offset=6, received=6)
        raise BlockingIOError

    monkeypatch.setattr("chunked_uploads.stores.local.lock", lock)
    response = uploader.send(CONTENT[4:], 4, url=state_in(before)["url"])

    assert_error(response, 409, "range_busy")
    assert state_in(response)["size"] == 6


def test_progress_of_a_large_chunk_is_recorded_on_the_way(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "BLOCK", 2)
    monkeypatch.setattr(intake, "CHECKPOINT", 4)
    seen: list[int] = []

    def look() -> None:
        seen.extend(Upload.objects.values_list("offset", flat=True))

    response = uploader.send_cut(Stream(CONTENT, look), 0, 10)

    assert seen == [0, 0, 4, 4, 8]
    assert spans(upload_of(response)) == [(0, 10)]
    assert state_in(response)["size"] == 10
    assert state_in(uploader.send(CONTENT, 0, url=state_in(response)["url"])) == {
        **state_in(response)
    }


@pytest.mark.django_db(transaction=True)
@TAKES_PIECES
def test_what_arrived_is_recorded_after_some_seconds(
    uploader: Uploader, send: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "BLOCK", 3)
    monkeypatch.setattr(intake, "CHECKPOINT_SECONDS", 0)
    told: list[int] = []

    def note(upload: Upload, **kwargs: Any) -> None:
        told.append(upload.offset)

    chunk_received.connect(note)
    response = getattr(uploader, send)(CONTENT, 0)
    chunk_received.disconnect(note)

    assert told == [3, 6, 9, 10]
    assert spans(upload_of(response)) == [(0, 10)]
    assert_finishes(uploader, response, CONTENT)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("lost", [(0, 6), (2, 4), (5, 6)])
def test_chunk_of_which_bytes_were_forgotten_while_it_came_is_not_confirmed(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch, lost: tuple[int, int]
) -> None:
    monkeypatch.setattr(intake, "BLOCK", 3)
    monkeypatch.setattr(intake, "CHECKPOINT_SECONDS", 0)

    def forget(upload: Upload, **kwargs: Any) -> None:
        if upload.offset == 6:
            forgetting.forget(Upload.objects.get(), lambda: [lost])

    chunk_received.connect(forget)
    response = uploader.send(CONTENT, 0)
    chunk_received.disconnect(forget)

    assert_error(response, 409, "range_conflict")
    start, stop = lost
    assert state_in(response)["size"] == start
    assert state_in(response)["gap"] == stop - start
    assert state_in(response)["received"] == 10 - (stop - start)
    url = state_in(response)["url"]
    again = uploader.send(CONTENT[start:stop], start, url=url)
    assert_finishes(uploader, again, CONTENT)


@pytest.mark.django_db(transaction=True)
def test_ranges_may_come_at_the_same_time(uploader: Uploader) -> None:
    content = bytes(range(250)) * 80
    first = uploader.send(content[:2000], 0, len(content))
    url = state_in(first)["url"]
    starts = list(range(2000, len(content), 2000))
    barrier = threading.Barrier(len(starts))
    statuses: list[int] = []

    def send() -> None:
        start = starts.pop()
        barrier.wait()
        piece = content[start : start + 2000]
        response = Uploader().send(piece, start, len(content), url=url)
        statuses.append(response.status_code)
        connection.close()

    threads = [threading.Thread(target=send) for _ in starts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [200] * 9
    assert_finishes(uploader, first, content)


def test_conflict_tells_how_much_is_missing_before_what_is_held(
    uploader: Uploader,
) -> None:
    url = state_in(uploader.send(CONTENT[:2], 0))["url"]
    uploader.send(CONTENT[5:], 5, url=url)

    response = uploader.send(CONTENT[2:9], 2, url=url)

    assert_error(response, 409, "range_conflict")
    assert (state_in(response)["size"], state_in(response)["gap"]) == (2, 3)
    assert_finishes(uploader, uploader.send(CONTENT[2:5], 2, url=url), CONTENT)


# Cut connections


@pytest.mark.parametrize("kind", [io.BytesIO, BrokenStream])
@pytest.mark.parametrize("arrived", [0, 1, 5, 9])
def test_what_arrived_before_a_cut_is_kept(
    uploader: Uploader, kind: type[io.BytesIO], arrived: int
) -> None:
    response = uploader.send_cut(kind(CONTENT[:arrived]), 0, 10)

    assert_error(response, 400, "body_cut")
    assert state_in(response)["size"] == arrived
    response = uploader.send(CONTENT[arrived:], arrived)
    assert_finishes(uploader, response, CONTENT)


@pytest.mark.parametrize("kind", [io.BytesIO, BrokenStream])
def test_of_a_form_that_was_cut_anywhere_only_content_is_kept(
    uploader: Uploader, kind: type[io.BytesIO]
) -> None:
    content = b"\r\n--content-that-is-longer-than-the-boundary" * 2
    form = make_form(content)
    head = form.index(content)
    for cut in range(head, len(form) - len(b"--\r\n"), 11):
        environ = from_stream(kind(form[:cut]), len(form))
        name = f"{cut}.mp4"
        response = uploader.send(
            content, 0, len(content), name=name, content_type=FORM, **environ
        )

        size = state_in(response)["size"]
        assert len(content) >= size >= cut - head - len("\r\n--") - 38
        url = state_in(response)["url"]
        if size < len(content):
            assert_error(response, 400, "body_cut")
            response = uploader.send(content[size:], size, len(content), url=url)
        assert_finishes(uploader, response, content)


def test_cut_in_the_middle_leaves_the_rest_of_its_range_free(
    uploader: Uploader,
) -> None:
    url = state_in(uploader.send(CONTENT[:2], 0))["url"]
    stream = io.BytesIO(CONTENT[4:6])

    response = uploader.send_cut(stream, 4, 4, url=url)

    assert spans(upload_of(response)) == [(0, 2), (4, 6)]
    assert state_in(response)["received"] == 4
    uploader.send(CONTENT[6:], 6, url=url)
    assert_finishes(uploader, uploader.send(CONTENT[2:4], 2, url=url), CONTENT)


def test_form_that_was_cut_before_its_file_begins_nothing(uploader: Uploader) -> None:
    environ = from_stream(io.BytesIO(make_form(b"")[:50]), 999)

    response = uploader.send(CONTENT, 0, content_type=FORM, **environ)

    assert_error(response, 400, "bad_request")
    assert not Upload.objects.exists()


# Which upload a chunk is for


def test_uuid_in_the_path_says_which_upload(uploader: Uploader) -> None:
    first = uploader.send(CONTENT[:4], 0, name="a.mp4")
    uploader.send(CONTENT[:4], 0, name="b.mp4")

    url = f"{UPLOAD}{state_in(first)['upload_uuid']}/"
    response = uploader.send(CONTENT[4:], 4, url=url, name=None)

    assert state_in(response)["upload_uuid"] == state_in(first)["upload_uuid"]
    assert state_in(response)["size"] == 10


def test_total_size_that_is_not_the_uploads_is_refused_with_the_state(
    uploader: Uploader,
) -> None:
    url = state_in(uploader.send(CONTENT[:4], 0))["url"]

    response = uploader.send(CONTENT[4:], 4, 11, url=url)

    assert_error(response, 400, "bad_request")
    assert state_in(response)["size"] == 4


def test_uploads_of_the_session_come_before_others_of_the_same_name_and_size(
    browser_session: Uploader, user: User
) -> None:
    own = browser_session.send(CONTENT[:4], 0)
    elsewhere = Uploader()
    elsewhere.force_login(user)
    other = elsewhere.send(CONTENT[:4], 0, name="other.mp4")
    Upload.objects.filter(pk=upload_of(other).pk).update(
        filename="film.mp4", created_at=timezone.now() + timedelta(hours=1)
    )

    response = browser_session.send(CONTENT[4:6], 4)

    assert state_in(response)["upload_uuid"] == state_in(own)["upload_uuid"]


def test_session_keeps_to_its_upload_though_another_one_ends_there(
    browser_session: Uploader, user: User
) -> None:
    start = 6
    other = Upload.objects.create(user=user, filename="film.mp4", filesize=10)
    begun = browser_session.send(CONTENT[:4], 0, name="own.mp4")
    own = upload_of(begun)
    Upload.objects.filter(pk=own.pk).update(filename="film.mp4")
    Upload.objects.filter(pk=other.pk).update(offset=start, received=start)

    response = browser_session.send(CONTENT[start : start + 2], start)

    assert state_in(response)["upload_uuid"] == str(own.uuid)


def test_several_uploads_of_one_name_in_a_session_are_each_continued(
    browser_session: Uploader,
) -> None:
    own = [browser_session.send(CONTENT[:stop], 0, name=f"{stop}") for stop in (2, 4)]
    Upload.objects.update(filename="film.mp4")

    for stop, before in zip((2, 4), own, strict=True):
        response = browser_session.send(CONTENT[stop:], stop)

        assert state_in(response)["upload_uuid"] == state_in(before)["upload_uuid"]


def test_upload_begun_elsewhere_is_continued_by_name_and_size(
    uploader: Uploader, browser_session: Uploader
) -> None:
    begun = browser_session.send(CONTENT[:4], 0)

    response = uploader.send(CONTENT[4:], 4)

    assert state_in(response)["upload_uuid"] == state_in(begun)["upload_uuid"]
    assert state_in(response)["size"] == 10


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "other.mp4"},
        {"name": "Film.mp4"},
        {"total": 11},
        {"url": UPLOAD + "?fingerprint=b"},
        {"url": UPLOAD + "?fingerprint=A"},
    ],
)
def test_upload_of_another_name_size_or_fingerprint_is_not_continued(
    uploader: Uploader, changes: dict[str, Any]
) -> None:
    uploader.send(CONTENT[:4], 0, url=UPLOAD + "?fingerprint=a")

    response = uploader.send(CONTENT[4:9], 4, **changes)

    assert_error(response, 409, "nothing_to_continue")


@pytest.mark.parametrize(("first", "second"), [("0", "1"), ("1", "0")])
def test_upload_for_a_form_and_another_are_never_one(
    uploader: Uploader, first: str, second: str
) -> None:
    uploader.send(CONTENT[:4], 0, url=f"{UPLOAD}?for_form={first}")

    refused = uploader.send(CONTENT[4:], 4, url=f"{UPLOAD}?for_form={second}")
    begun = uploader.send(CONTENT[:4], 0, url=f"{UPLOAD}?for_form={second}")

    assert_error(refused, 409, "nothing_to_continue")
    assert upload_of(begun).for_form == (second == "1")
    assert Upload.objects.count() == 2


def test_upload_for_a_form_is_continued_by_its_url(uploader: Uploader) -> None:
    begun = uploader.send(CONTENT[:4], 0, url=f"{UPLOAD}?for_form=1")

    assert_finishes(
        uploader, uploader.send(CONTENT[4:], 4, url=state_in(begun)["url"]), CONTENT
    )
    assert upload_of(begun).for_form


def test_upload_without_a_fingerprint_may_be_of_another_file(
    uploader: Uploader,
) -> None:
    uploader.send(b"others", 0)

    refused = uploader.send(CONTENT[6:], 6, url=UPLOAD + "?fingerprint=a")
    begun = uploader.send(CONTENT, url=UPLOAD + "?fingerprint=a")

    assert_error(refused, 409, "nothing_to_continue")
    assert_finishes(uploader, begun, CONTENT)
    assert Upload.objects.count() == 2


def test_request_without_a_fingerprint_matches_any(uploader: Uploader) -> None:
    uploader.send(CONTENT[:4], 0, url=UPLOAD + "?fingerprint=a")

    assert state_in(uploader.send(CONTENT[4:], 4))["size"] == 10


def test_first_chunk_begins_a_new_upload_where_none_is_at_0(uploader: Uploader) -> None:
    first = uploader.send(CONTENT[:4], 0)

    second = uploader.send(CONTENT[:4], 0)

    assert second.status_code == 200
    assert state_in(first)["upload_uuid"] != state_in(second)["upload_uuid"]


def test_chunk_whose_answer_was_lost_is_recognised_without_a_uuid(
    uploader: Uploader,
) -> None:
    uploader.send(CONTENT[:4], 0)
    before = uploader.send(CONTENT[4:8], 4)

    assert uploader.send(CONTENT[4:8], 4).json() == before.json()


def test_range_with_nothing_before_it_gets_409(uploader: Uploader) -> None:
    response = uploader.send(CONTENT[4:], 4)

    assert_error(response, 409, "nothing_to_continue")
    assert not Upload.objects.exists()


def test_complete_upload_is_not_continued_by_name(uploader: Uploader) -> None:
    first = uploader.send(CONTENT)
    uploader.done(state_in(first))

    second = uploader.send(CONTENT)

    assert state_in(first)["upload_uuid"] != state_in(second)["upload_uuid"]
