"""tus 1.0.0: create uploads, append to them, tell where they are, end them.

What stands in quotes is the specification's.
"""

from __future__ import annotations

import contextlib
import hashlib
import mimetypes
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from chunked_uploads.access import finding, query, sessions
from chunked_uploads.access.opening import is_expired
from chunked_uploads.authentication import authenticate
from chunked_uploads.core import finishing, removing
from chunked_uploads.core.appending import LateChecksum, append, append_stream
from chunked_uploads.core.concatenating import concatenate, mark_joined
from chunked_uploads.core.limits import check_file
from chunked_uploads.core.names import clean_filename
from chunked_uploads.core.receiving import check_offset, wait_until_idle
from chunked_uploads.core.starting import set_filesize, start_upload
from chunked_uploads.digests.arriving import Checksum
from chunked_uploads.errors import (
    BadRequest,
    BeyondEnd,
    BodyCut,
    Incomplete,
    NotAuthenticated,
    PermissionDenied,
    UploadError,
)
from chunked_uploads.http.bodies import Body, open_body
from chunked_uploads.http.endpoint import endpoint
from chunked_uploads.http.streamed import StreamedBody
from chunked_uploads.models import Upload
from chunked_uploads.tus import headers
from chunked_uploads.tus.answers import (
    TUS,
    appended_response,
    created_response,
    state_response,
)
from chunked_uploads.tus.errors import NotServed, UnsupportedMediaType, UploadExpired
from chunked_uploads.tus.headers import Metadata
from chunked_uploads.tus.notes import Notes, notes_of
from chunked_uploads.tus.parts import find_parts

UNNAMED = "upload"  # what a file is called that its sender gave no name
PATIENCE = 2  # seconds to wait for who writes when a client comes back
NAMES = ("filename", "name")  # keys of metadata, the first of which counts
TYPES = ("filetype", "type", "contentType")


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
        is_part = self.concat == headers.PARTIAL
        return Upload.Role.PART if is_part else Upload.Role.FILE


@endpoint(TUS, "POST")
def creation(request: HttpRequest) -> HttpResponse:
    """Create an upload, with its first bytes or of uploads that are there already."""
    with closing(_open_body(request, may_be_absent=True)) as body:
        wanted = _read_creation(request)
        if wanted.parts:
            # As to a PATCH "against a final upload URL".
            if body.length != 0:
                raise PermissionDenied("A final upload is made of its parts alone.")
            return created_response(request, _join(request, wanted))
        checksum = _read_checksum(request)
        if wanted.filesize is not None and (body.length or 0) > wanted.filesize:
            raise BeyondEnd("The body is longer than the upload.")
        authenticate(request)
        created = _start(request, finding.user_of(request), wanted)
        with _cancelled_if_empty(created):
            if body.length != 0:
                _append(created, 0, body, checksum)
            # "The Upload-Length header MAY be set to 0 … Such an upload is immediately
            # complete after its creation".
            _complete_if_whole(created)
        return created_response(request, created)


