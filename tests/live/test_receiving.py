"""Chunks over real connections to several workers: cut, killed, at once, refused."""

from __future__ import annotations

import base64
import http.client
import itertools
import os
import random
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.db import connection

from chunked_uploads.core.receiving import receive
from chunked_uploads.models import ApiKey, Chunk, Upload
from tests.clients import (
    BOUNDARY,
    Answer,
    Client,
    Tape,
    Wire,
    content_range,
    disposition,
    form,
    randbytes,
)
from tests.live.sites import (
    CUTS,
    PLAIN,
    WORKERS,
    arrived,
    assert_finished,
    finished_file,
    writers,
)
from tests.polling import wait_until
from tests.sending import Bytes
from tests.servers import Gunicorn

MIB = 2**20
MULTIPART = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
WAYS = {**WORKERS, **{f"{name}, plain": {**WORKERS[name], **PLAIN} for name in WORKERS}}
with_each_worker_class = pytest.mark.parametrize("server", WAYS, indirect=True)


@pytest.fixture
def server(
    request: pytest.FixtureRequest, make_server: Callable[..., Gunicorn]
) -> Gunicorn:
    """gunicorn with several workers, of the class that the test asks for.

    Silence makes way for nobody, and nobody waits for it: tests fall silent while
    they look around.
    """
    workers = WAYS[getattr(request, "param", "gthread")]
    patient = setting("patience.MOMENT = 60", "local.PATIENCE = 0.1")
    return make_server(**workers, config=patient)


def setting(*lines: str) -> str:
    """Return the configuration in which gunicorn's workers run lines at their start."""
    imports = [
        "from chunked_uploads.core import intake",
        "from chunked_uploads.http import draining, gunicorn, patience",
        "from chunked_uploads.stores import local",
    ]
    body = "\n    ".join([*imports, *lines])
    return f"def post_worker_init(worker):\n    {body}\n"


@pytest.fixture
def client(server: Gunicorn, authorization: dict[str, str]) -> Client:
    """Ada's client."""
    return Client(server.url, authorization)


@pytest.fixture
def begin(user: User) -> Callable[[int], Upload]:
    """Return what begins an upload of Ada's, of so many bytes."""

    def begin(size: int) -> Upload:
        return Upload.objects.create(user=user, filename="film.mp4", filesize=size)

    return begin


def part_files(server: Gunicorn) -> list[Path]:
    return list(server.media_root.rglob("*.part"))


@with_each_worker_class
def test_what_arrived_before_a_cut_is_kept_to_the_byte(
    client: Client, begin: Callable[[int], Upload]
) -> None:
    content = randbytes(400_000)
    for cut, sent in itertools.product(CUTS, (1, 65_535, 65_537, 250_001, 399_999)):
        upload = begin(len(content))

        with client.begin_chunk(upload, len(content), content[:sent]) as wire:
            CUTS[cut](wire)
            wait_until(lambda: client.size(upload) == sent)  # noqa: B023

        assert client.state(upload)["received"] == sent
        assert_finished(client, upload, content)


def test_half_closed_connection_hears_that_its_bytes_are_kept(
    client: Client, begin: Callable[[int], Upload]
) -> None:
    upload = begin(100_000)

    with client.begin_chunk(upload, 100_000, bytes(70_000)) as wire:
        wire.end()
        answer = wire.read_answer()

    assert answer.status == 400
    assert (answer.item["error"], answer.item["size"]) == ("body_cut", 70_000)


@with_each_worker_class
def test_only_certain_content_of_a_cut_form_is_kept(
    client: Client, begin: Callable[[int], Upload]
) -> None:
    lookalike = f"\r\n--{BOUNDARY[:-1]}".encode()
    content = randbytes(100_000) + lookalike + randbytes(100_000, seed=1)
    body, closing_boundary = form(content)
    head, whole = len(body) - len(content), body + closing_boundary
    ends = [head + 100_000 + taken for taken in (1, len(lookalike) - 1)]
    ends += [len(body) + taken for taken in (0, 1, 5, len(closing_boundary) - 5)]
    for cut, end in itertools.product(CUTS, ends):
        upload = begin(len(content))
        kept = _cut_form(client, upload, whole[:end], cut)

        sent = min(end - head, len(content))
        assert sent - len(closing_boundary) < kept <= sent
        # What may be the beginning of a boundary is nobody's content yet.
        assert kept <= 100_000 or sent > 100_000 + len(lookalike)
        assert_finished(client, upload, content)


