"""The wire protocol of chunks: POST, GET and DELETE, one sentence at a time."""

from __future__ import annotations

import base64
import errno
import hashlib
import io
import os
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chunked_uploads import ranges, receiving
from chunked_uploads.models import ApiKey, Chunk, Upload
from chunked_uploads.stores import chunk_store
from tests.sending import (
    CONTENT,
    FORM,
    UPLOAD,
    BrokenStream,
    Stream,
    Uploader,
    finished,
    from_stream,
    make_form,
    state_in,
    upload_of,
)

SEND = ["send", "send_form"]
TAKES_PIECES = pytest.mark.parametrize("send", SEND)
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def uploader(authorization: dict[str, str]) -> Uploader:
    return Uploader(headers=authorization)


@pytest.fixture
def browser_session(user: User) -> Uploader:
    uploader = Uploader()
    uploader.force_login(user)
    return uploader


@pytest.fixture
def stranger(db: None) -> Uploader:
    key = ApiKey.objects.create(user=User.objects.create_user("bob")).key
    return Uploader(headers={"Authorization": f"ApiKey bob:{key}"})


def spans(upload: Upload) -> list[tuple[int, int]]:
    chunks = Chunk.objects.filter(upload=upload).order_by("start")
    return [(chunk.start, chunk.stop) for chunk in chunks]


def part_of(upload: Upload, media_root: Path) -> Path:
    return media_root / upload.part


def assert_finishes(uploader: Uploader, response: Any, content: bytes) -> None:
    assert uploader.done(state_in(response)).status_code == 200
    assert finished(upload_of(response)) == content


def assert_error(response: Any, status: int, code: str) -> None:
    assert response.status_code == status, response.content
    assert response["Cache-Control"] == "no-store"
    error = state_in(response)
    assert error["error"] == code
    assert error["detail"].endswith(".")


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

    response = uploader.send(b"x" * (stop - start), start, url=url)

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

    response = uploader.send(b"x" * 5, 5, url=url)

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

    with chunk_store().writer(upload_of(before).part, 6, 2):
        response = uploader.send(CONTENT[4:], 4, url=state_in(before)["url"])

    assert_error(response, 409, "range_busy")
    assert response["Retry-After"] == "1"
    assert state_in(response)["size"] == 4


def test_progress_of_a_large_chunk_is_recorded_on_the_way(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "CHECKPOINT", 4)
    seen: list[int] = []

    def look() -> None:
        seen.extend(Upload.objects.values_list("offset", flat=True))

    response = uploader.send_cut(Stream(CONTENT, look), 0, 10)

    assert seen == [0, 4, 8]
    assert state_in(response)["size"] == 10
    assert state_in(uploader.send(CONTENT, 0, url=state_in(response)["url"])) == {
        **state_in(response)
    }


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
        environ: dict[str, Any] = {
            "wsgi.input": kind(form[:cut]),
            "CONTENT_LENGTH": str(len(form)),
        }
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
    environ: dict[str, Any] = {
        "wsgi.input": io.BytesIO(make_form(b"")[:50]),
        "CONTENT_LENGTH": "999",
    }

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


@pytest.mark.parametrize("start", [0, 6])
def test_session_keeps_to_its_upload_though_another_one_ends_there(
    browser_session: Uploader, user: User, start: int
) -> None:
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
    [{"name": "other.mp4"}, {"total": 11}, {"url": UPLOAD + "?fingerprint=b"}],
)
def test_upload_of_another_name_size_or_fingerprint_is_not_continued(
    uploader: Uploader, changes: dict[str, Any]
) -> None:
    uploader.send(CONTENT[:4], 0, url=UPLOAD + "?fingerprint=a")

    response = uploader.send(CONTENT[4:9], 4, **changes)

    assert_error(response, 409, "nothing_to_continue")


def test_request_without_a_fingerprint_matches_any(uploader: Uploader) -> None:
    uploader.send(CONTENT[:4], 0, url=UPLOAD + "?fingerprint=a")

    assert state_in(uploader.send(CONTENT[4:], 4))["size"] == 10


