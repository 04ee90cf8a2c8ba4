"""Creation, with bytes and without, of a length that is known or comes later."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from chunked_uploads import errors
from chunked_uploads.core.receiving import receive
from chunked_uploads.models import Upload
from chunked_uploads.stores import chunk_store
from tests.sending import (
    CONTENT,
    BrokenStream,
    Bytes,
    finished,
    from_stream,
    part_of,
)
from tests.tus.talking import (
    CREATE,
    TYPE,
    Tus,
    bare,
    checksum,
    encode,
    path_of,
    upload_at,
)


def refuse(upload: Upload) -> None:
    """Take no file."""
    raise ValidationError("Only silent films.")


# --- Upload-Length ---


def test_upload_is_created_at_its_location(tus: Tus) -> None:
    response = tus.create(100)

    assert response.status_code == 201
    assert response.content == b""
    upload = Upload.objects.get()
    location = response["Location"]
    assert location.startswith(f"http://testserver{CREATE}{upload.uuid}?token=")
    assert upload.filesize == 100
    assert upload.user is not None
    assert upload.user.username == "ada"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Upload_Length": "-1"},
        {"Upload_Length": "ten"},
        {"Upload_Length": "1.5"},
        {"Upload_Length": ""},
        {"Upload_Length": "9" * 19},
        {"Upload_Length": "10", "Upload_Defer_Length": "1"},
        {"Upload_Defer_Length": "0"},
        {"Upload_Defer_Length": "true"},
        {"Upload_Defer_Length": ""},
    ],
    ids=repr,
)
def test_length_that_is_none_is_refused(tus: Tus, headers: dict[str, Any]) -> None:
    assert tus.create(-1, **headers).status_code == 400
    assert not Upload.objects.exists()


def test_empty_upload_is_complete_at_once(tus: Tus) -> None:
    # "Such an upload is immediately complete after its creation without transferring
    # data using PATCH requests."
    url = path_of(tus.create(0, Upload_Metadata=encode(filename="empty.txt")))

    assert finished(upload_at(url)) == b""
    assert upload_at(url).is_complete
    assert tus.state(url)["Upload-Offset"] == "0"


def test_upload_that_is_too_large_is_refused(tus: Tus, settings: Any) -> None:
    settings.CHUNKED_UPLOADS_MAX_SIZE = 9

    assert tus.create(10).status_code == 413
    assert tus.create(9).status_code == 201


# --- Upload-Metadata ---


def test_metadata_is_kept_and_told_as_it_was_sent(tus: Tus) -> None:
    said = "filename ZmlsbS5tcDQ=,is_confidential,empty ,title w6k="
    url = path_of(tus.create(Upload_Metadata=said))

    assert tus.state(url)["Upload-Metadata"] == said
    upload = upload_at(url)
    assert upload.filename == "film.mp4"
    assert upload.metadata == {
        "filename": "film.mp4",
        "is_confidential": "",
        "empty": "",
        "title": "é",
    }
    tus.append(url, CONTENT)
    assert tus.state(url)["Upload-Metadata"] == said


def test_way_to_a_file_is_none_where_uppy_has_none(tus: Tus) -> None:
    # It makes text of all that it knows, also of null.
    said = encode(name="film.mp4", relativePath="null")
    url = path_of(tus.create(Upload_Metadata=said))

    assert tus.state(url)["Upload-Metadata"] == said
    assert upload_at(url).metadata == {"name": "film.mp4"}


def test_upload_without_metadata_tells_none(tus: Tus) -> None:
    assert "Upload-Metadata" not in tus.state(path_of(tus.create()))


@pytest.mark.parametrize(
    "said",
    [
        "filename !!!",
        "filename ZmlsbS5tcDQ",
        "filename ZmlsbS5tcDQ= x",
        "filename ZmlsbS5tcDQ=,",
        ",",
        " , a YQ==",
        "a YQ==,a YQ==",
        "é YQ==",
        "a\tb YQ==",
        f"a {'A' * 8000}",
        f"filename {encode(x='..')[2:]}",
    ],
    ids=lambda said: said[:30],
)
def test_malformed_metadata_is_refused(tus: Tus, said: str) -> None:
    assert tus.create(Upload_Metadata=said).status_code == 400
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("values", "filename"),
    [
        ({"filename": "a.txt", "name": "b.txt"}, "a.txt"),
        ({"name": "b.txt"}, "b.txt"),
        ({"filename": "", "name": "b.txt"}, "b.txt"),
        ({"filename": "../../etc/passwd"}, "passwd"),
        ({"filename": "\x00\x07a.txt"}, "\N{REPLACEMENT CHARACTER}a.txt"),
        ({"filename": b"\xff.txt"}, "\N{REPLACEMENT CHARACTER}.txt"),
        ({}, "upload"),
        ({"filetype": "video/mp4"}, "upload.mp4"),
        ({"filetype": "no/such; type"}, "upload"),
    ],
    ids=repr,
)
def test_file_is_named_by_its_metadata(
    tus: Tus, values: dict[str, Any], filename: str
) -> None:
    options: Any = {"Upload_Metadata": encode(**values)} if values else {}

    assert upload_at(path_of(tus.create(**options))).filename == filename


def test_kind_that_the_site_does_not_take_is_refused(tus: Tus, settings: Any) -> None:
    settings.CHUNKED_UPLOADS_ALLOWED_EXTENSIONS = ["mp4"]

    assert tus.create(Upload_Metadata=encode(filename="a.exe")).status_code == 415
    assert tus.create(Upload_Metadata=encode(filename="a.mp4")).status_code == 201


def test_more_uploads_than_the_site_allows_are_refused(tus: Tus, settings: Any) -> None:
    settings.CHUNKED_UPLOADS_MAX_UNFINISHED = 1

    assert tus.create().status_code == 201
    assert tus.create().status_code == 429


# --- creation-with-upload ---


@pytest.mark.parametrize("size", [4, 10])
def test_first_bytes_may_come_with_the_creation(tus: Tus, size: int) -> None:
    response = tus.create(body=CONTENT[:size])

    # "MUST include the Upload-Offset header in the response".
    assert (response.status_code, response["Upload-Offset"]) == (201, str(size))
    url = path_of(response)
    if size < len(CONTENT):
        tus.append(url, CONTENT[size:], size)
    assert finished(upload_at(url)) == CONTENT


def test_bytes_of_another_media_type_create_nothing(tus: Tus) -> None:
    # "The Client MUST include the Content-Type: application/offset+octet-stream
    # header."
    response = tus.create(body=CONTENT, content_type="application/octet-stream")

    assert response.status_code == 415
    assert not Upload.objects.exists()


def test_creation_with_more_bytes_than_its_length_creates_nothing(tus: Tus) -> None:
    assert tus.create(9, body=CONTENT).status_code == 413
    assert not Upload.objects.exists()


def test_creation_whose_bytes_are_cut_keeps_what_arrived(tus: Tus) -> None:
    cut = from_stream(BrokenStream(CONTENT[:7]), len(CONTENT))

    assert tus.create(content_type=TYPE, environ=cut).status_code == 400
    assert Upload.objects.get().offset == 7


def test_creation_whose_bytes_prove_wrong_leaves_nothing(tus: Tus) -> None:
    response = tus.create(body=CONTENT, Upload_Checksum=checksum(b"other"))

    assert response.status_code == 460
    assert not Upload.objects.exists()


def test_creation_that_a_validator_refuses_leaves_nothing(
    tus: Tus, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_VALIDATORS = ["tests.tus.test_creation.refuse"]

    response = tus.create(body=CONTENT)

    assert response.status_code == 422
    assert response.json()[0]["detail"] == "Only silent films."
    assert not Upload.objects.exists()


def test_empty_file_that_a_validator_refuses_leaves_nothing(
    tus: Tus, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_VALIDATORS = ["tests.tus.test_creation.refuse"]

    assert tus.create(0).status_code == 422
    assert not Upload.objects.exists()


def test_creation_before_a_store_that_is_away_leaves_nothing(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any, **options: Any) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("chunked_uploads.core.receiving.Intake", fail)

    assert tus.create(body=CONTENT).status_code == 503
    assert not Upload.objects.exists()


def test_refusal_after_the_last_byte_looks_like_no_success(
    tus: Tus, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_VALIDATORS = ["tests.tus.test_creation.refuse"]
    url = path_of(tus.create())
    tus.append(url, CONTENT[:4])

    response = tus.append(url, CONTENT[4:], 4)

    assert response.status_code == 422
    assert "Upload-Offset" not in response
    assert tus.state(url).status_code == 404


# --- creation-defer-length ---


def test_length_may_come_with_the_last_bytes(tus: Tus) -> None:
    url = path_of(tus.create(None))
    # "As long as the length of the upload is not known, the Server MUST set
    # Upload-Defer-Length: 1 in all responses to HEAD requests."
    for start in (0, 4):
        state = tus.state(url)
        assert state["Upload-Defer-Length"] == "1"
        assert "Upload-Length" not in state
        tus.append(url, CONTENT[start : start + 4], start)

    response = tus.append(url, CONTENT[8:], 8, Upload_Length="10")

    assert response.status_code == 204
    assert finished(upload_at(url)) == CONTENT
    state = tus.state(url)
    assert state["Upload-Length"] == "10"
    assert "Upload-Defer-Length" not in state


def test_length_may_come_with_no_bytes_at_the_end(tus: Tus) -> None:
    url = path_of(tus.create(None, body=CONTENT))

    assert not upload_at(url).is_complete
    assert tus.append(url, b"", 10, Upload_Length="10").status_code == 204
    assert finished(upload_at(url)) == CONTENT


def test_length_may_come_before_the_last_bytes(tus: Tus) -> None:
    url = path_of(tus.create(None))
    tus.append(url, CONTENT[:4], Upload_Length="10")

    assert tus.state(url)["Upload-Length"] == "10"
    # "Once set the length MUST NOT be changed." A repeat changes nothing.
    assert tus.append(url, CONTENT[4:], 4, Upload_Length="11").status_code == 400
    assert tus.append(url, CONTENT[4:], 4, Upload_Length="10").status_code == 204
    assert finished(upload_at(url)) == CONTENT


@pytest.mark.parametrize("length", ["3", "-4", "x", ""])
def test_length_below_what_is_held_is_refused(tus: Tus, length: str) -> None:
    url = path_of(tus.create(None, body=CONTENT[:4]))

    response = tus.append(url, b"", 4, Upload_Length=length)

    assert response.status_code == 400
    assert tus.state(url)["Upload-Defer-Length"] == "1"


def test_length_below_what_comes_with_it_is_not_set(tus: Tus) -> None:
    url = path_of(tus.create(None))

    assert tus.append(url, CONTENT, Upload_Length="5").status_code == 413
    assert tus.append(url, CONTENT, Upload_Length="10").status_code == 204
    assert finished(upload_at(url)) == CONTENT


def test_length_at_another_offset_is_not_set(tus: Tus) -> None:
    url = path_of(tus.create(None, body=CONTENT[:4]))

    assert tus.append(url, b"", 0, Upload_Length="4").status_code == 409
    assert tus.state(url)["Upload-Defer-Length"] == "1"


def test_length_is_not_set_by_bytes_that_prove_wrong(tus: Tus) -> None:
    url = path_of(tus.create(None, body=CONTENT[:4]))
    wrong = {"Upload_Checksum": checksum(b"others"), "Upload_Length": "10"}

    assert tus.append(url, CONTENT[4:], 4, **wrong).status_code == 460
    assert tus.state(url)["Upload-Defer-Length"] == "1"
    right = {"Upload_Checksum": checksum(CONTENT[4:]), "Upload_Length": "10"}
    assert tus.append(url, CONTENT[4:], 4, **right).status_code == 204
    assert finished(upload_at(url)) == CONTENT


def test_unknown_length_has_the_sites_limit(tus: Tus, settings: Any) -> None:
    settings.CHUNKED_UPLOADS_MAX_SIZE = 9
    url = path_of(tus.create(None))

    assert tus.append(url, CONTENT).status_code == 413
    assert tus.append(url, CONTENT[:9]).status_code == 204
    assert tus.append(url, b"", 9, Upload_Length="10").status_code == 413
    assert tus.append(url, b"", 9, Upload_Length="9").status_code == 204


# --- crash between the last byte and the end ---


def test_head_heals_what_died_after_the_last_byte(
    tus: Tus, nobody: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = path_of(tus.create())

    def die(upload: Upload) -> None:
        raise errors.Unavailable("Just now.", upload)

    monkeypatch.setattr(
        "chunked_uploads.core.finishing._complete", lambda *_: die(_[0])
    )
    response = tus.append(url, CONTENT)
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    # Clients would go by it, whatever the status is.
    assert "Upload-Offset" not in response
    # And after any other status they would begin anew.
    state = nobody.state(url)
    assert (state.status_code, state["Retry-After"]) == (423, "5")
    assert "Upload-Offset" not in state
    monkeypatch.undo()

    assert nobody.state(url)["Upload-Offset"] == "10"
    assert finished(upload_at(url)) == CONTENT


def test_head_does_not_wait_for_who_finishes_the_upload(tus: Tus) -> None:
    url = path_of(tus.create())
    upload = upload_at(url)
    receive(upload, 0, 10, Bytes(CONTENT))

    with chunk_store().exclusive(upload):
        response = tus.state(url)

    assert (response.status_code, response["Retry-After"]) == (423, "1")
    assert "Upload-Offset" not in response
    assert tus.state(url)["Upload-Offset"] == "10"
    assert finished(upload) == CONTENT


def test_head_tells_where_to_go_on_after_bytes_of_a_whole_upload_were_lost(
    tus: Tus, media_root: Path
) -> None:
    url = path_of(tus.create())
    receive(upload_at(url), 0, 10, Bytes(CONTENT))
    part_of(upload_at(url), media_root).write_bytes(CONTENT[:6])

    response = tus.state(url)

    assert (response.status_code, response["Upload-Offset"]) == (200, "6")
    assert tus.append(url, CONTENT[6:], 6).status_code == 204
    assert finished(upload_at(url)) == CONTENT


# --- login ---


def test_login_is_good_with_the_pages_token(user: Any) -> None:
    client = Tus(enforce_csrf_checks=True)
    client.force_login(user)
    client.cookies["csrftoken"] = "a" * 32

    assert client.create().status_code == 403
    response = client.create(X_CSRFToken="a" * 32)
    assert response.status_code == 201
    assert client.append(path_of(response), CONTENT).status_code == 204
    assert client.state(bare(path_of(response))).status_code == 200
