"""The harness itself: what the other tests stand on."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection

from chunked_uploads.models import Upload
from tests.clients import Client
from tests.live.sites import writers
from tests.polling import wait_until
from tests.pool import Pool
from tests.servers import Gunicorn, Nginx


def status(url: str, **headers: str) -> int:
    """Return the status of the answer to a GET request."""
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, headers=headers)
        ) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_server_shares_the_database_of_the_test(
    server: Gunicorn, authorization: dict[str, str]
) -> None:
    url = f"{server.url}/uploads/upload/?all=1"

    assert status(url) == 401
    assert status(url, **authorization) == 200


def test_server_is_gone_when_killed_and_comes_back_at_the_same_url(
    server: Gunicorn,
) -> None:
    server.kill()
    with pytest.raises(urllib.error.URLError):
        status(server.url)

    server.restart()

    assert status(server.url) == 200


def test_server_takes_settings_and_workers(
    make_server: Callable[..., Gunicorn],
) -> None:
    server = make_server(workers=3, settings={"ALLOWED_HOSTS": ["example.com"]})

    assert status(server.url) == 400
    wait_until(lambda: len(server.workers) == 3)
    assert server.peak_memory > 2**20


def test_nginx_is_in_front_of_the_server(nginx: Nginx) -> None:
    with urllib.request.urlopen(nginx.url) as answer:
        assert answer.headers["Server"].startswith("nginx")


def test_server_of_the_test_before_comes_back_as_good_as_new(
    gunicorns: Pool, transactional_db: None, authorization: dict[str, str]
) -> None:
    first = gunicorns.take(connection.settings_dict)
    upload = Upload.objects.create(user=User.objects.get(), filesize=10)
    client = Client(first.url, authorization)
    with client.begin_chunk(upload, 10, b"first"):
        wait_until(lambda: writers(first, upload))
        workers = first.workers

        gunicorns.give_back(first)
        again = gunicorns.take(connection.settings_dict)

        assert again is first
        assert set(workers).isdisjoint(again.workers)
        assert not again.media_root.exists()
        assert again.log == ""
        assert client.size(upload) == 0
    gunicorns.give_back(again)


def test_server_that_is_taken_killed_or_of_another_kind_is_given_to_nobody(
    gunicorns: Pool, transactional_db: None
) -> None:
    first = gunicorns.take(connection.settings_dict)

    second = gunicorns.take(connection.settings_dict)
    first.kill()
    gunicorns.give_back(first)
    gunicorns.give_back(second)
    third = gunicorns.take(connection.settings_dict, threads=5)

    assert second is not first
    assert third not in (first, second)
    assert gunicorns.take(connection.settings_dict) is second
    for server in (second, third):
        gunicorns.give_back(server)
