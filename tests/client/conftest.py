"""A client with Ada's key, a file to send, and faults on the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chunked_uploads.client import ApiKey, Client, retrying
from chunked_uploads.models import ApiKey as Key
from tests.client.faults import Faults
from tests.clients import randbytes
from tests.servers import Gunicorn

SIZE = 1_600_001  # seven chunks
CONTENT = randbytes(SIZE)
PATH = "/uploads/upload/"


class Clock:
    """A stand-in for `time`, which goes on with those who sleep."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def monotonic(self) -> float:
        return sum(self.pauses)


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Leave the machine's own settings and memories out; don't wait long."""
    monkeypatch.setattr(retrying, "FIRST_PAUSE", 0.001)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("USER", "SECRET"):
        monkeypatch.delenv(f"CHUNKED_UPLOAD_{name}", raising=False)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A file of some chunks."""
    path = tmp_path / "film.mp4"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def small_chunks(make_server: Callable[..., Gunicorn]) -> Gunicorn:
    """A site that suggests chunks of 256 KiB."""
    settings = {"CHUNKED_UPLOADS_CHUNK_SIZE": 256 * 1024}
    return make_server(workers=1, threads=8, settings=settings)


@pytest.fixture
def faults(small_chunks: Gunicorn) -> Iterator[Faults]:
    """What comes between the client and that site."""
    with Faults(small_chunks.port) as faults:
        yield faults


@pytest.fixture
def make_client(api_key: Key) -> Iterator[Callable[..., Client]]:
    """Return what gives Ada's client of a site, by its address."""
    clients: list[Client] = []

    def make(site: str, **options: object) -> Client:
        options.setdefault("credentials", ApiKey("ada", api_key.key))
        options.setdefault("patience", 20)
        client = Client(f"{site}{PATH}", **options)  # type: ignore[arg-type]
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(faults: Faults, make_client: Callable[..., Client]) -> Client:
    """Ada's client, behind the faults."""
    return make_client(faults.url)
