"""What docs/tus.md shows for programs, run as it stands."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import QueryDict
from django.template import Context, Template

from chunked_uploads.core.limits import read_limits
from chunked_uploads.models import ApiKey, Upload
from chunked_uploads.tus import answers
from chunked_uploads.tus.urls import urlpatterns
from demo.environment import CHECKOUT
from tests.documents import block, blocks, module
from tests.sending import finished
from tests.servers import Gunicorn

PAGE = "docs/tus.md"
FILM = os.urandom(20_000_000)  # three chunks

pytestmark = pytest.mark.once


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(FILM)
    return path


def run(command: list[str], film: Path, **env: str) -> str:
    environment = {**os.environ, **env}
    return subprocess.check_output(
        command, cwd=film.parent, env=environment, text=True, timeout=120
    )


@pytest.mark.parametrize("number", [0, 1], ids=["at once", "chunk by chunk"])
def test_curl_sends_a_file(
    server: Gunicorn, api_key: ApiKey, film: Path, number: int
) -> None:
    names = {"USERNAME": api_key.user.username, "KEY": api_key.key, "SITE": server.url}

    run(["bash", "-euc", blocks("bash", PAGE)[number]], film, **names)

    upload = Upload.objects.get()
    assert (upload.filename, upload.user) == ("film.mp4", api_key.user)
    assert finished(upload) == FILM


@pytest.mark.parametrize("name", ["tusclient", "aiotus"])
def test_python_sends_a_file(
    server: Gunicorn, api_key: ApiKey, film: Path, name: str
) -> None:
    pytest.importorskip(name)
    program = block("python", f"import {name}" if name == "aiotus" else name, PAGE)
    words = [film.name, server.url, api_key.user.username, api_key.key]

    url = run([sys.executable, "-c", program, *words], film).strip()

    upload = Upload.objects.get()
    assert (upload.filename, finished(upload)) == ("film.mp4", FILM)
    assert url.startswith(f"{server.url}/files/{upload.uuid}")


def test_urls_are_as_shown() -> None:
    code = block("python", "urlpatterns", PAGE)

    [included] = module(f"urlpatterns = []\n{code}").urlpatterns

    assert included.url_patterns == urlpatterns
    assert block("python", "tus.urls", "README.md") in code


@pytest.mark.django_db
def test_finished_files_of_tusd_are_taken_over(
    user: User, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    folder = tmp_path / "data"
    folder.mkdir()
    for name, size, content in (
        ("whole", 4, b"film"),
        ("half", 9, b"film"),
        ("gone", 4, None),
        ("part", 4, b"film"),
    ):
        said = {"ID": name, "Size": size, "MetaData": {"filename": "film.mp4"}}
        said["IsPartial"] = name == "part"
        (folder / f"{name}.info").write_text(json.dumps(said))
        if content is not None:
            (folder / name).write_bytes(content)

    module(block("python", "def take_over", PAGE)).take_over(folder, user)

    upload = Upload.objects.get()
    assert (upload.filename, upload.user) == ("film.mp4", user)
    assert finished(upload) == b"film"
    assert upload.metadata == {"filename": "film.mp4"}


def test_links_lead_somewhere() -> None:
    text = (CHECKOUT / PAGE).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^):#]+)(?:#[^)]*)?\)", text)

    assert links
    assert [link for link in links if not (CHECKOUT / "docs" / link).exists()] == []


def test_extensions_are_those_named() -> None:
    text = " ".join((CHECKOUT / PAGE).read_text(encoding="utf-8").split())

    [named] = re.findall(r"Extensions: ([\w, -]+), and checksum-trailer", text)

    assert tuple(named.split(", ")) == answers.EXTENSIONS


def test_limits_of_a_page_are_in_its_query() -> None:
    text = " ".join((CHECKOUT / PAGE).read_text(encoding="utf-8").split())
    [tags] = re.findall(r"`(\{% load chunked_uploads %\}[^`]*)`", text)
    [endpoint] = re.findall(r"`(/files/\?\{\{[^`]*)`", text)

    shown = Template(tags + endpoint).render(Context())

    query = QueryDict(shown.partition("?")[2])
    assert read_limits(query["limits"]).kinds == ("video/*",)
