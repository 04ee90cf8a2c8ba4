"""Keys that another server knows: a real one, over TLS, well-behaved or not."""

from __future__ import annotations

import contextlib
import datetime
import json
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import trustme
from django.contrib.auth.models import Permission, User
from django.contrib.auth.signals import user_login_failed
from django.core.cache import cache
from django.db import IntegrityError
from django.test import Client

from chunked_uploads.authentication import ExternalAuthentication, strangers
from chunked_uploads.models import ApiKey, ExternalUser, Upload
from tests.authentication.test_classes import query, sign
from tests.sending import CONTENT, UPLOAD, Uploader

HOST = "127.0.0.1"
ADA = {
    "username": "ada",
    "email": "ada@example.org",
    "first_name": "Ada",
    "last_name": "Lovelace",
}


class Handler(BaseHTTPRequestHandler):
    server: Source

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fields = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        self.server.asked.append(fields)
        # Many a test has the client go in the middle.
        with contextlib.suppress(OSError):
            self.server.answer(self)

    def reply(self, content: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: Any) -> None:
        """Nothing: what is asked is noted."""


class Source(ThreadingHTTPServer):
    """Another server that knows users, as the test lets it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((HOST, 0), Handler)
        self.asked: list[dict[str, str]] = []
        self.released = threading.Event()
        self.answer: Callable[[Handler], None] = lambda handler: None
        self.tell(ADA)

    def tell(self, told: Any, status: int = 200, **headers: str) -> None:
        content = told if isinstance(told, bytes) else json.dumps(told).encode()
        self.answer = lambda handler: handler.reply(content, status, **headers)

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.server_port}/auth/"


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def make_source(authority: trustme.CA) -> Iterator[Callable[..., Source]]:
    """Return what starts a source, given its certificate."""
    sources: list[Source] = []

    def make(certificate: Any = None) -> Source:
        source = Source()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        (certificate or authority.issue_cert(HOST)).configure_cert(context)
        source.socket = context.wrap_socket(source.socket, server_side=True)
        threading.Thread(target=source.serve_forever, args=[0.01]).start()
        sources.append(source)
        return source

    yield make
    for source in sources:
        source.released.set()
        source.shutdown()
        source.server_close()


@pytest.fixture
def source(
    make_source: Callable[..., Source],
    authority: trustme.CA,
    tmp_path: Path,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    db: None,
) -> Source:
    """The source that the site asks, and whose authority it trusts."""
    source = make_source()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setattr(
        ExternalAuthentication, "ca_certs", str(tmp_path / "authority.pem")
    )
    kind = "chunked_uploads.authentication.ExternalAuthentication"
    settings.CHUNKED_UPLOADS_AUTHENTICATION = [kind]
    settings.CHUNKED_UPLOADS_EXTERNAL_AUTH_URL = source.url
    cache.clear()
    return source


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ExternalAuthentication, "timeout", 0.3)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    now = [time.time()]
    monkeypatch.setattr(time, "time", lambda: now[0])
    yield now
    cache.clear()


def credentials(key: str = "foreign", timestamp: int | None = None) -> dict[str, str]:
    now = int(time.time()) if timestamp is None else timestamp
    return {"api_key": key, "timestamp": str(now), "signature": sign("its", str(now))}


def ask(**changed: Any) -> Any:
    return Client().get(UPLOAD, credentials(**changed))


def is_unavailable(response: Any) -> bool:
    detail = "Who you are can't be asked just now; try again."
    return (
        response.status_code == 503
        and response["Retry-After"] == "5"
        and response.json() == [{"error": "unavailable", "detail": detail}]
    )


# What it says


def test_user_of_the_source_uploads(source: Source) -> None:
    sent = credentials()
    headers = {"Authorization": "Query " + ":".join(sent.values())}
    response = Uploader().send(CONTENT, headers=headers)
    assert response.status_code == 200
    assert source.asked == [sent]
    user = Upload.objects.get().user
    assert user is not None
    assert {name: getattr(user, name) for name in ADA} == ADA
    assert not user.has_usable_password()
    known = ExternalUser.objects.get()
    assert (known.source, known.name, known.user) == (source.url, "ada", user)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_refusal_is_a_401(source: Source, status: int) -> None:
    told: list[Any] = []
    source.tell(b"no", status, WWW_Authenticate='"a challenge httplib2 chokes on')

    def note(credentials: Any, **kwargs: Any) -> None:
        told.append(credentials)

    user_login_failed.connect(note)
    response = ask()
    user_login_failed.disconnect(note)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Query realm="uploads"'
    assert not User.objects.exists()
    assert told == [{"username": ""}]


def test_local_key_is_never_sent_away(source: Source, api_key: ApiKey) -> None:
    now = int(time.time())
    assert Client().get(UPLOAD, query(api_key, now)).status_code == 200
    wrong = query(api_key, now, signature="0" * 64)
    assert Client().get(UPLOAD, wrong).status_code == 401
    assert source.asked == []


@pytest.mark.parametrize("late", [-301, 301])
def test_stale_signature_is_not_worth_a_question(source: Source, late: int) -> None:
    response = ask(timestamp=int(time.time()) - late)
    assert "seconds" in response.json()[0]["detail"]
    assert source.asked == []


def test_site_without_a_source_refuses(source: Source, settings: Any) -> None:
    settings.CHUNKED_UPLOADS_EXTERNAL_AUTH_URL = None
    assert ask().status_code == 401


# Whom it may be


def test_news_of_the_user_are_taken(source: Source) -> None:
    ask()
    source.tell({"username": "ada", "email": "new@example.org", "last_name": "King"})
    ask(key="second")
    user = User.objects.get()
    found = (user.email, user.first_name, user.last_name)
    assert found == ("new@example.org", "Ada", "King")


@pytest.mark.parametrize("name", ["ada", "ADA", " ada ", "ａｄａ"])
def test_local_user_is_never_taken_over(source: Source, user: User, name: str) -> None:
    source.tell({**ADA, "username": name})
    assert ask().status_code == 200
    stranger = ExternalUser.objects.get().user
    assert stranger != user
    assert stranger.username == f"{'ADA' if name == 'ADA' else 'ada'}@{HOST}"
    user.refresh_from_db()
    assert user.email == ""


def test_name_that_is_free_nowhere_gets_a_random_one(source: Source) -> None:
    for username in ("ada", f"ada@{HOST}"):
        User.objects.create_user(username)
    assert ask().status_code == 200
    assert ExternalUser.objects.get().user.username.endswith(f"@{HOST}")
    assert User.objects.count() == 3


def test_same_name_of_another_source_is_another_user(
    source: Source, make_source: Callable[..., Source], settings: Any
) -> None:
    ask()
    settings.CHUNKED_UPLOADS_EXTERNAL_AUTH_URL = make_source().url
    ask(key="second")
    first, second = ExternalUser.objects.order_by("pk")
    assert first.user != second.user


def test_powers_are_never_taken_from_outside(source: Source) -> None:
    powers = ["is_staff", "is_superuser"]
    permissions = list(Permission.objects.values_list("pk", flat=True)[:1])
    source.tell(
        {**ADA, **dict.fromkeys(powers, True), "password": "x", "id": 1, "pk": 1}
        | {"user_permissions": permissions, "groups": ["staff"], "is_active": False}
    )
    assert ask().status_code == 200
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser, user.is_active) == (False, False, True)
    assert not user.has_usable_password()
    assert not user.get_all_permissions()


def test_powers_given_here_stay(source: Source) -> None:
    ask()
    User.objects.update(is_staff=True)
    ask(key="second")
    assert User.objects.get().is_staff


def test_inactive_stranger_is_refused(source: Source) -> None:
    assert ask().status_code == 200
    User.objects.update(is_active=False)
    assert ask().status_code == 401
    assert ask(key="second").status_code == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "no address"},
        {"email": f"{'a' * 300}@example.org"},
        {"email": 1, "first_name": None, "last_name": ["x"]},
        {"first_name": "a\0b", "last_name": "\ud800"},
        {"first_name": "x" * 151},
    ],
)
def test_details_that_can_not_be_are_left_out(
    source: Source, wrong: dict[str, Any]
) -> None:
    source.tell({"username": "ada", **wrong})
    assert ask().status_code == 200
    user = User.objects.get()
    assert (user.email, user.first_name, user.last_name) == ("", "", "")


@pytest.mark.parametrize("name", ["with space", "日本", "a" * 200, "<script>", "-"])
def test_names_that_users_have_elsewhere_find_one_here(
    source: Source, name: str
) -> None:
    source.tell({"username": name})
    assert ask().status_code == 200
    ExternalUser.objects.get(name=name).user.full_clean(exclude=["password"])


def test_user_made_by_another_request_meanwhile_is_found(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask()
    found = ExternalUser.objects.get()
    answers = iter([None, found])
    monkeypatch.setattr(strangers, "find_user", lambda *_: next(answers))
    assert ask(key="second").status_code == 200
    assert User.objects.get() == found.user


def test_stranger_who_can_not_be_made_is_no_500(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise IntegrityError("an own user model's idea of a user")

    monkeypatch.setattr(User, "save", fail)
    assert ask().status_code == 503


# How often it is asked


def test_not_every_chunk_asks(source: Source, clock: list[float]) -> None:
    sent = credentials()
    for _ in range(3):
        assert Client().get(UPLOAD, sent).status_code == 200
    assert len(source.asked) == 1
    clock[0] += 61
    assert Client().get(UPLOAD, sent).status_code == 200
    assert len(source.asked) == 2


def test_answer_is_not_trusted_longer_than_the_signature(
    source: Source, clock: list[float], settings: Any
) -> None:
    sent = credentials(timestamp=int(clock[0]) - 290)
    assert Client().get(UPLOAD, sent).status_code == 200
    settings.CHUNKED_UPLOADS_SIGNATURE_MAX_AGE = 3600
    clock[0] += 11
    assert Client().get(UPLOAD, sent).status_code == 200
    assert len(source.asked) == 2


@pytest.mark.parametrize("name", ["api_key", "timestamp", "signature"])
def test_answer_is_trusted_for_the_same_credentials_only(
    source: Source, name: str
) -> None:
    sent = credentials()
    Client().get(UPLOAD, sent)
    source.tell(b"", 401)
    changed = {**sent, name: str(int(sent["timestamp"]) - 1)}
    assert Client().get(UPLOAD, changed).status_code == 401


def test_stranger_who_was_removed_is_asked_about_again(source: Source) -> None:
    ask()
    User.objects.all().delete()
    source.tell(b"", 403)
    assert ask().status_code == 401


def test_refusal_is_not_kept(source: Source) -> None:
    source.tell(b"", 403)
    assert ask().status_code == 401
    source.tell(ADA)
    assert ask().status_code == 200


# What else it may do


@pytest.mark.parametrize(
    "status", [201, 204, 300, 301, 302, 303, 307, 308, 304, 400, 418, 429, 500, 503]
)
def test_no_other_status_is_an_answer(
    source: Source, make_source: Callable[..., Source], status: int
) -> None:
    other = make_source()
    content = b"" if status in (204, 304) else json.dumps(ADA).encode()
    source.tell(content, status, Location=other.url)
    assert is_unavailable(ask())
    assert other.asked == []
    assert len(source.asked) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b'"ada"',
        b"{}",
        b"<html>",
        b"\xff\xfe",
        b'{"username": "ada"',
        b'{"username": 1}',
        b'{"username": null}',
        b'{"username": ""}',
        b'{"username": " "}',
        b'{"username": "a\\u0000b"}',
        b'{"username": "\\ud800"}',
        b'{"username": "a\\nb"}',
        b"[" * 60_000,
    ],
)
def test_garbage_is_no_answer(source: Source, content: bytes) -> None:
    source.tell(content)
    assert is_unavailable(ask())
    assert not User.objects.exists()


def test_name_without_end_is_no_answer(source: Source) -> None:
    source.tell({"username": "a" * 251})
    assert ask().status_code == 503


LARGE = b'{"username": "ada", "more": "' + b"x" * 100_000 + b'"}'


def announced(handler: Handler) -> None:
    handler.reply(LARGE)


def unannounced(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(LARGE)


def chunked(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    while True:
        handler.wfile.write(b"1000\r\n" + b" " * 0x1000 + b"\r\n")


def in_its_headers(handler: Handler) -> None:
    handler.send_response(200)
    for number in range(90):
        handler.send_header(f"X-{number}", "x" * 1000)
    handler.end_headers()


def hundreds(handler: Handler) -> None:
    while True:
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")


@pytest.mark.parametrize(
    "answer", [announced, unannounced, chunked, in_its_headers, hundreds]
)
def test_answer_without_end_is_cut(
    source: Source, answer: Callable[[Handler], None]
) -> None:
    source.answer = answer
    assert is_unavailable(ask())


def test_answer_is_not_unpacked(source: Source) -> None:
    source.tell(ADA, Content_Encoding="gzip")
    assert ask().status_code == 200


def silent(handler: Handler) -> None:
    handler.server.released.wait()


def slow_headers(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not handler.server.released.wait(0.02):
        handler.wfile.write(b"x")


def slow_body(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "10000")
    handler.end_headers()
    while not handler.server.released.wait(0.02):
        handler.wfile.write(b" ")


def cut(handler: Handler) -> None:
    handler.reply(b"{", Content_Length="100")


def gone(handler: Handler) -> None:
    handler.connection.close()


def no_http(handler: Handler) -> None:
    handler.wfile.write(b"220 ready when you are\r\n")


@pytest.mark.parametrize(
    "answer", [silent, slow_headers, slow_body, cut, gone, no_http]
)
def test_outage_is_a_503(
    source: Source, impatient: None, answer: Callable[[Handler], None]
) -> None:
    source.answer = answer
    assert is_unavailable(ask())


def test_server_that_does_not_shake_hands_is_a_503(
    source: Source, impatient: None, settings: Any
) -> None:
    with socket.create_server((HOST, 0)) as deaf:
        url = f"https://{HOST}:{deaf.getsockname()[1]}/"
        settings.CHUNKED_UPLOADS_EXTERNAL_AUTH_URL = url
        assert is_unavailable(ask())


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1:1/", "https://no.invalid/", "https://", "//x", "https:"]
)
def test_address_where_nobody_is_is_a_503(
    source: Source, settings: Any, url: str
) -> None:
    settings.CHUNKED_UPLOADS_EXTERNAL_AUTH_URL = url
    assert is_unavailable(ask())


def test_nothing_is_sent_in_the_clear(source: Source, settings: Any) -> None:
    with ThreadingHTTPServer((HOST, 0), Handler) as plain:
        settings.CHUNKED_UPLOADS_EXTERNAL_AUTH_URL = (
            f"http://{HOST}:{plain.server_port}/"
        )
        thread = threading.Thread(target=plain.handle_request)
        thread.start()
        assert is_unavailable(ask())
        thread.join()


def of_another_authority(authority: trustme.CA) -> Any:
    return trustme.CA().issue_cert(HOST)


def of_another_host(authority: trustme.CA) -> Any:
    return authority.issue_cert("example.com")


def of_long_ago(authority: trustme.CA) -> Any:
    year = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    return authority.issue_cert(HOST, not_after=year)


@pytest.mark.parametrize(
    "certificate", [of_another_authority, of_another_host, of_long_ago]
)
def test_nothing_is_sent_to_an_impostor(
    source: Source,
    make_source: Callable[..., Source],
    authority: trustme.CA,
    settings: Any,
    certificate: Callable[[trustme.CA], Any],
) -> None:
    impostor = make_source(certificate(authority))
    settings.CHUNKED_UPLOADS_EXTERNAL_AUTH_URL = impostor.url
    assert is_unavailable(ask())
    assert impostor.asked == []


def test_log_tells_of_an_outage_and_of_no_credential(
    source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    source.tell(b"", 500)
    ask()
    assert "The external server is of no use: ValueError('status 500')" in caplog.text
    assert "foreign" not in caplog.text
    assert credentials()["signature"] not in caplog.text
