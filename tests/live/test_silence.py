"""Connections that fell silent, and somebody who comes in their stead."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from django.contrib.auth.models import User
from django.db import connection

from chunked_uploads.core.receiving import wait_until_idle
from chunked_uploads.models import Upload
from tests.clients import BOUNDARY, Wire, content_range, form, randbytes
from tests.hosts import Gevent
from tests.live.sites import PLAIN, WORKERS, writers
from tests.polling import wait_until
from tests.servers import HOST, Gunicorn

pytestmark = pytest.mark.django_db(transaction=True)

MIB = 2**20
SIZE = 3 * MIB
SENT = MIB + 12_345  # bytes that come before the silence
PATIENCE = 30  # seconds, before the server counts the connection as broken
WAYS: dict[str, dict[str, Any]] = {
    **WORKERS,
    **{f"{name}, plain": {**each, **PLAIN} for name, each in WORKERS.items()},
}


@pytest.fixture
def upload(user: User) -> Upload:
    """An upload of Ada's, of which the server has nothing yet."""
    return Upload.objects.create(user=user, filename="film.mp4", filesize=SIZE)


def fall_silent(
    server: Gunicorn,
    authorization: dict[str, str],
    upload: Upload,
    *,
    encrypt: Callable[[Any], Any] = lambda plain: plain,
    is_form: bool = False,
) -> Wire:
    """Return a connection that brought some bytes of the upload, and no more."""
    body = randbytes(SIZE)
    headers = {**authorization, **content_range(0, SIZE, SIZE)}
    sent = body[:SENT]
    if is_form:
        sent = form(sent)[0]
        body = b"".join(form(body))
        headers["Content-Type"] = f"multipart/form-data; boundary={BOUNDARY}"
    wire = Wire(f"{server.url}/uploads/upload/{upload.uuid}/")
    wire.socket = encrypt(wire.socket)
    wire.send_head({**headers, "Content-Length": str(len(body))})
    wire.send(sent)
    wait_until(lambda: writers(server, upload))
    return wire


def assert_gives_way(upload: Upload, *, at_least: int = SENT) -> None:
    wait_until_idle(upload, PATIENCE, is_urgent=True)

    assert at_least <= upload.offset == upload.received <= SENT


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("is_form", [False, True], ids=["raw", "form"])
def test_silent_connection_gives_way_with_all_that_it_brought(
    make_server: Callable[..., Gunicorn],
    authorization: dict[str, str],
    upload: Upload,
    way: str,
    is_form: bool,
) -> None:
    server = make_server(**WAYS[way])
    with fall_silent(server, authorization, upload, is_form=is_form):
        # What may be the beginning of a form's boundary is no content yet.
        assert_gives_way(upload, at_least=SENT - 100 * is_form)


@pytest.mark.parametrize("way", ["gthread", "gthread, plain"])  # which keep connections
def test_what_comes_after_it_gave_way_is_no_request(
    make_server: Callable[..., Gunicorn],
    authorization: dict[str, str],
    upload: Upload,
    way: str,
) -> None:
    with fall_silent(make_server(**WAYS[way]), authorization, upload) as wire:
        assert_gives_way(upload)
        answer = wire.read_answer()
        another = wire.head(authorization, "DELETE")
        with contextlib.suppress(ConnectionError):
            wire.socket.sendall(another * 100)
            assert wire.socket.recv(1) == b""

    assert (answer.status, answer.item["error"]) == (400, "body_cut")
    assert Upload.objects.exists()


def test_encrypted_connection_gives_way(
    make_server: Callable[..., Gunicorn],
    authorization: dict[str, str],
    upload: Upload,
    tmp_path: Path,
) -> None:
    authority = trustme.CA()
    certificate = str(tmp_path / "certificate.pem")
    authority.issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(certificate)
    options = [f"--certfile={certificate}", f"--keyfile={certificate}"]
    context = ssl.create_default_context()
    authority.configure_trust(context)

    def encrypt(plain: Any) -> ssl.SSLSocket:
        return context.wrap_socket(plain, server_hostname=HOST)

    server = make_server(options=options)
    with fall_silent(server, authorization, upload, encrypt=encrypt):
        assert_gives_way(upload)


@pytest.fixture
def gevent(tmp_path: Path, settings: Any) -> Iterator[Gunicorn]:
    """gunicorn, where greenlets wait for clients."""
    server = Gevent(tmp_path, connection.settings_dict)
    settings.MEDIA_ROOT = str(server.media_root)
    server.start()
    yield server
    server.kill()


def test_greenlet_gives_way(
    gevent: Gunicorn, authorization: dict[str, str], upload: Upload
) -> None:
    with fall_silent(gevent, authorization, upload):
        assert_gives_way(upload)


def test_nobody_gives_way_to_who_only_asks(
    make_server: Callable[..., Gunicorn],
    authorization: dict[str, str],
    upload: Upload,
) -> None:
    with fall_silent(make_server(), authorization, upload) as wire:
        wait_until_idle(upload, 2)
        wire.send(randbytes(SIZE)[SENT:])

        assert wire.read_answer().item["size"] == SIZE
