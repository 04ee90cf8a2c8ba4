"""What Python's clients of tus do: tuspy and aiotus."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import aiotus
import pytest
from aiotus import RetryConfiguration
from tusclient.client import TusClient
from tusclient.exceptions import TusUploadFailed
from tusclient.storage.filestorage import FileStorage

from chunked_uploads.models import Upload
from tests.servers import Gunicorn
from tests.tus.files import CHUNK, METADATA, SIZE, arrived_at, digest
from tests.tus.talking import upload_at
from tests.weather import Weather

PARTS = 5


@pytest.fixture
def content(file: Path) -> bytes:
    """What is uploaded."""
    return file.read_bytes()


# --- tuspy ---


@pytest.mark.parametrize(
    "options",
    [{}, {"chunk_size": CHUNK}, {"chunk_size": CHUNK, "upload_checksum": True}],
    ids=["whole", "chunks", "checksums"],
)
def test_tuspy_uploads(
    server: Gunicorn,
    authorization: dict[str, str],
    content: bytes,
    options: dict[str, Any],
) -> None:
    client = TusClient(f"{server.url}/files/", authorization)

    uploader = client.uploader(
        file_stream=io.BytesIO(content), metadata=METADATA, **options
    )
    uploader.upload()

    url = str(uploader.url)
    assert arrived_at(url) == digest(content)
    assert upload_at(url).metadata == METADATA


def test_tuspy_goes_on_after_a_cut_and_in_another_program(
    weather: Weather, authorization: dict[str, str], content: bytes, tmp_path: Path
) -> None:
    client = TusClient(f"{weather.url}/files/", authorization)
    storage = FileStorage(str(tmp_path / "urls.json"))
    options = {"chunk_size": CHUNK, "store_url": True, "url_storage": storage}

    def begin() -> Any:
        return client.uploader(
            file_stream=Stream(content), retries=9, retry_delay=0, **options
        )

    first = begin()
    weather.cut(after=CHUNK // 2)
    first.upload(stop_at=2 * CHUNK)
    second = begin()
    assert second.offset >= 2 * CHUNK
    second.upload()
    storage.close()

    assert second.url == first.url
    assert arrived_at(second.url) == digest(content)


class Stream(io.BytesIO):
    """A file that stays open: tuspy closes it when it has made its fingerprint."""

    def close(self) -> None:
        """Stay."""


def test_tuspy_hears_why_an_upload_is_refused(
    server: Gunicorn, authorization: dict[str, str], content: bytes
) -> None:
    client = TusClient(f"{server.url}/files/", authorization)
    uploader = client.uploader(file_stream=io.BytesIO(content), chunk_size=CHUNK)
    uploader.upload(stop_at=CHUNK)
    Upload.objects.all().delete()

    with pytest.raises(TusUploadFailed) as raised:
        uploader.upload()

    assert raised.value.status_code == 404


# --- aiotus ---


def test_aiotus_uploads_one_file_and_many_as_one(
    server: Gunicorn, authorization: dict[str, str], content: bytes
) -> None:
    endpoint = f"{server.url}/files/"
    metadata = {"filename": METADATA["filename"].encode(), "is_confidential": None}
    options: dict[str, Any] = {"headers": authorization, "chunksize": CHUNK}
    step = SIZE // PARTS + 1
    parts = [
        io.BytesIO(content[start : start + step]) for start in range(0, SIZE, step)
    ]

    async def run() -> list[Any]:
        one = await aiotus.upload(endpoint, io.BytesIO(content), metadata, **options)
        # It lists the parts by their paths, without tokens.
        many = await aiotus.upload_multiple(endpoint, parts, metadata, **options)
        assert one
        assert many
        return [
            one,
            many,
            await aiotus.metadata(one),
            await aiotus.metadata(many, headers=authorization),
        ]

    one, many, *told = asyncio.run(run())

    for url in (str(one), str(many)):
        assert arrived_at(url) == digest(content)
        assert upload_at(url).filename == METADATA["filename"]
    assert told == [metadata, metadata]


def test_aiotus_goes_on_after_a_cut(
    weather: Weather, authorization: dict[str, str], content: bytes
) -> None:
    weather.cut(after=SIZE // 2)
    config = RetryConfiguration(max_retry_period_seconds=0.1)

    url = asyncio.run(
        aiotus.upload(
            f"{weather.url}/files/",
            io.BytesIO(content),
            headers=authorization,
            config=config,
            chunksize=CHUNK,
        )
    )

    assert arrived_at(str(url)) == digest(content)
    assert Upload.objects.count() == 1
    # No more was sent again than the chunk that was cut.
    assert weather.sent <= SIZE + CHUNK
