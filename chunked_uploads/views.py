"""The classic protocol: which bytes are these, of which upload, and may they come?"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from chunked_uploads.access import finding, query, sessions
from chunked_uploads.authentication import authenticate
from chunked_uploads.classic import CLASSIC, chunk_response, done_response, state_of
from chunked_uploads.core import finishing, gaps, removing
from chunked_uploads.core.choosing import Range, begin, go_on, receive_any
from chunked_uploads.core.limits import check_file
from chunked_uploads.core.names import clean_filename
from chunked_uploads.core.receiving import wait_until_idle
from chunked_uploads.core.starting import set_filesize, start_upload
from chunked_uploads.digests.arriving import Checksum
from chunked_uploads.errors import BadRequest, BodyCut, PermissionDenied
from chunked_uploads.http import headers
from chunked_uploads.http.answers import answer
from chunked_uploads.http.bodies import Body, RawBody, open_body, take_no_files
from chunked_uploads.http.endpoint import endpoint
from chunked_uploads.models import Upload


@dataclass(frozen=True)
class Announced:
    """What the headers say of a chunk; sizes in bytes."""

    filename: str | None
    start: int
    length: int
    total_size: int
    checksum: Checksum | None

    def range_of(self, body: Body) -> Range:
        """Return the chunk as the range that `body` brings."""
        return Range(self.start, self.length, body, self.checksum)


@endpoint(CLASSIC, "GET", "HEAD", "POST")
def upload(request: HttpRequest) -> HttpResponse:
    """Receive a chunk or a whole file; or list the caller's unfinished uploads.

    A GET lists those of this session, with `?filename=…&filesize=…` the matching
    ones wherever they were begun, with `?all=1` all of the caller's; `for_form=1`
    limits each question to those for forms, `for_form=0` to the others. What is
    uploaded for a form is begun and continued with `for_form=1`, and only so.
    """
    if request.method == "POST":
        with closing(open_body(request)) as body:
            authenticate(request)
            announced = _read_headers(request, body)
            found, arrived = _receive_by_name(request, announced, body)
            return _received(request, found, announced, arrived)
    authenticate(request)
    uploads = _asked_for(request)
    gaps.find_gaps(uploads)
    return answer([state_of(request, each) for each in uploads])


@endpoint(CLASSIC, "GET", "HEAD", "POST", "DELETE")
def upload_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Tell the state of one upload, receive a chunk for it, or cancel it.

    `GET …?wait=SECONDS` answers when nobody writes to the upload any more, after that
    many seconds at most: then the bytes of a request that was broken off are recorded.
    """
    if request.method == "POST":
        with closing(open_body(request)) as body:
            found = finding.by_uuid(request, uuid)
            if found.role == Upload.Role.FINAL and not found.is_complete:
                raise PermissionDenied("This upload is made of others alone.")
            announced = _read_headers(request, body)
            if found.filesize is None:
                set_filesize(found, announced.total_size)
            if announced.total_size != found.filesize:
                detail = f"This upload has {found.filesize} bytes in all."
                raise BadRequest(detail, found)
            arrived = receive_any(announced.range_of(body), found)
            return _received(request, found, announced, arrived)
    found = finding.by_uuid(request, uuid)
    if request.method == "DELETE":
        removing.cancel_unused(found)
        return answer([])
    if seconds := query.get_wait(request):
        wait_until_idle(found, seconds)
    return chunk_response(request, found)


