"""Requests that are refused: answered before their body, whoever reads when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from chunked_uploads.models import ApiKey, Upload
from tests.clients import Answer, Wire, content_range, disposition
from tests.live.sites import PLAIN, WORKERS
from tests.sending import UNKNOWN
from tests.servers import Gunicorn

MIB = 2**20
SIZE = 40 * MIB  # of the body that is refused
BLOCK = bytes(64 * 1024)
LIMITS = {
    "CHUNKED_UPLOADS_MAX_SIZE": SIZE + 1,
    "CHUNKED_UPLOADS_MAX_UNFINISHED": 1,
    "CHUNKED_UPLOADS_ALLOWED_EXTENSIONS": ["mp4"],
}
WAYS: dict[str, dict[str, Any]] = {
    **{name: {**each, "settings": LIMITS} for name, each in WORKERS.items()},
    "plain": {**WORKERS["gthread"], "settings": {**LIMITS, **PLAIN["settings"]}},
}
FORM = {"Content-Type": "multipart/form-data; boundary=of-the-tests"}
FILM = disposition("film.mp4")
REFUSED: dict[str, tuple[str, dict[str, str], int, str]] = {
    "nobody's": ("upload/", {"Authorization": ""}, 401, "not_authenticated"),
    "unknown": (f"upload/{UNKNOWN}/", {}, 404, "not_found"),
    "to done": ("upload/done/" + UNKNOWN + "/", {}, 404, "not_found"),
    "wrong method": ("1/delete/", {}, 405, "method_not_allowed"),
    "nothing before it": (
        "upload/",
        content_range(1, SIZE + 1, SIZE + 1),
        409,
        "nothing_to_continue",
    ),
    "too large": (
        "upload/",
        content_range(0, SIZE, SIZE + 2),
        413,
        "too_large",
    ),
    "of a refused type": ("upload/", disposition("film.exe"), 415, "type_refused"),
    "one too many": ("upload/", {}, 429, "too_many_uploads"),
    "without a name": ("upload/", {"Content-Disposition": ""}, 400, "bad_request"),
}


@pytest.fixture(params=WAYS)
def server(
    request: pytest.FixtureRequest, make_server: Callable[..., Gunicorn]
) -> Gunicorn:
    """The tests' site with limits, in each kind of worker."""
    return make_server(**WAYS[request.param])


@pytest.fixture
def begun(user: User) -> Upload:
    """The only unfinished upload that Ada may have."""
    return Upload.objects.create(user=user, filename="other.mp4", filesize=1)


def refused(server: Gunicorn, api_key: ApiKey, name: str) -> tuple[Wire, bytes]:
    """Return a connection, and the head of a request that will be refused."""
    path, headers, _, _ = REFUSED[name]
    wire = Wire(f"{server.url}/uploads/{path}")
    known = {"Authorization": f"ApiKey ada:{api_key.key}", **FILM}
    return wire, wire.head({**known, **headers, "Content-Length": str(SIZE)})


def assert_refused(answer: Answer, name: str) -> None:
    assert (answer.status, answer.item["error"]) == REFUSED[name][2:]


def test_who_looks_gets_the_answer_without_sending_the_rest(
    server: Gunicorn, api_key: ApiKey, begun: Upload
) -> None:
    for name in REFUSED:
        wire, head = refused(server, api_key, name)
        with wire:
            wire.socket.sendall(head + BLOCK)

            assert_refused(wire.read_answer(), name)


def test_body_of_unknown_length_may_be_sent_whole_before_its_refusal_is_read(
    server: Gunicorn, api_key: ApiKey
) -> None:
    known = {"Authorization": f"ApiKey ada:{api_key.key}", **FILM}
    with Wire(f"{server.url}/uploads/upload/") as wire:
        wire.send_head({**known, "Transfer-Encoding": "chunked"})
        for _ in range(SIZE // len(BLOCK)):
            wire.socket.sendall(b"%x\r\n%b\r\n" % (len(BLOCK), BLOCK))
        wire.socket.sendall(b"0\r\n\r\n")

        answer = wire.read_answer()

    assert (answer.status, answer.item["error"]) == (411, "length_required")


def test_who_sends_it_all_before_reading_gets_the_same_answer(
    server: Gunicorn, api_key: ApiKey, begun: Upload
) -> None:
    for name in REFUSED:
        wire, head = refused(server, api_key, name)
        with wire:
            wire.socket.sendall(head)
            for _ in range(SIZE // len(BLOCK)):
                wire.socket.sendall(BLOCK)

            answer = wire.read_answer()
            assert_refused(answer, name)
            if server.arguments[-1].endswith("gthread"):
                assert answer.headers["Connection"] == "keep-alive"
                again = wire.head({"Authorization": f"ApiKey ada:{api_key.key}"}, "GET")
                wire.socket.sendall(again)
                assert wire.read_answer().status in (200, 404, 405)