def test_fingerprint_is_kept_with_the_first_chunk(uploader: Uploader) -> None:
    fingerprint = "f" * 64

    response = uploader.send(CONTENT[:4], 0, url=f"{UPLOAD}?fingerprint={fingerprint}")

    assert upload_of(response).fingerprint == fingerprint


@pytest.mark.parametrize("fingerprint", ["f" * 65, "%00", "a%00b"])
def test_fingerprint_that_is_too_long_or_no_text_is_refused(
    uploader: Uploader, fingerprint: str
) -> None:
    response = uploader.send(CONTENT, 0, url=f"{UPLOAD}?fingerprint={fingerprint}")

    assert_error(response, 400, "bad_request")
    assert not Upload.objects.exists()


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


# Whole files


@TAKES_PIECES
@pytest.mark.parametrize("content", [b"", b"0", CONTENT, bytes(300_000)])
def test_body_without_a_range_is_the_whole_file(
    uploader: Uploader, send: str, content: bytes
) -> None:
    response = getattr(uploader, send)(content)

    assert state_in(response)["size"] == len(content)
    assert state_in(response)["total_size"] == len(content)
    assert_finishes(uploader, response, content)


def test_form_names_the_file_where_no_header_does(uploader: Uploader) -> None:
    response = uploader.send_form(CONTENT, name=None)

    assert state_in(response)["name"] == "film.mp4"


def test_header_names_the_file_before_the_form_does(uploader: Uploader) -> None:
    response = uploader.send_form(CONTENT, name="named.mp4")

    assert state_in(response)["name"] == "named.mp4"


@pytest.mark.parametrize("start", [None, 0])
def test_fields_before_the_file_are_not_part_of_it(
    uploader: Uploader, start: int | None
) -> None:
    fields = [("title", "映画"), ("csrfmiddlewaretoken", "x" * 64)]

    response = uploader.send_form(CONTENT, start, fields=fields)

    assert_finishes(uploader, response, CONTENT)


def test_credentials_may_stand_in_the_form_before_the_file(
    api_key: ApiKey, user: User
) -> None:
    fields = [("username", user.username), ("api_key", api_key.key)]

    response = Uploader().send_form(CONTENT, fields=fields)

    assert response.status_code == 200
    assert upload_of(response).user == user


