"""The app behind nginx, configured as the README shows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from chunked_uploads.models import Upload
from chunked_uploads.stores.partial_files import state_of
from tests.clients import Client, Wire, content_range, disposition, randbytes
from tests.live.sites import arrived
from tests.polling import wait_until
from tests.proxies import Pools
from tests.sending import finished, part_of
from tests.servers import Gunicorn, Nginx
from tests.tus.talking import TUS, TYPE

MIB = 2**20
BLOCK = 64 * 1024  # bytes, the steps in which the app writes
THREADS = 8  # of the fixture's gunicorn, two workers of four
CUTS = [Wire.close, Wire.reset, Wire.end]


@pytest.fixture
def client(nginx: Nginx, authorization: dict[str, str]) -> Client:
    """Ada's client."""
    return Client(nginx.url, authorization)


@pytest.fixture
def pools(make_server: Callable[..., Gunicorn], tmp_path: Path) -> Iterator[Pools]:
    """nginx with a pool of its own for uploads, both of one worker of two threads."""
    folder = tmp_path / "nginx"
    folder.mkdir()
    uploads = make_server(unix=True, workers=1, threads=2)
    media = {"MEDIA_ROOT": str(uploads.media_root)}
    site = make_server(unix=True, workers=1, threads=2, settings=media)
    site.media_root = uploads.media_root
    pools = Pools(folder, site, uploads)
    pools.start()
    yield pools
    pools.stop()


def has_bytes(part: Path) -> bool:
    """Whether some of the upload is in its place."""
    return part.exists() and part.stat().st_size > 0


def collected(nginx: Nginx) -> list[str]:
    """Return the files of bodies on their way; they have lost their names already."""
    children = Path(f"/proc/{nginx.pid}/task/{nginx.pid}/children").read_text()
    files = [
        file for pid in children.split() for file in Path("/proc", pid, "fd").iterdir()
    ]
    links = []
    for file in files:
        with suppress(FileNotFoundError):
            links.append(os.readlink(file))
    return [link for link in links if link.startswith(f"{nginx.folder}/incoming/")]


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
    shown = "client_max_body_size 64m;"
    assert shown in site.read_text()
    site.write_text(site.read_text().replace(shown, "client_max_body_size 1m;"))
    nginx.restart()

    named = disposition("film.mp4")
    url = f"{client.site}/uploads/upload/"

    assert client.ask("POST", url, bytes(2 * MIB), named).status == 413
    assert client.ask("POST", url, bytes(MIB), named).status == 200


