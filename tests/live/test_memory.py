"""What a worker holds in memory does not grow with the chunk it receives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

import pytest
from django.contrib.auth.models import User

from chunked_uploads.models import Upload
from tests.clients import BOUNDARY, Client, Tape, content_range, form
from tests.servers import Gunicorn
from tests.tus.talking import TUS, TYPE

MIB = 2**20
GROWTH = 8 * MIB


@pytest.fixture
def server(make_server: Callable[..., Gunicorn]) -> Gunicorn:
    """One worker that does one thing at a time, with Django's limits set low."""
    low = {"DATA_UPLOAD_MAX_MEMORY_SIZE": 1000, "FILE_UPLOAD_MAX_MEMORY_SIZE": 1000}
    return make_server(workers=1, threads=1, settings=low)


def raw(tape: Tape) -> tuple[dict[str, str], Iterable[bytes]]:
    """Return the headers and the body of a chunk that is the whole file."""
    return {"Content-Length": str(tape.size)}, tape.read(0, tape.size)


def multipart(tape: Tape) -> tuple[dict[str, str], Iterable[bytes]]:
    """Return the same, with the file in a form."""
    head, tail = form(b"")
    headers = {
        "Content-Length": str(len(head) + tape.size + len(tail)),
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
    }
    return headers, chain([head], tape.read(0, tape.size), [tail])


@pytest.mark.once
@pytest.mark.parametrize("kind", [raw, multipart])
def test_memory_does_not_grow_with_the_chunk(
    server: Gunicorn,
    authorization: dict[str, str],
    user: User,
    kind: Callable[[Tape], tuple[dict[str, str], Iterator[bytes]]],
) -> None:
    client = Client(server.url, authorization)
    peaks = []
    for size in (1024, 8 * MIB, 256 * MIB, 1024 * MIB):
        upload = Upload.objects.create(user=user, filename="film.mp4", filesize=size)
        headers, body = kind(Tape(size))
        span = content_range(0, size, size)
        answer = client.ask("POST", client.url(upload), body, {**span, **headers})

        assert (answer.status, answer.item["size"]) == (200, size)
        assert client.cancel(upload).status == 200
        peaks.append(server.peak_memory)

    assert peaks[-1] - peaks[0] < GROWTH, peaks
    assert peaks[-1] - peaks[-2] < MIB, peaks


@pytest.mark.once
def test_memory_does_not_grow_with_a_body_of_unknown_length(
    server: Gunicorn, authorization: dict[str, str]
) -> None:
    client = Client(server.url, authorization)
    wanted = {**TUS, "Upload-Defer-Length": "1"}
    peaks = []
    for size in (1024, 8 * MIB, 256 * MIB):
        created = client.ask("POST", f"{server.url}/files/", b"", wanted)
        url = created.headers["Location"]
        append = {**TUS, "Content-Type": TYPE, "Upload-Offset": "0"}
        answer = client.ask("PATCH", url, Tape(size).read(0, size), append)

        assert answer.status == 204
        assert answer.headers["Upload-Offset"] == str(size)
        assert client.ask("DELETE", url, b"", TUS).status == 204
        peaks.append(server.peak_memory)

    assert peaks[-1] - peaks[0] < GROWTH, peaks
    assert peaks[-1] - peaks[-2] < MIB, peaks