@TAKES_PIECES
def test_memory_limit_of_forms_plays_no_part(
    uploader: Uploader, settings: Any, send: str
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1
    content = bytes(range(250)) * 1000

    response = getattr(uploader, send)(content)

    assert_finishes(uploader, response, content)


@TAKES_PIECES
def test_no_read_takes_much_of_the_body_at_once(uploader: Uploader, send: str) -> None:
    content = bytes(3 * 2**20)
    form = send == "send_form"
    body = make_form(content) if form else content
    stream = Metered(body)
    environ = from_stream(stream, len(body))

    response = uploader.send(
        content,
        content_type=FORM if form else "application/octet-stream",
        **environ,
    )

    assert response.status_code == 200
    assert 0 < stream.largest <= 2**20


class Metered(io.BytesIO):
    largest = 0

    def read(self, size: int | None = -1) -> bytes:
        block = super().read(size)
        self.largest = max(self.largest, len(block))
        return block


@pytest.mark.parametrize("content_type", ["", "text/plain", "multipart/mixed"])
@pytest.mark.parametrize("urlencoded", [True, False])
def test_any_other_content_type_is_a_raw_body(
    uploader: Uploader, content_type: str, urlencoded: bool
) -> None:
    if urlencoded:
        content_type = "application/x-www-form-urlencoded"

    assert_finishes(
        uploader, uploader.send(CONTENT, content_type=content_type), CONTENT
    )


# Bodies that contradict their headers


def content_range(value: str) -> dict[str, Any]:
    return {"headers": {"Content-Range": value}}


@pytest.mark.parametrize(
    "options",
    [
        content_range(""),
        content_range("bytes"),
        content_range("bytes 0-9/*"),
        content_range("bytes 0-8/10"),
        content_range("bytes 0-10/11"),
        content_range("bytes 0-10/10"),
        content_range("bytes 9-0/10"),
        content_range("bytes -1-8/10"),
        content_range(f"bytes 0-9/1{'0' * 30}"),
        content_range(f"bytes 0-9/1{'0' * 5000}"),
        {"name": None},
        {"name": ""},
        {"name": ".."},
        {"name": "a/"},
        {"headers": {"Content-Disposition": "attachment; filename*=x"}},
        {"headers": {"Content-Digest": "sha-256=:AAAA:"}},
        {"headers": {"Content-Digest": "nonsense"}},
        {"content_type": "multipart/form-data"},
        {"content_type": FORM},
        {"CONTENT_LENGTH": "ten"},
        {"CONTENT_LENGTH": "-1"},
        {"CONTENT_LENGTH": "1" + "0" * 30},
        {"CONTENT_LENGTH": "1" + "0" * 5000},
        {"CONTENT_LENGTH": "٣"},
        {"CONTENT_LENGTH": "²"},
    ],
    ids=lambda options: str(options)[:60],
)
def test_malformed_request_is_refused_and_begins_nothing(
    uploader: Uploader, options: dict[str, Any]
) -> None:
    assert_error(uploader.send(CONTENT, **options), 400, "bad_request")
    assert not Upload.objects.exists()


@pytest.mark.parametrize("size", [3, 5])
def test_form_whose_file_is_not_as_long_as_announced_records_nothing(
    uploader: Uploader, size: int
) -> None:
    url = state_in(uploader.send(CONTENT[:4], 0))["url"]
    form = make_form(CONTENT[4 : 4 + size])

    response = uploader.send(
        CONTENT[4:8], 4, url=url, content_type=FORM, body=form, name=None
    )

    assert_error(response, 400, "bad_request")
    assert spans(Upload.objects.get()) == [(0, 4)]


def test_length_that_is_not_known_gets_411(uploader: Uploader) -> None:
    response = uploader.send(
        b"", body=b"", HTTP_TRANSFER_ENCODING="chunked", CONTENT_LENGTH=""
    )

    assert_error(response, 411, "length_required")


def test_unread_body_is_read_before_the_answer(db: None) -> None:
    stream = io.BytesIO(CONTENT)

    response = Uploader().send_cut(stream, 0, 10)

    assert response.status_code == 401
    assert stream.read() == b""


# Digests


def digest_of(content: bytes) -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    return {"Content-Digest": f"sha-256=:{digest}:"}


@TAKES_PIECES
def test_digest_that_fits_is_accepted(uploader: Uploader, send: str) -> None:
    response = getattr(uploader, send)(CONTENT, headers=digest_of(CONTENT))

    assert_finishes(uploader, response, CONTENT)


@TAKES_PIECES
def test_digest_that_does_not_fit_records_nothing(
    uploader: Uploader, send: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "CHECKPOINT", 2)
    url = state_in(uploader.send(CONTENT[:2], 0))["url"]
    send_piece = getattr(uploader, send)

    response = send_piece(
        CONTENT[2:], 2, url=url, headers=digest_of(b"else"), name=None
    )

    assert_error(response, 400, "digest_mismatch")
    assert spans(Upload.objects.get()) == [(0, 2)]
    assert state_in(uploader.get(url))["size"] == 2
    again = send_piece(CONTENT[2:], 2, url=url, headers=digest_of(CONTENT[2:]))
    assert_finishes(uploader, again, CONTENT)


def test_digest_of_another_algorithm_is_left_alone(uploader: Uploader) -> None:
    response = uploader.send(CONTENT, headers={"Content-Digest": "md5=:AAAA:"})

    assert response.status_code == 200


# File names


NAMES = {
    "映画 №1.mp4": "映画 №1.mp4",
    'a"b.mp4': 'a"b.mp4',
    "100%.mp4": "100%.mp4",
    "100%25.mp4": "100%25.mp4",
    "a=1;b,c'd&e?f#g+h.mp4": "a=1;b,c'd&e?f#g+h.mp4",
    "x" * 296 + ".mp4": "x" * 296 + ".mp4",
    "映" * 296 + ".mp4": "映" * 296 + ".mp4",
    "x" * 4996 + ".mp4": "x" * 496 + ".mp4",
    "../../../climbed.mp4": "climbed.mp4",
    "/etc/climbed.mp4": "climbed.mp4",
    r"..\..\climbed.mp4": "climbed.mp4",
    r"C:\films\film.mp4": "film.mp4",
    "nul\0.mp4": "nul.mp4",
    "line\r\nbreak.mp4": "linebreak.mp4",
    "half\ud83dpair.mp4": "half\N{REPLACEMENT CHARACTER}"
    + "\N{REPLACEMENT CHARACTER}" * 2
    + "pair.mp4",
    ".hidden": ".hidden",
    "...": "...",
    "-rf": "-rf",
    "no extension": "no extension",
    "🎬": "🎬",
    "???": "???",
    "🎬..": "🎬..",
    "<script>alert(1)</script>.mp4": "script>.mp4",
    "\N{RIGHT-TO-LEFT OVERRIDE}4pm.exe": "\N{RIGHT-TO-LEFT OVERRIDE}4pm.exe",
    "x." + "y" * 300: "x." + "y" * 300,
}


@pytest.mark.parametrize(
    ("name", "told"), NAMES.items(), ids=[ascii(name)[:40] for name in NAMES]
)
def test_any_file_name_is_told_and_its_file_stays_in_the_folder(
    uploader: Uploader, media_root: Path, name: str, told: str
) -> None:
    response = uploader.send(CONTENT, name=name)

    assert state_in(response)["name"] == told
    assert_finishes(uploader, response, CONTENT)
    path = Path(upload_of(response).upload.path)
    files = media_root / "chunked_uploads" / "files"
    assert path.resolve().parent.parent == files.resolve()
    assert [each for each in media_root.rglob("*") if each.is_file()] == [path]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("映画.mp4", "映画.mp4"),
        ("%22100%%22.mp4", '"100%".mp4'),
        ("../../climbed.mp4", "climbed.mp4"),
        (r"C:\films\film.mp4", "film.mp4"),
        ("x" * 4996 + ".mp4", "x" * 496 + ".mp4"),
    ],
)
def test_any_file_name_may_stand_in_a_form(
    uploader: Uploader, name: str, told: str
) -> None:
    form = make_form(CONTENT, filename=name)

    response = uploader.send(CONTENT, body=form, content_type=FORM, name=None)

    assert state_in(response)["name"] == told
    assert_finishes(uploader, response, CONTENT)


