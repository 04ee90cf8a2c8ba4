"""What a power loss, or a disk that is away, does to bytes that were acknowledged."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chunked_uploads.core.sweeping import Report, clean_uploads
from chunked_uploads.models import MAX_STORE_STATE, Upload
from chunked_uploads.stores.markers import MARKER
from chunked_uploads.stores.partial_files import state_of
from chunked_uploads.system import holes
from tests.sending import (
    CONTENT,
    UPLOAD,
    Uploader,
    assert_error,
    assert_finishes,
    files_in,
    finished,
    part_of,
    spans,
    state_in,
    upload_of,
)

pytestmark = pytest.mark.django_db(transaction=True)

BLOCK = 64 * 1024  # bytes; of which every file system makes whole holes
LARGE = bytes(range(1, 256)) * (4 * BLOCK // 255) + b"end."

Start = Callable[[str | None], None]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Return what starts the machine anew, under a boot id or, with None, without."""
    file = tmp_path / "boot_id"
    monkeypatch.setattr(holes, "BOOT_ID", str(file))

    def start(boot: str | None) -> None:
        file.unlink(missing_ok=True)
        if boot is not None:
            file.write_text(f"{boot}-9014-448c-843c-52b2ee4cb240\n")
        holes.boot_id.cache_clear()

    start("00000001")
    yield start
    holes.boot_id.cache_clear()


def punch(path: Path, start: int, stop: int) -> None:
    """Let the file's bytes from `start` up to `stop` never have reached the disk."""
    content = path.read_bytes()
    os.truncate(path, 0)
    with path.open("r+b") as file:
        file.write(content[:start])
        file.seek(stop)
        file.write(content[stop:])
    os.truncate(path, len(content))
    assert path.stat().st_blocks * 512 < len(content)


def send(uploader: Uploader, *blocks: int, url: str = UPLOAD) -> Any:
    """Send these blocks of LARGE, one after the other; return the last answer."""
    for block in blocks:
        begin = block * BLOCK
        stop = len(LARGE) if block == 3 else begin + BLOCK
        answer = uploader.send(LARGE[begin:stop], begin, len(LARGE), url=url)
        url = state_in(answer).get("url", url)
    return answer


# Power loss


@pytest.mark.parametrize("hole", [0, 1, 2])
def test_hole_is_noticed_by_the_next_chunk_and_asked_for_again(
    uploader: Uploader, media_root: Path, start: Start, hole: int
) -> None:
    state = state_in(send(uploader, 0, 1, 2))
    upload = Upload.objects.get()
    punch(part_of(upload, media_root), hole * BLOCK, (hole + 1) * BLOCK)
    start("00000002")

    refused = send(uploader, 3, url=state["url"])

    assert_error(refused, 409, "range_conflict")
    found = state_in(refused)
    assert (found["size"], found["received"]) == (hole * BLOCK, 2 * BLOCK)
    assert found["gap"] == (BLOCK if hole < 2 else None)
    assert_finishes(uploader, send(uploader, hole, 3, url=state["url"]), LARGE)


