"""Copies into a bucket, as the local store makes them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.storage import default_storage

from chunked_uploads.core import finishing
from chunked_uploads.models import Removal, Upload
from tests.clients import randbytes
from tests.core.faults import Killed, die_once
from tests.sending import Uploader, assert_finishes, state_in

if TYPE_CHECKING:
    from demo.services.engine import Engine

pytestmark = pytest.mark.django_db(transaction=True)


def by_owner(upload: Upload, filename: str) -> str:
    return f"by/{upload.user}/{filename}"


@pytest.fixture
def keys(engine: Engine, settings: Any) -> Callable[[], list[str]]:
    """A function that returns the names in the bucket's folder of finished files."""
    folder = uuid.uuid4().hex
    settings.STORAGES = {**settings.STORAGES, "default": engine.storage(folder)}

    def list_keys() -> list[str]:
        found = engine.client.list_objects_v2(Bucket=engine.bucket, Prefix=folder)
        return [
            each["Key"].removeprefix(f"{folder}/") for each in found.get("Contents", [])
        ]

    return list_keys


@pytest.mark.parametrize("path", ["files", by_owner])
def test_copy_of_a_process_that_died_after_it_is_replaced(
    uploader: Uploader,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    keys: Callable[[], list[str]],
    path: Any,
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = path
    content = randbytes(300_000)
    sent = uploader.send(content)
    die_once(monkeypatch, finishing, "mark_complete")
    with pytest.raises(Killed):
        uploader.done(state_in(sent))
    [left] = keys()
    fetched: list[str] = []

    def note(model: Any, params: Any, **kwargs: Any) -> None:
        if model.name == "GetObject":
            fetched.append(params["headers"].get("Range"))

    client = default_storage.connection.meta.client  # type: ignore[attr-defined]
    client.meta.events.register("before-call.s3.GetObject", note)

    assert uploader.done(state_in(sent)).status_code == 200

    # Which copy it is shows at both ends: nobody fetches what lies between.
    samples = ["bytes=0-65535", "bytes=234464-299999"]
    assert fetched == (samples if path is by_owner else [])
    assert keys() == [left]
    assert not Removal.objects.exists()
    assert_finishes(uploader, sent, content)


def test_object_of_somebody_else_at_the_noted_name_is_left_alone(
    uploader: Uploader,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    keys: Callable[[], list[str]],
    engine: Engine,
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = by_owner
    content = randbytes(300_000)
    sent = uploader.send(content)
    die_once(monkeypatch, finishing, "mark_complete")
    with pytest.raises(Killed):
        uploader.done(state_in(sent))
    [left] = keys()
    other = content[:200_000] + b"x" * 100_000
    storage: Any = default_storage
    key = storage._normalize_name(left)
    engine.client.put_object(Bucket=engine.bucket, Key=key, Body=other)

    assert_finishes(uploader, sent, content)

    assert len(keys()) == 2
    with default_storage.open(left) as file:
        assert file.read() == other
