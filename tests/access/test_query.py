"""What the query string says of an upload and its file."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User

from chunked_uploads.core.removing import cancel
from chunked_uploads.models import Upload
from tests.sending import CONTENT, UPLOAD, Uploader, assert_error, state_in, upload_of


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


@pytest.mark.parametrize("wait", ["-1", "1.5", "x", "1e9", "9" * 10])
def test_wait_that_is_no_number_is_refused(uploader: Uploader, wait: str) -> None:
    url = state_in(uploader.send(CONTENT[:4], 0))["url"]

    assert_error(uploader.get(f"{url}&wait={wait}"), 400, "bad_request")


def test_metadata_is_kept_with_the_first_chunk(uploader: Uploader) -> None:
    metadata = {"relativePath": "Rushes/Tag 1/映画.mp4", "": "ä\n"}
    query = urlencode({"metadata": json.dumps(metadata)})

    begun = uploader.send(CONTENT[:4], 0, url=f"{UPLOAD}?{query}")
    other = urlencode({"metadata": '{"other": "value"}'})
    uploader.send(CONTENT[4:], 4, url=f"{UPLOAD}?{other}")

    assert upload_of(begun).metadata == metadata


def test_metadata_of_a_first_chunk_that_joins_an_upload_is_kept(
    uploader: Uploader, user: User
) -> None:
    empty = Upload.objects.create(user=user, filename="film.mp4", filesize=10)
    query = urlencode({"metadata": '{"relativePath": "a/b"}'})

    uploader.send(CONTENT[:4], 0, url=f"{UPLOAD}?{query}")

    empty.refresh_from_db()
    assert empty.metadata == {"relativePath": "a/b"}


@pytest.mark.django_db(transaction=True)
def test_metadata_is_for_nobody_where_the_upload_is_cancelled_as_it_is_joined(
    uploader: Uploader, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = Upload.objects.create(user=user, filename="film.mp4", filesize=10)
    monkeypatch.setattr(
        "chunked_uploads.access.sessions.remember", lambda *_: cancel(empty)
    )
    query = urlencode({"metadata": '{"relativePath": "a/b"}'})

    response = uploader.send(CONTENT[:4], 0, url=f"{UPLOAD}?{query}")

    assert_error(response, 404, "not_found")


@pytest.mark.parametrize("query", ["", "?metadata=", "?metadata={}"])
def test_upload_without_metadata_has_none(uploader: Uploader, query: str) -> None:
    assert upload_of(uploader.send(CONTENT, 0, url=UPLOAD + query)).metadata == {}


@pytest.mark.parametrize(
    "metadata",
    [
        "x",
        "[]",
        '"text"',
        "null",
        "1",
        '{"a": 1}',
        '{"a": null}',
        '{"a": {"b": "c"}}',
        '{"a": ["b"]}',
        '{"a": "\\u0000"}',
        '{"\\u0000": "a"}',
        '{"a": "\\ud800"}',
        '{"a": "b"',
        "[" * 4000,
        '{"a": "' + "x" * 4090 + '"}',
        '{"a": "' + "映" * 1365 + '"}',
        "NaN",
        "\ud800",
    ],
)
def test_metadata_that_is_no_object_of_strings_is_refused(
    uploader: Uploader, metadata: str
) -> None:
    query = urlencode({"metadata": metadata}, errors="surrogatepass")

    response = uploader.send(CONTENT, 0, url=f"{UPLOAD}?{query}")

    assert_error(response, 400, "bad_request")
    assert not Upload.objects.exists()
