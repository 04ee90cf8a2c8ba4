"""Bytes that are appended: over what is held beyond, and of unknown length."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from chunked_uploads.core.appending import LateChecksum, append, append_stream
from chunked_uploads.core.finishing import complete
from chunked_uploads.core.forgetting import forget
from chunked_uploads.core.receiving import receive
from chunked_uploads.core.starting import set_filesize, start_upload
from chunked_uploads.digests.arriving import Checksum
from chunked_uploads.errors import (
    BadRequest,
    BeyondEnd,
    DigestMismatch,
    OffsetConflict,
    RangeBusy,
    TooLarge,
)
from chunked_uploads.models import Chunk, Upload
from chunked_uploads.stores.local import LocalStore
from chunked_uploads.stores.partial_files import path_of
from tests.sending import CONTENT, Bytes, finished, spans

STEP = 4


class Stream(Bytes):
    """A source of unknown length; one that is cut says so at its end."""

    def __init__(
        self, content: bytes, *, is_cut: bool = False, size: int = 100
    ) -> None:
        self._file = io.BytesIO(content)
        self._size = size
        self._will_be_cut = is_cut
        self.is_cut = False

    def read(self, size: int) -> bytes:  # type: ignore[override]
        block = self._file.read(min(size, self._size))
        self.is_cut = self._will_be_cut and not block
        return block


class Meanwhile(Stream):
    """A stream, before whose first bytes something else happens."""

    def __init__(self, content: bytes, call: Callable[[], object]) -> None:
        super().__init__(content)
        self._calls = [call]

    def read(self, size: int) -> bytes:  # type: ignore[override]
        if self._calls:
            self._calls.pop()()
        return super().read(size)


@pytest.fixture(autouse=True)
def small_steps(settings: Any) -> None:
    settings.CHUNKED_UPLOADS_CHUNK_SIZE = STEP


@pytest.fixture
def upload(user: User) -> Upload:
    """An upload of ten bytes."""
    return start_upload(user, "film.mp4", len(CONTENT), "")


@pytest.fixture
def unknown(user: User) -> Upload:
    """An upload of nobody knows how many bytes."""
    return start_upload(user, "film.mp4", None, "")


def sha1(content: bytes) -> Checksum:
    return Checksum("sha1", hashlib.sha1(content).digest())


def late(content: bytes, algorithm: str = "sha1") -> LateChecksum:
    digest = hashlib.new(algorithm, content).digest()
    return LateChecksum(("sha1", "md5", "sha256"), lambda: Checksum(algorithm, digest))


def of_row(upload: Upload) -> tuple[int, int]:
    upload.refresh_from_db()
    return upload.offset, upload.received


# --- up to what is held beyond the offset ---


HELD = pytest.mark.parametrize(
    "held", [[(4, 6)], [(2, 3), (5, 8)], [(8, 10)], [(1, 10)]]
)


def hold(upload: Upload, held: list[tuple[int, int]]) -> None:
    for start, stop in held:
        receive(upload, start, stop - start, Bytes(CONTENT[start:stop]))


@HELD
@pytest.mark.parametrize("has_checksum", [False, True])
def test_bytes_end_where_others_are_held_and_go_on_behind(
    upload: Upload, held: list[tuple[int, int]], has_checksum: bool
) -> None:
    hold(upload, held)

    while upload.offset < len(CONTENT):
        start = upload.offset
        rest = CONTENT[start:]
        checksum = sha1(rest) if has_checksum else None
        assert append(upload, start, len(rest), Bytes(rest), checksum)
        assert upload.offset > start

    complete(upload)
    assert finished(upload) == CONTENT


def test_bytes_end_within_what_is_held(upload: Upload) -> None:
    hold(upload, [(4, 8)])

    assert append(upload, 0, 6, Bytes(CONTENT[:6]), sha1(CONTENT[:6]))
    assert of_row(upload) == (8, 8)


def test_cut_before_what_is_held_keeps_what_arrived(upload: Upload) -> None:
    hold(upload, [(4, 6)])

    assert not append(upload, 0, 10, Bytes(CONTENT[:3]), sha1(CONTENT))
    assert of_row(upload) == (3, 5)


def test_wrong_whole_closes_no_gap(upload: Upload) -> None:
    hold(upload, [(4, 10)])
    seen = []

    class Watched(Bytes):
        """Looks at the row whenever bytes are read."""

        def __init__(self, content: bytes) -> None:
            super().__init__(content)
            read = self.read

            def watch(size: int = -1) -> bytes:
                seen.append(of_row(upload)[0])
                return read(size)

            self.read = watch  # type: ignore[assignment]

    with pytest.raises(DigestMismatch) as raised:
        append(upload, 0, 10, Watched(b"x" * 10), sha1(CONTENT))

    assert raised.value.upload is upload
    assert set(seen) == {0}  # so that nobody completes it meanwhile
    assert (upload.offset, upload.received) == of_row(upload) == (0, 6)
    assert spans(upload) == [(4, 10)]


def test_more_than_the_upload_has_is_refused_before_a_byte(upload: Upload) -> None:
    hold(upload, [(4, 6)])

    with pytest.raises(BeyondEnd):
        append(upload, 0, 11, Bytes(CONTENT + b"x"))
    assert of_row(upload) == (0, 2)


# --- of unknown length ---


@pytest.mark.parametrize("size", [1, 3, 4, 100])
@pytest.mark.parametrize("stop", range(len(CONTENT) + 1))
def test_stream_is_appended_to_its_end(upload: Upload, stop: int, size: int) -> None:
    assert append_stream(upload, 0, Stream(CONTENT[:stop], size=size), None)
    assert of_row(upload) == (stop, stop)

    rest = Stream(CONTENT[stop:], size=size)
    assert append_stream(upload, stop, rest, late(CONTENT[stop:]))
    complete(upload)
    assert finished(upload) == CONTENT


@HELD
@pytest.mark.parametrize("has_checksum", [False, True])
def test_stream_ends_where_others_are_held_and_goes_on_behind(
    upload: Upload, held: list[tuple[int, int]], has_checksum: bool
) -> None:
    hold(upload, held)

    while upload.offset < len(CONTENT):
        rest = CONTENT[upload.offset :]
        checksum = late(rest, "sha256") if has_checksum else None
        assert append_stream(upload, upload.offset, Stream(rest), checksum)

    complete(upload)
    assert finished(upload) == CONTENT


def test_stream_beyond_the_end_is_refused_though_it_ends_where_others_are_held(
    upload: Upload,
) -> None:
    hold(upload, [(6, 10)])

    for size in (1, 100):
        with pytest.raises(BeyondEnd):
            append_stream(upload, 0, Stream(CONTENT + b"x", size=size), None)
        assert of_row(upload) == (0, 4)


def test_wrong_stream_closes_no_gap(upload: Upload) -> None:
    hold(upload, [(6, 10)])

    with pytest.raises(DigestMismatch):
        append_stream(upload, 0, Stream(b"x" * 10), late(CONTENT))
    assert of_row(upload) == (0, 4)
    assert spans(upload) == [(6, 10)]


@pytest.mark.parametrize("stop", [4, 7, 10])
def test_stream_with_another_checksum_leaves_nothing(upload: Upload, stop: int) -> None:
    with pytest.raises(DigestMismatch):
        append_stream(upload, 0, Stream(CONTENT[:stop]), late(b"another", "md5"))
    assert of_row(upload) == (0, 0)


def test_whole_upload_is_never_there_before_its_checksum_is_known(
    upload: Upload,
) -> None:
    seen = []

    def find() -> None:
        seen.append(of_row(upload))

    append_stream(upload, 0, Stream(CONTENT), LateChecksum(("sha1",), find))

    assert seen == [(8, 8)]
    assert of_row(upload) == (10, 10)


def test_stream_that_is_cut_keeps_what_arrived_unverified(upload: Upload) -> None:
    stream = Stream(CONTENT[:7], is_cut=True)

    assert not append_stream(upload, 0, stream, late(CONTENT))
    assert of_row(upload) == (7, 7)


@pytest.mark.parametrize("held", [0, 4, 10])
def test_stream_beyond_the_end_leaves_nothing_of_itself(
    upload: Upload, held: int
) -> None:
    append(upload, 0, held, Bytes(CONTENT[:held]))

    with pytest.raises(BeyondEnd):
        append_stream(upload, held, Stream(CONTENT[held:] + b"x"), None)
    assert of_row(upload) == (held, held)


def test_stream_that_proves_malformed_leaves_nothing_of_itself(upload: Upload) -> None:
    def find() -> Checksum:
        raise BadRequest("That is no checksum.")

    with pytest.raises(BadRequest):
        append_stream(upload, 0, Stream(CONTENT), LateChecksum(("sha1",), find))
    assert of_row(upload) == (0, 0)


def test_stream_of_an_upload_of_unknown_length_is_appended(unknown: Upload) -> None:
    assert append_stream(unknown, 0, Stream(CONTENT), late(CONTENT))
    assert append_stream(unknown, 10, Stream(b""), late(b""))
    assert of_row(unknown) == (10, 10)


def test_stream_beyond_the_sites_limit_is_too_large(
    unknown: Upload, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_MAX_SIZE = 9

    with pytest.raises(TooLarge):
        append_stream(unknown, 0, Stream(CONTENT), None)
    assert append_stream(unknown, unknown.offset, Stream(b""), None)
    assert of_row(unknown)[0] <= 9


# --- strictly at the offset ---


def test_append_that_another_request_overtakes_to_the_end_is_busy(
    upload: Upload,
) -> None:
    def complete_first() -> None:
        Chunk.objects.all().delete()
        whole = {"offset": 10, "received": 10, "state": Upload.State.COMPLETE}
        Upload.objects.update(**whole)

    append(upload, 0, 4, Bytes(CONTENT[:4]))

    with pytest.raises(RangeBusy):
        append(upload, 4, 6, Meanwhile(CONTENT[4:], complete_first))
    assert upload.is_complete


def test_bytes_at_another_offset_are_a_conflict(upload: Upload) -> None:
    append(upload, 0, 4, Bytes(CONTENT[:4]))

    for start in (0, 3, 5):
        with pytest.raises(OffsetConflict):
            append(upload, start, 2, Bytes(b"xx"))
        with pytest.raises(OffsetConflict):
            append_stream(upload, start, Stream(b"xx"), None)
    assert of_row(upload) == (4, 4)


def test_offset_that_another_request_moved_is_a_conflict(upload: Upload) -> None:
    stale = Upload.objects.get(pk=upload.pk)
    append(upload, 0, 4, Bytes(CONTENT[:4]))

    with pytest.raises(OffsetConflict):
        append(stale, 0, 4, Bytes(CONTENT[:4]))
    assert stale.offset == 4


def append_first(stop: int) -> None:
    append(Upload.objects.get(), 0, stop, Bytes(CONTENT[:stop]))


@pytest.mark.parametrize("stop", [2, 4, 10])
def test_wrong_stream_takes_back_nothing_of_what_another_request_appended(
    upload: Upload, stop: int
) -> None:
    stream = Meanwhile(CONTENT, lambda: append_first(stop))

    with pytest.raises(OffsetConflict):
        append_stream(upload, 0, stream, late(b"another"))
    assert of_row(upload) == (stop, stop)


def test_stream_goes_on_where_the_size_is_said_meanwhile(unknown: Upload) -> None:
    stream = Meanwhile(CONTENT[:3], lambda: set_filesize(Upload.objects.get(), 3))

    assert append_stream(unknown, 0, stream, None)
    assert of_row(unknown) == (3, 3)


def test_stream_is_refused_beyond_the_size_that_is_said_meanwhile(
    unknown: Upload,
) -> None:
    stream = Meanwhile(CONTENT[:4], lambda: set_filesize(Upload.objects.get(), 3))

    with pytest.raises(BeyondEnd):
        append_stream(unknown, 0, stream, None)
    assert of_row(unknown) == (0, 0)


class Malformed(Stream):
    """A stream that proves to be none, after its first bytes."""

    def read(self, size: int) -> bytes:  # type: ignore[override]
        block = super().read(size)
        if not block:
            raise BadRequest("These are no chunks.")
        return block


def test_malformed_stream_leaves_nothing_of_itself(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chunked_uploads.core.intake.CHECKPOINT", 1)

    with pytest.raises(BadRequest):
        append_stream(upload, 0, Malformed(CONTENT[:7], size=1), None)
    assert of_row(upload) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_stream_is_not_written_into_a_file_that_was_finished_meanwhile(
    unknown: Upload,
) -> None:
    append(unknown, 0, 4, Bytes(CONTENT[:4]))

    def finish() -> None:
        other = Upload.objects.get()
        set_filesize(other, 4)
        complete(other)

    with pytest.raises((BeyondEnd, OffsetConflict)):
        append_stream(unknown, 4, Meanwhile(CONTENT[4:], finish), None)
    assert finished(unknown) == CONTENT[:4]


def test_bytes_are_not_written_into_a_file_that_is_just_being_finished(
    unknown: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The writer waits for its lock as long as another one finishes the upload.
    append(unknown, 0, 4, Bytes(CONTENT[:4]))
    stale = Upload.objects.get()
    writer = LocalStore.writer

    @contextlib.contextmanager
    def late_writer(*arguments: Any, **options: Any) -> Iterator[Any]:
        with writer(*arguments, **options) as entered:
            monkeypatch.undo()
            path = path_of(unknown)
            os.rename(path, f"{path}.finished")  # as the end of an upload does
            Upload.objects.update(filesize=4, state=Upload.State.COMPLETE)
            yield entered

    monkeypatch.setattr(LocalStore, "writer", late_writer)
    with pytest.raises((BeyondEnd, OffsetConflict)):
        append(stale, 4, 6, Bytes(CONTENT[4:]))
    assert Path(f"{path_of(unknown)}.finished").read_bytes() == CONTENT[:4]


def test_rest_that_is_cut_leaves_the_checksum_unknown(upload: Upload) -> None:
    hold(upload, [(4, 8)])

    assert not append(upload, 0, 8, Bytes(b"x" * 6), sha1(CONTENT[:8]))


def test_wrong_stream_is_taken_back_before_another_one_can_end_the_file(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def note(*arguments: Any) -> None:
        with pytest.raises(RangeBusy):  # whoever brings the last piece has to wait
            append(Upload.objects.get(), 8, 2, Bytes(CONTENT[8:]))
        seen.append(True)
        forget(*arguments)

    monkeypatch.setattr("chunked_uploads.stores.local.PATIENCE", 0)
    monkeypatch.setattr("chunked_uploads.core.appending.forget", note)
    with pytest.raises(DigestMismatch):
        append_stream(upload, 0, Stream(CONTENT), late(b"another"))

    assert seen == [True]
    assert of_row(upload) == (0, 0)
