"""The core protocol, sentence by sentence.

What stands in quotes is the specification's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from chunked_uploads.models import Chunk, Upload
from tests.sending import CONTENT, UNKNOWN, BrokenStream, finished, from_stream
from tests.tus.talking import CREATE, TUS, TYPE, Tus, bare, encode, path_of, upload_at

# --- Tus-Resumable, Tus-Version ---


def test_every_answer_has_the_version_and_is_not_stored(tus: Tus) -> None:
    url = path_of(tus.create())
    answers = [
        tus.create(),
        tus.create(tus={}),
        tus.state(url),
        tus.append(url, CONTENT),
        tus.append(url, CONTENT),
        tus.ask("DELETE", url),
        tus.ask("PUT", url),
        tus.state(f"{CREATE}{UNKNOWN}"),
        tus.ask("OPTIONS", CREATE),
    ]

    assert [each.status_code for each in answers] == [
        *(201, 412, 200, 204, 409, 204, 405, 404, 204)
    ]
    assert {each["Tus-Resumable"] for each in answers} == {"1.0.0"}
    assert {each["Cache-Control"] for each in answers} == {"no-store"}


@pytest.mark.parametrize("version", [None, "0.2.2", "1.0", "2.0.0", ""])
@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH", "DELETE"])
def test_other_version_is_refused_unprocessed(
    tus: Tus, method: str, version: str | None
) -> None:
    # "it MUST respond with the 412 Precondition Failed status and MUST include the
    # Tus-Version header into the response. In addition, the Server MUST NOT process
    # the request."
    url = CREATE if method == "POST" else path_of(tus.create())
    before = Upload.objects.count()
    said = {} if version is None else {"Tus-Resumable": version}
    headers: dict[str, Any] = {"Upload_Length": "10", "Upload_Offset": "0"}

    response = tus.ask(method, url, CONTENT, tus=said, **headers)

    assert response.status_code == 412
    assert response["Tus-Version"] == "1.0.0"
    assert Upload.objects.count() == before
    assert not Chunk.objects.exists()


# --- OPTIONS ---


def test_options_tells_what_the_server_can(nobody: Tus) -> None:
    # "The Client SHOULD NOT include the Tus-Resumable header in the request and the
    # Server MUST ignore the header."
    response = nobody.ask("OPTIONS", CREATE, tus={"Tus-Resumable": "0.1"})

    assert response.status_code == 204
    assert response.content == b""
    assert response["Tus-Version"] == "1.0.0"
    assert response["Tus-Extension"].split(",") == [
        "creation",
        "creation-with-upload",
        "creation-defer-length",
        "expiration",
        "checksum",
        "termination",
        "concatenation",
    ]
    assert response["Tus-Checksum-Algorithm"] == "sha1,md5,sha256"
    assert "Tus-Max-Size" not in response


def test_options_tells_the_largest_size(nobody: Tus, settings: Any) -> None:
    settings.CHUNKED_UPLOADS_MAX_SIZE = 100

    assert nobody.ask("OPTIONS", CREATE)["Tus-Max-Size"] == "100"
    assert nobody.ask("OPTIONS", f"{CREATE}{UNKNOWN}").status_code == 204


# --- HEAD ---


def test_head_tells_offset_and_length_from_the_first_to_the_last_byte(
    tus: Tus,
) -> None:
    # "The Server MUST always include the Upload-Offset header in the response for a
    # HEAD request, even if the offset is 0, or the upload is already considered
    # completed."
    url = path_of(tus.create())
    told = []
    for start in (0, 4, 10):
        response = tus.state(url)
        assert response.status_code == 200
        assert response.content == b""
        assert response["Upload-Length"] == "10"
        assert "Upload-Defer-Length" not in response
        told.append(response["Upload-Offset"])
        tus.append(url, CONTENT[start : start + 6] if start else CONTENT[:4], start)

    assert told == ["0", "4", "10"]


@pytest.mark.parametrize("name", [UNKNOWN, "24e533e02ec3bc40c387f1a0e460e216", "é"])
@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE", "GET"])
def test_unknown_upload_is_not_found(tus: Tus, method: str, name: str) -> None:
    # "without the Upload-Offset header".
    response = tus.ask(
        method, f"{CREATE}{name}", b"x", content_type=TYPE, Upload_Offset="0"
    )

    assert response.status_code == 404
    assert "Upload-Offset" not in response
    assert response["Tus-Resumable"] == "1.0.0"


# --- PATCH ---


def test_bytes_appended_are_the_file(tus: Tus) -> None:
    url = path_of(tus.create(Upload_Metadata=encode(filename="film.mp4")))

    first = tus.append(url, CONTENT[:4])
    second = tus.append(url, CONTENT[4:], 4)

    assert (first.status_code, first["Upload-Offset"]) == (204, "4")
    assert (second.status_code, second["Upload-Offset"]) == (204, "10")
    assert first.content == b""
    upload = upload_at(url)
    assert upload.is_complete
    assert finished(upload) == CONTENT
    assert upload.filename == "film.mp4"


def test_empty_patch_at_the_offset_changes_nothing(tus: Tus) -> None:
    url = path_of(tus.create())
    tus.append(url, CONTENT[:4])

    response = tus.append(url, b"", 4)

    assert (response.status_code, response["Upload-Offset"]) == (204, "4")


@pytest.mark.parametrize("start", [0, 3, 5, 10, 11, 10**17])
def test_other_offset_is_a_conflict_and_changes_nothing(tus: Tus, start: int) -> None:
    # "If the offsets do not match, the Server MUST respond with the 409 Conflict
    # status without modifying the upload resource."
    url = path_of(tus.create())
    tus.append(url, CONTENT[:4])

    response = tus.append(url, b"abcd", start)

    assert response.status_code == 409
    assert response["Upload-Offset"] == "4"
    assert response.json()[0]["error"] == "offset_conflict"
    assert tus.state(url)["Upload-Offset"] == "4"
    assert tus.append(url, CONTENT[4:], 4).status_code == 204
    assert finished(upload_at(url)) == CONTENT


@pytest.mark.parametrize("offset", ["", "-1", "+1", "1.0", "x", "0x1", "1 2", "9" * 19])
def test_offset_that_is_no_number_is_refused(tus: Tus, offset: str) -> None:
    # "The value MUST be a non-negative integer."
    url = path_of(tus.create())

    response = tus.append(url, CONTENT, Upload_Offset=offset)

    assert response.status_code == 400
    assert tus.state(url)["Upload-Offset"] == "0"


@pytest.mark.parametrize(
    "content_type",
    ["", "application/octet-stream", "text/plain", "multipart/form-data; boundary=x"],
)
def test_other_media_type_is_refused(tus: Tus, content_type: str) -> None:
    # "otherwise the server SHOULD return a 415 Unsupported Media Type status".
    url = path_of(tus.create())

    response = tus.ask("PATCH", url, b"", content_type, Upload_Offset="0")

    assert response.status_code == 415
    assert tus.state(url)["Upload-Offset"] == "0"


def test_media_type_may_have_parameters_and_capitals(tus: Tus) -> None:
    url = path_of(tus.create())

    response = tus.append(
        url, CONTENT, content_type="Application/Offset+Octet-Stream; x=y"
    )

    assert response.status_code == 204


def test_more_bytes_than_the_upload_has_are_refused(tus: Tus) -> None:
    url = path_of(tus.create())
    tus.append(url, CONTENT[:4])

    response = tus.append(url, CONTENT[4:] + b"x", 4)

    assert response.status_code == 413
    assert tus.state(url)["Upload-Offset"] == "4"


def test_cut_body_keeps_what_arrived(tus: Tus) -> None:
    # "The Server SHOULD always attempt to store as much of the received data as
    # possible."
    url = path_of(tus.create())

    response = tus.append(
        url, b"", environ=from_stream(BrokenStream(CONTENT[:7]), len(CONTENT))
    )

    assert response.status_code == 400
    assert response["Upload-Offset"] == "7"
    assert tus.state(url)["Upload-Offset"] == "7"
    assert tus.append(url, CONTENT[7:], 7)["Upload-Offset"] == "10"
    assert finished(upload_at(url)) == CONTENT


def test_repeated_last_patch_conflicts_and_head_says_that_all_is_there(
    tus: Tus,
) -> None:
    url = path_of(tus.create())
    tus.append(url, CONTENT)

    assert tus.append(url, CONTENT).status_code == 409
    assert tus.state(url)["Upload-Offset"] == "10"
    assert tus.append(url, b"", 10).status_code == 204
    assert tus.append(url, b"x", 10).status_code == 413


# --- X-HTTP-Method-Override ---


@pytest.mark.parametrize("actual", ["POST", "GET", "PUT"])
def test_override_is_the_method(tus: Tus, actual: str) -> None:
    # "The actual method of the request MUST be ignored."
    url = path_of(tus.create())

    def ask(method: str, body: bytes = b"", **headers: Any) -> Any:
        return tus.ask(actual, url, body, X_HTTP_Method_Override=method, **headers)

    assert ask("PATCH", CONTENT[:4], Upload_Offset="0").status_code == 204
    state = ask("HEAD")
    assert (state.status_code, state["Upload-Offset"]) == (200, "4")
    assert ask("OPTIONS").status_code == 204
    assert ask("DELETE").status_code == 204
    assert not Upload.objects.exists()


def test_override_by_an_unknown_method_is_not_allowed(tus: Tus) -> None:
    response = tus.ask("POST", CREATE, Upload_Length="1", X_HTTP_Method_Override="PUT")

    assert response.status_code == 405
    assert response["Allow"] == "POST, OPTIONS"
    assert not Upload.objects.exists()


def test_override_does_not_evade_the_forgery_check(user: User) -> None:
    client = Tus(enforce_csrf_checks=True)
    client.force_login(user)

    response = client.ask(
        "GET", CREATE, Upload_Length="1", X_HTTP_Method_Override="POST"
    )

    assert response.status_code == 403
    assert not Upload.objects.exists()


# --- GET, which is not tus's ---


def test_get_of_a_complete_upload_leads_to_the_file(
    tus: Tus, nobody: Tus, settings: Any
) -> None:
    settings.MEDIA_URL = "/media/"
    url = path_of(tus.create(Upload_Metadata=encode(filename="film.mp4")))
    assert nobody.get(url).status_code == 404
    tus.append(url, CONTENT)

    response = nobody.get(url)

    assert response.status_code == 303
    assert response["Location"] == upload_at(url).url


def test_get_finds_nothing_where_the_site_does_not_serve_files(
    tus: Tus, settings: Any, tmp_path: Path
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = str(tmp_path / "elsewhere")
    url = path_of(tus.create(0))

    response = tus.get(url)

    assert response.status_code == 404
    assert response.json()[0]["error"] == "not_served"


# --- who may ---


def test_location_is_all_that_a_client_needs(tus: Tus, nobody: Tus) -> None:
    url = path_of(tus.create())

    assert nobody.append(url, CONTENT[:4]).status_code == 204
    assert nobody.state(url)["Upload-Offset"] == "4"
    assert nobody.append(url, CONTENT[4:], 4).status_code == 204
    assert nobody.state(url)["Upload-Offset"] == "10"
    assert finished(upload_at(url)) == CONTENT


def test_without_credentials_or_token_nothing_is_told(tus: Tus, nobody: Tus) -> None:
    url = bare(path_of(tus.create()))

    for response in (
        nobody.create(),
        nobody.state(url),
        nobody.append(url, CONTENT),
        nobody.ask("DELETE", url),
    ):
        assert response.status_code == 401
        assert response["WWW-Authenticate"]
        assert "Upload-Offset" not in response
    assert Upload.objects.get().received == 0


def test_upload_of_another_is_not_found(tus: Tus, stranger: Any) -> None:
    url = bare(path_of(tus.create()))
    headers = {**TUS, "Upload-Offset": "0"}

    for method in ("HEAD", "PATCH", "DELETE", "GET"):
        response = stranger.generic(method, url, CONTENT, TYPE, headers=headers)
        assert response.status_code == 404
    assert Upload.objects.get().received == 0


def test_token_of_a_complete_upload_does_not_end_it(tus: Tus, nobody: Tus) -> None:
    url = path_of(tus.create())
    tus.append(url, CONTENT)

    assert nobody.ask("DELETE", url).status_code == 401
    assert tus.ask("DELETE", url).status_code == 204
    assert not Upload.objects.exists()
