"""New uploads, as the headers of a POST want them.

What stands in quotes is the specification's.
"""

from __future__ import annotations

import contextlib
import mimetypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError
from django.db.models import ProtectedError, RestrictedError
from django.http import HttpRequest

from chunked_uploads.access import query, sessions
from chunked_uploads.core import removing
from chunked_uploads.core.limits import check_file
from chunked_uploads.core.names import clean_filename
from chunked_uploads.core.starting import start_upload
from chunked_uploads.errors import UploadError
from chunked_uploads.models import Upload
from chunked_uploads.tus import headers
from chunked_uploads.tus.headers import Metadata
from chunked_uploads.tus.notes import Notes
from chunked_uploads.tus.reading import malformed_refused

UNNAMED = "upload"  # what a file is called that its sender gave no name
# Keys of metadata, of which the first that has a value counts.
NAMES = ("filename", "name")
TYPES = ("filetype", "type", "contentType")
PATH = "relativePath"
FAILURES = (UploadError, OSError, DatabaseError)


@dataclass(frozen=True)
class Creation:
    """What the headers say of an upload that is to be made; sizes in bytes."""

    metadata: Metadata
    filename: str
    media_type: str
    concat: str
    parts: list[str]  # the URLs of what it is joined of
    filesize: int | None

    @property
    def role(self) -> Upload.Role:
        """What becomes of the upload."""
        if self.concat == headers.PARTIAL:
            return Upload.Role.PART
        return Upload.Role.FINAL if self.parts else Upload.Role.FILE


def read_creation(request: HttpRequest) -> Creation:
    """Return what the request wants. Raises `BadRequest`."""
    header = request.headers
    length, defer = header.get("Upload-Length"), header.get("Upload-Defer-Length")
    concat = header.get("Upload-Concat")
    with malformed_refused():
        metadata = headers.parse_metadata(header.get("Upload-Metadata", ""))
        query.check_metadata(metadata.values)
        # Uppy makes text of null, which it has for a file that was in no folder.
        if metadata.values.get(PATH) == "null":
            del metadata.values[PATH]
        parts = [] if concat is None else headers.parse_concat(concat)
        filesize = None if parts else headers.parse_length(length, defer)
        # "The Client MUST NOT include the Upload-Length header in the final upload
        # creation."
        if parts and (length, defer) != (None, None):
            raise ValueError("The length of a final upload is that of its parts.")
        media_type = _first(metadata.values, TYPES)
        extension = mimetypes.guess_extension(media_type) or ""
        name = _first(metadata.values, NAMES) or UNNAMED + extension
        filename = clean_filename(name)
    return Creation(metadata, filename, media_type, concat or "", parts, filesize)


def start(
    request: HttpRequest,
    user: Any,
    wanted: Creation,
    parts: tuple[str, ...] = (),
    least: int = 0,
) -> Upload:
    """Make the upload that is wanted. Raises what `start_upload` raises.

    `parts` are the UUIDs of what it is joined of; it has `least` bytes, where nobody
    knows more.
    """
    if wanted.role != Upload.Role.PART:
        # "If the length of the upload exceeds the maximum … the Server MUST respond
        # with the 413 Request Entity Too Large status."
        limits = query.get_limits(request)
        size = least if wanted.filesize is None else wanted.filesize
        check_file(wanted.filename, size, limits, wanted.media_type)
    created = start_upload(
        user,
        wanted.filename,
        wanted.filesize,
        "",
        for_form=query.is_for_form(request),
        metadata=wanted.metadata.values,
        media_type=wanted.media_type,
        role=wanted.role,
        protocol_state=str(Notes(wanted.metadata.header, wanted.concat, parts)),
        parts=parts,
    )
    if wanted.role != Upload.Role.PART:
        sessions.remember(request, created)
    return created


@contextlib.contextmanager
def cancelled_if_empty(
    created: Upload, failures: tuple[type[Exception], ...] = FAILURES
) -> Iterator[None]:
    """Leave no upload without a byte behind, whose URL its sender never learns."""
    try:
        yield
    except failures:
        empty = Upload.objects.unfinished().filter(received=0)
        # It may be gone already, or the site may need its row, or nothing may answer.
        with contextlib.suppress(*FAILURES, ProtectedError, RestrictedError):
            if created.pk is not None:
                removing.cancel(created, among=empty)
        raise


def _first(values: Mapping[str, str], keys: tuple[str, ...]) -> str:
    return next(filter(None, map(values.get, keys)), "")