def test_long_name_is_found_again(uploader: Uploader) -> None:
    name = "x" * 5000 + ".mp4"
    uploader.send(CONTENT[:4], 0, name=name)

    response = uploader.send(CONTENT[4:], 4, name=name)

    assert state_in(response)["size"] == 10


# Questions


def names_in(response: Any) -> list[str]:
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    return [state["name"] for state in response.json()]


def test_session_is_told_what_it_is_in_the_middle_of(
    browser_session: Uploader, uploader: Uploader
) -> None:
    assert names_in(browser_session.get(UPLOAD)) == []
    uploader.send(CONTENT[:4], 0, name="elsewhere.mp4")
    begun = browser_session.send(CONTENT[:4], 0)

    response = browser_session.get(UPLOAD)

    assert response.json()[0]["size"] == state_in(begun)["size"]
    assert names_in(response) == ["film.mp4"]
    browser_session.send(CONTENT[4:], 4)
    browser_session.done(state_in(response))
    assert names_in(browser_session.get(UPLOAD)) == []


def test_matching_uploads_are_told_wherever_they_were_begun(
    browser_session: Uploader, uploader: Uploader, stranger: Uploader
) -> None:
    uploader.send(CONTENT[:4], 0)
    uploader.send(CONTENT[:4], 0, name="other.mp4")
    uploader.send(CONTENT[:4], 0, 11)
    stranger.send(CONTENT[:4], 0)

    response = browser_session.get(UPLOAD, {"filename": "film.mp4", "filesize": "10"})

    assert names_in(response) == ["film.mp4"]
    assert state_in(response)["size"] == 4


@pytest.mark.parametrize(("fingerprint", "found"), [("a", 2), ("b", 1), ("", 2)])
def test_upload_of_another_fingerprint_is_not_told(
    uploader: Uploader, fingerprint: str, found: int
) -> None:
    uploader.send(CONTENT[:4], 0)
    uploader.send(CONTENT[:4], 0, url=UPLOAD + "?fingerprint=a")

    query = {"filename": "film.mp4", "filesize": "10", "fingerprint": fingerprint}

    assert len(names_in(uploader.get(UPLOAD, query))) == found