def _cut_form(client: Client, upload: Upload, sent: bytes, cut: str) -> int:
    """Send the beginning of a form; return how much the server kept of its file."""
    size = upload.filesize or 0
    headers = {
        **client.headers,
        **MULTIPART,
        **content_range(0, size, size),
        "Content-Length": str(sum(map(len, form(bytes(size))))),
    }
    with Wire(client.url(upload)) as wire:
        wire.send_head(headers)
        wire.send(sent)
        CUTS[cut](wire)
        return wait_until(lambda: client.size(upload))


def test_form_arrives_whole(client: Client, begin: Callable[[int], Upload]) -> None:
    content = randbytes(300_000)
    upload = begin(len(content))
    body = b"".join(form(content))

    span = content_range(0, len(content), len(content))
    answer = client.ask("POST", client.url(upload), body, {**MULTIPART, **span})

    assert (answer.status, answer.item["size"]) == (200, len(content))
    assert_finished(client, upload, content)


@with_each_worker_class
def test_server_killed_in_a_chunk_keeps_the_acknowledged_ones(
    client: Client, server: Gunicorn, begin: Callable[[int], Upload]
) -> None:
    content = randbytes(3_000_000)
    upload = begin(len(content))
    assert client.send(upload, content[:MIB]).status == 200
    assert client.send(upload, content[2 * MIB : 2_500_000], 2 * MIB).status == 200

    second = content[MIB : MIB + 500_000]
    with client.begin_chunk(upload, 2 * MIB, second, MIB):
        wait_until(lambda: writers(server, upload))
        server.kill()
    server.restart()

    state = client.state(upload)
    assert (state["size"], state["received"]) == (MIB, MIB + 2_500_000 - 2 * MIB)
    assert client.send(upload, content[MIB : 2 * MIB], MIB).status == 200
    assert_finished(client, upload, content)


def test_server_killed_in_a_huge_request_resumes_at_a_checkpoint(
    client: Client, server: Gunicorn
) -> None:
    tape = Tape(300_000_001)
    length = {"Content-Length": str(tape.size)}
    with Wire(f"{client.site}/uploads/upload/") as wire:
        wire.send_head({**client.headers, **length, **disposition("film.mp4")})
        for piece in tape.read(0, 200 * MIB):
            wire.socket.sendall(piece)
        upload = Upload.objects.get()
        wait_until(lambda: arrived(server, upload) > 199 * MIB)
        server.kill()
    server.restart()

    start = client.size(upload)
    assert 192 * MIB <= start <= arrived(server, upload)
    rest = {**length, **content_range(start, tape.size, tape.size)}
    rest["Content-Length"] = str(tape.size - start)
    pieces = tape.read(start, tape.size)
    assert client.ask("POST", client.url(upload), pieces, rest).status == 200
    assert client.done(upload).status == 200
    assert _digest(finished_file(upload)) == _digest_of(tape)
    finished_file(upload).unlink()


def _digest(path: Path) -> str:
    digest = sha256()
    with open(path, "rb") as file:
        while block := file.read(MIB):
            digest.update(block)
    return digest.hexdigest()


def _digest_of(tape: Tape) -> str:
    digest = sha256()
    for piece in tape.read(0, tape.size):
        digest.update(piece)
    return digest.hexdigest()


