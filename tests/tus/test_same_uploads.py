"""One and the same upload, by tus and by the classic protocol."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from chunked_uploads.core.limits import Limits, sign_limits
from chunked_uploads.models import Upload
from tests.sending import (
    CONTENT,
    UPLOAD,
    Uploader,
    finished,
    names_in,
    state_in,
    upload_of,
)
from tests.test_signals import Log, log
from tests.tus.talking import CREATE, Tus, encode, path_of, upload_at

__all__ = ["log"]  # a fixture
FILM: dict[str, Any] = {"Upload_Metadata": encode(filename="film.mp4", note="x")}


def test_upload_begun_by_tus_is_listed_and_finished_by_the_classic_protocol(
    tus: Tus, uploader: Uploader
) -> None:
    tus.append(path_of(tus.create(**FILM)), CONTENT[:4])

    for question in ("?all=1", "?filename=film.mp4&filesize=10", "?for_form=0", ""):
        response = uploader.get(f"{UPLOAD}{question}")
        assert names_in(response) == ["film.mp4"]
        assert state_in(response)["size"] == 4
    by_url = uploader.send(CONTENT[4:7], 4, url=state_in(response)["url"])
    by_name = uploader.send(CONTENT[7:], 7)

    assert upload_of(by_url) == upload_of(by_name)
    assert uploader.done(state_in(by_name)).status_code == 200
    assert finished(upload_of(by_name)) == CONTENT


def test_upload_begun_by_tus_is_cancelled_by_the_classic_protocol(
    tus: Tus, uploader: Uploader
) -> None:
    url = path_of(tus.create(**FILM))
    state = state_in(uploader.get(f"{UPLOAD}?all=1"))

    assert uploader.delete(state["delete_url"]).status_code == 200
    assert tus.state(url).status_code == 404


def test_upload_of_unknown_length_is_finished_by_the_classic_protocol(
    tus: Tus, uploader: Uploader
) -> None:
    tus.create(None, body=CONTENT[:4], **FILM)
    state = state_in(uploader.get(f"{UPLOAD}?all=1"))
    assert (state["size"], state["total_size"]) == (4, None)

    sent = uploader.send(CONTENT[4:], 4, url=state["url"])

    assert uploader.done(state_in(sent)).status_code == 200
    assert finished(upload_of(sent)) == CONTENT


@pytest.mark.parametrize("held", [[(0, 4)], [(0, 2), (5, 7)], [(0, 1), (2, 10)]])
def test_upload_begun_by_the_classic_protocol_is_finished_by_tus(
    tus: Tus, nobody: Tus, uploader: Uploader, held: list[tuple[int, int]]
) -> None:
    url = UPLOAD
    for start, stop in held:
        url = state_in(uploader.send(CONTENT[start:stop], start, url=url))["url"]
    upload, token = Upload.objects.get(), url.partition("?")[2]
    location = f"{CREATE}{upload.uuid}?{token}"
    assert nobody.state(location)["Upload-Offset"] == str(held[0][1])

    while (offset := int(nobody.state(location)["Upload-Offset"])) < len(CONTENT):
        response = nobody.append(location, CONTENT[offset:], offset)
        # Up to what is held, and from there on behind it.
        assert response.status_code == 204
        assert response["Upload-Offset"] == nobody.state(location)["Upload-Offset"]

    assert finished(upload) == CONTENT


@pytest.mark.django_db(transaction=True)
def test_file_that_came_by_tus_is_the_same_as_any(tus: Tus, log: Log) -> None:
    url = path_of(tus.create(**FILM))
    tus.append(url, CONTENT[:4])
    tus.append(url, CONTENT[4:], 4)
    tus.ask("DELETE", url)

    assert log.names == [
        "upload_started",
        "chunk_received",
        "chunk_received",
        "upload_completed",
        "upload_cancelled",
    ]


def test_first_classic_chunk_does_not_join_an_upload_that_tus_began(
    tus: Tus, uploader: Uploader
) -> None:
    url = path_of(tus.create(**FILM))

    other = uploader.send(b"9876543210")

    assert upload_of(other) != upload_at(url)
    assert tus.append(url, CONTENT).status_code == 204
    assert finished(upload_at(url)) == CONTENT


def test_upload_for_a_form_is_begun_by_its_query(tus: Tus, uploader: Uploader) -> None:
    response = tus.ask("POST", f"{CREATE}?for_form=1", Upload_Length="10", **FILM)

    assert upload_at(path_of(response)).for_form
    assert names_in(uploader.get(f"{UPLOAD}?for_form=0")) == []
    assert names_in(uploader.get(f"{UPLOAD}?for_form=1")) == ["film.mp4"]


def test_limits_of_a_page_hold_for_tus_too(tus: Tus) -> None:
    limits = sign_limits(Limits(("image/*",), 9))

    def create(limits: str, length: int = 9, name: str = "a.png") -> int:
        url = f"{CREATE}?limits={limits}"
        said: dict[str, Any] = {"Upload_Metadata": encode(filename=name)}
        return tus.ask("POST", url, Upload_Length=str(length), **said).status_code

    assert create(limits) == 201
    assert create(limits, length=10) == 413
    assert create(limits, name="a.exe") == 415
    assert create("forged") == 403
    deferred: Any = {
        "Upload_Defer_Length": "1",
        "Upload_Metadata": encode(filename="a.png"),
    }
    url = f"{CREATE}?limits={limits}"
    assert tus.ask("POST", url, CONTENT, **deferred).status_code == 413


def test_head_of_a_classic_upload_tells_its_name(tus: Tus, uploader: Uploader) -> None:
    sent = uploader.send(CONTENT[:4], 0, url=f'{UPLOAD}?metadata={{"a b":"c","d":"é"}}')
    url = f"{CREATE}{upload_of(sent).uuid}"

    state = tus.state(url)

    assert state["Upload-Metadata"] == encode(filename="film.mp4", d="é")
    assert state["Upload-Offset"] == "4"


def test_session_lists_what_it_began_by_tus(user: User) -> None:
    client, other = Tus(), Tus()
    client.force_login(user)
    other.force_login(user)
    client.create(**FILM)

    assert names_in(client.get(UPLOAD)) == ["film.mp4"]
    assert names_in(other.get(UPLOAD)) == []
    assert names_in(other.get(f"{UPLOAD}?all=1")) == ["film.mp4"]


def test_anybody_uploads_where_the_site_lets_anybody(
    nobody: Tus, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_AUTHENTICATION = (
        "chunked_uploads.authentication.Authentication"
    )
    url = path_of(nobody.create(**FILM))

    assert Tus().append(url, CONTENT).status_code == 204  # by its token
    assert finished(upload_at(url)) == CONTENT
    assert Upload.objects.get().user is None
    assert Tus().state(url.partition("?")[0]).status_code == 404