def test_all_unfinished_uploads_are_told_newest_first(
    uploader: Uploader, stranger: Uploader
) -> None:
    for name in ("first", "second", "third"):
        begun = uploader.send(CONTENT[:4], 0, name=name)
    uploader.done(state_in(uploader.send(CONTENT, name="complete")))
    stranger.send(CONTENT, 0, name="somebody else's")
    Upload.objects.filter(pk=upload_of(begun).pk).update(
        created_at=timezone.now() - timedelta(hours=1)
    )

    assert names_in(uploader.get(UPLOAD + "?all=1")) == ["second", "first", "third"]


def test_name_is_asked_for_as_it_was_given(uploader: Uploader) -> None:
    uploader.send(CONTENT[:4], 0, name=r"..\\映画.mp4")

    query = {"filename": "../../映画.mp4", "filesize": "10"}

    assert names_in(uploader.get(UPLOAD, query)) == ["映画.mp4"]


@pytest.mark.parametrize(
    "query",
    [
        "filename=film.mp4",
        "filesize=10",
        "filename=film.mp4&filesize=",
        "filename=film.mp4&filesize=-1",
        "filename=film.mp4&filesize=1.5",
        "filename=film.mp4&filesize=%D9%A3",
        "filename=&filesize=10",
        "filename=..&filesize=10",
        "filename=film.mp4&filesize=1" + "0" * 5000,
        f"filename=film.mp4&filesize=10&fingerprint={'f' * 65}",
        "filename=film.mp4&filesize=10&fingerprint=%00",
    ],
    ids=lambda query: query[:50],
)
def test_malformed_question_is_refused(uploader: Uploader, query: str) -> None:
    assert_error(uploader.get(f"{UPLOAD}?{query}"), 400, "bad_request")


def test_question_for_what_nobody_sent_is_answered_with_an_empty_list(
    uploader: Uploader,
) -> None:
    query = {"filename": "film.mp4", "filesize": str(10**17)}

    assert uploader.get(UPLOAD, query).json() == []


def test_state_of_one_upload_is_told_without_a_cookie(uploader: Uploader) -> None:
    begun = uploader.send(CONTENT[:4], 0)
    url = f"{UPLOAD}{state_in(begun)['upload_uuid']}/"

    response = uploader.get(url)

    assert response.json() == begun.json()
    assert response["Range"] == "bytes=0-3"
    assert response["Cache-Control"] == "no-store"


def test_head_has_the_headers_of_get(uploader: Uploader) -> None:
    url = state_in(uploader.send(CONTENT[:4], 0))["url"]

    response = uploader.head(url)

    assert response.status_code == 200
    assert response["Range"] == "bytes=0-3"
    assert response.content == b""


# Cancel


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("which", ["url", "delete_url"])
def test_cancel_removes_rows_and_bytes(
    uploader: Uploader, media_root: Path, which: str
) -> None:
    state = state_in(uploader.send(CONTENT[:4], 0))

    response = uploader.delete(state[which])

    assert response.status_code == 200
    assert response.json() == []
    assert response["Cache-Control"] == "no-store"
    assert not Upload.objects.exists()
    assert not Chunk.objects.exists()
    assert not [each for each in media_root.rglob("*") if each.is_file()]
    assert_error(uploader.delete(state[which]), 404, "not_found")
    assert_error(uploader.get(state["url"]), 404, "not_found")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("at", [0, 70_000])
def test_cancel_while_a_chunk_arrives_leaves_nothing(
    uploader: Uploader, media_root: Path, at: int
) -> None:
    content = bytes(100_000)
    state = state_in(uploader.send(content[:4], 0, len(content)))
    arrived: list[int] = []

    def cancel() -> None:
        arrived.append(1)
        if len(arrived) == (1 if at == 0 else 2):
            assert uploader.delete(state["delete_url"]).status_code == 200

    stream = Stream(content[4:], cancel)
    response = uploader.send_cut(
        stream, 4, len(content) - 4, total=len(content), url=state["url"]
    )

    assert_error(response, 404, "not_found")
    assert not Upload.objects.exists()
    assert not [each for each in media_root.rglob("*") if each.is_file()]


