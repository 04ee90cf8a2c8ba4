"""Bodies of unknown length: as gunicorn, another server or ASGI gives them."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest

pytest.importorskip("gunicorn")

from gunicorn.config import Config
from gunicorn.http.message import Request
from gunicorn.http.unreader import SocketUnreader

from chunked_uploads.errors import BadRequest
from chunked_uploads.http import patience
from chunked_uploads.http.bodies import RawBody, open_body
from chunked_uploads.http.errors import LengthRequired
from chunked_uploads.http.gunicorn import gives_trailers, stalls_noticed
from chunked_uploads.http.streamed import StreamedBody

MIB = 2**20
HEAD = b"PATCH / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKED = {
    "REQUEST_METHOD": "PATCH",
    "SERVER_NAME": "x",
    "SERVER_PORT": "80",
    "HTTP_TRANSFER_ENCODING": "chunked",
    "wsgi.input_terminated": True,
}


class Sender:
    """A client that is connected to gunicorn's own parser."""

    def __init__(self) -> None:
        self.socket, self.server = socket.socketpair()

    def send(self, *pieces: bytes) -> None:
        """Send the pieces, each as a chunk."""
        for piece in pieces:
            self.socket.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))

    def open_request(self) -> WSGIRequest:
        """Return the request of which the head is sent."""
        self.socket.sendall(HEAD)
        parsed = Request(Config(), SocketUnreader(self.server), ("127.0.0.1", 1))
        environ = {"wsgi.input": parsed.body, "gunicorn.socket": self.server}
        return WSGIRequest({**CHUNKED, **environ})

    def open_body(self) -> StreamedBody:
        """Return the body of a request of which the head is sent."""
        return open_streamed(self.open_request())


@pytest.fixture
def sender() -> Iterator[Sender]:
    """A client, connected."""
    sender = Sender()
    yield sender
    sender.socket.close()
    sender.server.close()


def open_streamed(request: HttpRequest) -> StreamedBody:
    body = open_body(request, may_stream=True)
    assert isinstance(body, StreamedBody)
    assert body.length is None
    return body


def read_all(body: Any, size: int = MIB) -> bytes:
    content = b""
    while block := body.read(size):
        assert len(block) <= size
        content += block
    return content


@pytest.mark.parametrize("size", [1, 7, MIB])
def test_body_is_what_its_chunks_have(sender: Sender, size: int) -> None:
    body = sender.open_body()
    sender.send(b"a", b"bc" * 1000, b"\r\n0\r\n\r\n", bytes(3000), b"")

    assert read_all(body, size) == b"a" + b"bc" * 1000 + b"\r\n0\r\n\r\n" + bytes(3000)
    assert not body.is_cut
    assert body.trailers() == {}


def test_bytes_are_given_as_they_come(sender: Sender) -> None:
    body = sender.open_body()
    for piece in (b"a", b"bc", b"d" * 5000):
        sender.send(piece)

        content = b""
        while len(content) < len(piece):
            content += body.read(MIB)
        assert content == piece


@pytest.mark.parametrize(
    "form", [b"%x\r\nabcdef", b"%x\r\nabcdef\r", b"%x;a=b\r\nabcdef"]
)
def test_cut_body_ends_with_what_arrived(sender: Sender, form: bytes) -> None:
    body = sender.open_body()
    sender.send(b"123")
    sender.socket.sendall(form % 6)
    sender.socket.shutdown(socket.SHUT_WR)

    assert read_all(body) == b"123abcdef"
    assert body.is_cut
    assert body.read(1) == b""


@pytest.mark.parametrize("rest", [b"", b"1", b"a;", b"3\r\n"])
def test_body_that_is_cut_between_chunks_is_cut(sender: Sender, rest: bytes) -> None:
    body = sender.open_body()
    sender.send(b"123")
    sender.socket.sendall(rest)
    sender.socket.shutdown(socket.SHUT_WR)

    assert read_all(body) == b"123"
    assert body.is_cut


MALFORMED = [b"-1\r\n", b"\r\n", b"g\r\n", b" 1\r\na\r\n", b"0x1\r\na\r\n", b"1\r\nabc"]


@pytest.mark.parametrize("rest", MALFORMED)
def test_malformed_chunk_is_a_bad_request(sender: Sender, rest: bytes) -> None:
    body = sender.open_body()
    sender.send(b"123")
    sender.socket.sendall(rest)

    with pytest.raises(BadRequest):
        read_all(body)
    assert body.read(1) == b""


