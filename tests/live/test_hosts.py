"""Hostile HTTP from outside, against every server that the README names."""

from __future__ import annotations

import base64
import contextlib
import http.client
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection

from chunked_uploads.models import Upload
from demo.environment import CHECKOUT
from tests.clients import Answer, Client, Wire, content_range, randbytes
from tests.hosts import HOSTS
from tests.live.sites import finished_file
from tests.polling import wait_until
from tests.servers import Gunicorn
from tests.tus.talking import TUS, TYPE

pytestmark = pytest.mark.once

CONTENT = randbytes(300_000)
HELD = 100_000  # bytes of it that are there before anything hostile comes
REST = CONTENT[HELD:]
SPAN = content_range(HELD, len(CONTENT), len(CONTENT))
LENGTH = {"Content-Length": str(len(REST))}
DIGEST = base64.b64encode(sha256(REST).digest()).decode()

# Requests that no server may carry out: headers, which a list may repeat, and a body.
HOSTILE: dict[str, tuple[list[tuple[str, str]], bytes]] = {
    "no length": ([*SPAN.items()], b""),
    "no body": ([*SPAN.items(), ("Content-Length", "0")], b""),
    "body of another length": ([*SPAN.items(), ("Content-Length", "3")], b"abc"),
    "chunks of another length": (
        [*SPAN.items(), ("Transfer-Encoding", "chunked")],
        b"3\r\nabc\r\n0\r\n\r\n",
    ),
    "chunks that are none": (
        [*SPAN.items(), ("Transfer-Encoding", "chunked")],
        b"-1\r\nabc\r\n",
    ),
    "two lengths": (
        [*SPAN.items(), ("Content-Length", "5"), ("Content-Length", "7")],
        b"abcdefg",
    ),
    "a length and chunks": (
        [*SPAN.items(), ("Content-Length", "13"), ("Transfer-Encoding", "chunked")],
        b"3\r\nabc\r\n0\r\n\r\n",
    ),
    "wrong digest": (
        [
            *SPAN.items(),
            *LENGTH.items(),
            ("Content-Digest", f"sha-256=:{DIGEST}:"),
        ],
        bytes(len(REST)),
    ),
    "a header without end": (
        [*SPAN.items(), ("Content-Length", "3"), ("X-Long", "a" * 500_000)],
        b"abc",
    ),
    **{
        f"length {value}": ([*SPAN.items(), ("Content-Length", value)], b"")
        for value in ("-1", "1e3", "+6", "6 6", "6,7", "0x6", "a", "9" * 40)
    },
    **{
        f"range {value}": ([("Content-Range", value), *LENGTH.items()], REST)
        for value in (
            "bytes 100000-99999/300000",
            "bytes -1-299999/300000",
            "bytes 100000-299999/*",
            "bytes 100000-299999/300001",
            "bytes 100000-300000/300000",
            f"bytes 100000-{10**30}/{10**31}",
            "bytes=100000-299999/300000",
            "lines 100000-299999/300000",
            "bytes ١٠٠٠٠٠-299999/300000",
            "bytes 100000-299999/300000\0",
            "",
        )
    },
}
PATIENCE = 2  # seconds; some wait for the rest of what was announced
NO_HTTP = (b"\x16\x03\x01\x02\x00\x01\x00", b"\0" * 100, b"GET\r\n\r\n", b"\r\n\r\n")


@pytest.fixture(params=HOSTS)
def host(
    transactional_db: None, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Gunicorn]:
    """One of the servers, over the test's database."""
    host = HOSTS[request.param](tmp_path, connection.settings_dict)
    host.start()
    yield host
    host.kill()  # some take seconds to end by themselves


@pytest.fixture
def client(host: Gunicorn, authorization: dict[str, str]) -> Client:
    """Ada's client."""
    return Client(host.url, authorization)


