"""What the client does at each answer that is no success."""

from __future__ import annotations

import inspect
import io
import itertools
import math
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from chunked_uploads.client import (
    ApiKey,
    Client,
    ContentConflict,
    FileChanged,
    NotAuthenticated,
    Refused,
    Unavailable,
    Unreachable,
    UploadFailed,
    UploadGone,
    WrongAddress,
    retrying,
    server,
)
from chunked_uploads.models import ApiKey as Key
from chunked_uploads.models import Upload
from tests.client.conftest import CONTENT, SIZE, Clock
from tests.client.faults import Cut, Damage, Faults, Loss, Request, Rule, Told
from tests.sending import finished

pytestmark = pytest.mark.once

BUSY = Told(409, {"error": "range_busy", "detail": "Busy."}, {"Retry-After": "0"})
CURABLE = {
    "500": Told(500, {"error": "server_error", "detail": "A fault."}),
    "502 of a proxy": Told(502, None, {}, b"<h1>Bad gateway</h1>"),
    "503": Told(503, {"error": "unavailable", "detail": "Away."}),
    "507": Told(507, {"error": "store_full", "detail": "Full."}),
    "429": Told(429, {"error": "too_many_uploads", "detail": "Too many."}),
    "408": Told(408),
    "busy": BUSY,
    "out of step": Told(409, {"error": "range_conflict", "detail": "Overlaps."}),
    "ambiguous": Told(409, {"error": "ambiguous", "detail": "Several fit."}),
    "cut": Told(400, {"error": "body_cut", "detail": "Cut."}),
    "captive portal": Told(200, None, {}, b"<h1>Log in</h1>"),
    "401": Told(401, {"error": "not_authenticated", "detail": "Who?"}),
    "403 of a proxy": Told(403, None, {}, b"<h1>No</h1>"),
    "407": Told(407, None, {}, b"<h1>Log in</h1>"),
    "lost": Loss(),
    "cut off": Cut(),
    "damaged": Damage(),
}


def once(outcome: object, is_it: Callable[[Request], bool]) -> Rule:
    """Return the rule by which the first such request meets this."""
    numbers = itertools.count()

    def rule(request: Request) -> object:
        return outcome if is_it(request) and next(numbers) == 0 else None

    return rule  # type: ignore[return-value]


def is_first(request: Request) -> bool:
    return request.is_chunk and request.headers["content-range"].startswith("bytes 0-")


def is_later(request: Request) -> bool:
    return request.is_chunk and not is_first(request)


def is_state(request: Request) -> bool:
    return request.method == "GET" and "wait=" in request.path


@pytest.mark.parametrize("place", [is_first, is_later])
def test_chunk_that_fails_once_is_sent_again(
    client: Client, faults: Faults, film: Path, place: Callable[[Request], bool]
) -> None:
    for name, outcome in CURABLE.items():
        faults.requests.clear()
        faults.rule = once(outcome, place)

        client.upload(film, filename=f"{name}.mp4")

        assert finished(Upload.objects.get(filename=f"{name}.mp4")) == CONTENT
        assert faults.sent <= SIZE + 256 * 1024, name  # a chunk


def test_done_that_fails_once_is_asked_again(
    client: Client, faults: Faults, film: Path
) -> None:
    for name in ("500", "502 of a proxy", "busy", "lost", "401"):
        faults.requests.clear()
        faults.rule = once(CURABLE[name], lambda request: request.is_done)

        client.upload(film, filename=f"{name}.mp4")

        assert finished(Upload.objects.get(filename=f"{name}.mp4")) == CONTENT
        assert faults.sent == SIZE, name


def test_bytes_that_the_server_lost_are_sent_again(
    client: Client, faults: Faults, film: Path
) -> None:
    lost = Told(409, {"error": "incomplete", "detail": "Bytes are missing."})
    faults.rule = once(lost, lambda request: request.is_done)

    client.upload(film)

    assert [each.method for each in faults.requests[-3:]] == ["POST", "GET", "POST"]


def test_lost_answer_is_not_sent_again(
    client: Client, faults: Faults, film: Path
) -> None:
    faults.rule = once(Loss(), is_later)

    client.upload(film)

    assert faults.sent == SIZE