# Who may


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "upload/"),
        ("POST", "upload/"),
        ("GET", f"upload/{UNKNOWN}/"),
        ("POST", f"upload/{UNKNOWN}/"),
        ("DELETE", f"upload/{UNKNOWN}/"),
        ("POST", f"upload/done/{UNKNOWN}/"),
        ("DELETE", "1/delete/"),
        ("GET", "upload/?username=%00&api_key=%00"),
        ("GET", "upload/?username=ada&api_key=wrong"),
    ],
)
def test_nobody_without_credentials_is_let_in(
    api_key: ApiKey, method: str, path: str
) -> None:
    response = Uploader().generic(method, f"/uploads/{path}")

    assert_error(response, 401, "not_authenticated")
    assert response["WWW-Authenticate"].startswith('ApiKey realm="uploads"')


@TAKES_PIECES
def test_nothing_of_a_file_is_taken_before_the_sender_is_known(
    db: None, media_root: Path, send: str
) -> None:
    response = getattr(Uploader(), send)(CONTENT)

    assert_error(response, 401, "not_authenticated")
    assert not Upload.objects.exists()
    assert not media_root.exists()


def test_session_without_a_csrf_token_gets_403(user: User) -> None:
    uploader = Uploader(enforce_csrf_checks=True)
    uploader.force_login(user)

    assert_error(uploader.send(CONTENT), 403, "permission_denied")
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "upload/{uuid}/"),
        ("POST", "upload/{uuid}/"),
        ("DELETE", "upload/{uuid}/"),
        ("POST", "upload/done/{uuid}/"),
        ("DELETE", "{pk}/delete/"),
    ],
)
def test_upload_of_somebody_else_looks_like_none(
    uploader: Uploader, stranger: Uploader, method: str, path: str
) -> None:
    upload = upload_of(uploader.send(CONTENT, 0))
    none = path.format(uuid=UNKNOWN, pk=10**18)
    headers = {"Content-Range": "bytes 0-0/10"}

    theirs = stranger.generic(
        method,
        "/uploads/" + path.format(uuid=upload.uuid, pk=upload.pk),
        b"0",
        headers=headers,
    )
    missing = stranger.generic(method, "/uploads/" + none, b"0", headers=headers)

    assert_error(theirs, 404, "not_found")
    assert theirs.content == missing.content
    assert Upload.objects.filter(pk=upload.pk).exists()


def test_upload_of_somebody_else_is_not_continued(
    uploader: Uploader, stranger: Uploader
) -> None:
    uploader.send(CONTENT[:4], 0)

    assert_error(stranger.send(CONTENT[4:], 4), 409, "nothing_to_continue")


def test_anybody_has_the_uploads_of_their_session_where_the_site_lets_them(
    db: None, settings: Any
) -> None:
    everybody = "chunked_uploads.authentication.Authentication"
    settings.CHUNKED_UPLOADS_AUTHENTICATION = everybody
    uploader, other = Uploader(), Uploader()

    begun = uploader.send(CONTENT[:4], 0)

    assert upload_of(begun).user is None
    assert state_in(uploader.send(CONTENT[4:6], 4))["size"] == 6
    assert names_in(uploader.get(UPLOAD)) == ["film.mp4"]
    assert names_in(other.get(UPLOAD + "?all=1")) == []
    assert_error(other.send(CONTENT[6:], 6), 409, "nothing_to_continue")


# Tokens


def test_token_is_all_that_an_upload_needs(uploader: Uploader) -> None:
    state = state_in(uploader.send(CONTENT[:4], 0))
    nobody = Uploader()

    assert nobody.get(state["url"]).json() == [state]
    response = nobody.send(CONTENT[4:], 4, url=state["url"], name=None)
    assert_finishes(nobody, response, CONTENT)


def test_token_cancels(uploader: Uploader) -> None:
    state = state_in(uploader.send(CONTENT[:4], 0))

    assert Uploader().delete(state["delete_url"]).status_code == 200
    assert not Upload.objects.exists()


