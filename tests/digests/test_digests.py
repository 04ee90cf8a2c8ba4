"""The finished file's digest, carried along or computed in the end."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import File
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chunked_uploads.core import forgetting, intake
from chunked_uploads.digests import arriving, following, resumable
from chunked_uploads.digests.files import FileDigest
from chunked_uploads.models import Upload
from chunked_uploads.signals import chunk_received
from chunked_uploads.stores.local import LocalContent, LocalWriter
from chunked_uploads.system import libcrypto
from tests.polling import wait_until
from tests.sending import (
    CONTENT,
    UPLOAD,
    Uploader,
    finished,
    part_of,
    state_in,
    upload_of,
)

ALGORITHMS = pytest.mark.parametrize("algorithm", ["md5", "sha256"])
FRAMING = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
LARGE = bytes(range(251)) * 1000


class Counted(io.FileIO):
    """A file that notes how much is read of it."""

    def __init__(self, file: Any, sizes: list[int]) -> None:
        super().__init__(file.name)
        self._sizes = sizes
        file.close()

    def read(self, size: int | None = -1) -> bytes:
        block = super().read(size)
        self._sizes.append(len(block or b""))
        return block or b""


@pytest.fixture
def bytes_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of all reads of what is in the store."""
    sizes: list[int] = []
    open_content, preadv = LocalContent.open, os.preadv

    def open_counted(content: LocalContent) -> File:
        return File(Counted(open_content(content).file, sizes))

    def read_into(fd: int, buffers: Any, offset: int) -> int:
        count = preadv(fd, buffers, offset)
        sizes.append(count)
        return count

    monkeypatch.setattr(LocalContent, "open", open_counted)
    monkeypatch.setattr(os, "preadv", read_into)
    return sizes


@pytest.fixture(params=["libcrypto", "rehashes"])
def carrier(request: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """What carries the digest; both are there on the machines that test."""
    if request.param == "rehashes":
        monkeypatch.setattr(libcrypto, "is_usable", lambda algorithm: False)
    else:
        monkeypatch.setattr(resumable, "rehashes", None)
    return request.param


@pytest.fixture
def no_carrier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libcrypto, "is_usable", lambda algorithm: False)
    monkeypatch.setattr(resumable, "rehashes", None)