def test_hole_is_noticed_by_done_and_asked_for_again(
    uploader: Uploader, media_root: Path, start: Start, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"
    state = state_in(send(uploader, 0, 3, 2, 1))
    upload = Upload.objects.get()
    punch(part_of(upload, media_root), BLOCK, 2 * BLOCK)
    start("00000002")

    refused = uploader.done(state)

    assert_error(refused, 409, "incomplete")
    assert state_in(refused)["size"] == BLOCK
    assert spans(upload) == [
        (0, BLOCK),
        (2 * BLOCK, 3 * BLOCK),
        (3 * BLOCK, len(LARGE)),
    ]
    assert_finishes(uploader, send(uploader, 1, url=state["url"]), LARGE)


def test_retried_chunk_that_was_lost_is_taken_again(
    uploader: Uploader, media_root: Path, start: Start
) -> None:
    state = state_in(send(uploader, 0, 2))
    upload = Upload.objects.get()
    os.truncate(part_of(upload, media_root), BLOCK)
    start("00000002")

    again = state_in(send(uploader, 2, url=state["url"]))

    assert (again["size"], again["received"]) == (BLOCK, BLOCK)
    assert_finishes(uploader, send(uploader, 2, 1, 3, url=state["url"]), LARGE)


def test_bytes_lost_beyond_a_gap_do_not_come_out_as_zeros(
    uploader: Uploader, media_root: Path, start: Start
) -> None:
    state = state_in(send(uploader, 0, 2))
    upload = Upload.objects.get()
    os.truncate(part_of(upload, media_root), BLOCK + 10)
    start("00000002")

    refused = send(uploader, 3, url=state["url"])

    assert state_in(refused)["received"] == BLOCK
    assert_finishes(uploader, send(uploader, 3, 1, 2, url=state["url"]), LARGE)


def test_gaps_that_were_never_filled_are_not_lost(
    uploader: Uploader, start: Start
) -> None:
    state = state_in(send(uploader, 0, 2))
    start("00000002")

    answer = send(uploader, 3, url=state["url"])

    assert answer.status_code == 200
    assert state_in(answer)["received"] == len(LARGE) - BLOCK
    assert_finishes(uploader, send(uploader, 1, url=state["url"]), LARGE)


def test_nothing_is_asked_for_again_where_nothing_was_lost(
    uploader: Uploader, start: Start
) -> None:
    state = state_in(send(uploader, 0, 1, 2))
    start("00000002")

    assert_finishes(uploader, send(uploader, 3, url=state["url"]), LARGE)


def test_zeros_that_the_file_system_keeps_as_holes_are_asked_for_once_a_start(
    uploader: Uploader, media_root: Path, start: Start
) -> None:
    state = state_in(send(uploader, 0, 1, 2, 3))
    part = part_of(Upload.objects.get(), media_root)

    for boot in ("00000002", "00000003"):
        punch(part, BLOCK, 2 * BLOCK)
        start(boot)
        assert state_in(uploader.done(state))["size"] == BLOCK
        send(uploader, 1, url=state["url"])
        punch(part, BLOCK, 2 * BLOCK)

    assert uploader.done(state).status_code == 200


def test_machines_that_take_turns_ask_once_each(
    uploader: Uploader, media_root: Path, start: Start
) -> None:
    state = state_in(send(uploader, 0, 1, 2))
    part = part_of(Upload.objects.get(), media_root)
    refused = 0

    for boot in ("00000002", "00000003", "00000001") * 3:
        punch(part, BLOCK, 2 * BLOCK)
        start(boot)
        answer = send(uploader, 3, url=state["url"])
        if answer.status_code == 409:
            refused += 1
            send(uploader, 1, url=state["url"])

    assert refused == 2
    assert len(Upload.objects.get().store_state) <= MAX_STORE_STATE


def test_very_many_machines_fit_into_what_is_noted(
    uploader: Uploader, start: Start
) -> None:
    state = state_in(uploader.send(b"\0", 0, 100))

    for number in range(1, 60):
        start(f"{number:08x}")
        answer = uploader.send(b"\0", number, 100, url=state["url"])
        assert answer.status_code == 200

    assert len(Upload.objects.get().store_state) <= MAX_STORE_STATE


def test_system_that_tells_of_no_start_asks_for_nothing_again(
    uploader: Uploader, media_root: Path, start: Start
) -> None:
    start(None)
    state = state_in(send(uploader, 0, 1, 2, 3))
    punch(part_of(Upload.objects.get(), media_root), BLOCK, 2 * BLOCK)
    start(None)

    assert uploader.done(state).status_code == 200


def test_part_is_looked_at_once_after_a_start(uploader: Uploader, start: Start) -> None:
    url = state_in(uploader.send(b"\0", 0, 100))["url"]

    def count(first: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert uploader.send(b"\0", first, 100, url=url).status_code == 200
        return len(queries)

    before = count(1)
    start("00000002")
    assert count(2) > before
    assert count(3) == before


# A disk that is away


@pytest.fixture
def chunks(media_root: Path) -> Path:
    return media_root / "chunked_uploads" / "chunks"


def unmount(chunks: Path, below: str) -> Path:
    """Take the disk away; return where it is. `below` is what lies below it."""
    away = chunks.with_name("away")
    chunks.rename(away)
    if below == "an empty folder":
        chunks.mkdir()
    return away


def mount(away: Path, chunks: Path) -> None:
    shutil.rmtree(chunks, ignore_errors=True)
    away.rename(chunks)


BELOW = pytest.mark.parametrize("below", ["nothing", "an empty folder"])


@BELOW
def test_upload_whose_disk_is_away_waits_for_it(
    uploader: Uploader, chunks: Path, caplog: Any, below: str
) -> None:
    state = state_in(uploader.send(CONTENT[:6], 0))
    away = unmount(chunks, below)

    refused = uploader.send(CONTENT[6:], 6, url=state["url"])

    assert_error(refused, 503, "unavailable")
    assert refused["Retry-After"]
    told = [each for each in caplog.records if each.name == "chunked_uploads"]
    assert [each.levelname for each in told] == ["ERROR"]
    assert b".part" not in refused.content
    assert files_in(chunks) == []
    assert state_in(uploader.get(state["url"]))["size"] == 6
    mount(away, chunks)
    assert_finishes(uploader, uploader.send(CONTENT[6:], 6, url=state["url"]), CONTENT)


@BELOW
@pytest.mark.parametrize("content", [CONTENT, b""], ids=len)
def test_done_waits_for_the_disk_that_is_away(
    uploader: Uploader, chunks: Path, below: str, content: bytes
) -> None:
    sent = uploader.send(content)
    away = unmount(chunks, below)

    assert_error(uploader.done(state_in(sent)), 503, "unavailable")

    mount(away, chunks)
    assert_finishes(uploader, sent, content)


@pytest.mark.parametrize("folder", [None, "parts", lambda upload, name: f"by/{name}"])
def test_new_upload_in_place_of_a_disk_takes_nothing_from_others(
    uploader: Uploader, settings: Any, media_root: Path, folder: Any
) -> None:
    if folder is not None:
        settings.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = folder
    sent = uploader.send(CONTENT[:6], 0)
    old = state_in(sent)
    chunks = part_of(upload_of(sent), media_root).parent
    away = unmount(chunks, "nothing")

    new = uploader.send(CONTENT, name="new.mp4")

    assert new.status_code == 200
    assert_error(uploader.send(CONTENT[6:], 6, url=old["url"]), 503, "unavailable")
    assert_error(uploader.send(CONTENT[:6], 0, url=old["url"]), 503, "unavailable")
    assert clean_uploads() == Report()
    assert_finishes(uploader, new, CONTENT)
    mount(away, chunks)
    again = uploader.send(CONTENT[6:], 6, url=old["url"])
    assert_finishes(uploader, again, CONTENT)


def test_repeated_chunk_of_which_a_power_loss_took_some_is_received_again(
    uploader: Uploader, media_root: Path
) -> None:
    sent = uploader.send(CONTENT[:6], 0)
    os.truncate(part_of(upload_of(sent), media_root), 2)
    url = state_in(sent)["url"]

    told = uploader.send(CONTENT[:6], 0, url=url)

    assert_error(told, 409, "range_conflict")
    assert state_in(told)["size"] == 2
    assert_finishes(uploader, uploader.send(CONTENT[2:], 2, url=url), CONTENT)


def test_upload_that_was_begun_below_a_disk_waits_as_well(
    uploader: Uploader, chunks: Path
) -> None:
    uploader.send(CONTENT[:6], 0)
    away = unmount(chunks, "nothing")
    below = state_in(uploader.send(CONTENT[:6], 0, name="below.mp4"))
    mount(away, chunks)

    refused = uploader.send(CONTENT[6:], 6, url=below["url"])

    assert_error(refused, 503, "unavailable")
    assert state_in(uploader.get(below["url"]))["size"] == 6


def test_nothing_is_forgotten_of_a_part_in_another_folder(
    uploader: Uploader, media_root: Path, chunks: Path
) -> None:
    sent = uploader.send(CONTENT[:6], 0)
    os.truncate(part_of(upload_of(sent), media_root), 2)
    (chunks / MARKER).unlink()  # an old copy of the folder

    refused = uploader.send(CONTENT[6:], 6)

    assert_error(refused, 503, "unavailable")
    assert spans(upload_of(sent)) == [(0, 6)]


def test_whole_parts_may_be_moved_to_another_folder(
    uploader: Uploader, chunks: Path, start: Start
) -> None:
    sent = uploader.send(CONTENT[:6], 0)
    before = upload_of(sent).store_state
    (chunks / MARKER).unlink()
    start("00000002")

    sent = uploader.send(CONTENT[6:], 6)

    assert state_of(upload_of(sent)).marker == (chunks / MARKER).read_text()
    assert upload_of(sent).store_state != before
    assert_finishes(uploader, sent, CONTENT)


def test_upload_of_which_no_store_noted_anything_goes_on(
    uploader: Uploader, chunks: Path
) -> None:
    sent = uploader.send(CONTENT[:6], 0)
    Upload.objects.update(store_state="")

    sent = uploader.send(CONTENT[6:], 6)

    assert state_of(upload_of(sent)).marker == (chunks / MARKER).read_text()
    assert_finishes(uploader, sent, CONTENT)


def test_upload_of_which_no_store_noted_anything_is_not_forgotten(
    uploader: Uploader, media_root: Path
) -> None:
    sent = uploader.send(CONTENT[:6], 0)
    Upload.objects.update(store_state="")
    part = part_of(upload_of(sent), media_root)
    part.unlink()

    assert_error(uploader.send(CONTENT[6:], 6), 503, "unavailable")
    assert not part.exists()
    assert spans(upload_of(sent)) == [(0, 6)]


def test_row_that_the_site_made_itself_takes_chunks(
    uploader: Uploader, user: Any
) -> None:
    upload = Upload.objects.create(user=user, filename="film.mp4", filesize=10)

    sent = uploader.send(CONTENT[:6], 0, url=f"/uploads/upload/{upload.uuid}/")

    assert upload_of(sent).store_state
    uploader.send(CONTENT[6:], 6, url=state_in(sent)["url"])
    assert_finishes(uploader, sent, CONTENT)


def test_cancelled_upload_whose_disk_is_away_is_gone(
    uploader: Uploader, chunks: Path
) -> None:
    state = state_in(uploader.send(CONTENT[:6], 0))
    unmount(chunks, "nothing")

    assert uploader.delete(state["delete_url"]).status_code == 200
    assert not Upload.objects.exists()
    assert not chunks.exists()


def test_clean_up_makes_no_folder_below_a_disk_that_is_away(
    uploader: Uploader, chunks: Path
) -> None:
    sent = uploader.send(CONTENT)
    away = unmount(chunks, "an empty folder")

    call_command("clean_uploads", stdout=io.StringIO())

    assert files_in(chunks) == []
    mount(away, chunks)
    uploader.done(state_in(sent))
    assert finished(upload_of(sent)) == CONTENT
