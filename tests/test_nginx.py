"""The app behind nginx, configured as the README shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from chunked_uploads.models import Upload
from tests.clients import Client, Wire, content_range, disposition, randbytes
from tests.polling import wait_until
from tests.servers import Nginx

MIB = 2**20
BLOCK = 64 * 1024  # bytes, the steps in which the app writes


@pytest.fixture
def client(nginx: Nginx, authorization: dict[str, str]) -> Client:
    """Ada's client."""
    return Client(nginx.url, authorization)


def test_upload_arrives_chunk_by_chunk_and_is_served(client: Client) -> None:
    content = randbytes(20 * MIB)
    url = f"{client.site}/uploads/upload/"
    for start in range(0, len(content), 8 * MIB):
        data = content[start : start + 8 * MIB]
        span = content_range(start, start + len(data), len(content))
        answer = client.ask("POST", url, data, {**disposition("film.mp4"), **span})
        assert answer.status == 200
        url = answer.item["url"]
        assert url.startswith(f"{client.site}/")

    done = client.ask("POST", answer.item["done_url"]).item

    assert client.ask("GET", done["url"]).body == content


def test_error_before_a_large_body_can_be_read_after_it(client: Client) -> None:
    url = f"{client.site}/uploads/upload/"
    wrong = {"Authorization": "ApiKey ada:wrong", **disposition("film.mp4")}
    misplaced = {**content_range(1, 24 * MIB + 1, 30 * MIB), **disposition("film.mp4")}
    for headers, status in ((wrong, 401), (misplaced, 409)):
        answer = client.ask("POST", url, bytes(24 * MIB), headers)

        assert (answer.status, "error" in answer.item) == (status, True)


def test_limit_of_nginx_is_told_as_413(nginx: Nginx, client: Client) -> None:
    site = nginx.folder / "site.conf"
    unlimited = "client_max_body_size 0;"
    assert unlimited in site.read_text()
    site.write_text(site.read_text().replace(unlimited, "client_max_body_size 1m;"))
    nginx.restart()

    named = disposition("film.mp4")
    url = f"{client.site}/uploads/upload/"

    assert client.ask("POST", url, bytes(2 * MIB), named).status == 413
    assert client.ask("POST", url, bytes(MIB), named).status == 200


@pytest.mark.parametrize("cut", [Wire.close, Wire.reset, Wire.end])
def test_what_arrived_before_a_cut_is_kept(
    client: Client, user: User, settings: Any, cut: Any
) -> None:
    content = randbytes(3_000_000)
    upload = Upload.objects.create(
        user=user, filename="film.mp4", filesize=len(content)
    )
    written = 1_000_000 // BLOCK * BLOCK
    part = Path(settings.MEDIA_ROOT, upload.part)
    with client.begin_chunk(upload, len(content), content[:1_000_000]) as wire:
        wait_until(lambda: part.exists() and part.stat().st_size >= written)
        cut(wire)
        size = wait_until(lambda: client.size(upload))

    assert written <= size <= 1_000_000
    assert client.finish(upload, content).status == 200
    upload.refresh_from_db()
    assert Path(upload.upload.path).read_bytes() == content


def test_unfinished_bytes_are_not_served(
    client: Client, user: User, settings: Any
) -> None:
    upload = Upload.objects.create(user=user, filename="film.mp4", filesize=10)
    assert client.send(upload, bytes(5)).status == 200
    assert Path(settings.MEDIA_ROOT, upload.part).exists()

    assert client.ask("GET", f"{client.site}/media/{upload.part}").status == 404
