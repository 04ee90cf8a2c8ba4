"""`done` and cancel over real servers: at once, killed at any step, cleaned up."""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from chunked_uploads.core.sweeping import Report, clean_uploads
from chunked_uploads.models import Chunk, Removal, Upload
from chunked_uploads.stores.markers import MARKER
from tests import storages
from tests.clients import Client, randbytes
from tests.live.sites import finished_file, writers
from tests.polling import wait_until
from tests.sending import part_of
from tests.servers import Gunicorn

MIB = 2**20
STEPS = 45  # more than finishing an upload has, which are 33


@pytest.fixture(params=["the same", "another", "a storage's own"])
def finished(request: pytest.FixtureRequest, settings: Any) -> Iterator[Path | None]:
    """A folder for finished files on another file system; None where there is none."""
    if request.param == "a storage's own":
        storages.use(settings, storages.Copying)
    if request.param != "another":
        yield None
        return
    folder = tempfile.mkdtemp(dir="/dev/shm")
    settings.CHUNKED_UPLOADS_STORAGE_PATH = folder
    yield Path(folder)
    shutil.rmtree(folder)


@pytest.fixture
def server(
    make_server: Callable[..., Gunicorn], finished: Path | None, settings: Any
) -> Gunicorn:
    """gunicorn, with finished files beside the parts, elsewhere, or as copies."""
    changed: dict[str, Any] = {"STORAGES": settings.STORAGES}
    if finished:
        changed["CHUNKED_UPLOADS_STORAGE_PATH"] = finished
    return make_server(settings=changed)


@pytest.fixture
def client(server: Gunicorn, authorization: dict[str, str]) -> Client:
    """Ada's client."""
    return Client(server.url, authorization)


@pytest.fixture
def send(user: User, client: Client) -> Callable[[bytes], Upload]:
    """Return what sends a file of Ada's, up to `done`."""

    def send(content: bytes) -> Upload:
        upload = Upload.objects.create(
            user=user, filename="film.mp4", filesize=len(content)
        )
        assert client.send(upload, content).status == 200
        return upload

    return send


def files(server: Gunicorn, finished: Path | None) -> set[Path]:
    """Return every file and folder of the app's, but for the outermost folders.

    And but for the marker of the parts' folder.
    """
    roots = [
        server.media_root / "chunked_uploads" / name for name in ("chunks", "files")
    ]
    roots += [finished] if finished else []
    found = {path for root in roots for path in root.rglob("*")}
    return {path for path in found if path.name != MARKER}