@endpoint(CLASSIC, "POST")
def upload_done(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Put the finished file in its place; the same answer each time it is asked."""
    take_no_files(request)
    found = finding.by_uuid(request, uuid, also_complete=True)
    finishing.complete(found)
    return done_response(request, found)


@endpoint(CLASSIC, "DELETE")
def upload_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove an upload from database and disk."""
    removing.cancel_unused(finding.by_pk(request, pk))
    return answer([])


def _read_headers(request: HttpRequest, body: Body) -> Announced:
    """Return what the request announces. Raises `BadRequest`."""
    header = request.headers
    try:
        name = headers.parse_content_disposition(header.get("Content-Disposition", ""))
        name = body.filename if name is None else name
        filename = None if name is None else clean_filename(name)
        sha256 = headers.parse_content_digest(header.get("Content-Digest", ""))
        checksum = None if sha256 is None else Checksum("sha256", sha256)
        value = header.get("Content-Range")
        content_range = None if value is None else headers.parse_content_range(value)
    except ValueError as error:
        raise BadRequest(str(error)) from None
    if content_range is None:
        if filename is not None:
            # Before a byte of it is stored, or its end is looked for.
            _check_file(request, filename, body.length, body)
        body.measure()
        return Announced(filename, 0, body.length, body.length, checksum)
    start, length, total_size = content_range
    if isinstance(body, RawBody) and length != body.length:
        raise BadRequest(
            f"Content-Range tells of {length} bytes, Content-Length of {body.length}."
        )
    return Announced(filename, start, length, total_size, checksum)


def _receive_by_name(
    request: HttpRequest, announced: Announced, body: Body
) -> tuple[Upload, int]:
    """Receive a chunk for the caller's upload that it fits, a new one at need."""
    name, total_size = announced.filename, announced.total_size
    if name is None:
        raise BadRequest("Name the file: Content-Disposition with filename=.")
    if announced.start == 0:
        _check_file(request, name, total_size, body)
    fingerprint, metadata = query.get_fingerprint(request), query.get_metadata(request)
    for_form = query.is_for_form(request)
    fitting = finding.matching(request, name, total_size, fingerprint, for_form)
    if fingerprint or announced.start == 0:
        # One that was begun without may be of any file of this name and size.
        fitting = [each for each in fitting if each.fingerprint == fingerprint]
    if announced.start == 0:
        # Who began it by another protocol knows its URL, and comes to fill it.
        fitting = [each for each in fitting if not each.protocol_state]
    own = finding.begun_here(request, fitting)
    if announced.start > 0:
        if len(own) == 1:
            return own[0], receive_any(announced.range_of(body), own[0])
        return go_on(announced.range_of(body), own or fitting)

    def start_anew() -> Upload:
        return start_upload(
            finding.user_of(request),
            name,
            total_size,
            fingerprint,
            for_form=for_form,
            metadata=metadata,
        )

    def enter(upload: Upload) -> None:
        sessions.remember(request, upload)
        if upload.metadata != metadata:
            # Also by none: what another request said is of another's bytes.
            upload.metadata = metadata
            # Not `save`, to which a row that was cancelled meanwhile is an error.
            Upload.objects.filter(pk=upload.pk).update(metadata=metadata)

    elsewhere = [each for each in fitting if each not in own]
    return begin(announced.range_of(body), [*own, *elsewhere], start_anew, enter)


def _check_file(request: HttpRequest, name: str, size: int, body: Body) -> None:
    """Raise `TooLarge` or `TypeRefused` where site or page take no such file."""
    check_file(name, size, query.get_limits(request), body.content_type)


def _received(
    request: HttpRequest, upload: Upload, announced: Announced, arrived: int
) -> HttpResponse:
    if arrived < announced.length:
        detail = f"Only {arrived} of {announced.length} bytes arrived; they are kept."
        raise BodyCut(detail, upload)
    return chunk_response(request, upload)


def _asked_for(request: HttpRequest) -> list[Upload]:
    """Return the unfinished uploads that a GET asks for, newest first."""
    for_form = query.kind_asked_for(request)
    if query.is_for_all(request):
        return finding.unfinished(request, for_form)
    file = query.get_file(request)
    if file is None:
        return finding.of_session(request, for_form)
    fingerprint = query.get_fingerprint(request)
    return finding.matching(request, *file, fingerprint, for_form)
