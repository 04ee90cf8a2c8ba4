"""Uploads through a bucket, from the first chunk to the end, by the public door."""

from __future__ import annotations

import datetime
import hashlib
import io
import itertools
import random
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from botocore.config import Config
from django.core.exceptions import ValidationError
from django.utils import timezone

from chunked_uploads.conf import MIB
from chunked_uploads.core.finishing import complete
from chunked_uploads.core.receiving import receive
from chunked_uploads.core.starting import set_filesize, start_upload
from chunked_uploads.core.sweeping import clean_uploads
from chunked_uploads.digests.resumable import can_resume
from chunked_uploads.errors import TooLarge
from chunked_uploads.models import Chunk, Upload
from chunked_uploads.stores import chunk_store
from chunked_uploads.stores.s3 import buffers, grid, objects
from tests.sending import (
    UPLOAD,
    Bytes,
    Stream,
    Uploader,
    assert_error,
    state_in,
    upload_of,
)
from tests.stores.buckets import CELL, Site, site
from tests.stores.s3_sending import (
    CONTENT,
    EDGES,
    assert_finishes,
    first_url,
    send,
    send_all,
)

__all__ = ["site"]

GIB = 1024 * MIB

pytestmark = pytest.mark.django_db(transaction=True)


def clean_up_all(site: Site) -> None:
    """Remove what no upload has, as the clean-up does when it is old."""
    store = chunk_store()
    for leftover in [*store.leftovers()]:
        store.remove_leftover(leftover)


def damage_bytes(site: Site) -> None:
    """Let the next object arrive changed."""
    is_done = False

    def damage(request: Any, **options: Any) -> None:
        nonlocal is_done
        if not is_done:
            is_done = True
            request.body = bytes(int(request.headers["Content-Length"]))

    site.traffic.client.meta.events.register("before-send.s3.PutObject", damage)


def test_cells_are_sent_once_and_the_end_moves_no_byte(
    uploader: Uploader, site: Site
) -> None:
    answer = send_all(uploader)

    assert site.traffic.put - len(CONTENT) < 500  # the marker
    assert site.traffic.requests["UploadPart"] == 2
    site.traffic.clear()
    assert uploader.done(state_in(answer)).status_code == 200
    assert site.traffic.requests["CompleteMultipartUpload"] == 1
    assert site.traffic.put == site.traffic.requests["GetObject"] == 0
    assert site.read(upload_of(answer)) == CONTENT
    assert site.left == []


def test_pieces_in_any_order_are_put_twice_and_read_once_at_most(
    uploader: Uploader, site: Site
) -> None:
    answer = send(uploader, 0, MIB)
    url = state_in(answer)["url"]
    starts = [*range(MIB, len(CONTENT), MIB)]
    random.Random(3).shuffle(starts)
    for start in starts:
        assert send(uploader, start, start + MIB, url).status_code == 200

    assert site.traffic.put <= 2.01 * len(CONTENT)
    assert Chunk.objects.count() == 2
    site.traffic.clear()
    assert uploader.done(state_in(answer)).status_code == 200
    assert site.traffic.put == 0
    assert site.read(upload_of(answer)) == CONTENT
    assert site.left == []


@pytest.mark.parametrize("edges", [EDGES, [0, MIB, 2 * MIB + 7, *EDGES[1:]]])
def test_chunk_that_comes_again_is_compared_and_put_nowhere(
    uploader: Uploader, site: Site, edges: list[int]
) -> None:
    """Also those that were put together with others meanwhile."""
    url = state_in(send_all(uploader, edges))["url"]
    site.traffic.clear()

    for start, stop in itertools.pairwise(edges):
        other = bytes(stop - start)
        assert send(uploader, start, stop, url).status_code == 200
        refused = uploader.send(other, start, len(CONTENT), url=url)
        assert_error(refused, 409, "content_conflict")

    assert not site.traffic.requests


def test_chunk_in_other_pieces_than_before_gets_the_state(
    uploader: Uploader, site: Site
) -> None:
    url = state_in(send(uploader, 0, CELL))["url"]

    answer = send(uploader, MIB, 2 * MIB, url)

    assert_error(answer, 409, "range_conflict")
    assert state_in(answer)["size"] == CELL


def test_what_came_before_a_cut_is_kept_to_the_byte(
    uploader: Uploader, site: Site
) -> None:
    cut = CELL - 12345
    answer = uploader.send_cut(io.BytesIO(CONTENT[:cut]), 0, CELL, total=len(CONTENT))
    assert_error(answer, 400, "body_cut")
    state = state_in(answer)
    assert state["size"] == cut
    assert state["chunk_size"] == CELL

    send(uploader, cut, CELL, state["url"])
    answer = send(uploader, CELL, len(CONTENT), state["url"])

    assert uploader.done(state_in(answer)).status_code == 200
    assert site.read(upload_of(answer)) == CONTENT
    assert site.left == []