@with_each_worker_class
def test_second_writer_of_a_range_is_told_that_it_is_busy(
    client: Client, server: Gunicorn, begin: Callable[[int], Upload]
) -> None:
    upload = begin(3 * MIB)
    with client.begin_chunk(upload, 2 * MIB, b"A" * MIB):
        wait_until(lambda: writers(server, upload))

        overlapping = client.send(upload, b"B" * MIB, MIB)
        beside = client.send(upload, b"C" * MIB, 2 * MIB)

    assert (overlapping.status, overlapping.item["error"]) == (409, "range_busy")
    assert overlapping.headers["Retry-After"]
    assert overlapping.item["size"] == 0
    assert overlapping.item["upload_uuid"] == str(upload.uuid)
    assert (beside.status, beside.item["received"]) == (200, MIB)


@with_each_worker_class
def test_range_is_free_once_its_writers_worker_is_killed(
    client: Client, server: Gunicorn, begin: Callable[[int], Upload]
) -> None:
    upload = begin(2 * MIB)
    with client.begin_chunk(upload, 2 * MIB, b"A" * MIB):
        (worker,) = wait_until(lambda: writers(server, upload))
        assert client.send(upload, b"B" * 2 * MIB).status == 409

        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: _status(client.send, upload, b"B" * 2 * MIB) == 200)

    assert_finished(client, upload, b"B" * 2 * MIB)


def _status(
    send: Callable[[Upload, bytes], Answer], upload: Upload, data: bytes
) -> int:
    """Return the status, 0 where a worker that is being killed took the request."""
    try:
        return send(upload, data).status
    except (ConnectionError, http.client.HTTPException):
        return 0


@with_each_worker_class
def test_range_is_free_once_its_writers_client_is_gone(
    client: Client, server: Gunicorn, begin: Callable[[int], Upload]
) -> None:
    for cut in CUTS.values():
        upload = begin(2 * MIB)
        with client.begin_chunk(upload, 2 * MIB, b"A" * MIB) as wire:
            wait_until(lambda: arrived(server, upload) == MIB)  # noqa: B023
            cut(wire)
            wait_until(lambda: client.size(upload) == MIB)  # noqa: B023

        assert client.send(upload, b"B" * 2 * MIB).item["error"] == "range_conflict"
        assert_finished(client, upload, b"A" * MIB + b"B" * MIB)


@pytest.mark.parametrize("workers", WORKERS)
@pytest.mark.parametrize("is_form", [False, True], ids=["raw", "form"])
def test_connection_that_fell_silent_makes_way(
    make_server: Callable[..., Gunicorn],
    authorization: dict[str, str],
    begin: Callable[[int], Upload],
    workers: str,
    is_form: bool,
) -> None:
    server = make_server(**WORKERS[workers])
    client = Client(server.url, authorization)
    upload = begin(2 * MIB)
    sent = b"A" * MIB
    headers: Any = {}
    if is_form:
        sent, _ = form(sent)
        headers = MULTIPART | {"Content-Length": str(len(sent) + 2 * MIB)}
    with client.begin_chunk(upload, 2 * MIB, sent, **headers):
        wait_until(lambda: writers(server, upload))

        repeated = wait_until(lambda: _unless_busy(client, upload, b"B" * 2 * MIB))

        assert repeated
        assert (repeated.status, repeated.item["error"]) == (409, "range_conflict")
        held = repeated.item["size"]
        assert held == MIB if not is_form else MIB - 100 < held <= MIB
        assert_finished(client, upload, b"A" * held + b"B" * (2 * MIB - held))


def _unless_busy(client: Client, upload: Upload, data: bytes) -> Answer | None:
    answer = client.send(upload, data)
    return None if answer.item.get("error") == "range_busy" else answer