@pytest.fixture
def crash(server: Gunicorn) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Return what runs `tests.crashes` beside the server."""
    processes = []

    def crash(mode: str, *uploads: Upload) -> subprocess.Popen[bytes]:
        uuids = [str(upload.uuid) for upload in uploads]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.crashes", mode, *uuids],
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **server.popen,
        )
        processes.append(process)
        return process

    yield crash
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def stopped(process: subprocess.Popen[bytes]) -> bool:
    state = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]
    assert state != "Z", "it ended before it moved anything"
    return state == "T"


@pytest.mark.parametrize("finished", ["the same"], indirect=True)
def test_done_moves_the_part_and_writes_no_byte_of_it(
    client: Client, server: Gunicorn, send: Callable[[bytes], Upload]
) -> None:
    upload = send(randbytes(32 * MIB))
    part = part_of(upload, server.media_root).stat()
    before = _written(server)

    assert client.done(upload).status == 200

    assert _written(server) - before < MIB
    assert finished_file(upload).stat().st_ino == part.st_ino
    assert finished_file(upload).read_bytes() == randbytes(32 * MIB)


def _written(server: Gunicorn) -> int:
    """Return how many bytes the workers ever gave to write(2) and its like."""
    lines = [Path(f"/proc/{pid}/io").read_text().splitlines() for pid in server.workers]
    return sum(int(each[1].removeprefix("wchar: ")) for each in lines)


@pytest.mark.parametrize("finished", ["another"], indirect=True)
def test_done_reaches_another_file_system(
    client: Client, server: Gunicorn, send: Callable[[bytes], Upload], finished: Path
) -> None:
    content = randbytes(3 * MIB)
    upload = send(content)
    assert finished.stat().st_dev != server.media_root.stat().st_dev

    answer = client.done(upload)

    assert (answer.status, answer.item["url"]) == (200, "")
    assert finished_file(upload).read_bytes() == content
    assert files(server, finished) == {
        finished_file(upload),
        finished_file(upload).parent,
    }


@pytest.mark.parametrize("finished", ["the same"], indirect=True)
def test_done_asked_by_many_at_once_answers_all_alike(
    client: Client, server: Gunicorn, send: Callable[[bytes], Upload]
) -> None:
    uploads = [send(randbytes(MIB, seed)) for seed in range(6)]

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(client.done, uploads * 6))

    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 6
    for seed, upload in enumerate(uploads):
        assert finished_file(upload).read_bytes() == randbytes(MIB, seed)
    assert not Chunk.objects.exists()


def test_done_killed_at_any_step_can_be_repeated(
    client: Client,
    server: Gunicorn,
    send: Callable[[bytes], Upload],
    crash: Callable[..., subprocess.Popen[bytes]],
    finished: Path | None,
) -> None:
    uploads = [send(randbytes(5000, seed)) for seed in range(STEPS)]
    crash("die", *uploads).wait()
    assert _is_complete(uploads[-1])
    assert not _is_complete(uploads[1])

    for seed, upload in enumerate(uploads):
        assert client.done(upload).status == 200
        assert finished_file(upload).read_bytes() == randbytes(5000, seed)

    whole = {finished_file(upload) for upload in uploads}
    assert files(server, finished) == whole | {file.parent for file in whole}
    assert not Chunk.objects.exists()
    assert not Removal.objects.exists()


def _is_complete(upload: Upload) -> bool:
    upload.refresh_from_db()
    return upload.is_complete


def test_cancel_after_done_was_killed_at_any_step_leaves_nothing(
    client: Client,
    server: Gunicorn,
    send: Callable[[bytes], Upload],
    crash: Callable[..., subprocess.Popen[bytes]],
    finished: Path | None,
) -> None:
    uploads = [send(randbytes(5000, seed)) for seed in range(STEPS)]
    crash("die", *uploads).wait()
    assert _is_complete(uploads[-1])

    for upload in uploads:
        assert client.cancel(upload).status == 200

    assert files(server, finished) == set()
    assert not Upload.objects.exists()
    assert not Removal.objects.exists()


@pytest.mark.parametrize("finished", ["the same"], indirect=True)
def test_done_that_waited_for_one_that_died_finds_its_work(
    client: Client,
    server: Gunicorn,
    send: Callable[[bytes], Upload],
    crash: Callable[..., subprocess.Popen[bytes]],
) -> None:
    content = randbytes(MIB)
    upload = send(content)
    first = crash("stop", upload)
    wait_until(lambda: stopped(first))

    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(client.done, upload)
        wait_until(lambda: writers(server, upload))
        first.send_signal(signal.SIGCONT)
        assert first.wait() == -signal.SIGKILL

        assert second.result().status == 200
    assert finished_file(upload).read_bytes() == content


def test_cancel_at_any_step_of_done_leaves_nothing(
    client: Client,
    server: Gunicorn,
    send: Callable[[bytes], Upload],
    crash: Callable[..., subprocess.Popen[bytes]],
    finished: Path | None,
) -> None:
    uploads = [send(randbytes(5000, seed)) for seed in range(STEPS)]
    done = crash("hold", *uploads)
    wait_until(lambda: stopped(done))
    assert _is_complete(uploads[-1])
    assert not _is_complete(uploads[1])

    statuses = {client.cancel(upload).status for upload in uploads}
    done.send_signal(signal.SIGCONT)

    assert (statuses, done.wait()) == ({200}, 0)
    assert files(server, finished) == set()
    assert not Upload.objects.exists()
    assert not Removal.objects.exists()


def test_done_and_cancel_at_once_agree(
    client: Client,
    server: Gunicorn,
    send: Callable[[bytes], Upload],
    finished: Path | None,
) -> None:
    uploads = [send(randbytes(5000)) for _ in range(20)]
    asked = [
        ask
        for upload in uploads
        for ask in ((client.done, upload), (client.cancel, upload))
    ]

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda each: each[0](each[1]).status, asked))

    assert set(statuses[0::2]) <= {200, 404}
    assert set(statuses[1::2]) == {200}
    assert files(server, finished) == set()
    assert not Upload.objects.exists()
    assert not Removal.objects.exists()


def test_workers_killed_while_many_finish_lose_nothing(
    client: Client,
    server: Gunicorn,
    send: Callable[[bytes], Upload],
    finished: Path | None,
) -> None:
    chance = random.Random(1)
    uploads = [send(randbytes(50_000, seed)) for seed in range(30)]

    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(_status, client, upload) for upload in uploads]
        for count, each in enumerate(as_completed(asked)):
            assert each.result() in (0, 200)
            if count % 5 == 0:
                worker = chance.choice(wait_until(lambda: server.workers))
                with contextlib.suppress(ProcessLookupError):  # killed already
                    os.kill(worker, signal.SIGKILL)
    server.kill()
    server.start()

    for seed, upload in enumerate(uploads):
        assert client.done(upload).status == 200
        assert finished_file(upload).read_bytes() == randbytes(50_000, seed)
    whole = {finished_file(upload) for upload in uploads}
    assert files(server, finished) == whole | {file.parent for file in whole}
    assert clean_uploads(days=0) == Report()


def _status(client: Client, upload: Upload) -> int:
    """Ask for the finished file; return the status, 0 where the worker was killed."""
    try:
        return client.done(upload).status
    except (ConnectionError, http.client.HTTPException):
        return 0