def test_token_opens_no_other_upload(uploader: Uploader) -> None:
    states = [state_in(uploader.send(CONTENT[:4], 0, name=name)) for name in "ab"]
    token = states[0]["url"].partition("?")[2]
    nobody = Uploader()
    for name in ("url", "done_url", "delete_url"):
        url = states[1][name].partition("?")[0] + "?" + token
        for method in ("GET", "POST", "DELETE"):
            response = nobody.generic(method, url, CONTENT[4:])
            assert response.status_code in (401, 405)

    assert nobody.get(f"{UPLOAD}?{token}").status_code == 401
    assert nobody.send(CONTENT, url=f"{UPLOAD}?{token}").status_code == 401
    assert Upload.objects.count() == 2


@pytest.mark.parametrize("token", ["", "x", ":", "%00", "映", "x" * 5000])
def test_token_that_was_made_up_opens_nothing(uploader: Uploader, token: str) -> None:
    url = state_in(uploader.send(CONTENT[:4], 0))["url"].partition("?")[0]

    assert Uploader().get(f"{url}?token={token}").status_code == 401


def test_token_only_repeats_done_once_the_upload_is_done(uploader: Uploader) -> None:
    state = state_in(uploader.send(CONTENT))
    nobody = Uploader()

    done = nobody.done(state)

    assert nobody.done(state).json() == done.json()
    assert nobody.get(state["url"]).status_code == 401
    assert nobody.send(CONTENT, 0, url=state["url"]).status_code == 401
    assert nobody.delete(state["url"]).status_code == 401
    assert nobody.delete(state["delete_url"]).status_code == 401
    assert finished(Upload.objects.get()) == CONTENT


def test_token_expires_with_its_upload(uploader: Uploader, settings: Any) -> None:
    state = state_in(uploader.send(CONTENT[:4], 0))
    Upload.objects.update(modified_at=timezone.now() - timedelta(days=3, seconds=1))

    assert Uploader().get(state["url"]).status_code == 401
    settings.CHUNKED_UPLOADS_EXPIRE_DAYS = 4
    assert Uploader().get(state["url"]).status_code == 200


def test_token_of_a_user_who_was_shut_out_opens_nothing(
    uploader: Uploader, user: User
) -> None:
    state = state_in(uploader.send(CONTENT[:4], 0))

    User.objects.filter(pk=user.pk).update(is_active=False)

    assert Uploader().get(state["url"]).status_code == 401


# Limits and failures


def test_file_over_the_size_limit_gets_413(uploader: Uploader, settings: Any) -> None:
    settings.CHUNKED_UPLOADS_MAX_SIZE = 9

    assert_error(uploader.send(CONTENT[:4], 0), 413, "too_large")
    assert uploader.send(CONTENT[:9]).status_code == 200


@pytest.mark.parametrize(
    ("name", "status"),
    [("a.mp4", 200), ("a.MP4", 200), ("a.exe", 415), ("mp4", 415), ("a.mp4.exe", 415)],
)
def test_file_of_a_refused_type_gets_415(
    uploader: Uploader, settings: Any, name: str, status: int
) -> None:
    settings.CHUNKED_UPLOADS_ALLOWED_EXTENSIONS = ["mp4", ".MOV"]

    response = uploader.send(CONTENT, name=name)

    assert response.status_code == status
    if status == 415:
        assert_error(response, 415, "type_refused")


