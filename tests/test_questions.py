"""Questions about uploads, and their cancel."""

from __future__ import annotations

import base64
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chunked_uploads.authentication.keys import sign
from chunked_uploads.models import ApiKey, Chunk, Upload
from chunked_uploads.stores import chunk_store
from tests.films.models import Recording
from tests.forms.claiming import FOR_FORM
from tests.sending import (
    CONTENT,
    UPLOAD,
    Stream,
    Uploader,
    assert_error,
    files_in,
    names_in,
    state_in,
    upload_of,
)

# Questions


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


@pytest.mark.parametrize("query", ["", "?token=of-another"])
def test_number_that_no_row_can_have_is_not_found(
    uploader: Uploader, query: str
) -> None:
    for number in (0, 2**63 - 1, 2**63, 10**30):
        answer = uploader.delete(f"/uploads/{number}/delete/{query}")

        assert_error(answer, 404, "not_found")


# Which some databases take for the same.
ALIKE = [("film.mp4", "FILM.MP4"), ("e.mp4", "é.mp4"), ("😀", "😂"), ("a", "A")]


@pytest.mark.parametrize(("name", "other"), ALIKE)
def test_name_that_is_merely_alike_is_another(
    uploader: Uploader, name: str, other: str
) -> None:
    uploader.send(CONTENT[:4], 0, name=name)

    refused = uploader.send(CONTENT[4:], 4, name=other)

    assert_error(refused, 409, "nothing_to_continue")
    query = {"filename": other, "filesize": "10"}
    assert names_in(uploader.get(UPLOAD, query)) == []


@pytest.mark.parametrize(
    ("fingerprint", "found"), [("a", 2), ("b", 1), ("A", 1), ("á", 1), ("", 2)]
)
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
    "query", ["filename=film.mp4&filesize=10", "all=1", "a_session=1"]
)
@pytest.mark.parametrize(
    ("kind", "sizes"), [("", [6, 4]), ("&for_form=1", [6]), ("&for_form=0", [4])]
)
def test_question_is_about_all_uploads_or_those_for_forms_or_the_others(
    browser_session: Uploader, query: str, kind: str, sizes: list[int]
) -> None:
    browser_session.get(UPLOAD)
    browser_session.send(CONTENT[:4], 0)
    browser_session.send(CONTENT[:6], 0, url=FOR_FORM)

    told = browser_session.get(f"{UPLOAD}?{query}{kind}").json()

    assert [state["size"] for state in told] == sizes


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
    assert files_in(media_root) == []
    assert_error(uploader.delete(state[which]), 404, "not_found")
    assert_error(uploader.get(state["url"]), 404, "not_found")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("on_delete", [models.PROTECT, models.CASCADE])
@pytest.mark.parametrize("is_complete", [False, True])
def test_upload_that_the_site_uses_is_not_cancelled_by_its_owner(
    uploader: Uploader,
    monkeypatch: pytest.MonkeyPatch,
    on_delete: Any,
    is_complete: bool,
) -> None:
    key: Any = Recording._meta.get_field("upload")
    monkeypatch.setattr(key.remote_field, "on_delete", on_delete)
    state = state_in(uploader.send(CONTENT))
    if is_complete:
        uploader.done(state)
    Recording.objects.create(upload=Upload.objects.get())

    for url in (f"{UPLOAD}{state['upload_uuid']}/", state["delete_url"]):
        response = uploader.delete(url)
        assert_error(response, 409, "in_use")
        assert state_in(response)["size"] == len(CONTENT)
    assert Recording.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("at", [0, 700_000])
def test_cancel_while_a_chunk_arrives_leaves_nothing(
    uploader: Uploader, media_root: Path, at: int
) -> None:
    content = bytes(1_000_000)
    state = state_in(uploader.send(content[:4], 0, len(content)))
    arrived: list[int] = []

    def cancel_it() -> None:
        arrived.append(1)
        if len(arrived) == (1 if at == 0 else 2):
            assert uploader.delete(state["delete_url"]).status_code == 200

    stream = Stream(content[4:], cancel_it)
    response = uploader.send_cut(
        stream, 4, len(content) - 4, total=len(content), url=state["url"]
    )

    assert_error(response, 404, "not_found")
    assert not Upload.objects.exists()
    assert files_in(media_root) == []


