"""A server that runs out of file descriptors, at every place where it opens one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from chunked_uploads.models import Upload
from tests.clients import Answer, Client, content_range, disposition, randbytes
from tests.live.sites import PLAIN, assert_finished
from tests.servers import Gunicorn

# gunicorn's hooks: a request may say how many descriptors its worker has left for it.
CONFIG = """
import os
import resource

def set_limit(limit):
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, most))

def pre_request(worker, request):
    left = int(dict(request.headers).get("FILES-LEFT", 100))
    taken = {int(number) for number in os.listdir("/proc/self/fd")}
    limit = 0
    while left >= 0:
        limit += 1
        left -= limit not in taken
    set_limit(limit)

def post_request(worker, request, environ, response):
    set_limit(1000)
"""
MOST = 12  # descriptors, with which any request gets through
KINDS: dict[str, dict[str, Any]] = {"fast": {}, "plain": PLAIN}


@pytest.fixture(params=KINDS)
def scarce(
    request: pytest.FixtureRequest, make_server: Callable[..., Gunicorn]
) -> Gunicorn:
    """A server of one worker that counts its descriptors."""
    kind = KINDS[request.param]
    return make_server(worker_class="sync", workers=1, threads=1, config=CONFIG, **kind)


def assert_told(answer: Answer) -> bool:
    """Return whether it was done; else find that it may be tried again."""
    if answer.status == 200:
        return True
    assert answer.status == 503, answer
    assert answer.item["error"] == "unavailable"
    assert answer.headers["Retry-After"] == "5"
    return False


def test_server_without_file_descriptors_answers_503_and_loses_nothing(
    scarce: Gunicorn, authorization: dict[str, str], user: User
) -> None:
    client = Client(scarce.url, authorization)
    content = randbytes(100_000)
    half = content[:50_000]
    upload = Upload.objects.create(
        user=user, filename="film.mp4", filesize=len(content)
    )
    assert client.send(upload, half).status == 200  # all is imported from here on
    new = f"{scarce.url}/uploads/upload/"
    span = content_range(0, len(half), len(content))

    outcomes: dict[str, list[bool]] = {"new": [], "chunk": [], "state": [], "done": []}
    for left in range(MOST + 1):
        few = {"Files-Left": str(left)}
        named = {**span, **disposition(f"{left}.mp4"), **few}
        outcomes["new"].append(assert_told(client.ask("POST", new, half, named)))
        again = client.send(upload, content[50_000:], 50_000, **few)
        outcomes["chunk"].append(assert_told(again))
        state = client.ask("GET", client.url(upload), headers=few)
        outcomes["state"].append(assert_told(state))
        if outcomes["chunk"][-1]:
            url = f"{client.site}/uploads/upload/done/{upload.uuid}/"
            done = client.ask("POST", url, headers=few)
            outcomes["done"].append(assert_told(done))

    for each in outcomes.values():
        assert each[-1]
    assert not outcomes["new"][0]
    assert "Traceback" not in scarce.log
    assert "Too many open files" in scarce.log
    assert_finished(client, upload, content)
    gone = Upload.objects.filter(state=Upload.State.UPLOADING).first()
    assert gone
    assert client.cancel(gone).status == 200