@with_each_worker_class
def test_ranges_in_any_order_twice_and_cut_make_the_file(
    client: Client, server: Gunicorn, begin: Callable[[int], Upload]
) -> None:
    chance = random.Random(1)
    content = randbytes(2_000_000)
    upload = begin(len(content))
    edges = [0, *sorted(chance.sample(range(1, len(content)), 50)), len(content)]
    ranges = list(itertools.pairwise(edges))
    jobs = [(*each, chance.random()) for each in [*ranges, *chance.sample(ranges, 25)]]
    chance.shuffle(jobs)

    with ThreadPoolExecutor(8) as pool:
        statuses = set(
            pool.map(lambda job: _throw(client, upload, content, *job), jobs)
        )
    assert statuses <= {0, 200, 409}
    for _, stop in ranges:
        wait_until(lambda: _fill(client, upload, content, stop))  # noqa: B023
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(client.done, [upload] * 4))

    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert finished_file(upload).read_bytes() == content
    assert not Chunk.objects.exists()
    assert part_files(server) == []


def _throw(
    client: Client, upload: Upload, content: bytes, start: int, stop: int, luck: float
) -> int:
    """Send a range, with bad luck only its beginning; return the status or 0."""
    if luck > 0.4:
        return client.send(upload, content[start:stop], start).status
    cut = start + int((stop - start) * luck * 2)
    with client.begin_chunk(upload, stop, content[start:cut], start) as wire:
        if luck < 0.2:
            wire.reset()
    return 0


def _fill(client: Client, upload: Upload, content: bytes, stop: int) -> bool:
    """Make sure of all up to `stop`; return whether it is held now."""
    start = client.size(upload)
    if start >= stop:
        return True
    return client.send(upload, content[start:stop], start).status == 200


def test_repeat_of_a_chunk_that_done_overtook_leaves_no_part(
    client: Client, server: Gunicorn, begin: Callable[[int], Upload]
) -> None:
    upload = begin(1000)
    seen_before = Upload.objects.get(pk=upload.pk)
    assert client.finish(upload, bytes(1000)).status == 200

    assert receive(seen_before, 0, 1000, Bytes(bytes(1000))) == 1000
    assert part_files(server) == []


@with_each_worker_class
def test_cancel_takes_everything_from_under_a_chunk(
    client: Client, server: Gunicorn, begin: Callable[[int], Upload]
) -> None:
    upload = begin(2 * MIB)
    assert client.send(upload, bytes(1000)).status == 200
    with client.begin_chunk(upload, 2 * MIB, bytes(MIB), 1000) as wire:
        wait_until(lambda: writers(server, upload))
        assert client.cancel(upload).status == 200
        assert part_files(server) == []

        wire.send(bytes(MIB - 1000))
        answer = wire.read_answer()

    assert (answer.status, answer.item["error"]) == (404, "not_found")
    assert not Upload.objects.exists()
    assert not Chunk.objects.exists()
    assert part_files(server) == []


def test_cut_chunk_of_a_cancelled_upload_leaves_nothing(
    client: Client, server: Gunicorn, begin: Callable[[int], Upload]
) -> None:
    upload = begin(2 * MIB)
    with client.begin_chunk(upload, 2 * MIB, bytes(MIB)) as wire:
        wait_until(lambda: writers(server, upload))
        assert client.cancel(upload).status == 200
        wire.reset()

    assert client.send(upload, bytes(MIB)).status == 404
    assert not Upload.objects.exists()
    assert part_files(server) == []


def test_chunk_on_its_way_bars_nobody_under_atomic_requests(
    make_server: Callable[..., Gunicorn],
    authorization: dict[str, str],
    begin: Callable[[int], Upload],
) -> None:
    atomic = {**connection.settings_dict, "ATOMIC_REQUESTS": True}
    server = make_server(settings={"DATABASES": {"default": atomic}})
    client = Client(server.url, authorization)
    slow, quick = begin(200_000), begin(1000)

    with client.begin_chunk(slow, 200_000, bytes(100_000)) as wire:
        wait_until(lambda: writers(server, slow))
        assert client.send(quick, bytes(1000)).status == 200
        assert client.done(quick).status == 200
        assert Upload.objects.get(pk=quick.pk).is_complete
        wire.send(bytes(100_000))

        assert wire.read_answer().item["size"] == 200_000


