"""Which credentials survive which server: the table in docs/authentication.md."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from chunked_uploads.models import ApiKey
from demo.environment import CHECKOUT
from tests.clients import BOUNDARY, Wire, form
from tests.hosts import HOSTS
from tests.servers import Gunicorn, Nginx

TABLE = (CHECKOUT / "docs" / "authentication.md").read_text(encoding="utf-8")
CLASSES = [
    f"chunked_uploads.authentication.{name}Authentication"
    for name in ("Basic", "ApiKey", "Query", "Session")
]

pytestmark = pytest.mark.once


def request_of(
    headers: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    fields: dict[str, str] | None = None,
) -> Callable[[str], int]:
    """Return what sends a file with these credentials and gives the answer's status."""

    def send(site: str) -> int:
        parts = [
            f"--{BOUNDARY}\r\nContent-Disposition: form-data; "
            f'name="{name}"\r\n\r\n{value}\r\n'
            for name, value in (fields or {}).items()
        ]
        body = "".join(parts).encode() + b"".join(form(b"content"))
        described = {
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Content-Length": str(len(body)),
        }
        with Wire(f"{site}/uploads/upload/?{urlencode(query or {})}") as wire:
            wire.send_head({**described, **(headers or {})})
            wire.send(body)
            return wire.read_answer().status

    return send


def ways(user: User, api_key: ApiKey) -> dict[str, Callable[[str], int]]:
    """Every way of sending credentials, as the table calls it."""
    named = {"username": user.username, "api_key": api_key.key}
    now = str(int(time.time()))
    signature = hmac.digest(api_key.secret.encode(), now.encode(), hashlib.sha256)
    signed = {"api_key": api_key.key, "timestamp": now, "signature": signature.hex()}
    password = base64.b64encode(f"{user.username}:secret".encode()).decode()
    cookies = logged_in(user)
    return {
        "headers `username`, `api_key`": request_of(named),
        "headers `username`, `Api-Key`": request_of(dashed(named)),
        "`Authorization: ApiKey`": authorization("ApiKey", *named.values()),
        "query string `username`, `api_key`": request_of(query=named),
        "form fields `username`, `api_key`": request_of(fields=named),
        "headers `api_key`, `timestamp`, `signature`": request_of(signed),
        "headers `Api-Key`, `timestamp`, `signature`": request_of(dashed(signed)),
        "`Authorization: Query`": authorization("Query", *signed.values()),
        "query string `api_key`, `timestamp`, `signature`": request_of(query=signed),
        "form fields `api_key`, `timestamp`, `signature`": request_of(fields=signed),
        "`Authorization: Basic`": authorization("Basic", password),
        "session cookie and `X-CSRFToken`": request_of(cookies),
    }


def dashed(credentials: dict[str, str]) -> dict[str, str]:
    return {
        "Api-Key" if name == "api_key" else name: value
        for name, value in credentials.items()
    }


def authorization(scheme: str, *values: str) -> Callable[[str], int]:
    return request_of({"Authorization": f"{scheme} {':'.join(values)}"})


def logged_in(user: User) -> dict[str, str]:
    """Return the headers that a page of a logged-in user sends."""
    client = Client()
    client.force_login(user)
    client.get("/")
    sent: SimpleCookie = client.cookies
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in sent.items())
    token = sent[django_settings.CSRF_COOKIE_NAME].value
    return {"Cookie": cookie, "X-CSRFToken": token}


def column(server: str) -> dict[str, bool]:
    """Return what the table says of a server: by way, whether it arrives."""
    rows = [
        [cell.strip() for cell in line.strip("| ").split("|")]
        for line in TABLE.splitlines()
        if line.startswith("|")
    ]
    place = next(row for row in rows if server in row).index(server)
    return {row[0]: row[place] == "yes" for row in rows if row[place] in ("yes", "no")}


@pytest.fixture
def start(
    transactional_db: None, tmp_path: Path, request: pytest.FixtureRequest
) -> Callable[[type[Gunicorn]], str]:
    """Return what starts a server over the test's database and gives its address."""

    def start(kind: type[Gunicorn]) -> str:
        folder = tmp_path / "site"
        folder.mkdir()
        settings = {"CHUNKED_UPLOADS_AUTHENTICATION": CLASSES}
        site = kind(folder, connection.settings_dict, settings=settings)
        request.addfinalizer(site.kill)  # some take long to end by themselves
        site.start()
        return site.url

    return start


@pytest.mark.parametrize("name", [name for name in HOSTS if name in TABLE])
def test_credentials_arrive_as_the_table_says(
    start: Callable[[type[Gunicorn]], str], user: User, api_key: ApiKey, name: str
) -> None:
    assert measured(start(HOSTS[name]), user, api_key) == column(name)


def test_credentials_arrive_through_nginx_as_the_table_says(
    make_server: Callable[..., Gunicorn], tmp_path: Path, user: User, api_key: ApiKey
) -> None:
    settings = {"CHUNKED_UPLOADS_AUTHENTICATION": CLASSES}
    (tmp_path / "nginx").mkdir()
    nginx = Nginx(tmp_path / "nginx", make_server(unix=True, settings=settings))
    nginx.start()
    try:
        assert measured(nginx.url, user, api_key) == column("nginx")
    finally:
        nginx.stop()


def measured(site: str, user: User, api_key: ApiKey) -> dict[str, bool]:
    """Return by way whether credentials arrive at the site."""
    user.set_password("secret")
    user.save()
    answers = {way: send(site) for way, send in ways(user, api_key).items()}
    assert set(answers.values()) <= {200, 401}
    return {way: status == 200 for way, status in answers.items()}