@pytest.fixture
def no_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left to the next request."""
    monkeypatch.setattr(arriving, "LAG", 0)


def hexdigest(algorithm: str, content: bytes) -> str:
    return hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()


def send_all(uploader: Uploader, content: bytes, *starts: int) -> Any:
    """Send the pieces that begin at `starts`, in that order."""
    stops = dict(zip(sorted(starts), [*sorted(starts)[1:], len(content)], strict=True))
    url = UPLOAD
    for start in starts:
        piece = content[start : stops[start]]
        sent = uploader.send(piece, start, len(content), url=url)
        url = state_in(sent)["url"]
    return sent


def assert_digest(
    uploader: Uploader, sent: Any, algorithm: str, content: bytes
) -> None:
    answer = state_in(uploader.done(state_in(sent)))

    assert answer[algorithm] == hexdigest(algorithm, content)
    upload = upload_of(sent)
    assert getattr(upload, algorithm) == answer[algorithm]
    assert finished(upload) == content


@ALGORITHMS
@pytest.mark.parametrize("content", [b"", b"0", CONTENT, LARGE], ids=len)
def test_digest_is_told_at_done(
    uploader: Uploader, settings: Any, algorithm: str, content: bytes
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = algorithm

    sent = uploader.send(content)

    assert_digest(uploader, sent, algorithm, content)
    again = state_in(uploader.done(state_in(sent)))
    assert again[algorithm] == hexdigest(algorithm, content)


def test_no_digest_is_told_where_none_is_wanted(uploader: Uploader) -> None:
    sent = uploader.send(CONTENT)

    answer = state_in(uploader.done(state_in(sent)))

    assert answer.keys().isdisjoint({"md5", "sha256"})
    upload = upload_of(sent)
    assert (upload.md5, upload.sha256, upload.hash_state) == ("", "", None)


@ALGORITHMS
@pytest.mark.usefixtures("carrier")
def test_bytes_that_came_in_order_are_not_read_again(
    uploader: Uploader, settings: Any, bytes_read: list[int], algorithm: str
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = algorithm

    sent = send_all(uploader, LARGE, 0, 1, 1000, 100_000, 200_000)

    assert_digest(uploader, sent, algorithm, LARGE)
    assert sum(bytes_read) == 0


def test_bytes_that_came_in_order_over_a_cut_are_not_read_again(
    uploader: Uploader, settings: Any, bytes_read: list[int]
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"
    with_gap = uploader.send_form(LARGE[:1000], 0, total=len(LARGE))

    sent = uploader.send(
        LARGE[1000:], 1000, len(LARGE), url=state_in(with_gap)["url"], name=None
    )

    assert_digest(uploader, sent, "sha256", LARGE)
    assert sum(bytes_read) == 0


@ALGORITHMS
def test_only_what_came_out_of_order_is_read(
    uploader: Uploader, settings: Any, bytes_read: list[int], algorithm: str
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = algorithm

    sent = send_all(uploader, LARGE, 0, 200_000, 100_000)

    assert_digest(uploader, sent, algorithm, LARGE)
    assert sum(bytes_read) == len(LARGE) - 200_000


@pytest.mark.usefixtures("no_lag", "carrier")
def test_bytes_that_are_taken_back_while_they_are_hashed_are_not_in_the_digest(
    uploader: Uploader, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"
    read_back = following.Follower.read_back

    def read_back_and_forget(follower: following.Follower, goal: int) -> None:
        read_back(follower, goal)
        forgetting.forget(Upload.objects.get(), lambda: [(6, 10)])

    monkeypatch.setattr(following.Follower, "read_back", read_back_and_forget)
    url = state_in(uploader.send(CONTENT[:4], 0))["url"]
    uploader.send(b"xxxx", 6, url=url)
    uploader.send(CONTENT[4:6], 4, url=url)

    sent = uploader.send(CONTENT[6:], 6, url=url)

    assert_digest(uploader, sent, "sha256", CONTENT)


@pytest.mark.usefixtures("no_lag", "carrier")
@pytest.mark.django_db(transaction=True)
def test_bytes_that_are_forgotten_while_more_come_are_not_in_the_digest(
    uploader: Uploader, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"
    monkeypatch.setattr(intake, "BLOCK", 3)
    monkeypatch.setattr(intake, "CHECKPOINT_SECONDS", 0)

    def forget(upload: Upload, **kwargs: Any) -> None:
        if upload.offset == 6:
            forgetting.forget(Upload.objects.get(), lambda: [(2, 4)])

    chunk_received.connect(forget)
    url = state_in(uploader.send(CONTENT, 0))["url"]
    chunk_received.disconnect(forget)

    sent = uploader.send(b"xx", 2, url=url)

    assert_digest(uploader, sent, "sha256", b"01xx456789")


@pytest.mark.usefixtures("no_lag", "carrier")
def test_done_reads_nothing_of_what_came_out_of_order(
    uploader: Uploader, settings: Any, bytes_read: list[int]
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"
    sent = send_all(uploader, LARGE, 0, 200_000, 100_000, 150_000)
    bytes_read.clear()

    assert_digest(uploader, sent, "sha256", LARGE)
    assert sum(bytes_read) == 0


@pytest.mark.parametrize("lag", [0, 1000, 60_000, 2**23])
def test_what_is_left_to_later_requests_is_hashed_once(
    uploader: Uploader,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    bytes_read: list[int],
    lag: int,
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"
    monkeypatch.setattr(arriving, "LAG", lag)

    sent = send_all(uploader, LARGE, 0, 200_000, 100_000, 150_000)

    came_early = len(LARGE) - 200_000
    behind = upload_of(sent).offset - upload_of(sent).hashed
    assert behind == (came_early if lag > came_early else 0)
    assert_digest(uploader, sent, "sha256", LARGE)
    assert sum(bytes_read) == came_early


def test_next_range_in_order_hashes_what_was_left(
    uploader: Uploader, settings: Any, bytes_read: list[int]
) -> None:
    sent = uploader.send(LARGE[:200_000], 0, len(LARGE))
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"

    sent = uploader.send(
        LARGE[200_000:210_000], 200_000, len(LARGE), url=state_in(sent)["url"]
    )

    assert upload_of(sent).hashed == 210_000
    assert sum(bytes_read) == 200_000


def test_no_request_hashes_much_more_than_its_own(
    uploader: Uploader, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = uploader.send(LARGE[:200_000], 0, len(LARGE))
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"
    monkeypatch.setattr(arriving, "LAG", 1000)
    monkeypatch.setattr(intake, "CHECKPOINT", 50_000)

    sent = uploader.send(
        LARGE[200_000:210_000], 200_000, len(LARGE), url=state_in(sent)["url"]
    )

    assert upload_of(sent).hashed == 50_000
    sent = uploader.send(
        LARGE[210_000:], 210_000, len(LARGE), url=state_in(sent)["url"]
    )
    assert_digest(uploader, sent, "sha256", LARGE)


@pytest.mark.usefixtures("no_lag")
def test_ranges_after_one_out_of_order_are_hashed_as_they_come(
    uploader: Uploader, settings: Any, bytes_read: list[int]
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"

    sent = send_all(uploader, LARGE, 0, 2000, 1000, 3000, 100_000, 200_000)

    assert_digest(uploader, sent, "sha256", LARGE)
    assert sum(bytes_read) == 1000


@ALGORITHMS
@pytest.mark.usefixtures("no_carrier")
def test_without_a_carrier_the_part_is_read_once(
    uploader: Uploader, settings: Any, bytes_read: list[int], algorithm: str
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = algorithm

    sent = send_all(uploader, LARGE, 0, 1000, 200_000)

    assert upload_of(sent).hash_state is None
    assert_digest(uploader, sent, algorithm, LARGE)
    assert sum(bytes_read) == len(LARGE)


def test_carrier_that_went_between_two_chunks_is_done_without(
    uploader: Uploader, settings: Any, request: pytest.FixtureRequest
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"
    sent = send_all(uploader, LARGE, 0, 1000)
    assert upload_of(sent).hash_state
    request.getfixturevalue("no_carrier")

    assert_digest(uploader, sent, "sha256", LARGE)


def test_digest_that_was_asked_for_half_way_is_computed(
    uploader: Uploader, settings: Any
) -> None:
    uploader.send(CONTENT[:4], 0)
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"

    assert_digest(uploader, uploader.send(CONTENT[4:], 4), "sha256", CONTENT)


@pytest.mark.parametrize("half", [True, False])
def test_state_of_another_algorithm_is_ignored(
    uploader: Uploader, settings: Any, half: bool
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = "md5"
    stop = 4 if half else 10
    sent = uploader.send(CONTENT[:stop], 0)
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"
    if half:
        sent = uploader.send(CONTENT[4:], 4)

    assert_digest(uploader, sent, "sha256", CONTENT)


@ALGORITHMS
@pytest.mark.parametrize("first", ["libcrypto", "rehashes"])
def test_state_of_the_other_carrier_is_ignored(
    uploader: Uploader,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    algorithm: str,
    first: str,
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = algorithm
    usable = {algorithm: first == "libcrypto"}
    monkeypatch.setattr(libcrypto, "is_usable", usable.get)
    sent = uploader.send(CONTENT[:4], 0)
    assert first.encode() in bytes(upload_of(sent).hash_state or b"")
    usable[algorithm] = not usable[algorithm]

    sent = uploader.send(CONTENT[4:], 4)

    assert_digest(uploader, sent, algorithm, CONTENT)


@pytest.mark.parametrize("half", [True, False])
@pytest.mark.parametrize(
    "state",
    [
        None,
        b"",
        b"sha256/rehashes-0.0.1:state",
        b"sha256/libcrypto-big:state",
        b"sha256/libcrypto-little:state",
        b"sha256/libcrypto-little:" + bytes(300),
        b"sha256",
        b"nonsense",
    ],
)
def test_state_of_another_version_is_ignored(
    uploader: Uploader, settings: Any, half: bool, state: bytes | None
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"
    sent = uploader.send(CONTENT[: 4 if half else 10], 0)
    Upload.objects.update(hash_state=state)
    if half:
        sent = uploader.send(CONTENT[4:], 4)

    assert_digest(uploader, sent, "sha256", CONTENT)


@pytest.mark.usefixtures("no_lag")
def test_state_that_cannot_be_read_costs_no_chunk_a_query(
    uploader: Uploader, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"
    sent = uploader.send(CONTENT[:4], 0)
    Upload.objects.update(hash_state=b"nonsense")
    url = state_in(sent)["url"]

    with CaptureQueriesContext(connection) as queries:
        sent = uploader.send(CONTENT[4:6], 4, url=url)

    made = [each["sql"] for each in queries if not each["sql"].startswith(FRAMING)]
    assert [sql.split()[0] for sql in made] == ["SELECT", "UPDATE", "INSERT"]
    assert_digest(uploader, uploader.send(CONTENT[6:], 6, url=url), "sha256", CONTENT)


def test_lost_bytes_are_hashed_anew(
    uploader: Uploader, settings: Any, media_root: Any
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"
    sent = uploader.send(CONTENT)
    os.truncate(part_of(upload_of(sent), media_root), 4)
    assert uploader.done(state_in(sent)).status_code == 409

    sent = uploader.send(CONTENT[4:], 4)

    assert_digest(uploader, sent, "sha256", CONTENT)


def test_state_is_forgotten_when_the_upload_is_done(
    uploader: Uploader, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"
    sent = uploader.send(CONTENT)
    assert upload_of(sent).hash_state

    uploader.done(state_in(sent))

    assert upload_of(sent).hash_state is None


@pytest.mark.usefixtures("no_paths")
def test_digest_is_known_where_the_storage_has_no_paths(
    uploader: Uploader, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"

    assert_digest(uploader, uploader.send(CONTENT), "sha256", CONTENT)


@pytest.fixture
def no_paths(settings: Any) -> None:
    in_memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {"default": in_memory, "staticfiles": in_memory}


@pytest.fixture
def unknown() -> Iterator[None]:
    """Nobody has asked yet what this system can do."""
    caches = (libcrypto.is_usable, libcrypto._library)
    for each in caches:
        each.cache_clear()
    yield
    for each in caches:
        each.cache_clear()


@ALGORITHMS
@pytest.mark.usefixtures("unknown")
@pytest.mark.parametrize("prefix", ["SHA1", "SHA0", None])
def test_library_that_hashes_otherwise_is_not_used(
    monkeypatch: pytest.MonkeyPatch, algorithm: str, prefix: str | None
) -> None:
    if prefix is not None:
        other = {algorithm: (prefix, 96, 20)}
        monkeypatch.setattr(libcrypto, "ALGORITHMS", other)

    assert libcrypto.is_usable(algorithm) is (prefix is None)


@ALGORITHMS
@pytest.mark.usefixtures("unknown")
def test_python_without_ctypes_does_without(
    monkeypatch: pytest.MonkeyPatch, algorithm: str
) -> None:
    monkeypatch.setattr(libcrypto, "ctypes", None)

    assert not libcrypto.is_usable(algorithm)


FIPS_MODE = """
openssl_conf = all
[all]
alg_section = algorithms
[algorithms]
default_properties = fips=yes
"""
# What a library of Red Hat's does in this mode, where one of its functions is called.
IN_FIPS_MODE = """
import os, sys
import hashlib
from _hashlib import get_fips_mode
from chunked_uploads.digests import resumable
from chunked_uploads.system import libcrypto

