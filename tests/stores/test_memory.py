"""A store without files, locks or paths keeps the contract, and serves all the app."""

from __future__ import annotations

import datetime
import threading
import uuid
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import connection
from django.utils import timezone

from chunked_uploads.core import finishing, intake, placing
from chunked_uploads.core.finishing import complete
from chunked_uploads.core.receiving import receive
from chunked_uploads.core.removing import cancel
from chunked_uploads.core.starting import start_upload
from chunked_uploads.core.sweeping import clean_uploads
from chunked_uploads.digests.arriving import Checksum
from chunked_uploads.errors import DigestMismatch, RangeBusy
from chunked_uploads.models import Chunk, Upload
from chunked_uploads.stores import ChunkStore, chunk_store
from tests.core.faults import Killed, make_removals_old
from tests.sending import (
    CONTENT,
    UPLOAD,
    Bytes,
    Uploader,
    assert_error,
    files_in,
    finished,
    spans,
    state_in,
    upload_of,
)
from tests.stores.contract import ChunkStoreContract
from tests.stores.memory import LateStore, MemoryStore, MovingStore


@pytest.fixture(params=[MemoryStore, LateStore, MovingStore])
def store(request: pytest.FixtureRequest, settings: Any) -> Iterator[ChunkStore]:
    """The store of the site, empty."""
    name = f"tests.stores.memory.{request.param.__name__}"
    settings.CHUNKED_UPLOADS_CHUNK_STORE = name
    MemoryStore.blocks.clear()
    yield chunk_store()
    MemoryStore.blocks.clear()
    assert MemoryStore.finishing == {}


class TestMemoryStore(ChunkStoreContract):
    @pytest.fixture
    def store(self, store: ChunkStore) -> ChunkStore:
        """The store that the settings name."""
        return store


pytestmark = pytest.mark.django_db(transaction=True)
MIDDLE = len(CONTENT) // 2


def by_user(upload: Upload, filename: str) -> str:
    return f"by/{upload.user}/{filename}"


def refuse(upload: Upload) -> None:
    """Refuse every file, after a look at it."""
    with upload.upload.open() as file:
        assert file.read() == CONTENT
    raise ValidationError("The film is too sad.")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (2, 1, 0)])
def test_file_comes_in_any_order_and_is_whole(
    store: ChunkStore, uploader: Uploader, media_root: Path, order: tuple[int, ...]
) -> None:
    bounds = [0, 3, MIDDLE, len(CONTENT)]
    url = UPLOAD
    begun = uploader.send(CONTENT[:1], 0, len(CONTENT))
    bounds[0], url = 1, state_in(begun)["url"]
    for index in order:
        start, stop = bounds[index : index + 2]
        answer = uploader.send(CONTENT[start:stop], start, len(CONTENT), url=url)
        assert answer.status_code == 200
    assert files_in(media_root) == []

    done = uploader.done(state_in(answer))

    assert done.status_code == 200
    assert uploader.done(state_in(answer)).json() == done.json()
    assert finished(upload_of(begun)) == CONTENT
    assert MemoryStore.blocks == {}
    assert not Chunk.objects.exists()


def test_repeat_is_compared_and_changes_nothing(
    store: ChunkStore, uploader: Uploader
) -> None:
    state = state_in(uploader.send(CONTENT[:MIDDLE], 0, len(CONTENT)))
    before = [*Chunk.objects.values()]

    again = uploader.send(CONTENT[:MIDDLE], 0, len(CONTENT), url=state["url"])
    other = bytes(MIDDLE)
    refused = uploader.send(other, 0, len(CONTENT), url=state["url"])

    assert state_in(again)["size"] == MIDDLE
    assert_error(refused, 409, "content_conflict")
    assert [*Chunk.objects.values()] == before


def test_wrong_digest_records_nothing(store: ChunkStore, uploader: Uploader) -> None:
    refused = uploader.send(
        CONTENT, headers={"Content-Digest": "sha-256=:" + "A" * 43 + "=:"}
    )

    assert_error(refused, 400, "digest_mismatch")
    assert not Chunk.objects.exists()


