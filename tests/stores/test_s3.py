"""The S3 store over a real engine: the contract, its grid, and what others do there."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from django.core.files.storage import Storage, storages

from chunked_uploads.stores import ChunkStore
from chunked_uploads.stores.s3 import S3Store, grid
from chunked_uploads.stores.s3.reading import read_fragment
from chunked_uploads.stores.s3.receipts import receipt_of
from demo.services.engine import Engine
from tests.stores.contract import ChunkStoreContract, StoredUpload

CELL = 32  # bytes, in place of 8 MiB: the files of the contract have one cell


class ReadStore(S3Store):
    """The store, and a way to read what it holds before the end."""

    def read_back(self, upload: StoredUpload) -> bytes:
        """Return the upload's bytes, after which it is over where it has parts."""
        objects, rows = self._objects(upload), upload.recorded()
        if not any(receipt_of(row).is_part for row in rows):
            place = objects.bucket, objects.state.folder
            return b"".join(
                block for row in rows for block in read_fragment(*place, row)
            )
        upload.filesize = sum(row.chunk_size for row in rows)
        with self.exclusive(upload) as content:
            content.join(upload, upload.replace)
            storage = storages["default"]
            name = content.place(storage, content.reserve(storage, "", is_noted=False))
        with storage.open(name) as file:
            return file.read()


@pytest.fixture
def location() -> str:
    """A folder of the bucket that no other test has."""
    return f"test-{secrets.token_hex(6)}"


@pytest.fixture
def s3(engine: Engine, location: str, settings: Any, monkeypatch: Any) -> ReadStore:
    """The store, over a folder of its own in the engine's bucket."""
    settings.STORAGES = {**settings.STORAGES, "default": engine.storage(location)}
    settings.CHUNKED_UPLOADS_CHUNK_STORE = "chunked_uploads.stores.s3.S3Store"
    monkeypatch.setattr(grid, "SMALLEST", CELL)
    monkeypatch.setattr(grid, "UNKNOWN", CELL)
    return ReadStore()


class TestS3Store(ChunkStoreContract):
    """The contract, over cells of a few bytes."""

    @pytest.fixture
    def store(self, s3: ReadStore) -> ChunkStore:
        return s3

    @pytest.fixture(params=["moved"])
    def storage(self, s3: ReadStore) -> Storage:
        return storages["default"]