class Library:
    def __getattr__(self, name):
        return lambda *arguments: os.abort()

algorithm, carrier = sys.argv[1:]
libcrypto._library = Library
if carrier == "none":
    resumable.rehashes = None
carried = resumable.resume(algorithm, None)
digest = carried or hashlib.new(algorithm, usedforsecurity=False)
digest.update(b"0123456789")
print(get_fips_mode(), carried is not None, digest.hexdigest())
"""


@ALGORITHMS
@pytest.mark.parametrize("carrier", ["rehashes", "none"])
def test_fips_mode_ends_no_process(
    tmp_path: Path, algorithm: str, carrier: str
) -> None:
    config = tmp_path / "openssl.cnf"
    config.write_text(FIPS_MODE)

    told = subprocess.run(
        [sys.executable, "-c", IN_FIPS_MODE, algorithm, carrier],
        env={**os.environ, "OPENSSL_CONF": str(config)},
        check=True,
        capture_output=True,
        text=True,
    )

    mode, is_carried, digest = told.stdout.split()
    assert (mode, is_carried) == ("1", str(carrier == "rehashes"))
    assert digest == hexdigest(algorithm, CONTENT)


@ALGORITHMS
def test_half_done_hash_can_be_asked_and_goes_on(algorithm: str) -> None:
    first = libcrypto.Hash(algorithm)
    for cut in range(0, 300, 7):
        first.update(memoryview(bytearray(LARGE[cut : cut + 7])))
    assert first.hexdigest() == hexdigest(algorithm, LARGE[:301])
    second = libcrypto.Hash(algorithm, first.state())
    first.update(b"")
    first.update(memoryview(b""))
    first.update(memoryview(bytearray()))
    second.update(LARGE[301:])

    assert second.hexdigest() == hexdigest(algorithm, LARGE)
    assert first.hexdigest() == hexdigest(algorithm, LARGE[:301])


class ShortReads(LocalWriter):
    """Gives back a part of what was asked for, and notes who asked."""

    def __init__(self, fd: int, start: int, locked: tuple[int, int]) -> None:
        super().__init__(fd, start, locked)
        self.readers: set[threading.Thread] = set()
        self.error: OSError | None = None

    def read(self, position: int, view: memoryview) -> int:
        self.readers.add(threading.current_thread())
        if self.error and threading.current_thread() is not threading.main_thread():
            raise self.error
        return super().read(position, view[:7000])


def digest_over(content: bytes) -> FileDigest:
    digest = FileDigest("sha256", libcrypto.Hash("sha256"), 0)
    digest.update(content)
    return digest


@pytest.fixture
def writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ShortReads]:
    monkeypatch.setattr(following, "STRIDE", 10_000)
    path = str(tmp_path / "part")
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    os.write(fd, LARGE[:1000])
    yield ShortReads(fd, 1000, (1000, len(LARGE)))
    os.close(fd)


def test_follower_hashes_all_of_both_in_a_thread_of_its_own(writer: ShortReads) -> None:
    check, file = hashlib.sha256(), digest_over(LARGE[:400])

    with following.Follower(writer, 1000, check, file) as follower:
        for start in range(1000, len(LARGE), 9000):
            writer.write(LARGE[start : start + 9000])
            follower.follow()
        wait_until(lambda: writer.readers)
        follower.catch_up()

    assert writer.readers - {threading.main_thread()}
    assert check.digest() == hashlib.sha256(LARGE[1000:]).digest()
    assert file.hexdigest() == hexdigest("sha256", LARGE)
    assert file.hashed == len(LARGE)


def test_follower_leaves_what_it_may(writer: ShortReads) -> None:
    file = digest_over(b"")

    with following.Follower(writer, 1000, None, file) as follower:
        writer.write(LARGE[1000:])
        follower.catch_up(lag=50_000)

    assert file.hashed == len(LARGE) - 50_000
    assert file.hexdigest() == hexdigest("sha256", LARGE[: file.hashed])


def test_follower_tells_what_went_wrong_in_its_thread(writer: ShortReads) -> None:
    writer.error = OSError("Input/output error")

    with following.Follower(writer, 1000, hashlib.sha256(), None) as follower:
        writer.write(LARGE)
        follower.follow()
        with pytest.raises(OSError, match="Input/output"):
            follower.catch_up()


def test_follower_tells_of_bytes_that_went(writer: ShortReads, tmp_path: Path) -> None:
    with following.Follower(writer, 1000, hashlib.sha256(), None) as follower:
        writer.write(LARGE)
        os.truncate(tmp_path / "part", 5000)
        with pytest.raises(OSError, match="Fewer bytes"):
            follower.catch_up()