@pytest.mark.parametrize(
    ("on_delete", "status"), [(models.CASCADE, 200), (models.PROTECT, 409)]
)
def test_upload_on_its_way_is_cancelled_with_the_rows_that_follow_it(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch, on_delete: Any, status: int
) -> None:
    key: Any = Recording._meta.get_field("upload")
    monkeypatch.setattr(key.remote_field, "on_delete", on_delete)
    state = state_in(uploader.send(CONTENT[:4], 0))
    Recording.objects.create(upload=Upload.objects.get())

    response = uploader.delete(state["delete_url"])

    assert response.status_code == status
    assert Recording.objects.exists() == (status == 409)


# Who has no session


@pytest.mark.parametrize("way", ["ApiKey", "Query", "Basic"])
def test_caller_without_a_session_is_told_of_all_of_their_own(
    uploader: Uploader, stranger: Uploader, api_key: ApiKey, settings: Any, way: str
) -> None:
    classes = ("ApiKeyAuthentication", "QueryAuthentication", "BasicAuthentication")
    module = "chunked_uploads.authentication"
    settings.CHUNKED_UPLOADS_AUTHENTICATION = [f"{module}.{name}" for name in classes]
    api_key.user.set_password("lovelace")
    api_key.user.save()
    now = str(int(time.time()))
    authorization = {
        "ApiKey": f"ApiKey ada:{api_key.key}",
        "Query": f"Query {api_key.key}:{now}:{sign(api_key.secret, now)}",
        "Basic": f"Basic {base64.b64encode(b'ada:lovelace').decode()}",
    }[way]
    for name in ("first.mp4", "second.mp4"):
        uploader.send(CONTENT[:4], 0, name=name)

    response = Uploader().get(UPLOAD, headers={"Authorization": authorization})

    assert names_in(response) == ["second.mp4", "first.mp4"]


def test_page_of_another_origin_resumes_and_cancels_after_a_reload(
    uploader: Uploader,
) -> None:
    uploader.send(CONTENT[:4], 0)

    state = state_in(uploader.get(UPLOAD))
    response = Uploader().send(CONTENT[4:], state["size"], url=state["url"])

    assert state_in(response)["size"] == 10
    assert Uploader().delete(state["delete_url"]).status_code == 200


# The gap


@pytest.mark.parametrize(("held", "gap"), [([], None), ([(6, 8)], 2), ([(5, 6)], 1)])
def test_gap_is_told_in_every_state(
    uploader: Uploader, held: list[tuple[int, int]], gap: int | None
) -> None:
    url = state_in(uploader.send(CONTENT[:4], 0))["url"]
    for start, stop in held:
        uploader.send(CONTENT[start:stop], start, url=url)

    states = [
        uploader.get(url),
        uploader.get(UPLOAD),
        uploader.get(UPLOAD, {"all": "1"}),
        uploader.get(UPLOAD, {"filename": "film.mp4", "filesize": "10"}),
        uploader.send(CONTENT[:4], 0, url=url),
        uploader.send(CONTENT, 0, url=url),
    ]

    assert [state_in(each)["gap"] for each in states] == [gap] * 6


def test_gaps_of_many_uploads_cost_one_question(uploader: Uploader) -> None:
    counts = []
    for number in range(4):
        url = state_in(uploader.send(CONTENT[:2], 0, name=f"{number}"))["url"]
        uploader.send(CONTENT[number + 3 : number + 4], number + 3, url=url)
        with CaptureQueriesContext(connection) as queries:
            response = uploader.get(UPLOAD, {"all": "1"})
        counts.append(len(queries))

    assert [state["gap"] for state in response.json()] == [4, 3, 2, 1]
    assert len(set(counts)) == 1


# Waiting for writers


def test_question_that_waits_is_answered_when_the_writer_is_gone(
    uploader: Uploader,
) -> None:
    begun = uploader.send(CONTENT[:4], 0)
    url, upload = state_in(begun)["url"], upload_of(begun)
    entered, leave = threading.Event(), threading.Event()

    def write() -> None:
        with chunk_store().writer(upload, 4, 6):
            entered.set()
            leave.wait()
            # Not recorded, as by a writer that died: the part shows that it was there.

    thread = threading.Thread(target=write)
    thread.start()
    entered.wait()
    threading.Timer(0.1, leave.set).start()
    response = uploader.get(f"{url}&wait=5")

    assert leave.is_set()
    assert state_in(response) == state_in(begun)
    thread.join()


@pytest.mark.parametrize("wait", ["0", "1"])
def test_question_waits_no_longer_than_it_says(uploader: Uploader, wait: str) -> None:
    begun = uploader.send(CONTENT[:4], 0)
    url, upload = state_in(begun)["url"], upload_of(begun)

    with chunk_store().writer(upload, 4, 6):
        response = uploader.get(f"{url}&wait={wait}")

    assert state_in(response) == state_in(begun)
