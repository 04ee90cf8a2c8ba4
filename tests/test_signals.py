"""News of uploads: what is sent, when, and to receivers that fail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection, transaction

from chunked_uploads import signals
from chunked_uploads.core.removing import cancel
from chunked_uploads.core.starting import start_upload
from chunked_uploads.models import Chunk, Upload
from tests.sending import CONTENT, UPLOAD, Uploader, state_in, upload_of

pytestmark = pytest.mark.django_db(transaction=True)

SIGNALS = {
    name: getattr(signals, name)
    for name in (
        "upload_started",
        "chunk_received",
        "upload_completed",
        "upload_cancelled",
    )
}


class Log:
    """Note each signal that is sent, with what a receiver then sees."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.uploads: list[Upload] = []
        self.seen: list[dict[str, Any]] = []

    def receive(self, signal: Any, sender: Any, upload: Upload, **kwargs: Any) -> None:
        (name,) = (name for name, known in SIGNALS.items() if known is signal)
        assert sender is Upload
        assert not connection.in_atomic_block
        self.names.append(name)
        self.uploads.append(upload)
        rows = Upload.objects.filter(uuid=upload.uuid)
        stored = rows.values("offset", "received", "state").first()
        if stored is not None:
            assert stored == {field: getattr(upload, field) for field in stored}
        self.seen.append({"row": stored, "chunks": Chunk.objects.count()})


@pytest.fixture
def log() -> Iterator[Log]:
    log = Log()
    for signal in SIGNALS.values():
        signal.connect(log.receive)
    yield log
    for signal in SIGNALS.values():
        signal.disconnect(log.receive)


def test_each_step_is_announced(uploader: Uploader, log: Log) -> None:
    uploader.send(CONTENT[:4], 0)
    sent = uploader.send(CONTENT[4:], 4)
    uploader.done(state_in(sent))
    uploader.delete(state_in(sent)["delete_url"])

    assert log.names == [
        "upload_started",
        "chunk_received",
        "chunk_received",
        "upload_completed",
        "upload_cancelled",
    ]


def test_receivers_see_what_was_committed(uploader: Uploader, log: Log) -> None:
    uploader.send(CONTENT[:4], 0)
    sent = uploader.send(CONTENT[4:], 4)
    uploader.done(state_in(sent))
    uploader.delete(state_in(sent)["delete_url"])

    assert log.seen == [
        {"row": {"offset": 0, "received": 0, "state": 1}, "chunks": 0},
        {"row": {"offset": 4, "received": 4, "state": 1}, "chunks": 1},
        {"row": {"offset": 10, "received": 10, "state": 1}, "chunks": 2},
        {"row": {"offset": 10, "received": 10, "state": 2}, "chunks": 0},
        {"row": None, "chunks": 0},
    ]


def test_receivers_know_what_the_sender_said_of_the_file(
    uploader: Uploader, log: Log
) -> None:
    metadata = {"relativePath": "Rushes/Día 1/映画.mov"}
    query = urlencode({"metadata": json.dumps(metadata)})

    uploader.send(CONTENT[:4], 0, url=f"{UPLOAD}?{query}")
    sent = uploader.send(CONTENT[4:], 4)
    uploader.done(state_in(sent))
    uploader.delete(state_in(sent)["delete_url"])

    assert [upload.metadata for upload in log.uploads] == [metadata] * 5


def test_start_is_announced_when_its_own_database_commits(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str | None] = []
    monkeypatch.setattr(
        "django.db.transaction.on_commit",
        lambda function, using=None: told.append(using),
    )
    start_upload(None, "film.mp4", 10, "")
    assert told == ["default"]


def test_receiver_may_open_the_finished_file(uploader: Uploader) -> None:
    seen: list[tuple[bytes, str]] = []

    def look(upload: Upload, **kwargs: Any) -> None:
        with upload.upload.open() as file:
            seen.append((file.read(), upload.url))

    signals.upload_completed.connect(look)
    try:
        sent = uploader.send(CONTENT)
        uploader.done(state_in(sent))
    finally:
        signals.upload_completed.disconnect(look)

    assert seen == [(CONTENT, upload_of(sent).url)]


def test_chunk_that_is_held_already_is_no_news(uploader: Uploader, log: Log) -> None:
    url = state_in(uploader.send(CONTENT[:4], 0))["url"]

    uploader.send(CONTENT[:4], 0, url=url)

    assert log.names == ["upload_started", "chunk_received"]


def test_repeated_done_is_no_news(uploader: Uploader, log: Log) -> None:
    state = state_in(uploader.send(CONTENT))

    uploader.done(state)
    uploader.done(state)

    assert log.names.count("upload_completed") == 1


def test_failed_done_is_no_news(uploader: Uploader, log: Log) -> None:
    uploader.done(state_in(uploader.send(CONTENT[:4], 0)))

    assert "upload_completed" not in log.names


def test_nothing_is_announced_of_what_was_rolled_back(
    uploader: Uploader, log: Log
) -> None:
    sent = uploader.send(CONTENT)
    log.names.clear()

    with transaction.atomic():
        cancel(upload_of(sent))
        transaction.set_rollback(True)

    assert log.names == []
    assert uploader.done(state_in(sent)).status_code == 200


@pytest.mark.parametrize("name", SIGNALS)
def test_receiver_that_fails_fails_alone(
    uploader: Uploader, log: Log, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**kwargs: Any) -> None:
        raise RuntimeError("of the site's receiver")

    SIGNALS[name].connect(fail)
    try:
        sent = uploader.send(CONTENT)
        assert uploader.done(state_in(sent)).status_code == 200
        url = state_in(sent)["delete_url"]
        assert uploader.delete(url).status_code == 200
    finally:
        SIGNALS[name].disconnect(fail)

    assert log.names == list(SIGNALS)
    assert "of the site's receiver" in caplog.text
