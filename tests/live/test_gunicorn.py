"""The fast path over real connections: the same bytes and answers as the plain one."""

from __future__ import annotations

import base64
import hashlib
import http.client
import itertools
import ssl
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme
from django.contrib.auth.models import User
from django.test import override_settings

from chunked_uploads.digests.files import digest_so_far
from chunked_uploads.digests.following import LAG
from chunked_uploads.models import Chunk, Upload
from tests.clients import BOUNDARY, Client, Wire, content_range, form, randbytes
from tests.live.sites import CUTS, WORKERS, arrived, assert_finished, part_file
from tests.polling import wait_until
from tests.servers import HOST, Gunicorn

MIB = 2**20
READ_AHEAD = 8192  # bytes that gunicorn takes at once while it looks for headers
SIZE = 30_000  # bytes, so that some are left in the socket after that
STORE = "CHUNKED_UPLOADS_CHUNK_STORE"
SPLICED = {STORE: "tests.stores.ways.SplicedStore"}
READ = {STORE: "tests.stores.ways.ReadStore"}
SHA256 = {"CHUNKED_UPLOADS_DIGEST": "sha256"}

Begin = Callable[..., Upload]
Make = Callable[..., Gunicorn]

with_each_worker_class = pytest.mark.parametrize("workers", WORKERS)
with_each_socket = pytest.mark.parametrize("unix", [False, True], ids=["TCP", "Unix"])


@pytest.fixture
def begin(user: User) -> Begin:
    """Return what begins an upload of Ada's, of so many bytes."""

    def begin(size: int = SIZE) -> Upload:
        return Upload.objects.create(user=user, filename="film.mp4", filesize=size)

    return begin


@pytest.fixture
def make(make_server: Make) -> Make:
    """Return what starts gunicorn, where it must splice unless told otherwise.

    `hook`, lines of Python, is what each worker runs at its start.
    """

    def make(
        workers: str = "gthread", settings: Any = SPLICED, hook: str = "", **more: Any
    ) -> Gunicorn:
        lines = [f"    {line}\n" for line in hook.splitlines()] or ["    pass\n"]
        config = "".join(["def post_worker_init(worker):\n", *lines])
        return make_server(**WORKERS[workers], settings=settings, config=config, **more)

    return make


class Sender:
    """Ada's chunks, byte by byte."""

    def __init__(self, server: Gunicorn, authorization: dict[str, str]) -> None:
        self.server = server
        self.authorization = authorization
        self.path = server.address if isinstance(server.address, str) else ""

    def connect(self, upload: Upload) -> Wire:
        """Return a connection to the upload's URL."""
        site = f"http://{HOST}" if self.path else self.server.url
        return Wire(f"{site}/uploads/upload/{upload.uuid}/", self.path)

    def head(
        self, wire: Wire, upload: Upload, start: int, stop: int, **headers: str
    ) -> bytes:
        """Return all of a chunk's request but its body."""
        length = {"Content-Length": str(stop - start)}
        span = content_range(start, stop, upload.filesize or 0)
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return wire.head({**self.authorization, **length, **span, **more})

    def stored(self, upload: Upload) -> bytes:
        """Return what lies on disk."""
        return part_file(self.server, upload).read_bytes()


def digest_of(content: bytes) -> str:
    """Return the value of a `Content-Digest`."""
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    return f"sha-256=:{digest}:"


# What gunicorn read ahead


@with_each_worker_class
@with_each_socket
def test_body_may_be_split_anywhere(
    make: Make, authorization: dict[str, str], begin: Begin, workers: str, unix: bool
) -> None:
    sender = Sender(make(workers, unix=unix), authorization)
    content = randbytes(SIZE)
    lengths = [0, 1, 4096, READ_AHEAD, READ_AHEAD + 1, SIZE - 1]
    for ahead in [*lengths, *range(-READ_AHEAD - 1, -READ_AHEAD + 2)]:
        upload = begin()
        with sender.connect(upload) as wire:
            head = sender.head(wire, upload, 0, SIZE)
            # Less than none: so many that they make the request's first bytes full.
            ahead = ahead if ahead >= 0 else -ahead - len(head)
            wire.send(head + content[:ahead])
            wait_until(lambda: arrived(sender.server, upload) == ahead)  # noqa: B023
            wire.send(content[ahead:])
            answer = wire.read_answer()

        assert (answer.status, answer.item["size"]) == (200, SIZE)
        assert sender.stored(upload) == content