def test_server_is_given_the_time_that_it_asks_for(
    client: Client, faults: Faults, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(retrying, "time", clock)
    away = Told(503, {"error": "unavailable", "detail": "Away."}, {"Retry-After": "7"})
    faults.rule = once(away, is_later)

    client.upload(film)

    assert clock.pauses == [7]


REFUSALS: dict[str, tuple[Told, type[UploadFailed]]] = {
    "content": (
        Told(409, {"error": "content_conflict", "detail": "Others."}),
        ContentConflict,
    ),
    "type": (Told(415, {"error": "type_refused", "detail": "No."}), Refused),
    "size": (Told(413, {"error": "too_large", "detail": "Too large."}), Refused),
    "rights": (Told(403, {"error": "permission_denied", "detail": "No."}), Refused),
}


def test_refusal_is_not_asked_for_twice(
    client: Client, faults: Faults, film: Path
) -> None:
    for told, failure in REFUSALS.values():
        faults.requests.clear()
        faults.rule = lambda request, told=told: told if request.is_chunk else None  # type: ignore[misc]

        with pytest.raises(failure) as raised:
            client.upload(film)

        assert len(faults.chunks) == 1
        assert raised.value.status == told.status


def test_file_refused_at_its_end_raises_the_validators_sentence(
    client: Client, faults: Faults, film: Path
) -> None:
    refused = Told(422, {"error": "file_refused", "detail": "This is no film."})
    faults.rule = lambda request: refused if request.is_done else None

    with pytest.raises(Refused, match="This is no film"):
        client.upload(film)


def test_wrong_credentials_are_not_tried_again_and_again(
    client: Client, faults: Faults, film: Path, make_client: Callable[..., Client]
) -> None:
    with pytest.raises(NotAuthenticated):
        make_client(faults.url, credentials=ApiKey("ada", "wrong")).upload(film)

    assert len(faults.requests) == 2


def test_chunks_that_always_arrive_changed_end_the_upload(
    faults: Faults, make_client: Callable[..., Client], film: Path
) -> None:
    faults.rule = lambda request: Damage() if request.is_chunk else None

    with pytest.raises(Unavailable, match="changed"):
        make_client(faults.url, parallel=1).upload(film)

    assert len(faults.chunks) == retrying.DAMAGES + 1


def test_chunks_get_smaller_until_a_proxy_takes_them(
    client: Client, faults: Faults, film: Path
) -> None:
    def rule(request: Request) -> Told | None:
        is_large = request.is_chunk and len(request.body) > 128 * 1024
        return Told(413, None, {}, b"<h1>Too large</h1>") if is_large else None

    faults.rule = rule

    client.upload(film)

    assert finished(Upload.objects.get()) == CONTENT


def test_small_file_is_cut_where_a_proxy_takes_no_more(
    client: Client, faults: Faults
) -> None:
    def rule(request: Request) -> Told | None:
        is_large = request.is_chunk and len(request.body) > 128 * 1024
        return Told(413, None, {}, b"<h1>Too large</h1>") if is_large else None

    faults.rule = rule

    client.upload(io.BytesIO(CONTENT[:900_000]), filename="film.mp4")

    assert finished(Upload.objects.get()) == CONTENT[:900_000]


def test_first_chunk_gets_smaller_where_it_is_cut(
    faults: Faults, make_client: Callable[..., Client]
) -> None:
    def rule(request: Request) -> Cut | None:
        is_large = request.is_chunk and len(request.body) > 128 * 1024
        return Cut() if is_large else None

    faults.rule = rule
    file = io.BytesIO(CONTENT[:900_000])

    make_client(faults.url, patience=2).upload(file, filename="film.mp4")

    assert finished(Upload.objects.get()) == CONTENT[:900_000]


def test_refusal_is_told_also_where_the_file_has_changed(
    client: Client, faults: Faults, film: Path
) -> None:
    def rule(request: Request) -> Told | None:
        if not request.is_chunk:
            return None
        film.write_bytes(b"film")
        return REFUSALS["type"][0]

    faults.rule = rule

    with pytest.raises(Refused, match="No"):
        client.upload(film)


def test_done_is_asked_again_within_the_patience_of_most() -> None:
    patience = inspect.signature(Client).parameters["patience"].default
    assert patience > 2 * server.TIMEOUT_OF_DONE


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("parallel", 0),
        ("timeout", 0),
        ("timeout", -1),
        ("timeout", math.nan),
        ("timeout", math.inf),
        ("patience", -1),
        ("patience", math.nan),
    ],
)
def test_numbers_that_make_no_sense_are_said_at_once(option: str, value: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Client("http://127.0.0.1:9/", **{option: value})  # type: ignore[arg-type]


def test_upload_cancelled_on_the_server_stops_the_client(
    client: Client, faults: Faults, film: Path
) -> None:
    def rule(request: Request) -> None:
        if len(faults.chunks) == 3:
            Upload.objects.all().delete()

    faults.rule = rule

    with pytest.raises(UploadGone):
        client.upload(film)

    assert not Upload.objects.exists()


def test_file_written_to_meanwhile_is_not_completed(
    client: Client, faults: Faults, film: Path
) -> None:
    def rule(request: Request) -> None:
        if len(faults.chunks) == 3:
            film.write_bytes(bytes(SIZE))

    faults.rule = rule

    with pytest.raises(FileChanged):
        client.upload(film)

    assert not any(request.is_done for request in faults.requests)


def test_file_that_became_shorter_is_not_completed(
    client: Client, faults: Faults, film: Path
) -> None:
    def rule(request: Request) -> None:
        if len(faults.chunks) == 3:
            film.write_bytes(b"film")

    faults.rule = rule

    with pytest.raises(FileChanged):
        client.upload(film)


def test_address_of_something_else_is_said_at_once(faults: Faults, film: Path) -> None:
    for number, told in enumerate(
        [
            Told(404),
            Told(301, None, {"Location": "https://example.com/upload/"}),
            Told(200, None, {}, b"<h1>Hello</h1>"),
            Told(200, {"a": 1}),
        ]
    ):
        faults.rule = lambda request, told=told: told  # type: ignore[misc]

        with (
            Client(f"{faults.url}/upload/") as client,
            pytest.raises(WrongAddress, match="upload"),
        ):
            client.upload(film)

        assert len(faults.requests) == number + 1


@pytest.mark.parametrize(
    "url",
    [
        "film.mp4",
        "ftp://example.com/",
        "http:///uploads/",
        "http://[::1/",
        "http://a:b/",
        "http://ada:xyz@example.com:b/",
        "ftp://example.com/?key=xyz",
    ],
)
def test_address_that_is_none_is_said_at_once(url: str) -> None:
    with pytest.raises(WrongAddress, match="is no address") as raised:
        Client(url)
    assert "xyz" not in str(raised.value)


def test_cancel_whose_answer_was_lost_is_one_all_the_same(
    client: Client, faults: Faults, film: Path
) -> None:
    def stop(sent: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        client.upload(film, progress=stop)
    [begun] = client.unfinished()
    faults.rule = once(Loss(), lambda request: request.method == "DELETE")

    client.cancel(begun)

    assert not Upload.objects.exists()


def test_server_that_is_away_is_waited_for(
    make_client: Callable[..., Client], film: Path
) -> None:
    with pytest.raises(Unreachable, match="127"):
        make_client("http://127.0.0.1:9", patience=0.01).upload(film)


def test_silent_server_is_given_up(
    client: Client, faults: Faults, make_client: Callable[..., Client], film: Path
) -> None:
    faults.rule = lambda request: time.sleep(1)
    impatient = make_client(faults.url, timeout=0.05, patience=0)

    with pytest.raises(Unreachable, match="silent"):
        impatient.upload(film)


def test_server_that_takes_one_request_at_a_time_gets_one(
    client: Client, faults: Faults, film: Path
) -> None:
    faults.rule = once(BUSY, is_later)

    client.upload(film)

    states = [number for number, each in enumerate(faults.requests) if is_state(each)]
    ranges = [
        each.headers["content-range"]
        for each in faults.requests[states[-1] :]
        if each.is_chunk
    ]
    assert ranges == sorted(ranges, key=lambda span: int(span.split("-")[0][6:]))


def test_key_of_another_user_is_none_of_the_files(
    client: Client, faults: Faults, film: Path, stranger: object, api_key: Key
) -> None:
    def stop(sent: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        client.upload(film, progress=stop)
    bob = ApiKey("bob", Key.objects.get(user__username="bob").key)

    with Client(f"{faults.url}/uploads/upload/", bob) as other:
        other.upload(film)

    assert Upload.objects.filter(user__username="bob", state=2).count() == 1
    assert Upload.objects.filter(user__username="ada", state=1).count() == 1
