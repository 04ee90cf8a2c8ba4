"""tus-js-client before several servers, which share a database and a bucket."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chunked_uploads.models import Upload
from tests.clients import randbytes
from tests.polling import wait_until
from tests.servers import Gunicorn
from tests.tus.files import arrived_at, digest
from tests.tus.node import TusJs
from tests.weather import Weather

if TYPE_CHECKING:
    from demo.services.engine import Engine

MIB = 2**20
SIZE = 12 * MIB + 17  # three cells
CHUNK = 2 * MIB + 11
STORE = "chunked_uploads.stores.s3.S3Store"


@pytest.fixture
def servers(
    make_server: Callable[..., Gunicorn], engine: Engine, settings: Any
) -> list[Gunicorn]:
    """Two servers that keep everything in the bucket."""
    own = {"default": engine.storage(uuid.uuid4().hex)}
    settings.STORAGES = {**settings.STORAGES, **own}
    settings.CHUNKED_UPLOADS_CHUNK_STORE = STORE
    shared = {"STORAGES": settings.STORAGES, "CHUNKED_UPLOADS_CHUNK_STORE": STORE}
    return [make_server(settings=shared, workers=1, threads=8) for _ in range(2)]


@pytest.fixture
def balancer(servers: list[Gunicorn]) -> Iterator[Weather]:
    """What hands each connection to the next of them."""
    with Weather(*(server.port for server in servers)) as balancer:
        yield balancer


@pytest.fixture
def own(balancer: Weather, authorization: dict[str, str]) -> dict[str, Any]:
    """The options of Ada's uploads."""
    endpoint = f"{balancer.url}/files/"
    return {"endpoint": endpoint, "headers": authorization, "chunkSize": CHUNK}


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """What is uploaded."""
    film = tmp_path / "film.bin"
    film.write_bytes(randbytes(SIZE))
    return film


def test_one_upload_goes_through_all_servers_and_survives_the_end_of_one(
    js: TusJs,
    servers: list[Gunicorn],
    balancer: Weather,
    own: dict[str, Any],
    film: Path,
) -> None:
    balancer.stall(after=3 * CHUNK + MIB)
    js.begin("it", file=film, connectsAnew=True, options=own)
    wait_until(lambda: balancer.is_stalled)
    wait_until(lambda: Upload.objects.get().offset >= 3 * CHUNK)

    servers[0].kill()
    balancer.cut()
    balancer.clear()

    end = js.await_event("success", "error")
    assert end["event"] == "success", end
    assert arrived_at(end["url"]) == digest(film.read_bytes())
    assert [each[0] for each in js.answers("it")].count("POST") == 1


def test_file_of_unknown_length_is_kept_in_the_bucket(
    js: TusJs, balancer: Weather, own: dict[str, Any], film: Path
) -> None:
    options = {**own, "uploadLengthDeferred": True}

    end = js.upload("it", file=film, kind="stream", connectsAnew=True, options=options)

    assert end["event"] == "success", end
    assert arrived_at(end["url"]) == digest(film.read_bytes())


def test_parts_are_joined_in_the_bucket(
    js: TusJs, balancer: Weather, own: dict[str, Any], film: Path
) -> None:
    options = {**own, "parallelUploads": 3}

    end = js.upload("it", file=film, connectsAnew=True, options=options)

    assert end["event"] == "success", end
    assert arrived_at(end["url"]) == digest(film.read_bytes())
