"""The network that other tests are rained on by."""

from __future__ import annotations

import socket
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.core.files.storage import default_storage

from chunked_uploads.models import Upload
from chunked_uploads.stores.partial_files import state_of
from tests.polling import wait_until
from tests.servers import HOST, Gunicorn
from tests.weather import Weather

CONTENT = bytes(range(256)) * 4096  # 1 MiB

Send = Callable[[str], "Future[int]"]


@pytest.fixture
def send(authorization: dict[str, str], weather: Weather) -> Iterator[Send]:
    """Return what sends the content to a site and promises the answer's status."""
    headers = {**authorization, "Content-Disposition": "attachment; filename=film.mp4"}

    def post(site: str) -> int:
        url = f"{site}/uploads/upload/"
        request = urllib.request.Request(url, CONTENT, headers)
        with urllib.request.urlopen(request) as answer:
            answer.read()
            return answer.status

    with ThreadPoolExecutor() as threads:
        yield lambda site: threads.submit(post, site)
        weather.cut()


def test_clear_weather_changes_nothing(weather: Weather, send: Send) -> None:
    assert send(weather.url).result() == 200

    with default_storage.open(state_of(Upload.objects.get()).path) as arrived:
        assert arrived.read() == CONTENT
    assert weather.sent == len(CONTENT)


def test_slow_line_holds_back_the_body(weather: Weather, send: Send) -> None:
    weather.slow(bytes_per_second=20_000)
    answer = send(weather.url)
    wait_until(lambda: weather.sent)
    assert weather.sent < len(CONTENT)

    weather.clear()

    assert answer.result() == 200


def test_latency_holds_back_everything(
    weather: Weather, server: Gunicorn, send: Send
) -> None:
    weather.slow(latency=600)
    late = send(weather.url)
    wait_until(lambda: weather.connections)
    assert send(server.url).result() == 200
    assert not late.done()
    assert weather.sent == 0

    weather.clear()

    assert late.result() == 200


def test_stalled_body_goes_on_when_it_clears_up(weather: Weather, send: Send) -> None:
    weather.stall(after=100_000)
    answer = send(weather.url)
    wait_until(lambda: weather.is_stalled)
    assert weather.sent == 100_000
    assert not answer.done()

    weather.clear()

    assert answer.result() == 200


def test_connection_made_while_stalled_waits(
    weather: Weather, server: Gunicorn, send: Send
) -> None:
    weather.stall()
    late = send(weather.url)
    wait_until(lambda: weather.connections)
    assert send(server.url).result() == 200
    assert not late.done()

    weather.clear()

    assert late.result() == 200


def test_cut_ends_what_is_stalled(weather: Weather, send: Send) -> None:
    weather.stall(after=1)
    answer = send(weather.url)
    wait_until(lambda: weather.is_stalled)

    weather.cut()

    with pytest.raises(ConnectionError):
        answer.result()
    wait_until(lambda: weather.connections == 0)


def test_cut_body_arrives_as_far_as_it_came(weather: Weather, send: Send) -> None:
    weather.cut(after=100_000)

    with pytest.raises(ConnectionError):
        send(weather.url).result()

    wait_until(lambda: Upload.objects.filter(offset=100_000))
    assert send(weather.url).result() == 200


def test_refused_until_it_clears_up(weather: Weather, send: Send) -> None:
    weather.refuse()
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect((HOST, int(weather.url.rpartition(":")[2])))

    weather.clear()

    assert send(weather.url).result() == 200