@pytest.fixture
def begin(client: Client, user: User) -> Callable[[], Upload]:
    """Return what begins an upload of Ada's, with so much of it held."""

    def begin() -> Upload:
        upload = Upload.objects.create(
            user=user, filename="film.mp4", filesize=len(CONTENT)
        )
        assert client.send(upload, CONTENT[:HELD]).status == 200
        return upload

    return begin


def attack(
    client: Client, upload: Upload, headers: list[tuple[str, str]], body: bytes
) -> Answer | None:
    """Send what is hostile; return the answer, None where there was none."""
    with Wire(client.url(upload)) as wire:
        wire.socket.settimeout(PATIENCE)
        head = wire.head(client.headers).removesuffix(b"\r\n")
        lines = [f"{name}: {value}\r\n".encode() for name, value in headers]
        try:
            wire.socket.sendall(b"".join([head, *lines, b"\r\n", body]))
            return wire.read_answer()
        except (http.client.HTTPException, ConnectionError, TimeoutError):
            return None


def test_hostile_requests_change_nothing(
    host: Gunicorn, client: Client, begin: Callable[[], Upload]
) -> None:
    upload = begin()
    for name, (headers, body) in HOSTILE.items():
        answer = attack(client, upload, headers, body)

        assert answer is None or 400 <= answer.status < 500, (name, answer)
        if answer and answer.headers.get_content_type() == "application/json":
            assert answer.item.keys() >= {"error", "detail"}, name
        assert client.state(upload)["received"] == HELD, name
    for garbage in NO_HTTP:
        with Wire(host.url) as wire:
            wire.socket.sendall(garbage)

    assert client.finish(upload, CONTENT).status == 200
    assert finished_file(upload).read_bytes() == CONTENT
    assert "Unexpected error" not in host.log


def test_cut_chunks_and_chunks_at_once_make_the_file(
    host: Gunicorn, client: Client, begin: Callable[[], Upload]
) -> None:
    for cut in (Wire.close, Wire.reset):
        upload = begin()
        with client.begin_chunk(upload, len(CONTENT), REST[:70_000], HELD) as wire:
            cut(wire)
        size = client.size(upload)
        assert HELD <= size <= HELD + 70_000

        def send(upload: Upload = upload) -> bool:
            start = client.size(upload)
            with ThreadPoolExecutor(4) as pool:
                answers = pool.map(
                    lambda _: client.send(upload, CONTENT[start:], start), range(4)
                )
            statuses = {answer.status for answer in answers}
            assert statuses <= {200, 409}
            return 200 in statuses

        wait_until(send)  # the server may not have heard of the cut yet
        assert client.done(upload).status == 200
        assert finished_file(upload).read_bytes() == CONTENT
    assert "Unexpected error" not in host.log


def test_body_of_unknown_length_is_taken_whole_or_refused(
    host: Gunicorn, client: Client
) -> None:
    wanted = {**TUS, "Upload-Length": str(len(CONTENT))}
    with Wire(f"{host.url}/files/") as wire:
        # Java and curl say nothing of a body where there is none.
        wire.send_head({**client.headers, **wanted}, "POST")
        url = wire.read_answer().headers["Location"]
    append = {**TUS, "Content-Type": TYPE, "Upload-Offset": "0"}
    with Wire(url) as wire:
        wire.send_head({**append, "Transfer-Encoding": "chunked"}, "PATCH")
        with contextlib.suppress(ConnectionError):  # refused, and closed at once
            for start in range(0, len(CONTENT), 10_007):
                piece = CONTENT[start : start + 10_007]
                wire.socket.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
            wire.socket.sendall(b"0\r\n\r\n")
        answer = wire.read_answer()

    if answer.status == 411:
        assert client.ask("PATCH", url, CONTENT, append).status == 204
    else:
        assert answer.status == 204
    assert finished_file(Upload.objects.get()).read_bytes() == CONTENT
    assert "Traceback" not in host.log


def test_readme_names_each_server() -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    for name in HOSTS:
        assert name in readme
