"""Parts in a bucket, joined into a file whose bytes the engine copies."""

from __future__ import annotations

import datetime
import random
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from botocore.config import Config
from django.contrib.auth.models import User
from django.utils import timezone

from chunked_uploads.conf import MIB
from chunked_uploads.core.concatenating import concatenate, mark_joined
from chunked_uploads.core.finishing import complete
from chunked_uploads.core.receiving import receive
from chunked_uploads.core.removing import cancel
from chunked_uploads.core.starting import set_filesize, start_upload
from chunked_uploads.core.sweeping import Report, clean_uploads
from chunked_uploads.errors import (
    Incomplete,
    RangeBusy,
    StoreFull,
    StoreUnavailable,
    UploadNotFound,
)
from chunked_uploads.models import Upload
from chunked_uploads.stores import chunk_store
from chunked_uploads.stores.s3 import buffers, grid, objects
from chunked_uploads.stores.s3.receipts import read_state
from tests.core.faults import Killed
from tests.core.parts import (
    assert_finishes,
    at_record,
    begin,
    begin_all,
    begin_part,
    die,
)
from tests.sending import Bytes
from tests.stores.buckets import CELL, Site
from tests.stores.buckets import site as bucket_site

__all__ = ["at_record", "bucket_site"]

pytestmark = pytest.mark.django_db(transaction=True)

BYTES = random.Random(7).randbytes(4 * CELL)
LONG, SHORT = BYTES[: 2 * CELL + 123], BYTES[-MIB - 7 :]
FEW = b"0123456789"
PARTS = [LONG, FEW, b"", SHORT]


def folder_of(site: Site, part: Upload) -> list[str]:
    """Return the keys of what the bucket has of a part."""
    folder = read_state(part.store_state).folder.removeprefix(f"{site.location}/")
    return [key.removeprefix(folder) for key in site.keys if key.startswith(folder)]


def abort(site: Site, upload: Upload) -> None:
    """Do as a lifecycle rule of the bucket does."""
    state = read_state(upload.store_state)
    site.engine.client.abort_multipart_upload(
        Bucket=site.engine.bucket,
        Key=f"{site.location}/{state.name}",
        UploadId=state.multipart,
    )


def remove_object(site: Site, part: Upload) -> None:
    key = f"{site.location}/{read_state(part.store_state).name}"
    site.engine.client.delete_object(Bucket=site.engine.bucket, Key=key)


def cancel_all(uploads: list[Upload]) -> None:
    for upload in uploads:
        cancel(Upload.objects.get(pk=upload.pk))


@pytest.fixture
def site(bucket_site: Site) -> Site:
    """The tests' site, whose engine copies parts."""
    if not bucket_site.is_seaweedfs:  # and says no checksum of them
        config = Config(
            request_checksum_calculation="when_required",
            retries={"total_max_attempts": 2, "mode": "standard"},
        )
        bucket_site.use(client_config=config)
    return bucket_site


def forget_checksum(parsed: dict[str, Any], **options: Any) -> None:
    """Let the engine say less of what it copied."""
    parsed.get("CopyPartResult", {}).pop("ChecksumCRC32", None)


# The whole way


