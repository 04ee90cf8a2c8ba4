"""A bucket that fails, senders that die, and others who were there."""

from __future__ import annotations

import contextlib
import datetime
import itertools
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from chunked_uploads.conf import MIB
from chunked_uploads.core import sweeping
from chunked_uploads.core.appending import append, append_stream
from chunked_uploads.core.finishing import complete
from chunked_uploads.core.starting import set_filesize, start_upload
from chunked_uploads.core.sweeping import clean_uploads
from chunked_uploads.errors import BeyondEnd, RangeBusy
from chunked_uploads.models import Upload
from chunked_uploads.stores import chunk_store
from chunked_uploads.stores.s3.receipts import read_state
from tests.core.faults import Killed
from tests.core.test_appending import Stream
from tests.sending import (
    Bytes,
    Uploader,
    assert_error,
    spans,
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

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_bucket_that_is_full_gets_507_and_what_came_before_is_kept(
    uploader: Uploader, site: Site
) -> None:
    answer = send(uploader, 0, MIB)
    site.traffic.refuse("UploadPart", 507, "InsufficientStorage", times=2)

    refused = send(uploader, MIB, len(CONTENT), state_in(answer)["url"])

    assert_error(refused, 507, "store_full")
    assert upload_of(answer).received == CELL


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


def test_finished_file_is_known_whatever_the_case_of_its_metadata(
    uploader: Uploader, site: Site
) -> None:
    answer = send_all(uploader)
    site.traffic.die_after("CompleteMultipartUpload")
    with pytest.raises(Killed):
        uploader.done(state_in(answer))
    site.traffic.capitalize_metadata()

    assert_finishes(uploader, site, state_in(answer)["url"])


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
    site.traffic.refuse("CompleteMultipartUpload", 500, "InternalError", 9, after=1)

    assert uploader.done(state_in(answer)).status_code == 200

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


def test_file_that_another_one_completed_is_not_lost_to_who_knows_no_length(
    user: User, site: Site, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_MAX_SIZE = len(CONTENT)  # so that cells are small
    upload = start_upload(user, "film.mp4", None, "")
    append(upload, 0, CELL, Bytes(CONTENT[:CELL]))
    before = Upload.objects.get()

    set_filesize(upload, len(CONTENT))
    append(upload, CELL, MIB, Bytes(CONTENT[CELL:]))
    site.traffic.die_after("CompleteMultipartUpload")
    with pytest.raises(Killed):
        complete(upload)
    store: Any = chunk_store()
    with store.writer(before, CELL, CELL) as writer:
        writer.write(bytes(CELL))
        with pytest.raises(RangeBusy):
            writer.keep(everything=True)

    complete(upload)
    assert site.read(upload) == CONTENT


def test_body_that_proves_wrong_takes_no_bytes_of_others_with_it(
    user: User, site: Site
) -> None:
    upload = start_upload(user, "film.mp4", len(CONTENT), "")
    append(upload, 0, MIB, Bytes(CONTENT[:MIB]))

    with pytest.raises(BeyondEnd):
        append_stream(upload, MIB, Stream(CONTENT[MIB:] + b"x"), None)
    assert (upload.offset, spans(upload)) == (MIB, [(0, MIB)])

    # Over the edge of a cell, which is joined when all of the body is right.
    append_stream(upload, MIB, Stream(CONTENT[MIB : CELL + 1]), None)
    assert spans(upload) == [(0, CELL), (CELL, CELL + 1)]
    append(upload, CELL + 1, MIB - 1, Bytes(CONTENT[CELL + 1 :]))
    complete(upload)
    assert site.read(upload) == CONTENT
