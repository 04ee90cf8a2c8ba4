"""What the headers of a request say, or `BadRequest`.

What stands in quotes is the specification's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from django.http import HttpRequest

from chunked_uploads.core.limits import check_size
from chunked_uploads.core.starting import set_filesize
from chunked_uploads.digests.arriving import Checksum
from chunked_uploads.errors import BadRequest
from chunked_uploads.models import Upload
from chunked_uploads.tus import headers


@contextlib.contextmanager
def malformed_refused() -> Iterator[None]:
    """Raise `BadRequest` in place of `ValueError`."""
    try:
        yield
    except ValueError as error:
        raise BadRequest(str(error)) from None


def read_offset(request: HttpRequest) -> int:
    """Return where the bytes of a PATCH begin."""
    value = request.headers.get("Upload-Offset", "")
    with malformed_refused():
        return headers.parse_count("Upload-Offset", value)


def read_checksum(request: HttpRequest) -> Checksum | None:
    """Return what the body must have, None for anything."""
    return parse_checksum(request.headers.get("Upload-Checksum"))


def parse_checksum(value: str | None) -> Checksum | None:
    """Return what `Upload-Checksum`, in a header or a trailer, says."""
    # "400 Bad Request if the checksum algorithm is not supported by the server".
    with malformed_refused():
        return None if value is None else headers.parse_checksum(value)


def read_length(request: HttpRequest, upload: Upload) -> int | None:
    """Return the length of an upload that comes with a PATCH, None without."""
    value = request.headers.get("Upload-Length")
    if value is None:
        return None
    with malformed_refused():
        length = headers.parse_count("Upload-Length", value)
    if upload.filesize is None:
        check_size(length)
    # "Once set the length MUST NOT be changed."
    if length < upload.offset or upload.filesize not in (None, length):
        detail = "This upload has another length, or more bytes already."
        raise BadRequest(detail, upload)
    return length


def learn_length(upload: Upload, length: int | None) -> None:
    """Set the length of an upload, where it was told and is not known yet."""
    if length is not None and upload.filesize is None:
        set_filesize(upload, length)
