"""The HTTP side: which bytes are these, of which upload, and may they come?"""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from chunked_uploads import finishing, headers, lookup, removing
from chunked_uploads.authentication import authenticate
from chunked_uploads.bodies import Body, RawBody, open_body, take_no_files
from chunked_uploads.endpoint import endpoint
from chunked_uploads.errors import BadRequest, BodyCut, NothingToContinue
from chunked_uploads.models import MAX_FINGERPRINT, Upload
from chunked_uploads.receiving import check_file, receive, start_upload
from chunked_uploads.responses import answer, chunk_response, done_response, state_of


@dataclass(frozen=True)
class Announced:
    """What the headers say of a chunk; sizes in bytes."""

    filename: str | None
    start: int
    length: int
    total_size: int
    sha256: bytes | None


@endpoint("GET", "HEAD", "POST")
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
            found = _find_or_start(request, announced)
            return _receive(request, found, announced, body)
    authenticate(request)
    return answer([state_of(request, each) for each in _asked_for(request)])


@endpoint("GET", "HEAD", "POST", "DELETE")
def upload_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Tell the state of one upload, receive a chunk for it, or cancel it."""
    if request.method == "POST":
        with closing(open_body(request)) as body:
            found = lookup.by_uuid(request, uuid)
            announced = _read_headers(request, body)
            if announced.total_size != found.filesize:
                told = f"This upload has {found.filesize} bytes in all."
                raise BadRequest(told, found)
            return _receive(request, found, announced, body)
    found = lookup.by_uuid(request, uuid)
    if request.method == "DELETE":
        removing.cancel_unused(found)
        return answer([])
    return chunk_response(request, found)


@endpoint("POST")
def upload_done(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Put the finished file in its place; the same answer each time it is asked."""
    take_no_files(request)
    found = lookup.by_uuid(request, uuid, also_complete=True)
    finishing.complete(found)
    return done_response(request, found)


@endpoint("DELETE")
def upload_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove an upload from database and disk."""
    removing.cancel_unused(lookup.by_pk(request, pk))
    return answer([])


def _read_headers(request: HttpRequest, body: Body) -> Announced:
    """Return what the request announces. Raises `BadRequest`."""
    header = request.headers
    try:
        name = headers.parse_content_disposition(header.get("Content-Disposition", ""))
        name = body.filename if name is None else name
        filename = None if name is None else headers.clean_filename(name)
        sha256 = headers.parse_content_digest(header.get("Content-Digest", ""))
        told = header.get("Content-Range")
        content_range = None if told is None else headers.parse_content_range(told)
    except ValueError as error:
        raise BadRequest(str(error)) from None
    if content_range is None:
        if filename is not None:
            check_file(filename, body.length)  # before a byte of it is put aside
        body.measure()
        return Announced(filename, 0, body.length, body.length, sha256)
    start, length, total_size = content_range
    if isinstance(body, RawBody) and length != body.length:
        raise BadRequest(
            f"Content-Range tells of {length} bytes, Content-Length of {body.length}."
        )
    return Announced(filename, start, length, total_size, sha256)


def _find_or_start(request: HttpRequest, announced: Announced) -> Upload:
    """Return the caller's upload that the chunk belongs to, a new one at need."""
    if announced.filename is None:
        raise BadRequest("Name the file: Content-Disposition with filename=.")
    fingerprint = _fingerprint(request)
    for_form = lookup.is_for_form(request)
    matching = lookup.matching(
        request, announced.filename, announced.total_size, fingerprint, for_form
    )
    stop = announced.start + announced.length
    if fingerprint:
        # One that was begun without may be of any file of this name and size.
        matching = [each for each in matching if each.fingerprint == fingerprint]
    found = lookup.continued_by(request, matching, announced.start, stop)
    if found is not None:
        return found
    if announced.start > 0:
        raise NothingToContinue(
            "No unfinished upload of this name and size ends where this range starts."
        )
    upload = start_upload(
        lookup.user_of(request),
        announced.filename,
        announced.total_size,
        fingerprint,
        for_form=for_form,
    )
    lookup.remember(request, upload)
    return upload


def _receive(
    request: HttpRequest, upload: Upload, announced: Announced, body: Body
) -> HttpResponse:
    start, length = announced.start, announced.length
    arrived = receive(upload, start, length, body, announced.sha256)
    if arrived < length:
        raise BodyCut(
            f"Only {arrived} of {length} bytes arrived; they are kept.", upload
        )
    return chunk_response(request, upload)


def _asked_for(request: HttpRequest) -> list[Upload]:
    """Return the unfinished uploads that a GET asks for, newest first."""
    name, size = request.GET.get("filename"), request.GET.get("filesize")
    for_form = lookup.kind_asked_for(request)
    if request.GET.get("all") == "1":
        return lookup.unfinished(request, for_form)
    if name is None and size is None:
        return lookup.of_session(request, for_form)
    if name is None or size is None or not re.fullmatch("[0-9]{1,18}", size):
        raise BadRequest("Ask with filename and filesize, a number of bytes.")
    try:
        name = headers.clean_filename(name)
    except ValueError as error:
        raise BadRequest(str(error)) from None
    return lookup.matching(request, name, int(size), _fingerprint(request), for_form)


def _fingerprint(request: HttpRequest) -> str:
    fingerprint = request.GET.get("fingerprint", "")
    if len(fingerprint) > MAX_FINGERPRINT:
        raise BadRequest(f"A fingerprint has at most {MAX_FINGERPRINT} characters.")
    if not fingerprint.isprintable():
        raise BadRequest("A fingerprint has no control characters.")
    return fingerprint
