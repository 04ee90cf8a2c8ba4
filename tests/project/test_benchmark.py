"""The benchmark's own parts: it measures what it says, and sees a wrong byte."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import programs, visitors
from benchmarks.buckets import COUNTED_OURS, count_bytes
from benchmarks.client import Connection, is_over
from benchmarks.contestants import CONTESTANTS
from benchmarks.measuring import (
    MIB,
    Result,
    check_stored,
    make_source,
    measure,
    serving,
)
from benchmarks.protocols import Source
from benchmarks.reporting import Scenario, as_text, ratios, read_size
from benchmarks.visitors import Crowd, visit
from chunked_uploads.models import Upload
from tests.polling import wait_until
from tests.servers import HOST, Nginx

pytestmark = pytest.mark.once
SIZE = 3 * MIB


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Source]:
    """A file of three chunks."""
    source = make_source(tmp_path, SIZE)
    yield source
    os.close(source.file)


@pytest.mark.parametrize("name", ["ours", "ours, tus", "bare WSGI sink"])
def test_upload_is_measured_and_compared(
    tmp_path: Path, source: Source, name: str
) -> None:
    result = measure(CONTESTANTS[name], tmp_path, source, MIB)

    assert min(result.speed, result.median, result.slowest, result.drift) > 0
    assert result.written > 0.9
    assert result.queries == (3 if name.startswith("ours") else None)
    assert not list(tmp_path.glob("run-*"))


@pytest.mark.parametrize("name", ["client, digests", "bare sender"])
def test_program_is_measured_and_what_it_sent_compared(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(os.urandom(SIZE))

    sent = programs.measure(name, tmp_path, path)

    assert sent.speed > 0
    assert MIB < sent.peak < 60 * MIB


def test_connection_that_the_server_closed_is_made_anew() -> None:
    def serve(listener: socket.socket) -> None:
        for _ in range(2):
            with listener.accept()[0] as connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server((HOST, 0)) as listener:
        thread = threading.Thread(target=serve, args=[listener])
        thread.start()
        connection = Connection(*listener.getsockname())
        assert connection.ask("GET", "/", {}).status == 200
        kept = connection._socket
        assert kept
        wait_until(lambda: is_over(kept))
        assert connection.ask("GET", "/", {}).status == 200
        connection.close()
        thread.join()


def test_wrong_byte_is_seen(tmp_path: Path, source: Source) -> None:
    with serving(CONTESTANTS["bare WSGI sink"], tmp_path) as server:
        (server.folder / "film.mp4").write_bytes(bytes(SIZE))

        with pytest.raises(RuntimeError, match="not what was sent"):
            check_stored(server, source)


def test_bytes_on_their_way_into_a_bucket_are_counted(
    tmp_path: Path, source: Source
) -> None:
    starts = [0, 2 * MIB, MIB]

    counted = count_bytes(COUNTED_OURS, tmp_path, source, MIB, starts)

    assert 2 < counted < 2.05  # alone, and with the rest of the cell


def result(speed: float) -> Result:
    return Result("1.0", speed, 0.5, MIB, 1.0, 0.1, 0.01, 0.002, 0.003, 1.0, 3)


def test_tables_tell_the_median_of_the_rounds() -> None:
    rounds = [result(speed) for speed in (3e6, 1e6, 2e6)]
    results = {Scenario(SIZE, MIB): {"ours": rounds}}
    about = {"kernel": "6.18"}

    title, _, head, line, *_, facts = as_text(results, about).splitlines()

    assert title == "3 MiB in chunks of 1 MiB"
    assert head.split()[:2] == ["MB/s", "CPU"]
    assert line.split()[:3] == ["ours", "2", "0.50"]
    assert facts == "kernel 6.18"


@pytest.mark.parametrize(
    ("told", "title"), [("64", "64 MiB"), ("0.5", "512 KiB"), ("500K", "500 KiB")]
)
def test_chunks_are_told_in_mib_or_kib(told: str, title: str) -> None:
    assert str(Scenario(SIZE, read_size(told))) == f"3 MiB in chunks of {title}"


def test_ratios_are_those_within_rounds() -> None:
    ours = [result(speed) for speed in (3e6, 8e6, 2e6)]
    others = [result(speed) for speed in (1e6, 2e6, 1e6)]

    assert ratios(ours, others).startswith("MB/s 3.00 (2.00 to 4.00), chunk ms 1.00")


CROWD = Crowd(number=3, arriving=0.1, size=MIB, rate=4 * MIB)


def test_visitors_upload_while_others_look_at_the_page(
    nginx: Nginx, authorization: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visitors, "CALM", 0.2)  # seconds
    monkeypatch.setattr(visitors, "GRACE", 30)

    seen = asyncio.run(visit(*nginx.address, CROWD, authorization))

    assert seen.finished == 3
    assert min(len(seen.calm), len(seen.busy)) > 0
    assert 0 < min(seen.busy) <= max(seen.busy) < visitors.PATIENCE
    assert {upload.filesize for upload in Upload.objects.all()} == {MIB}


def test_everybody_waits_for_a_site_that_stands_still(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(visitors, "CALM", 0)
    monkeypatch.setattr(visitors, "GRACE", 0)
    monkeypatch.setattr(visitors, "PATIENCE", 0.5)  # seconds
    asked = int(CROWD.seconds / visitors.EVERY)

    with socket.create_server((HOST, 0), backlog=100) as silent:
        port = silent.getsockname()[1]
        seen = asyncio.run(visit(HOST, port, CROWD, {}))

    assert seen.busy == [0.5] * asked
    assert seen.finished == 0