@pytest.mark.parametrize("pieces", [[], [9], [4, 5], [1, 1, 7]])
def test_small_file_is_one_object_at_its_end(
    uploader: Uploader, site: Site, pieces: list[int]
) -> None:
    content, start, total = b"0123456789"[: sum(pieces)], 0, sum(pieces)
    answer = uploader.send(b"") if not pieces else None
    for size in pieces:
        piece = content[start : start + size]
        url = state_in(answer)["url"] if answer else UPLOAD
        answer = uploader.send(piece, start, total, url=url)
        start += size

    assert answer is not None
    assert uploader.done(state_in(answer)).status_code == 200
    assert uploader.done(state_in(answer)).status_code == 200
    assert site.read(upload_of(answer)) == content
    assert site.left == []
    assert not site.traffic.requests["CreateMultipartUpload"]


def test_cancelled_upload_leaves_nothing_in_the_bucket(
    uploader: Uploader, site: Site
) -> None:
    answer = send(uploader, 0, CELL + 7)

    assert uploader.delete(state_in(answer)["url"]).status_code == 200

    assert site.keys == site.left == []


@pytest.mark.parametrize("folder", ["chunked_uploads/chunks", "chunks/"])
def test_expired_upload_leaves_nothing_in_the_bucket(
    uploader: Uploader, site: Site, settings: Any, folder: str
) -> None:
    settings.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = folder
    send(uploader, 0, CELL + 7)
    Upload.objects.update(modified_at=timezone.now() - datetime.timedelta(days=4))

    report = clean_uploads()

    assert report.freed == CELL + 7
    assert not report.failed
    assert site.keys == site.left == []


@pytest.mark.parametrize(
    "edges",
    [
        [0, 1],
        [0, MIB, MIB + 7],
        [0, CELL - 1],
        [0, CELL],
        [0, MIB, CELL],
        [0, CELL + 1],
        [0, MIB, 2 * CELL],
        [0, MIB, CELL + MIB, 3 * CELL + 7],
    ],
)
def test_size_may_be_said_at_the_end(user: Any, site: Site, edges: list[int]) -> None:
    """Below one cell, at the edge of one, or after some."""
    content = (CONTENT * 3)[: edges[-1]]
    with mock.patch.object(grid, "UNKNOWN", CELL):
        upload = start_upload(user, "film.mp4", None, "")
    for start, stop in itertools.pairwise(edges):
        receive(upload, start, stop - start, Bytes(content[start:stop]))
    set_filesize(upload, len(content))

    complete(upload)

    assert site.read(upload) == content
    assert site.left == []


def test_file_of_unknown_size_that_outgrows_its_grid_is_too_large(
    user: Any, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grid, "MOST_PARTS", 2)
    monkeypatch.setattr(grid, "UNKNOWN", CELL)
    content = (CONTENT * 2)[: 2 * CELL]
    upload = start_upload(user, "film.mp4", None, "")
    receive(upload, 0, CELL, Bytes(content[:CELL]))

    with pytest.raises(TooLarge) as outgrown:
        receive(upload, CELL, CELL + 1, Bytes(content[CELL:] + b"x"))
    assert outgrown.value.status == 413
    with pytest.raises(TooLarge):
        set_filesize(upload, 2 * CELL + 1)

    receive(upload, CELL, CELL, Bytes(content[CELL:]))
    set_filesize(upload, 2 * CELL)
    complete(upload)
    assert site.read(upload) == content


def test_largest_file_of_the_site_has_room_though_its_size_is_not_known(
    user: Any, site: Site, settings: Any
) -> None:
    """Without that setting for 625 GiB."""
    store, upload = chunk_store(), start_upload(user, "film.mp4", None, "")
    assert store.most_bytes(upload) == 10_000 * 64 * MIB == 625 * GIB

    settings.CHUNKED_UPLOADS_MAX_SIZE = 2000 * GIB
    upload = start_upload(user, "film.mp4", None, "")
    most = store.most_bytes(upload)

    assert most is not None
    assert most >= 2000 * GIB