@with_each_socket
def test_next_request_may_stand_behind_the_body(
    make: Make, authorization: dict[str, str], begin: Begin, unix: bool
) -> None:
    sender = Sender(make(unix=unix), authorization)
    for size in (1, 100, READ_AHEAD, SIZE, 3 * MIB):
        content = randbytes(size)
        first, second = begin(size), begin(size)
        with sender.connect(first) as one, sender.connect(second) as two:
            both = sender.head(one, first, 0, size) + content
            both += sender.head(two, second, 0, size) + content
            # The last byte waits, so that no answer comes behind another.
            one.socket.sendall(both[:-1])
            assert one.read_answer().item["upload_uuid"] == str(first.uuid)
            one.socket.sendall(both[-1:])
            assert one.read_answer().item["upload_uuid"] == str(second.uuid)

        assert sender.stored(first) == sender.stored(second) == content


@with_each_socket
def test_next_request_may_stand_behind_a_form(
    make: Make, authorization: dict[str, str], begin: Begin, unix: bool
) -> None:
    sender = Sender(make(settings={}, unix=unix), authorization)
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    for size in (1, 100, READ_AHEAD, SIZE, 3 * MIB):
        content = randbytes(size)
        whole = b"".join(form(content))
        upload, other = begin(size), begin(size)
        with sender.connect(upload) as one, sender.connect(other) as two:
            head = sender.head(one, upload, 0, size, Content_Type=kind)
            head = head.replace(
                b"Content-Length: %d\r\n" % size,
                b"Content-Length: %d\r\n" % len(whole),
            )
            both = head + whole + sender.head(two, other, 0, size) + content
            one.socket.sendall(both[:-1])
            assert one.read_answer().item["size"] == size
            one.socket.sendall(both[-1:])
            assert one.read_answer().item["upload_uuid"] == str(other.uuid)

        assert sender.stored(upload) == sender.stored(other) == content


def test_connection_serves_on_after_chunks_and_errors(
    make: Make, authorization: dict[str, str], begin: Begin
) -> None:
    server, upload, content = make(), begin(3 * MIB), randbytes(3 * MIB)
    wrong = {"Content-Digest": digest_of(b"else")}
    client = Client(server.url, authorization)
    path = urlsplit(client.url(upload)).path
    answers = []
    with closing(http.client.HTTPConnection(urlsplit(server.url).netloc)) as kept:
        kept.connect()
        first = kept.sock
        for start, headers in (
            (0, {}),
            (MIB, wrong),
            (MIB, {}),
            (0, {}),
            (2 * MIB, {}),
        ):
            span = content_range(start, start + MIB, 3 * MIB)
            body = content[start : start + MIB]
            kept.request("POST", path, body, {**authorization, **span, **headers})
            with kept.getresponse() as answer:
                answers.append(answer.status)
                assert answer.read()
        assert kept.sock is first

    assert answers == [200, 400, 200, 200, 200]
    assert_finished(client, upload, content)


@with_each_worker_class
def test_client_that_waits_to_be_told_to_go_on_is_told(
    make: Make, authorization: dict[str, str], begin: Begin, workers: str
) -> None:
    sender, upload = Sender(make(workers), authorization), begin()
    with sender.connect(upload) as wire:
        wire.send(sender.head(wire, upload, 0, SIZE, Expect="100-continue"))
        told = wire.socket.recv(len(b"HTTP/1.1 100 Continue\r\n\r\n"))
        wire.send(randbytes(SIZE))
        answer = wire.read_answer()

    assert told == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert answer.item["size"] == SIZE
    assert sender.stored(upload) == randbytes(SIZE)


# Slow and cut clients