LARGE = 12 * MIB  # more than all buffers between the two
REFUSED: dict[str, tuple[int, str, dict[str, str]]] = {
    "sender": (401, "not_authenticated", {"Authorization": "ApiKey ada:wrong"}),
    "name": (400, "bad_request", {"Content-Disposition": "attachment"}),
    "size": (413, "too_large", content_range(0, LARGE, 100 * LARGE)),
    "type": (415, "type_refused", disposition("film.exe")),
    "place": (409, "nothing_to_continue", content_range(1, LARGE + 1, 2 * LARGE)),
    "digest": (400, "digest_mismatch", {"Content-Digest": f"sha-256=:{'A' * 43}=:"}),
}
LIMITS = {
    "CHUNKED_UPLOADS_MAX_SIZE": 10 * LARGE,
    "CHUNKED_UPLOADS_ALLOWED_EXTENSIONS": ["mp4"],
}


@pytest.mark.parametrize("workers", WORKERS)
def test_error_before_a_large_body_can_be_read_after_it(
    make_server: Callable[..., Gunicorn], authorization: dict[str, str], workers: str
) -> None:
    server = make_server(**WORKERS[workers], settings=LIMITS)
    client = Client(server.url, {**authorization, **disposition("film.mp4")})
    for status, error, headers in REFUSED.values():
        url = f"{server.url}/uploads/upload/"
        answer = client.ask("POST", url, bytes(LARGE), headers)

        assert (answer.status, answer.item["error"]) == (status, error)


def test_connection_serves_on_after_an_error(
    make_server: Callable[..., Gunicorn], authorization: dict[str, str]
) -> None:
    server = make_server(settings=LIMITS)
    with closing(http.client.HTTPConnection(urlsplit(server.url).netloc)) as kept:
        kept.connect()
        first = kept.sock
        for status, _, headers in REFUSED.values():
            named = {**authorization, **disposition("film.mp4"), **headers}
            kept.request("POST", "/uploads/upload/", bytes(LARGE), named)
            with kept.getresponse() as answer:
                assert (answer.status, answer.read() != b"") == (status, True)

        assert kept.sock is first


def test_error_is_told_while_an_endless_body_is_being_sent(
    make_server: Callable[..., Gunicorn],
) -> None:
    server = make_server()
    with Wire(f"{server.url}/uploads/upload/") as wire:
        wire.send_head({"Content-Length": str(10**12), **disposition("film.mp4")})

        assert wire.read_answer().status == 401


@with_each_worker_class
def test_held_chunk_is_compared_and_changes_nothing(
    client: Client, begin: Callable[[int], Upload]
) -> None:
    content = randbytes(9 * MIB)
    upload = begin(len(content))
    first = client.send(upload, content[: 8 * MIB])

    again = client.send(upload, content[: 8 * MIB])
    other = client.send(upload, content[: 8 * MIB - 1] + b"x")

    assert (again.status, again.item) == (first.status, first.item)
    assert again.headers["Range"] == first.headers["Range"] == f"bytes=0-{8 * MIB - 1}"
    assert (other.status, other.item["error"]) == (409, "content_conflict")
    assert Chunk.objects.count() == 1
    assert_finished(client, upload, content)


@pytest.mark.parametrize("has_digest", [False, True])
def test_server_killed_in_a_slow_chunk_keeps_what_arrived_seconds_before(
    make_server: Callable[..., Gunicorn],
    authorization: dict[str, str],
    begin: Callable[[int], Upload],
    has_digest: bool,
) -> None:
    server = make_server(config=setting("intake.CHECKPOINT_SECONDS = 0"))
    client, content = Client(server.url, authorization), randbytes(8 * MIB)
    upload = begin(len(content))
    headers = digest_of(content) if has_digest else {}
    with client.begin_chunk(upload, len(content), content[:MIB], 0, **headers):
        wait_until(lambda: client.size(upload) == MIB)
        server.kill()
    server.restart()

    assert client.size(upload) == MIB
    assert_finished(client, upload, content)


def digest_of(content: bytes) -> dict[str, str]:
    digest = base64.b64encode(sha256(content).digest()).decode()
    return {"Content-Digest": f"sha-256=:{digest}:"}