@endpoint(TUS, "HEAD", "PATCH", "DELETE", "GET")
def upload(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Tell where an upload is, append to it, end it; GET leads to the finished file."""
    if request.method == "PATCH":
        return _patch(request, uuid)
    if request.method == "DELETE":
        # Its token opens an upload until it is complete: then it has an owner.
        removing.cancel_unused(_find(request, uuid, also_complete=False))
        # "MUST respond with the 204 No Content status confirming that the upload was
        # terminated."
        return HttpResponse(status=204)
    found = _find(request, uuid)
    if request.method == "GET":
        if not found.url:
            raise NotServed("There is nothing to download here.")
        return HttpResponseRedirect(found.url, status=303)
    if not found.is_complete:
        # A client that comes back takes the place of a connection that fell silent.
        wait_until_idle(found, PATIENCE, is_urgent=True)
    _complete_if_whole(found)
    return state_response(found)


def _patch(request: HttpRequest, uuid: UUID) -> HttpResponse:
    with closing(_open_body(request)) as body:
        found = _find(request, uuid)
        # "The Server MUST respond with the 403 Forbidden status to PATCH requests
        # against a final upload URL and MUST NOT modify the final or its partial
        # uploads."
        notes = notes_of(found)
        if notes and notes.parts:
            raise PermissionDenied("A final upload is made of its parts alone.", found)
        checksum = _read_checksum(request)
        with _malformed_refused():
            value = request.headers.get("Upload-Offset", "")
            start = headers.parse_count("Upload-Offset", value)
        # "If the offsets do not match, the Server MUST respond with the 409 Conflict
        # status without modifying the upload resource."
        check_offset(found, start)
        _learn_length(request, found)
        _append(found, start, body, checksum)
        _complete_if_whole(found)
        return appended_response(found)


def _open_body(
    request: HttpRequest, *, may_be_absent: bool = False
) -> Body | StreamedBody:
    """Return the request's body, one of no bytes where there is none."""
    is_absent = _is_absent(request)
    # "All PATCH requests MUST use Content-Type: application/offset+octet-stream,
    # otherwise the server SHOULD return a 415 Unsupported Media Type status." And a
    # POST with bytes of the upload "MUST include" it too.
    content_type = request.META.get("CONTENT_TYPE", "").partition(";")[0].strip()
    if content_type.lower() != headers.CONTENT_TYPE and not (
        is_absent and may_be_absent
    ):
        raise UnsupportedMediaType(f"Send Content-Type: {headers.CONTENT_TYPE}.")
    if is_absent:
        request.META["CONTENT_LENGTH"] = "0"
    return open_body(request, may_stream=True)


def _is_absent(request: HttpRequest) -> bool:
    length = request.META.get("CONTENT_LENGTH")
    if not length:
        # ASGI tells of no transfer coding, and HTTP/2 has none.
        return "wsgi.input" in request.META and (
            "HTTP_TRANSFER_ENCODING" not in request.META
        )
    return length == "0"


def _read_creation(request: HttpRequest) -> Creation:
    """Return what the request wants. Raises `BadRequest`."""
    header = request.headers
    length, defer = header.get("Upload-Length"), header.get("Upload-Defer-Length")
    with _malformed_refused():
        metadata = headers.parse_metadata(header.get("Upload-Metadata", ""))
        query.check_metadata(metadata.values)
        concat = header.get("Upload-Concat", "").strip()
        parts = headers.parse_concat(concat) if concat else []
        filesize = None if parts else headers.parse_length(length, defer)
        # "The Client MUST NOT include the Upload-Length header in the final upload
        # creation."
        if parts and (length, defer) != (None, None):
            raise ValueError("The length of a final upload is that of its parts.")
        media_type = next(filter(None, map(metadata.values.get, TYPES)), "")
        name = next(filter(None, map(metadata.values.get, NAMES)), "")
        filename = clean_filename(name or UNNAMED + _extension_of(media_type))
    return Creation(metadata, filename, media_type, concat, parts, filesize)


def _extension_of(media_type: str) -> str:
    return mimetypes.guess_extension(media_type) or ""


def _read_checksum(request: HttpRequest) -> Checksum | None:
    # "400 Bad Request if the checksum algorithm is not supported by the server".
    value = request.headers.get("Upload-Checksum")
    with _malformed_refused():
        return None if value is None else headers.parse_checksum(value)


@contextlib.contextmanager
def _malformed_refused() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise BadRequest(str(error)) from None


def _start(request: HttpRequest, user: Any, wanted: Creation, **options: Any) -> Upload:
    """Make the upload that is wanted. Raises what `start_upload` raises."""
    if wanted.role == Upload.Role.FILE:
        # "If the length of the upload exceeds the maximum … the Server MUST respond
        # with the 413 Request Entity Too Large status."
        limits = query.get_limits(request)
        check_file(wanted.filename, wanted.filesize, limits, wanted.media_type)
    created = start_upload(
        user,
        wanted.filename,
        wanted.filesize,
        options.pop("fingerprint", ""),
        for_form=query.is_for_form(request),
        metadata=wanted.metadata.values,
        media_type=wanted.media_type,
        role=wanted.role,
        protocol_state=str(
            Notes(wanted.metadata.header, wanted.concat, **options),
        ),
    )
    if wanted.role == Upload.Role.FILE:
        sessions.remember(request, created)
    return created


@contextlib.contextmanager
def _cancelled_if_empty(created: Upload) -> Iterator[None]:
    """Leave no upload without a byte behind, whose URL its sender never learns."""
    try:
        yield
    except UploadError:
        if not created.received:
            with contextlib.suppress(UploadError):
                removing.cancel(created)
        raise


def _append(
    upload: Upload, start: int, body: Body | StreamedBody, checksum: Checksum | None
) -> None:
    """Take in what the body has, from `start` on; raise `BodyCut` for less than all."""
    if isinstance(body, StreamedBody):
        append_stream(upload, start, body, _checksum_of(body, checksum))
        is_cut = body.is_cut
    else:
        is_cut = append(upload, start, body.length, body, checksum) < body.length
    if is_cut:
        raise BodyCut("The body was cut short; what arrived is kept.", upload)


def _checksum_of(body: StreamedBody, checksum: Checksum | None) -> LateChecksum:
    """Return the checksum that the body's header or its trailer has."""
    # "If the hash cannot be calculated at the beginning of the upload, it MAY be
    # included as a trailer."
    if checksum is not None:
        return LateChecksum((checksum.algorithm,), lambda: checksum)

    def find() -> Checksum | None:
        value = body.trailers().get("upload-checksum")
        with _malformed_refused():
            return None if value is None else headers.parse_checksum(value)

    return LateChecksum(headers.ALGORITHMS, find)


def _learn_length(request: HttpRequest, found: Upload) -> None:
    """Set the length of an upload that is told with a PATCH."""
    value = request.headers.get("Upload-Length")
    if value is None:
        return
    with _malformed_refused():
        length = headers.parse_count("Upload-Length", value)
    if found.filesize is None:
        set_filesize(found, length)
    # "Once set the length MUST NOT be changed."
    if found.filesize != length:
        detail = f"This upload has {found.filesize} bytes in all."
        raise BadRequest(detail, found)


def _join(request: HttpRequest, wanted: Creation) -> Upload:
    """Make the final upload that is wanted, or return what the same request made."""
    user, parts = find_parts(request, wanted.parts)
    unfinished = [part for part in parts if part.offset != part.filesize]
    if unfinished:
        detail = "Not all parts are there yet; send what is missing of them first."
        raise Incomplete(detail)
    # "The length of the final upload MUST be the sum of the length of all partial
    # uploads."
    filesize = sum(part.filesize or 0 for part in parts)
    said = f"{wanted.concat}\n{wanted.metadata.header}"
    fingerprint = hashlib.sha256(said.encode()).hexdigest()
    joined = finding.begun_as(user, fingerprint, filesize) or _start(
        request,
        user,
        replace(wanted, filesize=filesize),
        fingerprint=fingerprint,
        parts=tuple(part.uuid.hex for part in parts),
    )
    with _cancelled_if_empty(joined):
        _complete_if_whole(joined, parts)
    return joined


def _complete_if_whole(found: Upload, parts: list[Upload] | None = None) -> None:
    """Put a file that has all its bytes in its place; join it of its parts before.

    So what died on its way to there goes on when the client comes back.
    """
    if found.is_complete or found.is_part:
        return
    notes = notes_of(found)
    if notes and notes.parts:
        parts = parts or finding.by_uuids(notes.part_uuids)
        concatenate(found, parts)
        finishing.complete(found)
        mark_joined(parts)
    elif found.is_whole:
        finishing.complete(found)


def _find(request: HttpRequest, uuid: UUID, *, also_complete: bool = True) -> Upload:
    try:
        return finding.by_uuid(request, uuid, also_complete=also_complete)
    except NotAuthenticated:
        # "The latter one [410 Gone] SHOULD be used if the Server is keeping track of
        # expired uploads."
        if is_expired(query.get_token(request), uuid):
            raise UploadExpired("The upload has expired.") from None
        raise
