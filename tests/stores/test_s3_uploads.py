"""Uploads through a bucket, from the first chunk to the end, by the public door."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import io
import itertools
import random
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from botocore.config import Config
from django.core.exceptions import ValidationError
from django.utils import timezone

from chunked_uploads.conf import MIB
from chunked_uploads.core import sweeping
from chunked_uploads.core.finishing import complete
from chunked_uploads.core.receiving import receive
from chunked_uploads.core.starting import set_filesize, start_upload
from chunked_uploads.core.sweeping import clean_uploads
from chunked_uploads.digests.resumable import can_resume
from chunked_uploads.models import Chunk, Upload
from chunked_uploads.stores import chunk_store
from chunked_uploads.stores.s3 import buffers, grid
from chunked_uploads.stores.s3.receipts import read_state
from tests.core.faults import Killed
from tests.sending import (
    UPLOAD,
    Bytes,
    Stream,
    Uploader,
    assert_error,
    spans,
    state_in,
    upload_of,
)
from tests.stores.buckets import CELL, Site, site

__all__ = ["site"]

pytestmark = pytest.mark.django_db(transaction=True)

GIB = 1024 * MIB
CONTENT = random.Random(12).randbytes(CELL + MIB)
EDGES = [0, CELL, len(CONTENT)]


def send(uploader: Uploader, start: int, stop: int, url: str | None = None) -> Any:
    """Send these bytes of CONTENT; return the answer."""
    piece = CONTENT[start:stop]
    return uploader.send(piece, start, len(CONTENT), url=url or UPLOAD)


def send_all(uploader: Uploader, edges: list[int] = EDGES) -> Any:
    """Send CONTENT, cut at these bytes; return the last answer."""
    url = None
    for start, stop in itertools.pairwise(edges):
        answer = send(uploader, start, stop, url)
        assert answer.status_code == 200, answer.content
        url = state_in(answer)["url"]
    return answer


def first_url(uploader: Uploader) -> str:
    """Begin an upload of CONTENT that holds nothing; return its URL."""
    answer = uploader.send_cut(io.BytesIO(), 0, CELL, total=len(CONTENT))
    return state_in(answer)["url"]


def assert_finishes(uploader: Uploader, site: Site, url: str) -> None:
    answer = uploader.done(state_in(uploader.get(url)))
    assert answer.status_code == 200, answer.content
    assert site.read(Upload.objects.get()) == CONTENT
    assert site.left == []


def overwrite_part(site: Site, upload: Upload, number: int) -> str:
    """Do as a request does that was given up and woke up much later."""
    state = read_state(upload.store_state)
    answer = site.engine.client.upload_part(
        Bucket=site.engine.bucket,
        Key=f"{site.location}/{state.name}",
        UploadId=state.multipart,
        PartNumber=number,
        Body=bytes(CELL),
    )
    return answer["ETag"]


def abort_all(site: Site) -> None:
    """Abort all multipart uploads of the site."""
    client, bucket = site.engine.client, site.engine.bucket
    begun = client.list_multipart_uploads(Bucket=bucket, Prefix=site.location)
    for each in begun["Uploads"]:
        client.abort_multipart_upload(
            Bucket=bucket, Key=each["Key"], UploadId=each["UploadId"]
        )


def sweep_later(site: Site, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Clean up when all that is there is old; return what was no upload's."""
    later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=4)
    store: Any = chunk_store()
    leftovers = [*store.leftovers()]
    monkeypatch.setattr(
        sweeping,
        "_leftovers",
        lambda: iter(
            [
                replace(each, modified=each.modified - (later - each.modified))
                for each in leftovers
            ]
        ),
    )
    return clean_uploads().stray


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


def test_bucket_that_asks_to_slow_down_gets_503_and_nothing_is_recorded(
    uploader: Uploader, site: Site
) -> None:
    answer = send(uploader, 0, CELL)
    url = state_in(answer)["url"]
    site.traffic.refuse("UploadPart", 503, "SlowDown", times=2)

    refused = send(uploader, CELL, len(CONTENT), url)

    assert_error(refused, 503, "unavailable")
    assert refused["Retry-After"]
    assert spans(upload_of(answer)) == [(0, CELL)]
    assert send(uploader, CELL, len(CONTENT), url).status_code == 200