@with_each_worker_class
def test_many_uploads_at_once_all_end_well(
    server: Gunicorn, client: Client, begin: Callable[[int], Upload]
) -> None:
    def send_all(seed: int) -> list[int]:
        content = randbytes(100_000, seed)
        upload, statuses = uploads[seed], []
        for start in range(0, len(content), 25_000):
            data = content[start : start + 25_000]
            statuses.append(client.send(upload, data, start).status)
        return [*statuses, client.done(upload).status]

    uploads = [begin(100_000) for _ in range(36)]
    with ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(send_all, range(36)))

    assert statuses == [[200] * 5] * 36
    for seed, upload in enumerate(uploads):
        assert finished_file(upload).read_bytes() == randbytes(100_000, seed)


def test_files_of_one_name_and_size_never_mix(server: Gunicorn, user: User) -> None:
    clients = []
    for name in ("bob", "eve"):
        key = ApiKey.objects.create(user=User.objects.create_user(name))
        clients.append(
            Client(server.url, {"Authorization": f"ApiKey {name}:{key.key}"})
        )
    whose = [(who, mark) for who in clients for mark in ("first", "second")]

    for start in range(0, 30_000, 10_000):
        for client, mark in whose:
            answer = _send_by_name(client, mark, _letter(client, mark) * 10_000, start)
            assert (answer.status, answer.item["size"]) == (200, start + 10_000)

    assert Upload.objects.count() == 4
    for upload in Upload.objects.all():
        client = clients[upload.user.username == "eve"]  # type: ignore[union-attr]
        letter = _letter(client, upload.fingerprint)
        assert_finished(client, upload, letter * 30_000)


def _letter(client: Client, mark: str) -> bytes:
    """Return a byte that stands for the client's file of this fingerprint."""
    return sha256(client.headers["Authorization"].encode() + mark.encode()).digest()[:1]


def _send_by_name(client: Client, mark: str, data: bytes, start: int) -> Answer:
    span = content_range(start, start + len(data), 30_000)
    url = f"{client.site}/uploads/upload/?fingerprint={mark}"
    return client.ask("POST", url, data, {**disposition("film.mp4"), **span})


@with_each_worker_class
@pytest.mark.parametrize("is_chunked", [False, True])
def test_jobs_with_one_key_and_one_file_name_get_files_of_their_own(
    server: Gunicorn, client: Client, is_chunked: bool
) -> None:
    size, jobs = 200_000, 8
    together = threading.Barrier(jobs)

    def send(seed: int) -> tuple[Answer, bytes]:
        content = randbytes(size, seed)
        first = content[:80_000] if is_chunked else content
        span = content_range(0, len(first), size) if is_chunked else {}
        url = f"{client.site}/uploads/upload/"
        together.wait()
        answer = client.ask("POST", url, first, {**disposition("db.dump"), **span})
        if is_chunked:
            rest = content_range(80_000, size, size)
            answer = client.ask("POST", answer.item["url"], content[80_000:], rest)
        return client.ask("POST", answer.item["done_url"]), content

    with ThreadPoolExecutor(jobs) as pool:
        answers = list(pool.map(send, range(jobs)))

    for answer, content in answers:
        assert (answer.status, answer.item["state"]) == (200, "COMPLETE")
        upload = Upload.objects.get(uuid=answer.item["upload_uuid"])
        assert finished_file(upload).read_bytes() == content


@with_each_worker_class
@pytest.mark.parametrize("is_chunked", [False, True])
def test_slow_first_request_hands_its_upload_to_nobody(
    server: Gunicorn, client: Client, is_chunked: bool
) -> None:
    slow, fast = randbytes(100_000, 1), randbytes(100_000, 2)
    span = content_range(0, 100_000, 100_000) if is_chunked else {}
    headers = {**disposition("db.dump"), **span}
    with Wire(f"{client.site}/uploads/upload/") as wire:
        length = {"Content-Length": "100000"}
        wire.send_head({**client.headers, **length, **headers})
        wire.send(slow[:10_000])
        wait_until(lambda: Upload.objects.exists())
        wait_until(lambda: bool(writers(server, Upload.objects.get())))

        answer = client.ask("POST", f"{client.site}/uploads/upload/", fast, headers)
        assert answer.status == 200
        wire.send(slow[10_000:])
        other = wire.read_answer()

    for told, content in ((answer, fast), (other, slow)):
        upload = Upload.objects.get(uuid=told.item["upload_uuid"])
        assert_finished(client, upload, content)