@pytest.mark.parametrize("algorithm", ["sha256", None])
def test_engine_copies_whole_cells_and_the_others_are_read_once(
    user: User,
    site: Site,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    algorithm: str | None,
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = algorithm
    monkeypatch.setattr(grid, "LARGEST_PART", CELL)  # which a part may be larger than
    contents = [SHORT, LONG, b"", FEW, LONG]
    parts = [begin_part(user, content) for content in contents[:-1]]
    parts.append(parts[1])
    upload, content = begin(user, parts), b"".join(contents)
    site.traffic.clear()

    assert_finishes(upload, parts, content)

    assert upload.sha256 == (sha256(content).hexdigest() if algorithm else "")
    assert site.traffic.requests["UploadPartCopy"] == 2
    assert site.traffic.requests["UploadPart"] == 3
    assert site.traffic.put < 3.01 * CELL
    assert not site.traffic.in_transactions
    cancel_all(parts[:-1])
    assert site.left == []


@pytest.mark.parametrize("contents", [[b""], [b"", FEW], [FEW, SHORT, FEW], [LONG]])
def test_few_bytes_or_parts_become_a_file(
    user: User, site: Site, contents: list[bytes]
) -> None:
    upload, parts = begin_all(user, contents)

    assert_finishes(upload, parts, b"".join(contents))

    cancel_all(parts)
    assert site.left == []


@pytest.mark.parametrize("sizes", [[2 * CELL, CELL, CELL], [CELL, CELL + MIB, MIB]])
def test_parts_that_end_where_cells_do_are_never_read(
    user: User, site: Site, sizes: list[int]
) -> None:
    contents = [BYTES[-size:] for size in sizes]
    upload, parts = begin_all(user, contents)
    site.traffic.clear()

    concatenate(upload, parts)

    is_even = sum(sizes) % CELL == 0
    assert site.traffic.requests["GetObject"] == (0 if is_even else 2)
    assert_finishes(upload, parts, b"".join(contents))


@pytest.mark.parametrize("algorithm", ["MD5", "SHA256"])
def test_engine_checks_by_the_algorithm_that_the_site_chose(
    user: User, site: Site, algorithm: str
) -> None:
    if algorithm == "MD5":
        config = Config(request_checksum_calculation="when_required")
        site.use(client_config=config)
    else:
        site.use(object_parameters={"ChecksumAlgorithm": algorithm})

    upload, parts = begin_all(user, PARTS)
    assert_finishes(upload, parts, b"".join(PARTS))

    cancel_all(parts)
    assert site.left == []


@pytest.mark.parametrize("is_told", [False, True])
def test_engine_that_can_not_copy_is_sent_what_was_read(
    user: User, site: Site, is_told: bool
) -> None:
    """Or that copies, says no checksum of it, and wants one at the end."""
    site.use()
    if is_told:
        site.traffic.refuse("UploadPartCopy", 501, "NotImplemented", times=99)
    site.traffic.client.meta.events.register(
        "after-call.s3.UploadPartCopy", forget_checksum
    )
    upload, parts = begin_all(user, PARTS)
    site.traffic.clear()

    assert_finishes(upload, parts, b"".join(PARTS))

    assert site.traffic.requests["UploadPartCopy"] == 1
    assert site.traffic.requests["UploadPart"] == 3


def test_large_cells_rest_in_unnamed_files_two_at_most(
    user: User, site: Site, monkeypatch: pytest.MonkeyPatch
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

    upload, parts = begin_all(user, [SHORT, LONG, FEW, LONG])
    monkeypatch.setattr(buffers, "MOST_IN_MEMORY", MIB)
    monkeypatch.setattr(objects, "Buffer", Counted)

    assert_finishes(upload, parts, SHORT + LONG + FEW + LONG)

    assert max(most) <= 2
    assert not open_now


def test_parts_of_unknown_size_are_joined(
    user: User, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grid, "UNKNOWN", CELL)
    parts = []
    for content in (LONG, FEW, b""):
        part = start_upload(user, "", None, "", role=Upload.Role.PART)
        receive(part, 0, len(content), Bytes(content))
        set_filesize(part, len(content))
        parts.append(part)

    assert_finishes(begin(user, parts), parts, LONG + FEW)

    cancel_all(parts)
    assert site.left == []


def test_part_is_no_file_that_the_site_serves(user: User, site: Site) -> None:
    site.use(object_parameters={"CacheControl": "max-age=60", "Tagging": "kind=film"})
    upload, parts = begin_all(user, [LONG, FEW])
    assert_finishes(upload, parts, LONG + FEW)

    for part in parts:
        assert sorted(folder_of(site, part))[-1] == "whole"
        found = site.engine.client.head_object(
            Bucket=site.engine.bucket,
            Key=f"{site.location}/{read_state(part.store_state).name}",
        )
        assert "CacheControl" not in found
        assert found["Metadata"] == {"upload-uuid": str(part.uuid)}


@pytest.mark.parametrize("folder", ["chunks/", ""])
def test_part_stays_in_its_folder(
    user: User, site: Site, settings: Any, folder: str
) -> None:
    settings.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = folder
    upload, parts = begin_all(user, [LONG, FEW])
    assert_finishes(upload, parts, LONG + FEW)
    assert all("whole" in folder_of(site, part) for part in parts)

    cancel_all(parts)

    assert site.left == []


# Who dies, and who else is there


@pytest.mark.parametrize(
    "operation",
    ["CompleteMultipartUpload", "CopyObject", "UploadPartCopy", "UploadPart"],
)
def test_joining_goes_on_where_it_died(user: User, site: Site, operation: str) -> None:
    upload, parts = begin_all(user, [LONG, FEW, SHORT])
    site.traffic.die_after(operation)
    with pytest.raises(Killed):
        concatenate(Upload.objects.get(pk=upload.pk), parts)

    assert_finishes(upload, parts, LONG + FEW + SHORT)

    cancel_all(parts)
    assert site.left == []


def test_what_was_recorded_is_not_copied_again(
    user: User, site: Site, at_record: Callable[..., None], monkeypatch: Any
) -> None:
    monkeypatch.setattr("chunked_uploads.core.intake.CHECKPOINT", MIB)
    monkeypatch.setattr("chunked_uploads.stores.s3.copying.COPIES", 1)
    upload, parts = begin_all(user, [LONG, FEW, LONG])
    at_record(2, die)
    with pytest.raises(Killed):
        concatenate(Upload.objects.get(pk=upload.pk), parts)
    upload.refresh_from_db()
    assert CELL <= upload.offset < 3 * CELL
    copies = site.traffic.requests["UploadPartCopy"]

    assert_finishes(upload, parts, LONG + FEW + LONG)

    requests = site.traffic.requests
    assert requests["UploadPartCopy"] - copies < 3
    assert requests["CompleteMultipartUpload"] == len([LONG, LONG, upload])
    assert requests["CopyObject"] == len([FEW])


@pytest.mark.parametrize("number", [1, 2])
def test_two_who_join_at_once_make_one_file(
    user: User,
    site: Site,
    at_record: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    monkeypatch.setattr("chunked_uploads.core.intake.CHECKPOINT", MIB)
    upload, parts = begin_all(user, [LONG, FEW, LONG])
    refused: list[str] = []

    def join(name: str) -> None:
        try:
            concatenate(Upload.objects.get(pk=upload.pk), parts)
        except RangeBusy:
            refused.append(name)

    at_record(number, lambda: join("second"))
    join("first")

    assert refused == ["first"]
    assert_finishes(upload, parts, LONG + FEW + LONG)


@pytest.mark.parametrize("operation", ["HeadObject", "CompleteMultipartUpload"])
def test_two_who_prepare_a_part_at_once_join_it(
    user: User, site: Site, operation: str
) -> None:
    upload, parts = begin_all(user, [LONG, FEW])
    another = begin(user, parts[::-1])
    site.traffic.then(operation, lambda: concatenate(another, parts[::-1]))

    assert_finishes(upload, parts, LONG + FEW)
    assert_finishes(another, parts, FEW + LONG)


@pytest.mark.parametrize(
    ("operation", "is_done"),
    [
        ("HeadObject", False),
        ("CompleteMultipartUpload", False),
        ("CompleteMultipartUpload", True),
        ("UploadPartCopy", False),
        ("GetObject", False),
    ],
)
def test_part_that_is_cancelled_meanwhile_is_missed_and_nothing_is_lost(
    user: User, site: Site, operation: str, is_done: bool
) -> None:
    upload, parts = begin_all(user, [BYTES[: CELL + MIB], SHORT, FEW])
    part = Upload.objects.get(pk=parts[0].pk)
    hook = site.traffic.then if is_done else site.traffic.before
    hook(operation, lambda: cancel(part))

    for _ in range(2):
        with pytest.raises(UploadNotFound):
            concatenate(upload, parts)

    assert folder_of(site, parts[0]) == []
    others = parts[1:]
    assert_finishes(begin(user, others), others, SHORT + FEW)
    cancel_all([upload, *others])
    assert site.left == []


@pytest.mark.parametrize("operation", ["UploadPartCopy", "UploadPart"])
def test_file_that_is_cancelled_meanwhile_leaves_nothing_and_the_parts_stay(
    user: User, site: Site, operation: str
) -> None:
    upload, parts = begin_all(user, [LONG, SHORT])
    mine = Upload.objects.get(pk=upload.pk)
    site.traffic.before(operation, lambda: cancel(mine))

    with pytest.raises(UploadNotFound):
        concatenate(upload, parts)

    assert_finishes(begin(user, parts), parts, LONG + SHORT)
    cancel_all(parts)
    assert site.left == []


# What the bucket can't, or lost


@pytest.mark.parametrize(
    ("operation", "status", "code", "error"),
    [
        ("UploadPartCopy", 507, "InsufficientStorage", StoreFull),
        ("UploadPartCopy", 503, "SlowDown", StoreUnavailable),
        ("UploadPart", 507, "InsufficientStorage", StoreFull),
    ],
)
def test_bucket_that_refuses_is_told_and_what_was_copied_is_kept(
    user: User,
    site: Site,
    operation: str,
    status: int,
    code: str,
    error: type[Exception],
) -> None:
    upload, parts = begin_all(user, [BYTES[:CELL], FEW, LONG])
    if operation == "UploadPartCopy":
        site.traffic.refuse(operation, status, code, times=99, after=1)
    else:
        site.traffic.refuse(operation, status, code, times=2)

    with pytest.raises(error):
        concatenate(upload, parts)

    upload.refresh_from_db()
    assert upload.offset >= CELL
    site.use()
    assert_finishes(upload, parts, BYTES[:CELL] + FEW + LONG)


def test_multipart_of_the_file_that_somebody_aborted_is_begun_anew(
    user: User, site: Site
) -> None:
    upload, parts = begin_all(user, [LONG, SHORT])
    abort(site, upload)

    assert_finishes(upload, parts, LONG + SHORT)


def test_multipart_that_somebody_aborted_after_all_was_joined_is_filled_again(
    user: User, site: Site
) -> None:
    upload, parts = begin_all(user, [LONG, SHORT])
    concatenate(upload, parts)
    abort(site, upload)

    with pytest.raises(Incomplete):
        complete(upload)
    assert_finishes(upload, parts, LONG + SHORT)


@pytest.mark.parametrize("is_prepared", [False, True])
def test_part_that_somebody_removed_is_sent_again(
    user: User, site: Site, is_prepared: bool
) -> None:
    upload, parts = begin_all(user, [FEW, LONG])
    if is_prepared:
        assert_finishes(begin(user, parts), parts, FEW + LONG)
        remove_object(site, parts[1])
    else:
        abort(site, parts[1])

    with pytest.raises(Incomplete) as incomplete:
        concatenate(upload, parts)

    assert incomplete.value.upload == parts[1]
    part = Upload.objects.get(pk=parts[1].pk)
    assert part.received == 0
    receive(part, 0, len(LONG), Bytes(LONG))
    assert_finishes(upload, parts, FEW + LONG)
    cancel_all(parts)
    assert site.left == []


def test_part_that_is_removed_while_it_is_copied_is_missed(
    user: User, site: Site
) -> None:
    upload, parts = begin_all(user, [FEW, LONG])
    site.traffic.before("UploadPartCopy", lambda: remove_object(site, parts[1]))

    with pytest.raises(Incomplete):
        concatenate(upload, parts)


def test_part_whose_pieces_nobody_put_together_is_joined(
    user: User, site: Site
) -> None:
    """As of a sender that died then."""
    part = start_upload(user, "", len(LONG), "", role=Upload.Role.PART)
    site.traffic.refuse("GetObject", 503, "SlowDown", times=99)
    for start in range(0, len(LONG), 2 * MIB):
        piece = LONG[start : start + 2 * MIB]
        receive(part, start, len(piece), Bytes(piece))
    site.use()

    assert_finishes(begin(user, [part]), [part], LONG)

    cancel_all([part])
    assert site.left == []


# The clean-up


def make_quiet(hours: float) -> None:
    at = timezone.now() - datetime.timedelta(hours=hours)
    Upload.objects.update(modified_at=at)


@pytest.mark.parametrize("is_joined", [False, True])
def test_clean_up_leaves_parts_alone_until_they_expire(
    user: User, site: Site, is_joined: bool
) -> None:
    parts = [begin_part(user, content) for content in (LONG, FEW, b"")]
    parts.append(begin_part(user, SHORT, 3 * CELL))
    if is_joined:
        upload = begin(user, parts[:3])
        assert_finishes(upload, parts[:3], LONG + FEW)
    make_quiet(hours=3)

    assert clean_uploads() == Report()
    assert_finishes(begin(user, parts[:3]), parts[:3], LONG + FEW)

    mark_joined(parts[:3])
    make_quiet(hours=1.1)
    report = clean_uploads()
    assert {*report.expired} == {str(part.uuid) for part in parts[:3]}
    assert report.freed == len(LONG + FEW)
    make_quiet(hours=24 * 30)
    assert clean_uploads().expired == [str(parts[3].uuid)]
    assert site.left == []


@pytest.mark.parametrize("is_joined", [False, True])
def test_part_without_a_row_is_found_and_removed(
    user: User, site: Site, is_joined: bool
) -> None:
    parts = [begin_part(user, LONG)]
    if is_joined:
        assert_finishes(begin(user, parts), parts, LONG)
    assert chunk_store().count_bytes(parts[0]) == len(LONG)

    for leftover in [*chunk_store().leftovers()]:
        assert leftover.uuid == parts[0].uuid
        chunk_store().remove_leftover(leftover)

    assert site.left == []
    make_quiet(hours=3)
    assert clean_uploads() == Report(missing=[str(parts[0].uuid)])
