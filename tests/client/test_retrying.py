"""When the client tries again, how large its chunks are, and what answers mean."""

from __future__ import annotations

import pytest

from chunked_uploads.client import Refused, Unavailable, retrying
from chunked_uploads.client.answers import Answer, parse_answer
from chunked_uploads.client.errors import OutOfStep
from chunked_uploads.client.retrying import Retrying
from chunked_uploads.client.sizing import FIRST, SMALLEST, USUAL_LIMIT, Sizing
from tests.client.conftest import Clock

MIB = 2**20


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """What `Retrying` reads and waits by."""
    clock = Clock()
    monkeypatch.setattr(retrying, "time", clock)
    monkeypatch.setattr(retrying, "FIRST_PAUSE", 1.0)
    return clock


def test_pauses_grow_until_patience_ends(clock: Clock) -> None:
    attempts = Retrying(patience=600)

    def fail_for_ever() -> None:
        while True:
            attempts.recover(Unavailable("Away."))

    with pytest.raises(Unavailable):
        fail_for_ever()

    grown = [min(2**number, 60) for number in range(len(clock.pauses))]
    for pause, most in zip(clock.pauses, grown, strict=True):
        assert most / 2 <= pause <= most
    assert 600 - 60 <= sum(clock.pauses) <= 600


def test_patience_begins_anew_where_something_goes_on(clock: Clock) -> None:
    attempts = Retrying(patience=600)

    for received in range(1000):
        attempts.note(received)
        attempts.recover(Unavailable("Away."))

    assert max(clock.pauses) <= 2


def test_patience_begins_anew_where_lost_bytes_come_back(clock: Clock) -> None:
    attempts = Retrying(patience=600)
    attempts.note(2**30)

    for received in range(1000):
        attempts.note(received)
        attempts.recover(Unavailable("Away."))

    assert max(clock.pauses) <= 2


def test_server_that_asks_for_more_than_patience_ends_it(clock: Clock) -> None:
    asked = Answer(503, [], retry_after=601)

    with pytest.raises(Unavailable):
        Retrying(patience=600).recover(Unavailable("Away.", asked))

    assert clock.pauses == []


def test_first_step_out_of_step_costs_no_pause(clock: Clock) -> None:
    attempts = Retrying(patience=600)

    attempts.recover(OutOfStep("Elsewhere."))
    assert clock.pauses == []
    attempts.recover(OutOfStep("Elsewhere."))
    assert len(clock.pauses) == 1


def test_refusal_is_raised_at_once(clock: Clock) -> None:
    with pytest.raises(Refused):
        Retrying(patience=600).recover(Refused("No."))


def test_chunks_grow_on_a_fast_line() -> None:
    sizing = Sizing()
    for _ in range(3):
        sizing.note_success(sizing.largest, seconds=0.1)
    assert sizing.largest >= 64 * MIB


def test_line_is_fast_by_all_that_is_in_flight() -> None:
    sizing = Sizing()
    sizing.note_success(8 * MIB, seconds=0.1, in_flight=3)
    assert sizing.is_fast
    sizing.note_success(8 * MIB, seconds=0.1, in_flight=2)
    assert not sizing.is_fast


def test_chunk_takes_ten_seconds_of_a_slow_line() -> None:
    sizing = Sizing()
    for _ in range(3):
        sizing.note_success(sizing.largest, seconds=sizing.largest / 100_000)
    assert 9 < sizing.largest / 100_000 <= 10


def test_chunks_get_smaller_where_lines_break() -> None:
    sizing = Sizing()
    for _ in range(9):
        sizing.note_cut()
    assert sizing.largest == SMALLEST


def test_chunks_stay_as_small_as_a_proxy_wants_them() -> None:
    sizing = Sizing()
    assert sizing.note_refusal(8 * MIB)
    sizing.note_success(FIRST, seconds=0.001)
    assert sizing.largest == USUAL_LIMIT
    assert sizing.note_refusal(USUAL_LIMIT)
    assert sizing.largest == USUAL_LIMIT // 2
    assert not sizing.note_refusal(SMALLEST)


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        ("7", 7, 7),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 1e9, 1e12),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0, 0),
        ("Fri Dec 31 23:59:59 9999", 1e9, 1e12),
        ("Fri, 31 Dec 9999 23:59:59 -0000", 1e9, 1e12),
        ("soon", 0, 0),
        ("-1", 0, 0),
        ("", 0, 0),
    ],
)
def test_seconds_or_a_date_are_understood(
    value: str, least: float, most: float
) -> None:
    """RFC 9110, section 10.2.3."""
    answer = parse_answer(503, {"Retry-After": value}, b"")
    assert least <= answer.retry_after <= most


def test_dates_are_read_by_the_clock_of_the_server() -> None:
    headers = {
        "Date": "Sun, 06 Nov 1994 08:49:37 GMT",
        "Retry-After": "Sun, 06 Nov 1994 08:50:07 GMT",
    }
    assert parse_answer(503, headers, b"").retry_after == 30


OTHERS = [b"", b"<h1>", b"{}", b"[1]", b'"a"', b"[[]]", b"\xff", b"[" * 10**6]


@pytest.mark.parametrize("body", OTHERS)
def test_what_is_no_list_of_objects_is_not_ours(body: bytes) -> None:
    assert not parse_answer(200, {}, body).is_success