def test_trailers_are_there_once_the_body_ended(sender: Sender) -> None:
    request = sender.open_request()
    body = open_streamed(request)
    sender.send(b"123")
    assert body.read(3) == b"123"
    assert body.trailers() == {}

    sender.socket.sendall(b"0\r\nUpload-Checksum: sha1 abc=\r\nA: 1\r\nA: 2\r\n\r\n")

    assert body.read(1) == b""
    assert body.trailers() == {"upload-checksum": "sha1 abc=", "a": "1, 2"}
    assert gives_trailers(request)


def test_trailers_are_not_promised_behind_a_proxy(sender: Sender) -> None:
    request = sender.open_request()
    request.META["HTTP_X_FORWARDED_FOR"] = "10.0.0.1"

    assert not gives_trailers(request)
    assert not gives_trailers(WSGIRequest({**CHUNKED, "wsgi.input": io.BytesIO()}))


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is noticed at once."""
    monkeypatch.setattr(patience, "STEP", 0.01)
    monkeypatch.setattr(patience, "MOMENT", 0.02)


def test_silent_sender_gives_way_to_who_waits(brief: None, sender: Sender) -> None:
    request = sender.open_request()
    with stalls_noticed(request):
        body = open_streamed(request)
        answers = iter([False, True])
        body.watch_waiters(lambda: False)  # as long as its first piece is written
        body.watch_waiters(lambda: next(answers))
        sender.send(b"123")
        sender.socket.sendall(b"5\r\nabc")

        assert read_all(body) == b"123abc"
        assert body.is_cut
        body.close()


def test_silent_sender_has_time_where_nobody_waits(brief: None, sender: Sender) -> None:
    request = sender.open_request()
    with stalls_noticed(request):
        body = open_streamed(request)
        asked: list[bool] = []

        def speak() -> bool:
            asked.append(True)
            sender.send(b"123", b"")
            return False

        body.watch_waiters(speak)

        assert read_all(body) == b"123"
        assert asked == [True]
        assert not body.is_cut
        body.close()


# Other servers


class Failing(io.BytesIO):
    """A body of a server's, which fails where its bytes end."""

    error: Callable[[], Exception] = ConnectionResetError

    def read(self, size: int | None = -1) -> bytes:
        block = super().read(size)
        if not block:
            raise self.error()
        return block


def test_other_servers_body_is_read_to_its_end() -> None:
    body = open_streamed(WSGIRequest({**CHUNKED, "wsgi.input": io.BytesIO(b"abc")}))

    assert read_all(body, 2) == b"abc"
    assert not body.is_cut
    assert body.trailers() == {}


def test_other_servers_cut_body_ends_with_what_arrived() -> None:
    body = open_streamed(WSGIRequest({**CHUNKED, "wsgi.input": Failing(b"abc")}))

    assert read_all(body) == b"abc"
    assert body.is_cut


def test_any_error_of_a_server_is_a_bad_request() -> None:
    stream = Failing(b"abc")
    stream.error = RuntimeError
    body = open_streamed(WSGIRequest({**CHUNKED, "wsgi.input": stream}))

    with pytest.raises(BadRequest):
        read_all(body)


REFUSED: dict[str, dict[str, Any]] = {
    "no end": {"wsgi.input_terminated": False},
    "another coding": {"HTTP_TRANSFER_ENCODING": "gzip, chunked"},
    "no coding": {"HTTP_TRANSFER_ENCODING": ""},
    "a form": {"CONTENT_TYPE": "multipart/form-data; boundary=x"},
}


@pytest.mark.parametrize("what", REFUSED)
def test_length_is_asked_for_where_the_end_would_not_show(what: str) -> None:
    environ = {**CHUNKED, "wsgi.input": io.BytesIO(), **REFUSED[what]}

    with pytest.raises(LengthRequired):
        open_body(WSGIRequest(environ), may_stream=True)


def test_length_is_asked_for_by_who_takes_no_stream(sender: Sender) -> None:
    with pytest.raises(LengthRequired):
        open_body(sender.open_request())


@pytest.mark.parametrize("content", [b"", b"abc" * MIB])
def test_under_asgi_the_length_is_known(content: bytes) -> None:
    scope = {
        "type": "http",
        "method": "PATCH",
        "path": "/",
        "headers": [(b"transfer-encoding", b"chunked")],
    }
    body = open_body(ASGIRequest(scope, io.BytesIO(content)), may_stream=True)

    assert isinstance(body, RawBody)
    assert body.length == len(content)
    assert read_all(body) == content
