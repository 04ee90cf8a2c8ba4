"""Files arrive whole, and the result says where."""

from __future__ import annotations

import hashlib
import io
import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from chunked_uploads.client import Client, Refused, Result, sending, sizing
from chunked_uploads.models import ApiKey, Upload
from tests.client.conftest import CONTENT, SIZE
from tests.client.faults import Faults
from tests.sending import finished
from tests.servers import Gunicorn

pytestmark = pytest.mark.once

NAMES = ["film.mp4", "Übersicht 100 %; \"x\" = 'y'.txt", "映画.mp4", "a,b&c#d?.bin"]


@pytest.mark.parametrize("digests", [True, False])
def test_file_arrives_whole(
    make_server: Callable[..., Gunicorn],
    make_client: Callable[..., Client],
    film: Path,
    digests: bool,
) -> None:
    server = make_server(settings={"CHUNKED_UPLOADS_DIGEST": "sha256"})

    result = make_client(server.url, digests=digests).upload(film)

    upload = Upload.objects.get()
    assert finished(upload) == CONTENT
    digest = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
    assert result == Result(server.url + upload.url, str(upload.uuid), SIZE, digest)
    assert upload.user is not None
    assert upload.user.username == "ada"


def test_sizes_at_the_edges_arrive_whole(client: Client) -> None:
    for size in (0, 1, 2**20, 2**20 + 1):
        result = client.upload(io.BytesIO(CONTENT[:size]), filename="film.mp4")

        assert (result.size, result.digest) == (size, "")
        assert finished(Upload.objects.get(uuid=result.uuid)) == CONTENT[:size]


def test_names_arrive_as_they_are(client: Client, tmp_path: Path) -> None:
    for name in NAMES:
        path = tmp_path / name
        path.write_bytes(b"film")

        for each in (path, os.fsencode(path)):
            result = client.upload(each)

            assert Upload.objects.get(uuid=result.uuid).filename == name


def test_open_file_is_sent_from_its_beginning_and_stays_open(
    client: Client, faults: Faults
) -> None:
    file = io.BytesIO(CONTENT)
    file.read(1000)

    client.upload(file, filename="film.mp4", metadata={"camera": "ü"})

    assert not file.closed
    assert "%C3%BC" in faults.chunks[0].path  # the shortest way to say it
    upload = Upload.objects.get()
    assert finished(upload) == CONTENT
    assert upload.metadata == {"camera": "ü"}


def test_several_chunks_are_in_flight_at_once(
    client: Client, faults: Faults, film: Path
) -> None:
    client.upload(film)

    assert len(faults.chunks) == 7
    assert len({each.headers["content-range"] for each in faults.chunks}) == 7
    assert faults.sent == SIZE
    assert all("content-digest" in each.headers for each in faults.chunks)


def test_progress_grows_to_the_whole(client: Client, film: Path) -> None:
    seen: list[tuple[int, int]] = []

    client.upload(film, progress=lambda sent, total: seen.append((sent, total)))

    assert seen[0][0] < SIZE
    assert seen[-1] == (SIZE, SIZE)
    assert seen == sorted(seen)


def test_what_progress_raises_ends_the_upload(client: Client, film: Path) -> None:
    def stop(sent: int, total: int) -> None:
        if sent > SIZE // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.upload(film, progress=stop)

    client.upload(film)
    assert finished(Upload.objects.get()) == CONTENT


@pytest.fixture
def serial(
    faults: Faults, make_client: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> Client:
    """A client that sends in the caller's thread, as on a fast line."""
    monkeypatch.setattr(sizing, "FAST", 0)
    monkeypatch.setattr(sending, "TICK", 0)
    return make_client(faults.url, digests=False)


def test_progress_is_told_as_bytes_leave(
    serial: Client, faults: Faults, film: Path
) -> None:
    film.write_bytes(CONTENT * 2)
    seen: list[int] = []

    serial.upload(film, progress=lambda sent, total: seen.append(sent))

    assert seen == sorted(seen)
    assert len(seen) > 2 * len(faults.chunks) + 2  # not only between two
    assert finished(Upload.objects.get()) == CONTENT * 2


def test_upload_ends_wherever_it_is_interrupted(
    serial: Client, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 12):
        calls = itertools.count(1)

        def monotonic(number: int = number, calls: Iterator[int] = calls) -> float:
            if next(calls) == number:
                raise KeyboardInterrupt
            return 1.0

        clock = SimpleNamespace(monotonic=monotonic)
        monkeypatch.setattr(sending, "time", clock)
        with pytest.raises(KeyboardInterrupt):
            serial.upload(film, filename=f"{number}.mp4")


def test_one_upload_that_is_stopped_leaves_others_alone(
    faults: Faults, make_client: Callable[..., Client], film: Path
) -> None:
    client = make_client(faults.url)

    def stop(sent: int, total: int) -> None:
        if sent > SIZE // 2:
            raise InterruptedError

    with ThreadPoolExecutor() as threads:
        others = [
            threads.submit(client.upload, film, filename=f"{number}.mp4")
            for number in range(3)
        ]
        with pytest.raises(InterruptedError):
            client.upload(film, progress=stop)
        uuids = [other.result().uuid for other in others]

    for uuid in uuids:
        assert finished(Upload.objects.get(uuid=uuid)) == CONTENT
    sent_twice = faults.sent - 4 * SIZE
    assert sent_twice <= 0


def test_file_refused_by_the_site_raises_its_sentence(
    make_server: Callable[..., Gunicorn], make_client: Callable[..., Client], film: Path
) -> None:
    server = make_server(settings={"CHUNKED_UPLOADS_ALLOWED_EXTENSIONS": ["zip"]})

    with pytest.raises(Refused, match="zip") as raised:
        make_client(server.url).upload(film)

    assert (raised.value.status, raised.value.code) == (415, "type_refused")


def test_unfinished_uploads_are_listed_found_and_cancelled(
    client: Client, film: Path
) -> None:
    def stop(sent: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        client.upload(film, progress=stop, resume=False)

    [listed] = client.unfinished()
    assert client.find(film) == [listed]
    assert (listed.name, listed.total_size) == ("film.mp4", SIZE)
    client.cancel(listed)
    assert client.unfinished() == client.find(film) == []
    assert not Upload.objects.exists()


BARRED = """
import sys

class Bar:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("django", "django_extensions"):
            raise ImportError(name)

sys.meta_path.insert(0, Bar())
from chunked_uploads.client import ApiKey, Client
from chunked_uploads.client.__main__ import run
sys.exit(run(sys.argv[1:]))
"""


def test_no_django_is_needed(
    small_chunks: Gunicorn, film: Path, api_key: ApiKey
) -> None:
    words = ["--user", "ada", str(film), f"{small_chunks.url}/uploads/upload/"]
    command = [sys.executable, "-W", "error", "-c", BARRED, *words]

    run = subprocess.run(
        command,
        env={"CHUNKED_UPLOAD_SECRET": api_key.key, "HOME": str(film.parent)},
        capture_output=True,
        text=True,
    )

    assert (run.returncode, run.stderr) == (0, f"{film}: 1.6 MB sent.\n")
    assert finished(Upload.objects.get()) == CONTENT
