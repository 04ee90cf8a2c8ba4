"""Uploads over a bucket that are cancelled while their bytes come."""

from __future__ import annotations

from typing import Any

import pytest

from chunked_uploads.stores.s3 import grid
from demo.services.engine import Engine
from tests.sending import Stream, Uploader, from_stream, state_in

CELL = 32  # bytes


@pytest.mark.parametrize("total", [CELL, 3 * CELL])
def test_chunk_that_outlives_a_cancel_leaves_nothing(
    transactional_db: None,
    uploader: Uploader,
    engine: Engine,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    total: int,
) -> None:
    location = "cancelled"
    settings.STORAGES = {**settings.STORAGES, "default": engine.storage(location)}
    settings.CHUNKED_UPLOADS_CHUNK_STORE = "chunked_uploads.stores.s3.S3Store"
    monkeypatch.setattr(grid, "SMALLEST", CELL)
    state = state_in(uploader.send(b"first", 0, total))
    cancels: list[Any] = []

    def cancel() -> None:
        if not cancels:
            cancels.append(uploader.delete(state["delete_url"]))

    rest = bytes(total - 5)
    body = from_stream(Stream(rest, cancel), len(rest))

    response = uploader.send(rest, 5, total, url=state["url"], **body)

    assert [each.status_code for each in [*cancels, response]] == [200, 404]
    place = {"Bucket": engine.bucket, "Prefix": f"{location}/"}
    assert "Contents" not in engine.client.list_objects_v2(**place)
    assert "Uploads" not in engine.client.list_multipart_uploads(**place)
