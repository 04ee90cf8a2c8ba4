"""The local store before a bucket: what a copy costs, and what a kill leaves of it."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User

from chunked_uploads.core.sweeping import clean_uploads
from chunked_uploads.models import Removal, Upload
from tests.clients import Client, Tape, content_range
from tests.core.faults import make_removals_old
from tests.polling import wait_until
from tests.sending import files_in
from tests.servers import Gunicorn

if TYPE_CHECKING:
    from demo.services.engine import Engine

MIB = 2**20
SIZE = 80 * MIB  # ten parts, as django-storages makes them
LARGE = 200 * MIB
GROWTH = 64 * MIB

pytestmark = pytest.mark.once


@pytest.fixture
def location(engine: Engine, settings: Any) -> str:
    """The folder of the bucket where finished files go."""
    folder = uuid.uuid4().hex
    alias = {**engine.storage(folder), "BACKEND": "tests.buckets.PartByPart"}
    settings.STORAGES = {**settings.STORAGES, "default": alias}
    return folder


@pytest.fixture
def server(
    make_server: Callable[..., Gunicorn], location: str, settings: Any
) -> Gunicorn:
    """One worker that copies finished files into the bucket."""
    return make_server(workers=1, threads=4, settings={"STORAGES": settings.STORAGES})


@pytest.fixture
def sizes(engine: Engine, location: str) -> Callable[[], list[int]]:
    """A function that returns the sizes of the objects there."""

    def list_sizes() -> list[int]:
        found = engine.client.list_objects_v2(Bucket=engine.bucket, Prefix=location)
        return [each["Size"] for each in found.get("Contents", [])]

    return list_sizes


@pytest.fixture
def parts(engine: Engine, location: str) -> Callable[[], int]:
    """A function that returns how many parts lie there that are no object yet."""

    def count_parts() -> int:
        place = {"Bucket": engine.bucket}
        begun = engine.client.list_multipart_uploads(**place, Prefix=location)
        return sum(
            len(
                engine.client.list_parts(**place, Key=key, UploadId=id_).get(
                    "Parts", []
                )
            )
            for each in begun.get("Uploads", [])
            for key, id_ in [(each["Key"], each["UploadId"])]
        )

    return count_parts


def send(client: Client, user: User, size: int = SIZE) -> tuple[Upload, Tape]:
    """Send all of a file of so many bytes."""
    tape = Tape(size)
    upload = Upload.objects.create(user=user, filename="film.mp4", filesize=size)
    headers = {**content_range(0, size, size), "Content-Length": str(size)}
    answer = client.ask("POST", client.url(upload), tape.read(0, size), headers)
    assert answer.status == 200, answer
    return upload, tape


def test_copy_needs_little_memory_whatever_its_size(
    server: Gunicorn,
    authorization: dict[str, str],
    user: User,
    sizes: Callable[[], list[int]],
) -> None:
    client = Client(server.url, authorization)
    upload, _ = send(client, user, LARGE)
    before = server.peak_memory

    assert client.done(upload).status == 200

    assert server.peak_memory - before < GROWTH
    assert sizes() == [LARGE]
    assert files_in(server.media_root) == []


def kill_in_the_copy(
    server: Gunicorn, client: Client, upload: Upload, parts: Callable[[], int]
) -> None:
    """Ask for the finished file, and kill the worker while it is copied."""
    asked = Thread(target=_ask_in_vain, args=[client, upload])
    asked.start()
    wait_until(lambda: parts() > 2)
    for worker in server.workers:
        os.kill(worker, signal.SIGKILL)
    asked.join()


def _ask_in_vain(client: Client, upload: Upload) -> None:
    with pytest.raises(OSError):  # noqa: PT011 - however a connection breaks
        client.done(upload)


def test_copy_that_was_killed_is_made_again_and_leaves_nothing(
    server: Gunicorn,
    authorization: dict[str, str],
    user: User,
    engine: Engine,
    sizes: Callable[[], list[int]],
    parts: Callable[[], int],
) -> None:
    client = Client(server.url, authorization)
    upload, tape = send(client, user)
    kill_in_the_copy(server, client, upload, parts)
    assert parts() > 0

    assert client.done(upload).status == 200

    assert (sizes(), parts()) == ([SIZE], 0)
    upload.refresh_from_db()
    storage: Any = upload.upload.storage
    key = storage._normalize_name(upload.upload.name)
    body = engine.client.get_object(Bucket=engine.bucket, Key=key)["Body"]
    found, sent = sha256(), sha256()
    for block in body.iter_chunks(MIB):
        found.update(block)
    for block in tape.read(0, SIZE):
        sent.update(block)
    assert found.digest() == sent.digest()
    assert files_in(Path(server.media_root)) == []


@pytest.mark.parametrize("is_cancelled", [True, False])
def test_copy_that_was_killed_goes_with_its_upload(
    server: Gunicorn,
    authorization: dict[str, str],
    user: User,
    sizes: Callable[[], list[int]],
    parts: Callable[[], int],
    is_cancelled: bool,
) -> None:
    client = Client(server.url, authorization)
    upload, _ = send(client, user)
    kill_in_the_copy(server, client, upload, parts)

    if is_cancelled:
        assert client.cancel(upload).status == 200
    else:
        Upload.objects.update(modified_at="2026-01-01T00:00Z")
        clean_uploads()
    make_removals_old()
    clean_uploads()

    assert not Upload.objects.exists()
    assert not Removal.objects.exists()
    assert (sizes(), parts()) == ([], 0)
    assert files_in(Path(server.media_root)) == []
