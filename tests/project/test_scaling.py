"""What docs/scaling.md says of many servers and their bucket."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from chunked_uploads.conf import MIB, Settings
from demo.environment import CHECKOUT
from demo.services.engine import Engine
from tests.clients import randbytes
from tests.documents import block, module
from tests.sending import Uploader, state_in, upload_of
from tests.stores.buckets import CELL, Site, site

__all__ = ["site"]

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

PAGE = "docs/scaling.md"
CONTENT = randbytes(3 * CELL)
# The rights that S3 asks for, by its reference; COPY reads as well.
RIGHTS = {
    "abort_multipart_upload": {"AbortMultipartUpload"},
    "complete_multipart_upload": {"PutObject"},
    "copy_object": {"GetObject", "PutObject"},
    "create_multipart_upload": {"PutObject"},
    "delete_object": {"DeleteObject"},
    "delete_objects": {"DeleteObject"},
    "get_object": {"GetObject"},
    "head_object": {"GetObject"},
    "list_multipart_uploads": {"ListBucketMultipartUploads"},
    "list_objects_v2": {"ListBucket"},
    "list_parts": {"ListMultipartUploadParts"},
    "put_object": {"PutObject"},
    "upload_part": {"PutObject"},
    "upload_part_copy": {"GetObject", "PutObject"},
}
ASKED = re.compile(r"""\b_?(?:ask|pages)\(\s*"(\w+)\"""")


def send(uploader: Uploader, size: int) -> Any:
    """Send CONTENT in chunks of this size, and end it; return the last answer."""
    url: dict[str, Any] = {}
    for start in range(0, len(CONTENT), size):
        data = CONTENT[start : start + size]
        answer = uploader.send(data, start, len(CONTENT), **url)
        assert answer.status_code == 200
        url = {"url": state_in(answer)["url"]}
    assert uploader.done(state_in(answer)).status_code == 200
    return answer


def test_policy_has_the_rights_that_the_app_needs_and_no_others() -> None:
    policy = json.loads(block("json", "Statement", PAGE))
    package = CHECKOUT / "chunked_uploads"
    # The client asks the app, and no bucket.
    modules = set(package.rglob("*.py")) - set(package.glob("client/*.py"))

    asked = {name for path in modules for name in ASKED.findall(path.read_text())}

    needed = set().union(*(RIGHTS[operation] for operation in asked))
    allowed = {right for each in policy["Statement"] for right in each["Action"]}
    assert allowed == {f"s3:{right}" for right in needed}


def test_rules_leave_uploads_alone_for_longer_than_the_clean_up(engine: Engine) -> None:
    rules = json.loads(block("json", "Rules", PAGE))
    client, bucket = engine.client, f"{engine.bucket}-with-rules"
    client.create_bucket(Bucket=bucket)

    client.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration=rules
    )

    parts, fragments = rules["Rules"]
    given_up = parts["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]
    # Markers are there as long as what they tell of.
    assert fragments["Expiration"]["Days"] > given_up
    assert given_up > Settings().CHUNKED_UPLOADS_EXPIRE_DAYS
    paths = [
        Settings().CHUNKED_UPLOADS_STORAGE_PATH,
        Settings().CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH,
    ]
    prefixes = [rule["Filter"]["Prefix"] for rule in rules["Rules"]]
    assert prefixes == [f"{path}/" for path in paths]
    client.delete_bucket(Bucket=bucket)


@pytest.mark.parametrize("page", [PAGE, "README.md"])
def test_settings_as_shown_receive_a_file(
    page: str, engine: Engine, settings: Any, uploader: Uploader, site: Site
) -> None:
    shown = module(block("python", "S3Store", page))
    here = engine.storage(site.location)["OPTIONS"]
    shown.STORAGES["default"]["OPTIONS"] |= here
    settings.STORAGES = shown.STORAGES
    settings.CHUNKED_UPLOADS_CHUNK_STORE = shown.CHUNKED_UPLOADS_CHUNK_STORE

    answer = send(uploader, CELL)

    assert site.read(upload_of(answer)) == CONTENT
    assert "Signature=" in upload_of(answer).upload.url


def test_whole_cells_cost_a_request_each(uploader: Uploader, site: Site) -> None:
    send(uploader, CELL)

    assert site.traffic.requests == {
        "PutObject": 1,
        "CreateMultipartUpload": 1,
        "UploadPart": 3,
        "HeadObject": 1,
        "CompleteMultipartUpload": 1,
        "ListObjectsV2": 1,
        "DeleteObject": 1,
    }


def test_fragments_cost_two_requests_each_and_two_for_a_cell(
    uploader: Uploader, site: Site
) -> None:
    fragments = len(CONTENT) // MIB

    send(uploader, MIB)

    assert site.traffic.requests == {
        "PutObject": 1 + fragments,
        "CreateMultipartUpload": 1,
        "GetObject": fragments,
        "UploadPart": 3,
        "DeleteObjects": 3,
        "HeadObject": 1,
        "CompleteMultipartUpload": 1,
        "ListObjectsV2": 1,
        "DeleteObject": 1,
    }