@with_each_worker_class
@with_each_socket
def test_bytes_that_come_one_by_one_are_stored_as_they_come(
    make: Make, authorization: dict[str, str], begin: Begin, workers: str, unix: bool
) -> None:
    sender, upload = Sender(make(workers, unix=unix), authorization), begin(40)
    content = randbytes(40)
    with sender.connect(upload) as wire:
        wire.send(sender.head(wire, upload, 0, 40))
        for position in range(40):
            wire.send(content[position : position + 1])
            wait_until(lambda: arrived(sender.server, upload) > position)  # noqa: B023
        answer = wire.read_answer()

    assert answer.item["size"] == 40
    assert sender.stored(upload) == content


@with_each_worker_class
@with_each_socket
def test_what_arrived_before_a_cut_is_kept(
    make: Make, authorization: dict[str, str], begin: Begin, workers: str, unix: bool
) -> None:
    sender, content = Sender(make(workers, unix=unix), authorization), randbytes(SIZE)
    for cut, sent in itertools.product(CUTS, (1, READ_AHEAD, SIZE - 1)):
        upload = begin()
        with sender.connect(upload) as wire:
            wire.send(sender.head(wire, upload, 0, SIZE) + content[:sent])
            # What a reset overtakes is the network's to lose.
            wait_until(lambda: arrived(sender.server, upload) == sent)  # noqa: B023
            CUTS[cut](wire)
            wait_until(lambda: Chunk.objects.filter(upload=upload).exists())  # noqa: B023

        upload.refresh_from_db()
        assert (upload.offset, upload.received) == (sent, sent)
        assert sender.stored(upload) == content[:sent]


# Digests, from where the bytes landed


@with_each_worker_class
@pytest.mark.parametrize("size", [SIZE, 5 * MIB + 1])
def test_digests_are_those_of_the_plain_path(
    make: Make, authorization: dict[str, str], begin: Begin, workers: str, size: int
) -> None:
    server = make(workers, settings={**SPLICED, **SHA256})
    client = Client(server.url, authorization)
    upload, content = begin(2 * size), randbytes(2 * size)
    for start in (0, size):
        chunk = content[start : start + size]
        right = {"Content-Digest": digest_of(chunk)}
        wrong = {"Content-Digest": digest_of(chunk[1:])}

        refused = client.send(upload, chunk, start, **wrong)
        assert (refused.status, refused.item["error"]) == (400, "digest_mismatch")
        assert client.size(upload) == start

        taken = client.send(upload, chunk, start, **right)
        assert (taken.status, taken.item["size"]) == (200, start + size)

    upload.refresh_from_db()
    assert upload.hashed == 2 * size
    assert client.done(upload).item["sha256"] == hashlib.sha256(content).hexdigest()


@with_each_worker_class
@pytest.mark.parametrize("size", [SIZE, 5 * MIB + 1, 66 * MIB])
def test_digest_is_carried_a_little_behind_the_bytes(
    make: Make, authorization: dict[str, str], begin: Begin, workers: str, size: int
) -> None:
    server = make(workers, settings={**SPLICED, **SHA256})
    client = Client(server.url, authorization)
    upload, content = begin(2 * size), randbytes(2 * size)

    for start in (0, size):
        client.send(upload, content[start : start + size], start)
        assert_carried(upload, content)

    assert client.done(upload).item["sha256"] == hashlib.sha256(content).hexdigest()


def assert_carried(upload: Upload, content: bytes) -> None:
    upload.refresh_from_db()
    assert upload.offset - LAG <= upload.hashed <= upload.offset
    wanted = hashlib.sha256(content[: upload.hashed]).hexdigest()
    with override_settings(**SHA256):
        carried = digest_so_far(upload)
    assert carried
    assert carried.hexdigest() == wanted


def test_digest_is_right_where_the_store_gives_nothing_back(
    make: Make, authorization: dict[str, str], begin: Begin
) -> None:
    server = make(settings={STORE: "tests.stores.ways.UnreadableStore", **SHA256})
    client = Client(server.url, authorization)
    upload, content = begin(3 * MIB), randbytes(3 * MIB)

    answer = client.send(upload, content, 0, **{"Content-Digest": digest_of(content)})

    assert answer.item["size"] == 3 * MIB
    assert client.done(upload).item["sha256"] == hashlib.sha256(content).hexdigest()