@pytest.mark.parametrize("algorithm", ["sha256", None])
def test_digest_of_the_file_is_right(
    store: ChunkStore, uploader: Uploader, settings: Any, algorithm: str | None
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = algorithm
    begun = uploader.send(CONTENT[:5], 0, len(CONTENT))
    rest = uploader.send(CONTENT[5:], 5, len(CONTENT), url=state_in(begun)["url"])

    done = state_in(uploader.done(state_in(rest)))

    assert done.get("sha256") == (algorithm and sha256(CONTENT).hexdigest())


def test_file_that_a_validator_refuses_is_gone(
    store: ChunkStore, uploader: Uploader, settings: Any, media_root: Path
) -> None:
    settings.CHUNKED_UPLOADS_VALIDATORS = [f"{__name__}.refuse"]
    sent = uploader.send(CONTENT)

    refused = uploader.done(state_in(sent))

    assert_error(refused, 422, "file_refused")
    assert not Upload.objects.exists()
    assert MemoryStore.blocks == {}
    assert files_in(media_root) == []


def test_cancel_leaves_nothing(
    store: ChunkStore, uploader: Uploader, media_root: Path
) -> None:
    state = state_in(uploader.send(CONTENT[:MIDDLE], 0, len(CONTENT)))

    assert uploader.delete(state["url"]).status_code == 200

    assert MemoryStore.blocks == {}
    assert files_in(media_root) == []


def test_clean_up_takes_what_expired_and_what_no_upload_has(
    store: ChunkStore, uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_ago = timezone.now() - datetime.timedelta(days=9)
    monkeypatch.setattr(MemoryStore, "modified", lambda store: long_ago)
    expired = upload_of(uploader.send(b"old", 0, 9, name="old.mp4"))
    Upload.objects.update(modified_at=long_ago)
    stray = uuid.uuid4()
    MemoryStore().put(stray, b"lost")
    kept = upload_of(uploader.send(b"kept", 0, 9, name="kept.mp4"))

    report = clean_uploads()

    assert report.expired == [str(expired.uuid)]
    assert report.stray == [f"memory:{stray}"]
    assert {name.partition("/")[0] for name in MemoryStore.blocks} == {str(kept.uuid)}
    assert report.failed == []


def test_only_what_is_kept_is_recorded_on_the_way(
    store: ChunkStore, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkpoint records whole cells alone, and the end everything."""
    monkeypatch.setattr(intake, "CHECKPOINT", 1)
    monkeypatch.setattr(intake, "BLOCK", 3)
    seen = []
    upload = start_upload(user, "film.mp4", 11, "")

    class Watched(Bytes):
        def __init__(self, content: bytes) -> None:
            super().__init__(content)
            read = self.read

            def note_and_read(size: int) -> bytes:
                seen.append(sum(Chunk.objects.values_list("chunk_size", flat=True)))
                return read(size)

            self.read = note_and_read  # type: ignore[assignment, method-assign]

    assert receive(upload, 0, 11, Watched(b"0123456789a")) == 11

    assert seen == [0, 0, 4, 8, 8]
    rows = Chunk.objects.order_by("start").values_list("start", "chunk_size")
    assert [*rows] == [(0, 4), (4, 4), (8, 3)]


@pytest.mark.parametrize("start", [0, 8])
def test_of_two_writers_of_one_range_the_first_wins(
    store: ChunkStore, user: Any, start: int
) -> None:
    """Nothing keeps them apart but the rows: their bytes never mix."""
    upload = start_upload(user, "film.mp4", 16, "")
    both_are_in = threading.Barrier(2)
    outcomes: dict[bytes, Any] = {}

    class Late(Bytes):
        def finish(self, missing: int) -> None:
            both_are_in.wait(20)

    def send(content: bytes) -> None:
        try:
            mine = Upload.objects.get(pk=upload.pk)
            outcomes[content] = receive(mine, start, 8, Late(content))
        except RangeBusy as busy:
            outcomes[content] = busy
        finally:
            connection.close()

    contents = [b"a" * 8, b"b" * 8]
    threads = [threading.Thread(target=send, args=[each]) for each in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    (winner,) = (each for each in contents if outcomes[each] == 8)
    (loser,) = (each for each in contents if each != winner)
    assert isinstance(outcomes[loser], RangeBusy)
    upload.refresh_from_db()
    assert (upload.received, upload.offset) == (8, 8 if start == 0 else 0)
    with store.compare(upload, start, 8) as comparison:
        assert comparison.add(winner)


class WrongInTheEnd(Bytes):
    """Is another one's, as is known when all of it came."""

    def __init__(self, content: bytes, meanwhile: Callable[[], None]) -> None:
        super().__init__(content)
        self._meanwhile = meanwhile

    def finish(self, missing: int) -> None:
        self._meanwhile()


def test_no_repeat_is_told_that_a_range_holds_which_may_prove_wrong(
    store: ChunkStore, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writers that keep nobody out record nothing before its checksum is known."""
    monkeypatch.setattr(intake, "CHECKPOINT", 1)
    upload = start_upload(user, "film.mp4", 8, "")
    wrong = Checksum("sha256", bytes(32))

    def repeat() -> None:
        assert spans(upload) == []

    with pytest.raises(DigestMismatch):
        receive(upload, 0, 8, WrongInTheEnd(b"01234567", repeat), wrong)

    assert spans(upload) == []


@pytest.mark.parametrize("path", ["files", by_user])
def test_file_that_a_validator_refuses_leaves_no_copy_at_a_shared_name(
    store: ChunkStore, uploader: Uploader, settings: Any, media_root: Path, path: Any
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = path
    settings.CHUNKED_UPLOADS_VALIDATORS = [f"{__name__}.refuse"]
    sent = uploader.send(CONTENT)

    assert_error(uploader.done(state_in(sent)), 422, "file_refused")

    assert files_in(media_root) == []
    assert MemoryStore.blocks == {}


@pytest.mark.parametrize("repeats", ["done", "chunk"])
def test_bytes_that_are_gone_from_the_store_are_asked_for_again(
    store: ChunkStore, uploader: Uploader, repeats: str
) -> None:
    state = state_in(uploader.send(CONTENT[:MIDDLE], 0, len(CONTENT)))
    rest = CONTENT[MIDDLE:]
    uploader.send(rest, MIDDLE, len(CONTENT), url=state["url"])
    first = Chunk.objects.get(start=0)
    for name in first.receipt.split()[1:]:
        del MemoryStore.blocks[name]

    if repeats == "done":
        refused = uploader.done(state)
        assert_error(refused, 409, "incomplete")
    else:
        refused = uploader.send(CONTENT[:MIDDLE], 0, len(CONTENT), url=state["url"])
        assert_error(refused, 409, "range_conflict")

    assert state_in(refused)["size"] == 0
    assert spans(upload_of(refused)) == [(MIDDLE, len(CONTENT))]
    again = uploader.send(CONTENT[:MIDDLE], 0, len(CONTENT), url=state["url"])
    assert uploader.done(state_in(again)).status_code == 200
    assert finished(upload_of(again)) == CONTENT


@pytest.fixture
def moving(settings: Any) -> Iterator[None]:
    """A store without any lock, as buckets are."""
    settings.CHUNKED_UPLOADS_CHUNK_STORE = "tests.stores.memory.MovingStore"
    MemoryStore.blocks.clear()
    yield
    MemoryStore.blocks.clear()


@pytest.mark.usefixtures("moving")
@pytest.mark.parametrize("most", [None, 5])
def test_no_transaction_is_open_while_a_store_begins(
    uploader: Uploader, settings: Any, most: int | None
) -> None:
    settings.CHUNKED_UPLOADS_MAX_UNFINISHED = most

    assert uploader.send(CONTENT).status_code == 200

    assert MovingStore.was_in_transaction is False


@pytest.mark.usefixtures("moving")
def test_done_that_another_one_overtook_has_the_same_answer(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = uploader.send(CONTENT)
    note_name = placing.note_name

    def note_late(upload: Upload, *arguments: Any) -> None:
        monkeypatch.setattr(placing, "note_name", note_name)
        complete(Upload.objects.get(pk=upload.pk))
        note_name(upload, *arguments)

    monkeypatch.setattr(placing, "note_name", note_late)

    assert uploader.done(state_in(sent)).status_code == 200
    assert finished(upload_of(sent)) == CONTENT


@pytest.mark.usefixtures("moving")
def test_file_of_a_done_that_a_cancel_overtook_and_that_died_goes_in_the_end(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch, media_root: Path
) -> None:
    sent = uploader.send(CONTENT)

    def cancel_and_die(upload: Upload, *arguments: Any) -> None:
        cancel(Upload.objects.get(pk=upload.pk))
        FileSystemStorage().save(str(upload.upload.name), ContentFile(CONTENT))
        raise Killed

    with monkeypatch.context() as death:
        death.setattr(finishing, "mark_complete", cancel_and_die)
        with pytest.raises(Killed):
            uploader.done(state_in(sent))

    make_removals_old()
    clean_uploads()
    assert files_in(media_root) == []
