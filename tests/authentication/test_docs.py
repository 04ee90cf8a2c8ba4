"""What docs/authentication.md and docs/security.md show, run as it stands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.core.cache import cache
from django.core.checks import run_checks
from django.db import connections
from django.test import Client, RequestFactory

from chunked_uploads.authentication import ExternalAuthentication
from chunked_uploads.conf import conf
from chunked_uploads.models import ApiKey, Upload
from tests.authentication.test_external import (
    Handler,
    Source,
    authority,
    make_source,
    source,
)
from tests.documents import block, blocks, module
from tests.sending import UPLOAD
from tests.servers import Gunicorn

__all__ = ["authority", "make_source", "source"]  # fixtures

SECURITY = "docs/security.md"
FILM = b"a film" * 1000
OURS = "chunked_uploads.authentication"


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(FILM)
    return path


@pytest.fixture
def site(make_server: Any) -> str:
    """A site that takes credentials of every kind."""
    kinds = ["Basic", "ApiKey", "Query", "Session"]
    classes = [f"{OURS}.{kind}Authentication" for kind in kinds]
    server: Gunicorn = make_server(settings={"CHUNKED_UPLOADS_AUTHENTICATION": classes})
    return server.url


@pytest.mark.once
def test_curl_sends_a_file_every_way(
    site: str, api_key: ApiKey, user: User, film: Path
) -> None:
    user.set_password("pass:word")
    user.save()
    values = {"USERNAME": "ada", "KEY": api_key.key, "SECRET": api_key.secret}
    env = {**os.environ, **values, "PASSWORD": "pass:word", "SITE": site}
    commands = blocks("bash")
    for command in commands:
        subprocess.run(
            ["bash", "-euc", command], cwd=film.parent, env=env, check=True, timeout=60
        )
    found = Upload.objects.values_list("user__username", "filename", "received")
    assert list(found) == [("ada", "film.mp4", len(FILM))] * len(commands)


@pytest.mark.once
def test_python_sends_a_file(site: str, api_key: ApiKey, film: Path) -> None:
    program = block("python", "urlopen")
    words = [str(film), site, "ada", api_key.key]
    subprocess.run([sys.executable, "-c", program, *words], check=True, timeout=60)
    assert Upload.objects.get().received == len(FILM)


def test_default_is_the_one_shown() -> None:
    shown = module(block("python", "CHUNKED_UPLOADS_AUTHENTICATION"))
    assert shown.CHUNKED_UPLOADS_AUTHENTICATION == conf.CHUNKED_UPLOADS_AUTHENTICATION


@pytest.mark.django_db(transaction=True)
def test_view_of_the_other_server_is_understood(source: Source, user: User) -> None:
    view = module(block("python", "SECRETS")).uploader
    User.objects.update(email="ada@example.org")

    def answer(handler: Handler) -> None:
        request = RequestFactory().post("/uploaders/", handler.server.asked[-1])
        try:
            response = view(request)
        finally:
            connections.close_all()
        handler.reply(response.content, response.status_code)

    source.answer = answer
    signer = module(block("python", "login_required")).signature
    for secret, status in (("secret", 200), ("wrong", 401)):
        request = RequestFactory().get("/")
        request.user = User(username="ada")
        request.user.chunked_upload_api_key = ApiKey(key="public key", secret=secret)
        signed = signer(request).content
        assert Client().get(UPLOAD, json.loads(signed)).status_code == status
    assert User.objects.filter(email="ada@example.org").count() == 2


def test_external_class_has_what_the_example_changes() -> None:
    partner = module(block("python", "class Partner")).Partner
    changed = {name for name in vars(partner) if not name.startswith("__")}
    assert changed <= set(vars(ExternalAuthentication))
    assert partner().get_source("https://x.example/?a") == "https://partner.example/"
    source = ExternalAuthentication().get_source("https://x.example/users/?a=b")
    assert source == "https://x.example/users/"


@pytest.fixture
def patient(settings: Any) -> Iterator[None]:
    example = module(block("python", "class Patient", SECURITY), "mysite.uploads")
    sys.modules["mysite"] = types.ModuleType("mysite")
    sys.modules["mysite.uploads"] = example
    setting = block("python", "mysite.uploads", SECURITY)
    name = "CHUNKED_UPLOADS_AUTHENTICATION"
    setattr(settings, name, getattr(module(setting), name))
    cache.clear()
    yield
    user_login_failed.disconnect(example.count)
    del sys.modules["mysite"], sys.modules["mysite.uploads"]
    cache.clear()


def test_guesses_are_slowed_down(patient: None, db: None) -> None:
    assert run_checks() == []
    guess = Client(headers={"Authorization": "Basic YWRhOmd1ZXNz"})
    statuses = [guess.get(UPLOAD).status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    assert Client().get(UPLOAD, REMOTE_ADDR="127.0.0.2").status_code == 401


def test_own_class_is_admitted(user: User, settings: Any) -> None:
    example = module(block("python", "CertificateAuthentication"))
    by_nginx: dict[str, Any] = {"headers": {"X-Client-Name": "ada"}}
    request = RequestFactory().get(UPLOAD, **by_nginx)
    assert example.CertificateAuthentication().is_authenticated(request) is True
    assert request.user == user
    User.objects.update(is_active=False)
    request = RequestFactory().get(UPLOAD, **by_nginx)
    assert example.CertificateAuthentication().is_authenticated(request) is False
    challenge = example.CertificateAuthentication().challenge
    assert challenge == 'Certificate realm="uploads"'