# A full disk


FULL = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (12 * 2**20 + 1, resource.RLIM_INFINITY))
"""


@with_each_worker_class
@pytest.mark.parametrize("wanted", [{}, SHA256], ids=["", "SHA-256"])
def test_what_fits_on_a_full_disk_is_kept(
    make: Make,
    authorization: dict[str, str],
    begin: Begin,
    workers: str,
    wanted: dict[str, str],
) -> None:
    server = make(workers, settings={**SPLICED, **wanted}, hook=FULL)
    client, content = Client(server.url, authorization), randbytes(16 * MIB)
    upload = begin(16 * MIB)

    answer = client.send(upload, content)

    assert (answer.status, answer.item["error"]) == (507, "store_full")
    assert client.size(upload) == 12 * MIB + 1
    assert part_file(server, upload).read_bytes() == content[: 12 * MIB + 1]
    if wanted:
        assert_carried(upload, content)
    else:
        upload.refresh_from_db()
        assert upload.hashed == 0


# Where it is not taken


def test_setting_switches_it_off(
    make: Make, authorization: dict[str, str], begin: Begin
) -> None:
    server = make(settings={**READ, "CHUNKED_UPLOADS_FAST_PATH": False})
    client, upload = Client(server.url, authorization), begin()

    assert client.send(upload, randbytes(SIZE)).status == 200
    assert_finished(client, upload, randbytes(SIZE))


def test_encrypted_connection_is_read(
    make: Make, authorization: dict[str, str], begin: Begin, tmp_path: Path
) -> None:
    authority = trustme.CA()
    certificate = str(tmp_path / "certificate.pem")
    authority.issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(certificate)
    options = [f"--certfile={certificate}", f"--keyfile={certificate}"]
    server = make(settings=READ, options=options)
    context = ssl.create_default_context()
    authority.configure_trust(context)
    upload, content = begin(3 * MIB), randbytes(3 * MIB)
    connection = http.client.HTTPSConnection(HOST, server.port, context=context)

    with closing(connection):
        path = f"/uploads/upload/{upload.uuid}/"
        headers = {**authorization, **content_range(0, 3 * MIB, 3 * MIB)}
        connection.request("POST", path, content, headers)
        assert connection.getresponse().status == 200

    assert part_file(server, upload).read_bytes() == content


@with_each_worker_class
def test_body_that_somebody_read_before_is_taken_all_the_same(
    make: Make, authorization: dict[str, str], begin: Begin, workers: str
) -> None:
    nosy = {"CHUNKED_UPLOADS_AUTHENTICATION": "tests.stores.ways.NosyAuthentication"}
    client = Client(make(workers, nosy).url, authorization)
    for size in (1, READ_AHEAD, SIZE):
        upload = begin(size)

        assert client.send(upload, randbytes(size)).status == 200
        assert_finished(client, upload, randbytes(size))


UNABLE = """
import errno, os, stat
splice = os.splice
def refuse(source, target, *arguments, **keywords):
    if {test}(os.fstat({which}).st_mode):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    return splice(source, target, *arguments, **keywords)
os.splice = refuse
"""
SMALL = """
from chunked_uploads.system import pipes
pipes.PIPE_SIZE = 4096
"""
OBSTACLES = {
    "socket": UNABLE.format(test="stat.S_ISSOCK", which="source"),
    "file": UNABLE.format(test="stat.S_ISREG", which="target"),
    "small pipe": SMALL,
}


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_system_that_can_not_splice_receives_all_the_same(
    make: Make, authorization: dict[str, str], begin: Begin, obstacle: str
) -> None:
    server = make(settings=SHA256, hook=OBSTACLES[obstacle])
    client = Client(server.url, authorization)
    for size in (1, SIZE, 3 * MIB):
        upload, content = begin(size), randbytes(size)

        assert client.send(upload, content).status == 200
        assert client.done(upload).item["sha256"] == hashlib.sha256(content).hexdigest()
