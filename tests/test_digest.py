"""The finished file's digest, carried along or computed in the end."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import pytest

from chunked_uploads import digests
from chunked_uploads.models import Upload
from tests.sending import CONTENT, UPLOAD, Uploader, finished, state_in, upload_of

ALGORITHMS = pytest.mark.parametrize("algorithm", ["md5", "sha256"])
LARGE = bytes(range(251)) * 1000


@pytest.fixture
def bytes_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of all reads from part files."""
    sizes: list[int] = []
    pread = os.pread

    def read(fd: int, size: int, offset: int) -> bytes:
        block = pread(fd, size, offset)
        sizes.append(len(block))
        return block

    monkeypatch.setattr(os, "pread", read)
    return sizes


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


def test_done_reads_nothing_of_what_came_out_of_order(
    uploader: Uploader, settings: Any, bytes_read: list[int]
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"
    sent = send_all(uploader, LARGE, 0, 200_000, 100_000, 150_000)
    bytes_read.clear()

    assert_digest(uploader, sent, "sha256", LARGE)
    assert sum(bytes_read) == 0


def test_ranges_after_one_out_of_order_are_hashed_as_they_come(
    uploader: Uploader, settings: Any, bytes_read: list[int]
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"

    sent = send_all(uploader, LARGE, 0, 2000, 1000, 3000, 100_000, 200_000)

    assert_digest(uploader, sent, "sha256", LARGE)
    assert sum(bytes_read) == 1000


@ALGORITHMS
def test_without_rehashes_the_part_is_read_once(
    uploader: Uploader,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    bytes_read: list[int],
    algorithm: str,
) -> None:
    monkeypatch.setattr(digests, "rehashes", None)
    settings.CHUNKED_UPLOADS_DIGEST = algorithm

    sent = send_all(uploader, LARGE, 0, 1000, 200_000)

    assert upload_of(sent).hash_state is None
    assert_digest(uploader, sent, algorithm, LARGE)
    assert sum(bytes_read) == len(LARGE)


def test_extra_that_went_between_two_chunks_is_done_without(
    uploader: Uploader, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"
    sent = send_all(uploader, LARGE, 0, 1000)
    monkeypatch.setattr(digests, "rehashes", None)

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


@pytest.mark.parametrize("half", [True, False])
@pytest.mark.parametrize(
    "state", [None, b"", b"sha256/0.0.1:state", b"sha256", b"nonsense"]
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


def test_lost_bytes_are_hashed_anew(
    uploader: Uploader, settings: Any, media_root: Any
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"
    sent = uploader.send(CONTENT)
    os.truncate(media_root / upload_of(sent).part, 4)
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
