"""tus over a real server: connections that fall silent, trailers, killed workers."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import closing

import pytest

from chunked_uploads.models import Upload
from tests.clients import Answer, Client, Wire, randbytes
from tests.live.sites import CUTS, arrived, writers
from tests.polling import wait_until
from tests.sending import finished
from tests.servers import Gunicorn
from tests.tus.talking import TUS, TYPE, checksum

pytestmark = pytest.mark.django_db(transaction=True)

MIB = 2**20
SIZE = 3 * MIB
SENT = MIB + 12_345  # bytes that come before something happens
BODY = randbytes(SIZE)
APPEND = {**TUS, "Content-Type": TYPE}


@pytest.fixture
def client(server: Gunicorn, authorization: dict[str, str]) -> Client:
    """Ada's program."""
    return Client(server.url, authorization)


def create(client: Client) -> str:
    """Return the URL of a new upload."""
    wanted = {**TUS, "Upload-Length": str(SIZE)}
    answer = client.ask("POST", f"{client.site}/files/", b"", wanted)
    assert answer.status == 201
    return answer.headers["Location"]


def head(client: Client, url: str) -> int:
    """Return the offset that the server tells."""
    answer = client.ask("HEAD", url, b"", TUS)
    assert answer.status == 200
    return int(answer.headers["Upload-Offset"])


def append(client: Client, url: str, start: int, stop: int = SIZE) -> Answer:
    """Append the bytes from `start` to `stop`."""
    headers = {**APPEND, "Upload-Offset": str(start)}
    return client.ask("PATCH", url, BODY[start:stop], headers)


def begin(server: Gunicorn, url: str) -> Wire:
    """Return a connection that brought some bytes, and will bring no more."""
    wire = Wire(url)
    headers = {**APPEND, "Upload-Offset": "0", "Content-Length": str(SIZE)}
    wire.send_head(headers, "PATCH")
    wire.send(BODY[:SENT])
    wait_until(lambda: writers(server, Upload.objects.get()))
    return wire


def chunked(wire: Wire, blocks: Iterable[bytes], trailer: str = "") -> Answer:
    """Send the blocks in the chunked transfer coding; return the answer."""
    wire.send_head(
        {
            **APPEND,
            "Upload-Offset": "0",
            "Transfer-Encoding": "chunked",
            "Trailer": "Upload-Checksum",
        },
        "PATCH",
    )
    for block in blocks:
        wire.send(b"%x\r\n%b\r\n" % (len(block), block))
    wire.send(f"0\r\n{trailer}\r\n".encode())
    return wire.read_answer()


def blocks() -> Iterator[bytes]:
    """Yield the file in pieces that divide nothing."""
    for start in range(0, SIZE, 100_003):
        yield BODY[start : start + 100_003]


def test_who_asks_again_takes_the_place_of_a_silent_writer(
    server: Gunicorn, client: Client
) -> None:
    url = create(client)
    with begin(server, url):
        upload = Upload.objects.get()

        assert head(client, url) == SENT
        assert append(client, url, SENT).status == 204

    assert finished(upload) == BODY


def test_who_appends_takes_the_place_of_a_silent_writer(
    server: Gunicorn, client: Client
) -> None:
    url = create(client)
    with begin(server, url):
        # It left what it had, so this one does not begin where that ended.
        answer = append(client, url, 0)

        assert (answer.status, answer.headers["Upload-Offset"]) == (409, str(SENT))
        assert append(client, url, SENT).status == 204


def test_killed_worker_leaves_no_lock(server: Gunicorn, client: Client) -> None:
    url = create(client)
    with begin(server, url):
        upload = Upload.objects.get()
        for pid in server.workers:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not writers(server, upload))
    server.await_workers()

    offset = head(client, url)
    assert offset <= SENT
    assert append(client, url, offset).status == 204
    assert finished(upload) == BODY


def test_body_of_unknown_length_is_appended(client: Client) -> None:
    url = create(client)
    trailer = f"Upload-Checksum: {checksum(BODY)}\r\n"

    with closing(Wire(url)) as wire:
        answer = chunked(wire, blocks(), trailer)

    assert (answer.status, answer.headers["Upload-Offset"]) == (204, str(SIZE))
    assert finished(Upload.objects.get()) == BODY


def test_trailer_tells_that_the_bytes_arrived_changed(client: Client) -> None:
    url = create(client)
    options = client.ask("OPTIONS", url)
    assert "checksum-trailer" in options.headers["Tus-Extension"].split(",")
    trailer = f"Upload-Checksum: {checksum(b'others', 'sha256')}\r\n"

    with closing(Wire(url)) as wire:
        answer = chunked(wire, blocks(), trailer)

    assert answer.status == 460
    assert head(client, url) == 0
    assert append(client, url, 0).status == 204


def test_body_of_unknown_length_that_is_cut_keeps_what_arrived(
    server: Gunicorn, client: Client
) -> None:
    url = create(client)
    with closing(Wire(url)) as wire:
        headers = {**APPEND, "Upload-Offset": "0", "Transfer-Encoding": "chunked"}
        wire.send_head(headers, "PATCH")
        wire.send(b"%x\r\n" % SIZE + BODY[:SENT])
        wait_until(lambda: writers(server, Upload.objects.get()))

        assert head(client, url) == SENT

    assert append(client, url, SENT).status == 204
    assert finished(Upload.objects.get()) == BODY


@pytest.mark.parametrize("cut", CUTS)
def test_broken_connection_keeps_what_arrived_in_whole_and_half_chunks(
    server: Gunicorn, client: Client, cut: str
) -> None:
    url = create(client)
    with closing(Wire(url)) as wire:
        headers = {**APPEND, "Upload-Offset": "0", "Transfer-Encoding": "chunked"}
        wire.send_head(headers, "PATCH")
        wire.send(b"%x\r\n%b\r\n%x\r\n" % (MIB, BODY[:MIB], MIB) + BODY[MIB:SENT])
        upload = Upload.objects.get()
        wait_until(lambda: arrived(server, upload) == SENT)
        CUTS[cut](wire)

        assert head(client, url) == SENT


def test_malformed_chunk_is_refused_and_what_came_before_is_no_harm(
    server: Gunicorn, client: Client
) -> None:
    url = create(client)
    with closing(Wire(url)) as wire:
        headers = {**APPEND, "Upload-Offset": "0", "Transfer-Encoding": "chunked"}
        wire.send_head(headers, "PATCH")
        wire.send(b"3\r\n" + BODY[:3] + b"\r\nnone\r\n")
        answer = wire.read_answer()

        assert (answer.status, answer.item["error"]) == (400, "bad_request")
        assert wire.socket.recv(1) == b""

    assert server.log == ""
    assert append(client, url, head(client, url)).status == 204
    assert finished(Upload.objects.get()) == BODY


def test_connection_serves_on_after_a_body_of_unknown_length(client: Client) -> None:
    url = create(client)
    with closing(Wire(url)) as wire:
        trailer = f"Upload-Checksum: {checksum(BODY)}\r\n"
        assert chunked(wire, blocks(), trailer).status == 204
        wire.send_head(TUS, "HEAD")

        assert wire.read_answer("HEAD").headers["Upload-Offset"] == str(SIZE)
