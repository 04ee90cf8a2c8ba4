"""What the README shows, run as it stands."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from chunked_uploads.conf import Settings
from chunked_uploads.models import ApiKey, Upload
from demo.environment import CHECKOUT
from tests.documents import block, blocks
from tests.servers import Gunicorn

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
FILM = os.urandom(20_000_000)  # two and a half chunks

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


def curl(block: str, film: Path, server: Gunicorn, api_key: ApiKey) -> list[dict]:
    names = {"USERNAME": api_key.user.username, "KEY": api_key.key, "SITE": server.url}
    return json.loads(run(["bash", "-euc", block], film, **names))


def client(command: list[str], film: Path, server: Gunicorn, api_key: ApiKey) -> str:
    """Run what uses the client; return what it prints."""
    script = film.with_name("chunked-upload")  # as a pip install makes it
    script.write_text(f'exec "{sys.executable}" -m chunked_uploads.client "$@"\n')
    script.chmod(0o755)
    path = f"{film.parent}{os.pathsep}{os.environ['PATH']}"
    names = {"USERNAME": api_key.user.username, "KEY": api_key.key, "SITE": server.url}
    own = {"PATH": path, "PYTHONPATH": str(CHECKOUT), "HOME": str(film.parent)}
    return run(command, film, **names, **own).strip()


@pytest.mark.parametrize("page", ["README.md", "docs/client.md"])
def test_client_sends_a_file(
    server: Gunicorn, api_key: ApiKey, film: Path, page: str
) -> None:
    python = block("python", "with Client", page)
    shell = block("bash", "chunked-upload --user", page)
    for command in ([sys.executable, "-c", python], ["bash", "-euc", shell]):
        url = client(command, film, server, api_key)

        upload = Upload.objects.latest("pk")
        assert url == server.url + upload.url
        assert Path(upload.upload.path).read_bytes() == FILM


def test_curl_sends_a_file_at_once(
    server: Gunicorn, api_key: ApiKey, film: Path
) -> None:
    [answer] = curl(blocks("bash", "README.md")[1], film, server, api_key)
    assert answer["size"] == answer["total_size"] == len(FILM)


def test_curl_sends_a_file_chunk_by_chunk(
    server: Gunicorn, api_key: ApiKey, film: Path
) -> None:
    [answer] = curl(blocks("bash", "README.md")[2], film, server, api_key)
    assert answer["state"] == "COMPLETE"
    assert Path(Upload.objects.get().upload.path).read_bytes() == FILM


USE = """
import django
from django.core.management import call_command

django.setup()
call_command("check", fail_level="WARNING")
call_command("migrate", verbosity=0)

from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.test import Client

client = Client(headers={"host": "localhost"})
client.force_login(User.objects.create_user("ada"))
named = {"Content-Disposition": 'attachment; filename="film.mp4"'}
sent = client.post("/uploads/upload/", b"film", "video/mp4", headers=named)
done = client.post(sent.json()[0]["done_url"])
shown = client.get(done.json()[0]["url"])
assert b"".join(shown.streaming_content) == b"film"
assert client.post("/uploads/upload/", headers=named).status_code == 400
assert "Choose files" in render_to_string("chunked_upload.html")
"""


def test_lines_of_the_installation_lead_to_the_finished_file(tmp_path: Path) -> None:
    call_command("startproject", "site_of_the_tests", tmp_path)
    for name in ("settings", "urls"):
        lines = block("python", f"# {name}.py", "README.md")
        with open(tmp_path / "site_of_the_tests" / f"{name}.py", "a") as file:
            file.write(lines)

    run(
        [sys.executable, "-W", "error", "-c", USE],
        tmp_path / "manage.py",
        DJANGO_SETTINGS_MODULE="site_of_the_tests.settings",
        PYTHONPATH=str(CHECKOUT),
    )


def test_other_blocks_are_those_of_the_docs_which_are_run() -> None:
    docs = "".join(path.read_text() for path in (CHECKOUT / "docs").glob("*.md"))
    for shown in [*blocks("bash", "README.md")[3:], *blocks("js", "README.md")]:
        assert shown in docs


def test_every_setting_stands_in_the_table() -> None:
    known = {name for name in vars(Settings) if name.isupper()}
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", README, re.MULTILINE)) == known


@pytest.mark.django_db
def test_commands_of_the_clean_up_exist(media_root: Path) -> None:
    call_command("clean_uploads", days=3, dry_run=True)
    call_command("runjobs", "daily")


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(([^):#]+)\)", README))))
def test_links_lead_somewhere(path: str) -> None:
    assert (CHECKOUT / path).exists()