def test_unfinished_upload_over_the_quota_gets_429(
    uploader: Uploader, stranger: Uploader, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_MAX_UNFINISHED = 1
    state = state_in(uploader.send(CONTENT, 0))

    assert_error(uploader.send(CONTENT, name="b"), 429, "too_many_uploads")
    assert stranger.send(CONTENT).status_code == 200
    uploader.done(state)
    assert uploader.send(CONTENT, name="b").status_code == 200


def test_database_that_does_not_answer_gets_503(uploader: Uploader) -> None:
    def fail(*args: Any) -> None:
        raise OperationalError("database is locked")

    with connection.execute_wrapper(fail):
        response = uploader.send(CONTENT)

    assert_error(response, 503, "unavailable")
    assert response["Retry-After"] == "5"


@TAKES_PIECES
def test_full_disk_gets_507_and_what_arrived_is_kept(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch, send: str
) -> None:
    pwrite = os.pwrite

    def write_some(fd: int, block: Any, offset: int) -> int:
        if offset >= 7:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return pwrite(fd, bytes(block)[: 7 - offset], offset)

    with monkeypatch.context() as full:
        full.setattr(os, "pwrite", write_some)
        response = getattr(uploader, send)(CONTENT, 0)

    assert_error(response, 507, "store_full")
    (state,) = uploader.get(UPLOAD + "?all=1").json()
    assert state["size"] == 7
    assert_finishes(uploader, uploader.send(CONTENT[7:], 7), CONTENT)


def test_disk_too_full_for_another_file_gets_507(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full:
        full.setattr(os, "open", fail)
        response = uploader.send(CONTENT)

    assert_error(response, 507, "store_full")


def test_failure_of_the_server_is_told_without_a_traceback(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def fail(*args: Any) -> None:
        raise OSError(errno.EIO, "the disk at /secret/path")

    monkeypatch.setattr(os, "pwrite", fail)
    uploader.raise_request_exception = False

    response = uploader.send(CONTENT)

    assert_error(response, 500, "server_error")
    assert b"secret" not in response.content
    assert caplog.records[0].levelname == "ERROR"


ALLOWED = {
    "upload/": "GET, HEAD, POST, OPTIONS",
    f"upload/{UNKNOWN}/": "GET, HEAD, POST, DELETE, OPTIONS",
    f"upload/done/{UNKNOWN}/": "POST, OPTIONS",
    "1/delete/": "DELETE, OPTIONS",
}


@pytest.mark.parametrize(("path", "allowed"), ALLOWED.items())
def test_wrong_method_gets_405_with_allow(path: str, allowed: str) -> None:
    for method in {"GET", "POST", "DELETE", "PUT", "PATCH"} - set(allowed.split(", ")):
        response = Uploader().generic(method, f"/uploads/{path}")

        assert_error(response, 405, "method_not_allowed")
        assert response["Allow"] == allowed


@pytest.mark.parametrize(("path", "allowed"), ALLOWED.items())
def test_options_is_answered_everywhere(path: str, allowed: str) -> None:
    response = Uploader().options(f"/uploads/{path}")

    assert response.status_code == 200
    assert response.json() == []
    assert response["Allow"] == allowed
    assert response["Cache-Control"] == "no-store"


# The database


@pytest.mark.django_db(transaction=True)
@TAKES_PIECES
def test_no_transaction_is_open_while_bytes_flow(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch, send: str
) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    seen: list[bool] = []
    body = make_form(CONTENT) if send == "send_form" else CONTENT
    stream = Stream(body, lambda: seen.append(connection.in_atomic_block))
    environ = from_stream(stream, len(body))

    response = uploader.send(
        CONTENT,
        content_type=FORM if send == "send_form" else "application/octet-stream",
        **environ,
    )

    assert response.status_code == 200
    assert seen
    assert not any(seen)


def count_queries(action: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert action().status_code == 200
    framing = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE SAVEPOINT")
    return sum(not query["sql"].startswith(framing) for query in queries)


def test_chunk_costs_few_queries_however_many_there_are(
    browser_session: Uploader,
) -> None:
    content = bytes(1000)
    url = state_in(browser_session.send(content[:1], 0, 1000))["url"]
    nobody = Uploader()
    costs = []
    for start in range(1, 60, 2):
        by_session = count_queries(
            lambda at=start: browser_session.send(b"\0", at, 1000)  # type: ignore[misc]
        )
        by_token = count_queries(
            lambda at=start: nobody.send(b"\0", at + 1, 1000, url=url)  # type: ignore[misc]
        )
        costs.append((by_session, by_token))

    assert len(set(costs)) == 1
    assert costs[0][0] <= 6
    assert costs[0][1] <= 4


def test_chunk_out_of_order_costs_no_more_where_many_are_held(
    uploader: Uploader,
) -> None:
    url = state_in(uploader.send(b"\0", 0, 1000))["url"]
    costs = {
        count_queries(
            lambda at=start: uploader.send(b"\0", at, 1000, url=url)  # type: ignore[misc]
        )
        for start in range(800, 700, -2)
    }

    assert max(costs) <= 12
