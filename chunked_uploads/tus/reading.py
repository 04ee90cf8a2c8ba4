"""What the headers of a request say, or `BadRequest`.

What stands in quotes is the specification's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from django.http import HttpRequest

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


def learn_length(request: HttpRequest, upload: Upload) -> None:
    """Set the length of an upload that comes with a PATCH."""
    value = request.headers.get("Upload-Length")
    if value is None:
        return
    with malformed_refused():
        length = headers.parse_count("Upload-Length", value)
    if upload.filesize is None:
        set_filesize(upload, length)
    # "Once set the length MUST NOT be changed."
    if upload.filesize != length:
        detail = f"This upload has {upload.filesize} bytes in all."
        raise BadRequest(detail, upload)
