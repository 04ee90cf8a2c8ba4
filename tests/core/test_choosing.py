"""Which upload a chunk without a URL of its own is for; nobody gets another's bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from chunked_uploads.core import choosing, intake
from chunked_uploads.core.removing import cancel
from chunked_uploads.http.bodies import RawBody
from chunked_uploads.models import Upload
from chunked_uploads.signals import upload_started
from chunked_uploads.stores import chunk_store, local
from chunked_uploads.stores.local import LocalStore
from tests.sending import (
    CONTENT,
    TAKES_PIECES,
    UPLOAD,
    Stream,
    Uploader,
    assert_error,
    assert_finishes,
    spans,
    state_in,
    upload_of,
)

OTHER = b"abcdefghij"
TWIN = b"0123ABCDEF"  # begins as CONTENT


def uuid_in(response: Any) -> str:
    return state_in(response)["upload_uuid"]


def candidates_in(response: Any) -> set[str]:
    assert_error(response, 409, "ambiguous")
    return {each["upload_uuid"] for each in state_in(response)["candidates"]}


# The first chunk


@pytest.mark.parametrize("start", [None, 0])
def test_first_chunk_of_another_begins_an_upload_of_its_own_meanwhile(
    uploader: Uploader, start: int | None
) -> None:
    answers: list[Any] = []

    def come_between() -> None:
        if not answers:
            answers.append(uploader.send(OTHER, start))

    first = uploader.send_cut(Stream(CONTENT, come_between), 0, 10)

    assert_finishes(uploader, answers[0], OTHER)
    assert_finishes(uploader, first, CONTENT)


@pytest.mark.django_db(transaction=True)
def test_new_upload_that_another_request_took_first_is_left_to_it(
    uploader: Uploader,
) -> None:
    answers: list[Any] = []

    def come_between(upload: Upload, **kwargs: Any) -> None:
        if Upload.objects.count() == 1 and not answers:
            answers.append(uploader.send(OTHER, 0))

    upload_started.connect(come_between)
    first = uploader.send(CONTENT, 0)
    upload_started.disconnect(come_between)

    assert_finishes(uploader, answers[0], OTHER)
    assert_finishes(uploader, first, CONTENT)
    assert Upload.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_begin_gives_up_where_others_are_always_faster(
    uploader: Uploader,
) -> None:
    def take(upload: Upload, **kwargs: Any) -> None:
        Upload.objects.update(received=1)

    upload_started.connect(take)
    response = uploader.send(CONTENT, 0)
    upload_started.disconnect(take)

    assert_error(response, 409, "range_busy")
    assert "url" not in state_in(response)
    assert Upload.objects.count() == choosing.ROUNDS


def test_first_chunk_joins_an_upload_that_holds_nothing(
    uploader: Uploader, user: User
) -> None:
    empty = Upload.objects.create(user=user, filename="film.mp4", filesize=10)

    response = uploader.send(CONTENT, 0)

    assert uuid_in(response) == str(empty.uuid)
    assert_finishes(uploader, response, CONTENT)


def test_first_chunk_joins_no_upload_that_somebody_writes_to(
    uploader: Uploader, user: User
) -> None:
    empty = Upload.objects.create(user=user, filename="film.mp4", filesize=10)

    with chunk_store().writer(empty, 8, 2):
        response = uploader.send(CONTENT, 0)

    assert uuid_in(response) != str(empty.uuid)
    assert_finishes(uploader, response, CONTENT)


@pytest.mark.parametrize("held", [(0, 4), (6, 8)])
def test_first_chunk_joins_no_upload_that_holds_anything(
    uploader: Uploader, user: User, held: tuple[int, int]
) -> None:
    begun = Upload.objects.create(user=user, filename="film.mp4", filesize=10)
    start, stop = held
    uploader.send(CONTENT[start:stop], start, url=f"{UPLOAD}{begun.uuid}/")

    response = uploader.send(CONTENT, 0)

    assert uuid_in(response) != str(begun.uuid)
    assert spans(begun) == [held]


def test_first_chunk_joins_no_empty_file(uploader: Uploader) -> None:
    first, second = uploader.send(b"", total=0), uploader.send(b"", total=0)

    assert uuid_in(first) != uuid_in(second)
    assert_finishes(uploader, first, b"")
    assert_finishes(uploader, second, b"")


def test_first_chunk_whose_digest_was_wrong_joins_its_upload(
    uploader: Uploader,
) -> None:
    wrong = {"Content-Digest": f"sha-256=:{'A' * 43}=:"}
    assert_error(uploader.send(CONTENT, 0, headers=wrong), 400, "digest_mismatch")

    assert_finishes(uploader, uploader.send(CONTENT, 0), CONTENT)
    assert Upload.objects.count() == 1


def test_first_chunk_joins_no_upload_of_another_fingerprint(
    uploader: Uploader, user: User
) -> None:
    Upload.objects.create(
        user=user, filename="film.mp4", filesize=10, fingerprint="of another"
    )

    for query in ("", "?fingerprint=mine"):
        uploader.send(CONTENT[:4], 0, url=UPLOAD + query)

    assert Upload.objects.count() == 3


def test_session_remembers_the_upload_that_it_joined(
    browser_session: Uploader, user: User
) -> None:
    empty = Upload.objects.create(user=user, filename="film.mp4", filesize=10)

    browser_session.send(CONTENT[:4], 0)

    (state,) = browser_session.get(UPLOAD).json()
    assert state["upload_uuid"] == str(empty.uuid)


def cancelling(content: bytes) -> Stream:
    """Return a body during which all uploads are cancelled."""

    def cancel_all() -> None:
        for upload in Upload.objects.all():
            cancel(upload)

    return Stream(content, cancel_all)


@pytest.mark.django_db(transaction=True)
def test_first_chunk_of_an_upload_that_is_cancelled_begins_no_other(
    uploader: Uploader, media_root: Path
) -> None:
    response = uploader.send_cut(cancelling(CONTENT), 0, 10)

    assert_error(response, 404, "not_found")
    assert not Upload.objects.exists()
    assert list(media_root.rglob("*.part")) == []


@pytest.mark.django_db(transaction=True)
def test_chunk_of_equal_uploads_that_are_cancelled_goes_to_no_other(
    uploader: Uploader,
) -> None:
    for _ in range(2):
        uploader.send(CONTENT[:4], 0)

    response = uploader.send_cut(cancelling(CONTENT[4:]), 4, 6)

    assert_error(response, 404, "not_found")
    assert not Upload.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_equal_upload_that_was_cancelled_meanwhile_is_passed_over(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        uploader.send(CONTENT[:4], 0)
    agree = LocalStore.agree

    def agree_and_cancel(*args: Any) -> bool:
        answer = agree(*args)
        cancel(Upload.objects.latest("pk"))
        return answer

    monkeypatch.setattr(LocalStore, "agree", agree_and_cancel)

    assert_finishes(uploader, uploader.send(CONTENT[4:], 4), CONTENT)


# The others


@TAKES_PIECES
def test_chunk_that_fits_two_that_differ_goes_to_neither(
    uploader: Uploader, send: str
) -> None:
    begun = [uploader.send(content[:4], 0) for content in (CONTENT, OTHER)]

    response = getattr(uploader, send)(CONTENT[4:8], 4)

    assert candidates_in(response) == {uuid_in(each) for each in begun}
    for state in state_in(response)["candidates"]:
        assert (state["size"], state["gap"]) == (4, None)
    for before, content in zip(begun, (CONTENT, OTHER), strict=True):
        url = state_in(before)["url"]
        assert_finishes(uploader, uploader.send(content[4:], 4, url=url), content)


def test_chunk_that_fits_two_that_differ_in_one_session_goes_to_neither(
    browser_session: Uploader,
) -> None:
    begun = [browser_session.send(content[:4], 0) for content in (CONTENT, OTHER)]

    response = browser_session.send(CONTENT[4:8], 4)

    assert candidates_in(response) == {uuid_in(each) for each in begun}


def test_first_chunk_whose_answer_was_lost_may_be_repeated(uploader: Uploader) -> None:
    uploader.send(CONTENT[:4], 0)
    uploader.send(CONTENT[:4], 0)

    uploader.send(CONTENT[4:8], 4)

    assert_finishes(uploader, uploader.send(CONTENT[8:], 8), CONTENT)


def test_answers_may_be_lost_one_after_the_other(uploader: Uploader) -> None:
    for start in (0, 4, 8):
        for _ in range(3):
            response = uploader.send(CONTENT[start : start + 4], start)
            assert response.status_code == 200

    assert_finishes(uploader, response, CONTENT)


def test_second_of_two_that_are_equal_so_far_is_found_while_one_is_written(
    uploader: Uploader,
) -> None:
    for content in (CONTENT, TWIN):
        uploader.send(content[:4], 0)
    answers: list[Any] = []

    def come_between() -> None:
        if not answers:
            answers.append(uploader.send(TWIN[4:], 4))

    first = uploader.send_cut(Stream(CONTENT[4:], come_between), 4, 6)

    assert_finishes(uploader, answers[0], TWIN)
    assert_finishes(uploader, first, CONTENT)


def test_nobody_is_led_to_uploads_that_others_go_on_with(uploader: Uploader) -> None:
    for _ in range(2):
        uploader.send(CONTENT[:4], 0)
    first, second = Upload.objects.all()

    with chunk_store().writer(first, 4, 6), chunk_store().writer(second, 4, 6):
        response = uploader.send(CONTENT[4:], 4)

    assert_error(response, 409, "range_busy")
    assert "url" not in state_in(response)


@TAKES_PIECES
def test_chunk_is_for_the_one_behind_where_the_one_ahead_holds_other_bytes(
    uploader: Uploader, send: str
) -> None:
    ahead = uploader.send(CONTENT[:8], 0)
    behind = uploader.send(OTHER[:4], 0)

    response = getattr(uploader, send)(OTHER[4:], 4)

    assert uuid_in(response) == uuid_in(behind)
    assert_finishes(uploader, response, OTHER)
    assert spans(upload_of(ahead)) == [(0, 8)]


def test_chunk_that_fits_one_behind_and_one_ahead_goes_to_neither(
    uploader: Uploader,
) -> None:
    ahead = uploader.send(CONTENT[:8], 0)
    behind = uploader.send(OTHER[:4], 0)

    response = uploader.send(CONTENT[4:8], 4)

    assert candidates_in(response) == {uuid_in(ahead), uuid_in(behind)}
    assert spans(upload_of(behind)) == [(0, 4)]


@pytest.mark.parametrize("content", [CONTENT, OTHER])
def test_repeated_chunk_finds_the_upload_that_holds_its_bytes(
    uploader: Uploader, content: bytes
) -> None:
    begun = {each: uploader.send(each[:8], 0) for each in (CONTENT, OTHER)}

    response = uploader.send(content[4:8], 4)

    assert response.json() == begun[content].json()


@pytest.mark.django_db(transaction=True)
def test_repeated_chunk_is_not_confirmed_by_bytes_that_may_still_prove_wrong(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "BLOCK", 2)
    monkeypatch.setattr(intake, "CHECKPOINT_SECONDS", 0)
    monkeypatch.setattr(local, "PATIENCE", 0)
    uploader.send(OTHER[:8], 0)
    answers: list[Any] = []

    def come_between() -> None:
        if Upload.objects.latest("pk").offset == 8:
            answers.append(uploader.send(CONTENT[4:8], 4))

    stream = Stream(CONTENT, come_between)
    wrong = {"Content-Digest": f"sha-256=:{'A' * 43}=:"}
    assert_error(
        uploader.send_cut(stream, 0, 10, headers=wrong), 400, "digest_mismatch"
    )

    assert answers[0].status_code == 409


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("held", [6, 8])
def test_twin_that_is_cancelled_while_uploads_are_compared_is_passed_over(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    own, twin = (uploader.send(each[:8], 0) for each in (CONTENT, OTHER))
    gone, compare = upload_of(twin), LocalStore.compare

    def cancel_and_compare(store: LocalStore, upload: Upload, *which: int) -> Any:
        if upload == gone and Upload.objects.filter(pk=gone.pk):
            cancel(gone)
        return compare(store, upload, *which)

    monkeypatch.setattr(LocalStore, "compare", cancel_and_compare)
    response = uploader.send(CONTENT[4:held], 4)

    assert (response.status_code, uuid_in(response)) == (200, uuid_in(own))


def test_repeated_chunk_is_for_nobody_where_the_store_cannot_compare(
    uploader: Uploader, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_CHUNK_STORE = "tests.stores.ways.DigestStore"
    begun = [uploader.send(each[:8], 0) for each in (CONTENT, OTHER)]

    response = uploader.send(CONTENT[4:8], 4)

    assert candidates_in(response) == {uuid_in(each) for each in begun}


def test_repeated_chunk_that_nobody_holds_is_for_nobody(uploader: Uploader) -> None:
    begun = [uploader.send(each[:8], 0) for each in (CONTENT, OTHER)]

    response = uploader.send(b"none", 4)

    assert candidates_in(response) == {uuid_in(each) for each in begun}


def test_repeated_chunk_that_two_hold_who_differ_is_for_nobody(
    uploader: Uploader,
) -> None:
    begun = [uploader.send(each + b"same", 0) for each in (b"0123", b"abcd")]

    response = uploader.send(b"same", 4)

    assert candidates_in(response) == {uuid_in(each) for each in begun}


def test_repeated_chunk_that_arrived_changed_is_no_repetition(
    uploader: Uploader,
) -> None:
    for content in (CONTENT, OTHER):
        uploader.send(content[:8], 0)
    wrong = {"Content-Digest": f"sha-256=:{'A' * 43}=:"}

    assert_error(uploader.send(CONTENT[4:8], 4, headers=wrong), 400, "digest_mismatch")


@pytest.mark.parametrize(("most", "begun"), [(3, 2), (4, 3), (7, 3)])
def test_uploads_too_long_to_compare_are_not_taken_for_equal(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch, most: int, begun: int
) -> None:
    monkeypatch.setattr(choosing, "MOST_COMPARED", most)
    uuids = {uuid_in(uploader.send(CONTENT[:4], 0)) for _ in range(begun)}

    response = uploader.send(CONTENT[4:], 4)

    assert candidates_in(response) == uuids


@pytest.mark.parametrize("held", [4, 6, 8])
def test_uploads_too_many_to_compare_are_not_looked_into(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    monkeypatch.setattr(choosing, "MOST_FITTING", 2)
    uuids = {uuid_in(uploader.send(CONTENT[:held], 0)) for _ in range(3)}
    for name in ("compare", "agree"):
        monkeypatch.delattr(LocalStore, name)

    response = uploader.send(CONTENT[4:8], 4)

    assert candidates_in(response) == uuids


def test_gaps_of_many_candidates_cost_one_question(
    uploader: Uploader, django_assert_max_num_queries: Any
) -> None:
    for content in (CONTENT, OTHER, TWIN, CONTENT[::-1]):
        url = state_in(uploader.send(content[:4], 0))["url"]
        uploader.send(content[6:8], 6, url=url)

    with django_assert_max_num_queries(3):  # of which one is for the key
        response = uploader.send(b"45", 4)

    assert len(candidates_in(response)) == 4
    assert {each["gap"] for each in state_in(response)["candidates"]} == {2}


def test_only_upload_of_the_session_takes_ranges_in_any_order(
    browser_session: Uploader,
) -> None:
    browser_session.send(CONTENT[:2], 0)
    browser_session.send(CONTENT[6:], 6)

    response = browser_session.send(CONTENT[2:6], 2)

    assert_finishes(browser_session, response, CONTENT)


def test_blocks_of_a_peek_are_part_of_the_chunk(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choosing, "BLOCK", 2)
    monkeypatch.setattr(intake, "BLOCK", 1)
    uploader.send(CONTENT[:8], 0)
    uploader.send(OTHER[:4], 0)

    assert_finishes(uploader, uploader.send(OTHER[4:], 4), OTHER)


def test_peek_is_long_enough_though_the_bytes_come_one_by_one(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = RawBody.read
    monkeypatch.setattr(RawBody, "read", lambda body, size: read(body, min(size, 1)))
    uploader.send(TWIN[:8], 0)
    own = uploader.send(OTHER[:2], 0)

    response = uploader.send(b"2defghij", 2)

    assert uuid_in(response) == uuid_in(own)
    assert_finishes(uploader, response, b"ab2defghij")