def test_clients_that_name_no_upload_swap_no_chunks(
    server: Gunicorn, client: Client
) -> None:
    contents = [randbytes(30_000, seed) for seed in range(3)]
    url = f"{client.site}/uploads/upload/"
    urls = [url] * 3
    refused = 0
    last: list[Answer] = []
    for start in range(0, 30_000, 10_000):
        last = []
        for job, content in enumerate(contents):
            data = content[start : start + 10_000]
            span = content_range(start, start + 10_000, 30_000)
            headers = {**disposition("db.dump"), **span}
            answer = client.ask("POST", url, data, headers)
            if answer.status == 409:
                assert answer.item["error"] == "ambiguous"
                refused += 1
                answer = client.ask("POST", urls[job], data, headers)
            assert answer.status == 200
            urls[job] = answer.item["url"]
            last.append(answer)
    assert refused == 4  # not the last job's: there the others hold other bytes

    for told, content in zip(last, contents, strict=True):
        upload = Upload.objects.get(uuid=told.item["upload_uuid"])
        assert_finished(client, upload, content)


def test_small_memory_limit_of_django_plays_no_part(
    make_server: Callable[..., Gunicorn],
    authorization: dict[str, str],
    begin: Callable[[int], Upload],
) -> None:
    limits: dict[str, Any] = {"DATA_UPLOAD_MAX_MEMORY_SIZE": 100}
    limits["FILE_UPLOAD_MAX_MEMORY_SIZE"] = 100
    client = Client(make_server(settings=limits).url, authorization)
    content = randbytes(200_000)
    raw, multipart = begin(len(content)), begin(len(content))
    span = content_range(0, len(content), len(content))

    url, body = client.url(multipart), b"".join(form(content))
    assert client.send(raw, content).status == 200
    assert client.ask("POST", url, body, {**MULTIPART, **span}).status == 200

    assert_finished(client, raw, content)
    assert_finished(client, multipart, content)


@pytest.fixture
def impatient(make_server: Callable[..., Gunicorn]) -> Gunicorn:
    """One worker with two threads, for which one second is a stall."""
    impatient = setting("gunicorn.STALL = draining.SILENCE = 1")
    return make_server(workers=1, threads=2, config=impatient)


def test_silent_connection_ends_and_frees_its_range(
    impatient: Gunicorn, authorization: dict[str, str], begin: Callable[[int], Upload]
) -> None:
    client = Client(impatient.url, authorization)
    content = randbytes(400_000)
    upload = begin(len(content))

    with client.begin_chunk(upload, len(content), content[:100_001]) as wire:
        answer = wire.read_answer()

    assert (answer.status, answer.item["error"]) == (400, "body_cut")
    assert answer.item["size"] == 100_001
    assert_finished(client, upload, content)


def test_silent_connections_do_not_take_the_threads(
    impatient: Gunicorn, authorization: dict[str, str], begin: Callable[[int], Upload]
) -> None:
    client = Client(impatient.url, authorization)
    upload = begin(400_000)
    form_of_400 = {**MULTIPART, "Content-Length": "400"}
    heads = [form_of_400, {"Content-Length": "400", "Authorization": "ApiKey no:no"}]
    wires = [Wire(f"{impatient.url}/uploads/upload/") for _ in range(4)]
    try:
        for wire, head in zip(wires, heads * 2, strict=True):
            wire.send_head({**client.headers, **head})

        assert client.size(upload) == 0
    finally:
        for wire in wires:
            wire.close()