def test_slow_senders_keep_no_worker_waiting(client: Client, user: User) -> None:
    content = randbytes(MIB)
    uploads = [
        Upload.objects.create(user=user, filename=f"{number}.mp4", filesize=MIB)
        for number in range(2 * THREADS)
    ]
    with ExitStack() as slow:
        wires = [
            slow.enter_context(client.begin_chunk(upload, MIB, content[: MIB // 2]))
            for upload in uploads
        ]

        assert client.ask("GET", f"{client.site}/").status == 200
        assert client.size(uploads[0]) == 0

        for wire in wires:
            wire.send(content[MIB // 2 :])
        assert [wire.read_answer().item["size"] for wire in wires] == [MIB] * len(wires)


@pytest.mark.parametrize("cut", CUTS)
def test_chunk_that_is_cut_is_sent_again_from_its_start(
    nginx: Nginx, client: Client, user: User, cut: Any
) -> None:
    content = randbytes(3 * MIB)
    upload = Upload.objects.create(
        user=user, filename="film.mp4", filesize=len(content)
    )
    assert client.send(upload, content[:MIB]).status == 200
    stop = len(content)
    with client.begin_chunk(upload, stop, content[MIB : 2 * MIB], start=MIB) as wire:
        wait_until(lambda: collected(nginx))
        cut(wire)
        wait_until(lambda: not collected(nginx))

    assert client.size(upload) == MIB
    assert client.finish(upload, content).status == 200
    upload.refresh_from_db()
    assert Path(upload.upload.path).read_bytes() == content


@pytest.mark.parametrize("cut", CUTS)
def test_what_arrived_before_a_cut_is_kept_by_a_pool_for_uploads(
    pools: Pools, authorization: dict[str, str], user: User, settings: Any, cut: Any
) -> None:
    client, content = Client(pools.url, authorization), randbytes(3_000_000)
    upload = Upload.objects.create(
        user=user, filename="film.mp4", filesize=len(content)
    )
    written = 1_000_000 // BLOCK * BLOCK
    part = part_of(upload, pools.uploads.media_root)
    with client.begin_chunk(upload, len(content), content[:1_000_000]) as wire:
        wait_until(lambda: part.exists() and part.stat().st_size >= written)
        cut(wire)
        size = wait_until(lambda: client.size(upload))

    assert written <= size <= 1_000_000
    assert client.finish(upload, content).status == 200
    settings.MEDIA_ROOT = str(pools.uploads.media_root)
    upload.refresh_from_db()
    assert Path(upload.upload.path).read_bytes() == content


def test_slow_senders_fill_the_pool_for_uploads_and_not_the_site(
    pools: Pools, authorization: dict[str, str], user: User
) -> None:
    client = Client(pools.url, authorization)
    uploads = [
        Upload.objects.create(user=user, filename=f"{number}.mp4", filesize=MIB)
        for number in range(2)
    ]
    with ExitStack() as slow:
        for upload in uploads:
            slow.enter_context(client.begin_chunk(upload, MIB, bytes(BLOCK)))
            wait_until(partial(has_bytes, part_of(upload, pools.uploads.media_root)))

        assert client.ask("GET", f"{client.site}/").status == 200


def test_unfinished_bytes_are_not_served(
    client: Client, user: User, settings: Any
) -> None:
    upload = Upload.objects.create(user=user, filename="film.mp4", filesize=10)
    assert client.send(upload, bytes(5)).status == 200
    assert part_of(upload, Path(settings.MEDIA_ROOT)).exists()

    assert (
        client.ask("GET", f"{client.site}/media/{state_of(upload).path}").status == 404
    )


APPEND = {**TUS, "Content-Type": TYPE, "Upload-Offset": "0"}


def create(client: Client, size: int) -> tuple[str, Upload]:
    """Create an upload by tus; return its URL, too."""
    wanted = {**TUS, "Upload-Length": str(size)}
    answer = client.ask("POST", f"{client.site}/files/", b"", wanted)
    assert answer.status == 201
    return answer.headers["Location"], Upload.objects.latest("pk")


def offset_of(client: Client, url: str) -> int:
    return int(client.ask("HEAD", url, b"", TUS).headers["Upload-Offset"])


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("is_chunked", [False, True])
def test_tus_keeps_what_arrived_before_a_cut(
    nginx: Nginx, client: Client, cut: Callable[[Wire], None], is_chunked: bool
) -> None:
    content = randbytes(3 * MIB)
    url, upload = create(client, len(content))
    headers, opening = {"Content-Length": str(len(content))}, b""
    if is_chunked:
        headers = {"Transfer-Encoding": "chunked"}
        opening = b"%x\r\n" % len(content)
    with Wire(url) as wire:
        wire.send_head({**APPEND, **headers}, "PATCH")
        wire.send(opening + content[: 2 * MIB])
        wait_until(lambda: arrived(nginx.gunicorn, upload) == 2 * MIB)
        cut(wire)

        assert offset_of(client, url) == 2 * MIB

    rest = {**APPEND, "Upload-Offset": str(2 * MIB)}
    assert client.ask("PATCH", url, content[2 * MIB :], rest).status == 204
    assert finished(upload) == content


def test_tus_refusal_is_heard_before_a_large_body_is_sent(
    client: Client,
) -> None:
    url, _ = create(client, 100 * MIB)
    with Wire(url) as wire:
        wrong = {**APPEND, "Upload-Offset": "7", "Content-Length": str(100 * MIB)}
        wire.send_head(wrong, "PATCH")
        wire.socket.sendall(bytes(MIB))

        assert wire.read_answer().status == 409