def test_request_that_failed_by_chance_is_repeated(
    uploader: Uploader, site: Site
) -> None:
    for operation in ("PutObject", "CreateMultipartUpload", "UploadPart"):
        site.traffic.refuse(operation, 500, "InternalError")

    assert send(uploader, 0, CELL + MIB).status_code == 200


def test_cells_that_were_kept_before_a_failure_stay(
    uploader: Uploader, site: Site
) -> None:
    answer = send(uploader, 0, MIB)
    site.traffic.refuse("UploadPart", 503, "SlowDown", times=2)

    refused = send(uploader, MIB, len(CONTENT), state_in(answer)["url"])

    assert_error(refused, 503, "unavailable")
    assert upload_of(answer).received == CELL


@pytest.mark.parametrize("operation", ["PutObject", "CreateMultipartUpload"])
def test_multipart_without_a_row_is_aborted_by_the_clean_up(
    uploader: Uploader, site: Site, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    site.traffic.die_after(operation)
    with pytest.raises(Killed):
        send(uploader, 0, CELL)
    assert not Upload.objects.exists()

    assert sweep_later(site, monkeypatch)
    assert site.keys == site.left == []


@pytest.mark.parametrize("stop", [CELL, MIB])
def test_piece_without_a_row_is_asked_for_again(
    uploader: Uploader, site: Site, stop: int
) -> None:
    url = state_in(send(uploader, CELL, len(CONTENT), first_url(uploader)))["url"]
    site.traffic.die_after("UploadPart" if stop == CELL else "PutObject")
    with pytest.raises(Killed):
        send(uploader, 0, stop, url)

    assert state_in(uploader.get(url))["size"] == 0
    for start in range(0, CELL, stop):
        assert send(uploader, start, start + stop, url).status_code == 200
    assert_finishes(uploader, site, url)


@pytest.mark.parametrize("operation", ["PutObject", "GetObject", "UploadPart"])
def test_cell_whose_assembler_died_is_whole_all_the_same(
    uploader: Uploader, site: Site, operation: str
) -> None:
    url = state_in(send(uploader, CELL, len(CONTENT), first_url(uploader)))["url"]
    send(uploader, 0, MIB, url)
    is_recorded = operation != "PutObject"
    site.traffic.die_after(operation)
    with pytest.raises(Killed):
        send(uploader, MIB, CELL, url)

    state = state_in(uploader.get(url))
    assert state["size"] == (len(CONTENT) if is_recorded else MIB)
    assert send(uploader, MIB, CELL, url).status_code == 200
    assert_finishes(uploader, site, url)


@pytest.mark.parametrize("is_small", [False, True])
def test_end_whose_row_was_never_written_is_found(
    uploader: Uploader, site: Site, is_small: bool
) -> None:
    answer = uploader.send(b"0123456789") if is_small else send_all(uploader)
    operation = "CopyObject" if is_small else "CompleteMultipartUpload"
    site.traffic.die_after(operation)
    with pytest.raises(Killed):
        uploader.done(state_in(answer))

    assert not upload_of(answer).is_complete
    assert uploader.done(state_in(answer)).status_code == 200
    content = b"0123456789" if is_small else CONTENT
    assert site.read(upload_of(answer)) == content
    assert site.left == []


def test_end_whose_row_was_never_written_is_found_by_the_clean_up(
    uploader: Uploader, site: Site
) -> None:
    answer = send_all(uploader)
    site.traffic.die_after("CompleteMultipartUpload")
    with pytest.raises(Killed):
        uploader.done(state_in(answer))
    quiet = timezone.now() - datetime.timedelta(hours=2)
    Upload.objects.update(modified_at=quiet)

    assert clean_uploads().completed == [str(upload_of(answer).uuid)]

    assert site.read(upload_of(answer)) == CONTENT


def test_two_at_the_end_at_once_have_the_same_answer(
    uploader: Uploader, site: Site
) -> None:
    answer = send_all(uploader)
    others: list[Any] = []
    site.traffic.then(
        "HeadObject", lambda: others.append(uploader.done(state_in(answer)))
    )

    mine = uploader.done(state_in(answer))

    assert mine.status_code == others[0].status_code == 200
    assert mine.json() == others[0].json()
    assert site.read(upload_of(answer)) == CONTENT


def test_part_that_was_given_up_and_came_late_is_asked_for_again(
    uploader: Uploader, site: Site
) -> None:
    """SeaweedFS takes the part that the row means; others refuse it."""
    answer = send_all(uploader)
    upload = upload_of(answer)
    site.traffic.list_part_as(1, overwrite_part(site, upload, 1))
    site.traffic.refuse("CompleteMultipartUpload", 400, "InvalidPart")

    incomplete = uploader.done(state_in(answer))

    assert_error(incomplete, 409, "incomplete")
    state = state_in(incomplete)
    assert state["size"] == 0
    url = state_in(answer)["url"]
    assert send(uploader, 0, CELL, url).status_code == 200
    assert_finishes(uploader, site, url)


def test_part_that_came_late_never_gets_into_the_file(
    uploader: Uploader, site: Site
) -> None:
    """SeaweedFS takes the part that the row means, Ceph refuses."""
    answer = send_all(uploader)
    overwrite_part(site, upload_of(answer), 1)
    url = state_in(answer)["url"]

    if uploader.done(state_in(answer)).status_code == 409:
        assert send(uploader, 0, CELL, url).status_code == 200
        answer = uploader.get(url)

    assert uploader.done(state_in(answer)).status_code == 200
    assert site.read(Upload.objects.get()) == CONTENT


def test_multipart_that_somebody_aborted_is_begun_anew(
    uploader: Uploader, site: Site
) -> None:
    """As a lifecycle rule of the bucket does."""
    url = state_in(send(uploader, 0, CELL))["url"]
    abort_all(site)

    assert_error(send(uploader, CELL, len(CONTENT), url), 409, "range_conflict")

    for start, stop in itertools.pairwise(EDGES):
        assert send(uploader, start, stop, url).status_code == 200
    assert_finishes(uploader, site, url)


def test_multipart_that_somebody_aborted_is_missed_at_the_end(
    uploader: Uploader, site: Site
) -> None:
    url = state_in(send_all(uploader))["url"]
    abort_all(site)

    assert_error(uploader.done(state_in(uploader.get(url))), 409, "incomplete")

    for start, stop in itertools.pairwise(EDGES):
        assert send(uploader, start, stop, url).status_code == 200
    assert_finishes(uploader, site, url)


@pytest.mark.parametrize("is_changed", [False, True])
def test_fragment_that_somebody_removed_or_changed_is_asked_for_again(
    uploader: Uploader, site: Site, is_changed: bool
) -> None:
    answer = send(uploader, 0, MIB)
    url = state_in(answer)["url"]
    (fragment,) = [key for key in site.keys if "multipart" not in key]
    key = f"{site.location}/{fragment}"
    site.engine.client.delete_object(Bucket=site.engine.bucket, Key=key)
    if is_changed:
        other = bytes(MIB)
        site.engine.client.put_object(Bucket=site.engine.bucket, Key=key, Body=other)

    assert_error(send(uploader, MIB, CELL, url), 409, "range_conflict")

    assert state_in(uploader.get(url))["size"] == 0
    assert send(uploader, 0, MIB, url).status_code == 200
    send(uploader, CELL, len(CONTENT), url)
    assert_finishes(uploader, site, url)


def test_abort_that_parts_survive_is_repeated(uploader: Uploader, site: Site) -> None:
    answer = send(uploader, 0, CELL)
    site.traffic.list_one_part_once()

    uploader.delete(state_in(answer)["url"])

    assert site.traffic.requests["AbortMultipartUpload"] == 2
    assert site.left == []


def test_size_may_be_said_at_the_end(user: Any, site: Site) -> None:
    with mock.patch.object(grid, "UNKNOWN", CELL):
        upload = start_upload(user, "film.mp4", None, "")
    receive(upload, 0, CELL + MIB, Bytes(CONTENT))
    set_filesize(upload, CELL + MIB)

    complete(upload)

    assert site.read(upload) == CONTENT[: CELL + MIB]
    assert site.left == []


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


@pytest.mark.parametrize(
    ("operation", "is_small"),
    [
        ("GetObject", False),
        ("UploadPart", False),
        ("CompleteMultipartUpload", False),
        ("CopyObject", True),
    ],
)
def test_404_of_a_proxy_makes_nobody_forget_anything(
    uploader: Uploader, site: Site, operation: str, is_small: bool
) -> None:
    """As of one whose backend is just being started again."""
    if is_small:
        answer = uploader.send(b"0123456789")
    else:
        answer = send_all(uploader, [0, CELL - MIB, CELL])
    held = upload_of(answer).received
    url = state_in(answer)["url"]
    if operation == "GetObject":
        # A cell whose assembler died.
        answer = begin_unjoined(uploader, site)
        held, url = CELL, state_in(answer)["url"]
    site.traffic.refuse(operation, 404, "", times=2)

    if operation == "UploadPart":
        refused = send(uploader, CELL, len(CONTENT), url)
    else:
        if not is_small:
            assert send(uploader, CELL, len(CONTENT), url).status_code == 200
            held = len(CONTENT)
        refused = uploader.done(state_in(uploader.get(url)))

    assert_error(refused, 503, "unavailable")
    assert state_in(uploader.get(url))["received"] == held


def begin_unjoined(uploader: Uploader, site: Site) -> Any:
    """Send a cell in two pieces, whose last sender dies before it joins them."""
    answer = send(uploader, 0, CELL - MIB)
    site.traffic.die_after("PutObject")
    url = state_in(answer)["url"]
    site.traffic.refuse("GetObject", 500, "InternalError", times=2)
    with contextlib.suppress(Killed):
        send(uploader, CELL - MIB, CELL, url)
    assert send(uploader, CELL - MIB, CELL, url).status_code == 200
    return answer


def test_finished_file_is_known_whatever_the_case_of_its_metadata(
    uploader: Uploader, site: Site
) -> None:
    answer = send_all(uploader)
    site.traffic.die_after("CompleteMultipartUpload")
    with pytest.raises(Killed):
        uploader.done(state_in(answer))
    site.traffic.capitalize_metadata()

    assert_finishes(uploader, site, state_in(answer)["url"])


def test_end_that_another_one_reaches_first_is_found(
    uploader: Uploader, site: Site
) -> None:
    answer = send_all(uploader)
    others: list[Any] = []
    site.traffic.before(
        "CompleteMultipartUpload",
        lambda: others.append(uploader.done(state_in(answer))),
    )

    mine = uploader.done(state_in(answer))

    assert [mine.status_code, others[0].status_code] == [200, 200]
    assert site.read(upload_of(answer)) == CONTENT
    assert site.left == []


def test_end_that_fails_where_another_one_reached_it_is_found(
    uploader: Uploader, site: Site
) -> None:
    """Ceph answers 500 to who asks at the same time."""
    answer = send_all(uploader)
    site.traffic.before(
        "CompleteMultipartUpload", lambda: uploader.done(state_in(answer))
    )
    site.traffic.refuse_others("CompleteMultipartUpload", 500, "InternalError")

    assert uploader.done(state_in(answer)).status_code == 200

    assert site.read(upload_of(answer)) == CONTENT


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


def test_bucket_that_is_full_gets_507_and_what_came_before_is_kept(
    uploader: Uploader, site: Site
) -> None:
    answer = send(uploader, 0, MIB)
    site.traffic.refuse("UploadPart", 507, "InsufficientStorage", times=2)

    refused = send(uploader, MIB, len(CONTENT), state_in(answer)["url"])

    assert_error(refused, 507, "store_full")
    assert upload_of(answer).received == CELL


def test_upload_that_was_begun_in_another_store_is_out_of_reach(
    uploader: Uploader, site: Site, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_CHUNK_STORE = "chunked_uploads.stores.local.LocalStore"
    url = state_in(uploader.send(b"01234", 0, 10))["url"]
    site.use()

    for piece, start in ((b"01234", 0), (b"56789", 5)):
        assert_error(uploader.send(piece, start, 10, url=url), 503, "unavailable")
