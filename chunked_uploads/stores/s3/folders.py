"""The folders of uploads in the bucket, which have all that is neither part nor file.

A marker in it tells at which key a multipart upload was begun, so that nobody has to
search the whole bucket, where others may have theirs.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from typing import Any

from chunked_uploads.errors import StoreUnavailable
from chunked_uploads.stores.s3.bucket import Bucket
from chunked_uploads.stores.s3.failures import Refused

MARKER = "multipart-"  # beginning of a marker's name
TRIES = 5  # to abort a multipart upload, which parts on their way may survive


def put_marker(bucket: Bucket, folder: str, key: str) -> None:
    """Note that a multipart upload is about to be begun at this key."""
    marker = f"{folder}{MARKER}{secrets.token_hex(8)}"
    bucket.put(marker, key.encode())


def is_marker(key: str) -> bool:
    """Whether the object at this key is a marker."""
    return key.rpartition("/")[2].startswith(MARKER)


def list_folders(
    bucket: Bucket, root: str
) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
    """Yield the name of each folder at `root`, and the objects in it, once."""

    def folder_of(found: dict[str, Any]) -> str:
        return found["Key"][len(root) :].partition("/")[0]

    return itertools.groupby(bucket.objects(root), folder_of)


def remove_folder(bucket: Bucket, folder: str, *, is_aborted: bool = False) -> None:
    """Remove a folder, and the multipart uploads of which its markers tell.

    With `is_aborted` only where there is more than one: who asks has aborted that.
    """
    keys = [each["Key"] for each in bucket.objects(folder)]
    markers = [each for each in keys if is_marker(each)]
    if not is_aborted or len(markers) > 1:
        for marked in {_read_marker(bucket, marker) for marker in markers}:
            abort_all(bucket, marked)
    bucket.remove([each for each in keys if not is_marker(each)])
    bucket.remove(markers)


def abort(bucket: Bucket, key: str, multipart: str) -> None:
    """Abort a multipart upload; no error without any.

    Again where parts came in that were on their way just then. Raises
    `StoreUnavailable` where that does not end.
    """
    for _ in range(TRIES):
        try:
            bucket.ask("abort_multipart_upload", Key=key, UploadId=multipart)
            parts = bucket.ask("list_parts", Key=key, UploadId=multipart)
        except Refused:
            return
        if not parts.get("Parts"):
            return
    raise StoreUnavailable("Parts still come in of an upload that was aborted.")


def _read_marker(bucket: Bucket, marker: str) -> str:
    try:
        answer = bucket.ask("get_object", Key=marker)
    except Refused:  # another clean-up was here
        return ""
    with answer["Body"] as body:
        return body.read().decode()


def abort_all(bucket: Bucket, key: str) -> None:
    """Abort all multipart uploads at this key, of which there may be none."""
    if key:
        for page in bucket.pages("list_multipart_uploads", Prefix=key):
            for begun in page.get("Uploads", ()):
                if begun["Key"] == key:
                    abort(bucket, key, begun["UploadId"])