@pytest.mark.parametrize("edges", [EDGES, [*reversed(EDGES)]])
def test_digest_is_of_the_whole_file(
    uploader: Uploader, site: Site, settings: Any, edges: list[int]
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"
    url = first_url(uploader)
    for one, another in itertools.pairwise(edges):
        send(uploader, min(one, another), max(one, another), url)
    site.traffic.clear()

    answer = uploader.done(state_in(uploader.get(url)))

    assert state_in(answer)["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    reads = site.traffic.requests["GetObject"]
    assert reads == (0 if edges == EDGES and can_resume("sha256") else 1)


def read_then_refuse(upload: Upload) -> None:
    file = upload.upload
    looks.append((file.name, file.size, upload.is_complete, upload.url))
    with file.open() as opened:
        looks.append(opened.read(3))
    with file.open() as opened:
        looks.append(b"".join(opened.chunks(MIB)))
    file.open()
    file.seek(CELL)
    looks.append(file.read())
    raise ValidationError("No film.")


looks: list[Any] = []


def test_validator_reads_what_came_in_parts_and_its_refusal_removes_them_at_once(
    uploader: Uploader, site: Site, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_VALIDATORS = [f"{__name__}.read_then_refuse"]
    looks.clear()
    answer = send_all(uploader)

    response = uploader.done(state_in(answer))

    assert_error(response, 422, "file_refused")
    assert state_in(response)["detail"] == "No film."
    whole = ("film.mp4", len(CONTENT), False, "")
    assert looks == [whole, CONTENT[:3], CONTENT, CONTENT[CELL:]]
    assert not Upload.objects.exists()
    assert site.left == []


def refuse_zeros(upload: Upload) -> None:
    with upload.upload.open() as file:
        if file.read(1) == b"\0":
            raise ValidationError("No zeros.")


def test_validator_sees_the_file_and_what_it_refuses_is_gone(
    uploader: Uploader, site: Site, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_VALIDATORS = [f"{__name__}.refuse_zeros"]
    good, bad = uploader.send(b"0123456789"), uploader.send(bytes(10))

    assert uploader.done(state_in(good)).status_code == 200
    assert_error(uploader.done(state_in(bad)), 422, "file_refused")

    assert Upload.objects.count() == 1
    clean_up_all(site)
    assert site.left == []


def test_objects_have_what_the_site_wants_of_them(
    uploader: Uploader, site: Site
) -> None:
    wanted = {"CacheControl": "max-age=60", "Metadata": {"camera": "7"}}
    site.use(object_parameters={**wanted, "Tagging": "kind=film"})
    for answer in (
        send_all(uploader),
        uploader.send(b"0123456789"),
        uploader.send(b""),
    ):
        uploader.done(state_in(answer))
        upload = upload_of(answer)

        found = site.engine.client.head_object(
            Bucket=site.engine.bucket, Key=f"{site.location}/{upload.upload.name}"
        )
        assert found["CacheControl"] == "max-age=60"
        assert found["ContentType"] == "video/mp4"
        own = {"camera": "7", "upload-uuid": str(upload.uuid)}
        assert found["Metadata"] == own
        if site.is_seaweedfs:  # Ceph 16 keeps none of multipart uploads
            tags = site.engine.client.get_object_tagging(
                Bucket=site.engine.bucket, Key=f"{site.location}/{upload.upload.name}"
            )
            assert tags["TagSet"] == [{"Key": "kind", "Value": "film"}]


@pytest.mark.parametrize("algorithm", ["MD5", "SHA1", "SHA256"])
def test_engine_checks_parts_by_the_algorithm_that_the_site_chose(
    uploader: Uploader, site: Site, algorithm: str
) -> None:
    if algorithm == "MD5":
        config = Config(request_checksum_calculation="when_required")
        site.use(client_config=config)
    else:
        site.use(object_parameters={"ChecksumAlgorithm": algorithm})
    answer = send(uploader, 0, MIB)
    url = state_in(answer)["url"]
    if site.is_seaweedfs or algorithm == "MD5":  # all that Ceph 16 compares
        damage_bytes(site)
        assert_error(send(uploader, MIB, 2 * MIB, url), 503, "unavailable")

    for start, stop in itertools.pairwise([MIB, *EDGES[1:]]):
        assert send(uploader, start, stop, url).status_code == 200
    assert send(uploader, 0, MIB, url).status_code == 200

    assert_finishes(uploader, site, url)


def test_cells_of_large_files_rest_in_unnamed_files(
    uploader: Uploader, site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(buffers, "MOST_IN_MEMORY", MIB)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    url = state_in(send_all(uploader, [0, MIB, *EDGES[1:]]))["url"]

    assert_finishes(uploader, site, url)
    assert list(tmp_path.glob("*")) in ([], [tmp_path / "media"])


def test_upload_of_another_bucket_is_out_of_reach(
    uploader: Uploader, site: Site
) -> None:
    answer = send(uploader, 0, CELL)
    site.use(bucket_name="another")

    assert_error(
        send(uploader, CELL, len(CONTENT), state_in(answer)["url"]), 503, "unavailable"
    )


def test_two_jobs_that_begin_the_same_file_at_once_get_one_each(
    uploader: Uploader, site: Site
) -> None:
    others: list[Any] = []
    stream = Stream(
        CONTENT[:CELL],
        lambda: None if others else others.append(send(uploader, 0, CELL)),
    )

    mine = uploader.send_cut(stream, 0, CELL, total=len(CONTENT))

    assert mine.status_code == others[0].status_code == 200
    assert upload_of(mine) != upload_of(others[0])


@pytest.mark.parametrize(
    ("filesize", "setting", "expected"),
    [
        (10 * MIB, None, 8 * MIB),
        (100 * GIB, None, 11 * MIB),
        (100 * GIB, 32 * MIB, 22 * MIB),
        (100 * GIB, 8 * MIB, 5.5 * MIB),
        (10 * MIB, MIB, MIB),
        (10 * MIB, 3 * MIB, 2 * MIB),
        (5_000_000 * GIB // 100, None, 5120 * MIB),
    ],
)
def test_suggested_chunks_end_where_cells_do(
    uploader: Uploader,
    site: Site,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    filesize: int,
    setting: int | None,
    expected: float,
) -> None:
    monkeypatch.setattr(grid, "SMALLEST", 8 * MIB)
    if setting is not None:
        settings.CHUNKED_UPLOADS_CHUNK_SIZE = setting

    answer = uploader.send(b"0123456789", 0, filesize)

    assert state_in(answer)["chunk_size"] == expected


def test_file_that_no_bucket_takes_is_refused(uploader: Uploader, site: Site) -> None:
    answer = uploader.send(b"0123456789", 0, 10_000 * 5 * GIB + 1)

    assert_error(answer, 413, "too_large")


def test_size_of_nothing_may_be_said_at_the_end(user: Any, site: Site) -> None:
    upload = start_upload(user, "film.mp4", None, "")
    set_filesize(upload, 0)

    complete(upload)

    assert site.read(upload) == b""
    assert site.left == []


def test_name_that_is_too_long_for_its_folders_is_refused_at_once(
    uploader: Uploader, site: Site, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = long_path

    assert_error(uploader.send(b"0123456789"), 400, "bad_request")

    assert site.keys == site.left == []


def long_path(upload: Upload, filename: str) -> str:
    return f"{'folder/' * 125}{filename}"


def test_upload_that_was_begun_in_another_store_is_out_of_reach(
    uploader: Uploader, site: Site, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_CHUNK_STORE = "chunked_uploads.stores.local.LocalStore"
    url = state_in(uploader.send(b"01234", 0, 10))["url"]
    site.use()

    for piece, start in ((b"01234", 0), (b"56789", 5)):
        assert_error(uploader.send(piece, start, 10, url=url), 503, "unavailable")


def test_request_to_the_bucket_waits_for_no_sender(
    uploader: Uploader, site: Site
) -> None:
    asked: list[int] = []
    stream = Stream(
        CONTENT[:CELL], lambda: asked.append(site.traffic.requests["UploadPart"])
    )

    uploader.send_cut(stream, 0, CELL, total=len(CONTENT))

    assert len(asked) > 1
    assert not any(asked)
    assert site.traffic.requests["UploadPart"] == 1


def test_two_cells_at_most_are_here_for_a_request(
    uploader: Uploader, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_now: set[object] = set()
    most: list[int] = []

    class Counted(buffers.Buffer):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            open_now.add(self)
            most.append(len(open_now))

        def close(self) -> None:
            super().close()
            open_now.discard(self)

    monkeypatch.setattr(objects, "Buffer", Counted)
    content = CONTENT * 3

    answer = uploader.send(content)

    assert uploader.done(state_in(answer)).status_code == 200
    assert site.read(upload_of(answer)) == content
    assert max(most) <= 2
    assert not open_now


def test_no_transaction_is_open_while_the_bucket_is_asked(
    uploader: Uploader, site: Site, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_MAX_UNFINISHED = 9
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"
    done = send_all(uploader, [0, MIB, *EDGES[1:]])
    assert uploader.done(state_in(done)).status_code == 200
    cancelled = send(uploader, 0, CELL)
    assert uploader.delete(state_in(cancelled)["url"]).status_code == 200
    clean_uploads(days=0)

    assert site.traffic.requests["CompleteMultipartUpload"]
    assert site.traffic.requests["AbortMultipartUpload"]
    assert not site.traffic.in_transactions
