"""tus 1.0.0: create uploads, append to them, tell where they are, end them.

What stands in quotes is the specification's.
"""

from __future__ import annotations

from contextlib import closing
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from chunked_uploads.access import finding, query
from chunked_uploads.access.opening import is_expired
from chunked_uploads.authentication import authenticate
from chunked_uploads.core import finishing, removing
from chunked_uploads.core.receiving import check_offset, wait_until_idle
from chunked_uploads.errors import (
    BeyondEnd,
    Incomplete,
    NotAuthenticated,
    PermissionDenied,
    UploadNotFound,
)
from chunked_uploads.http.endpoint import endpoint
from chunked_uploads.models import Upload
from chunked_uploads.tus.answers import (
    TUS,
    appended_response,
    created_response,
    state_response,
)
from chunked_uploads.tus.bodies import append, open_body
from chunked_uploads.tus.creating import cancelled_if_empty, read_creation, start
from chunked_uploads.tus.errors import NotServed, UploadExpired
from chunked_uploads.tus.joining import create_final, join_again
from chunked_uploads.tus.reading import (
    learn_length,
    read_checksum,
    read_length,
    read_offset,
)

PATIENCE = 2  # seconds to wait for who writes when a client comes back


@endpoint(TUS, "POST")
def creation(request: HttpRequest) -> HttpResponse:
    """Create an upload, with its first bytes or of uploads that are there already."""
    with closing(open_body(request, may_be_absent=True)) as body:
        wanted = read_creation(request)
        if wanted.parts:
            # As to a PATCH "against a final upload URL".
            if body.length != 0:
                raise PermissionDenied("A final upload is made of its parts alone.")
            return created_response(request, create_final(request, wanted))
        checksum = read_checksum(request)
        if wanted.filesize is not None and (body.length or 0) > wanted.filesize:
            raise BeyondEnd("The body is longer than the upload.")
        authenticate(request)
        user = finding.user_of(request)
        created = start(request, user, wanted, least=body.length or 0)
        with cancelled_if_empty(created):
            if body.length != 0:
                append(created, 0, body, checksum)
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
    return _head(found)


@endpoint(TUS, "HEAD", "PATCH", "DELETE", "GET")
def nothing(request: HttpRequest) -> HttpResponse:
    """Say that there is no such upload, in this protocol's manner."""
    raise UploadNotFound


def _head(found: Upload) -> HttpResponse:
    if not found.is_complete:
        # A client that comes back takes the place of a connection that fell silent.
        wait_until_idle(found, PATIENCE, is_urgent=True)
    try:
        _complete_if_whole(found)
    except Incomplete:  # the store lost some of it
        if found.is_whole or found.role == Upload.Role.FINAL:
            raise
    return state_response(found)


def _patch(request: HttpRequest, uuid: UUID) -> HttpResponse:
    with closing(open_body(request)) as body:
        found = _find(request, uuid)
        # "The Server MUST respond with the 403 Forbidden status to PATCH requests
        # against a final upload URL and MUST NOT modify the final or its partial
        # uploads."
        if found.role == Upload.Role.FINAL:
            raise PermissionDenied("A final upload is made of its parts alone.", found)
        checksum = read_checksum(request)
        offset = read_offset(request)
        # "If the offsets do not match, the Server MUST respond with the 409 Conflict
        # status without modifying the upload resource."
        check_offset(found, offset)
        length = read_length(request, found)
        if length is not None and offset + (body.length or 0) > length:
            raise BeyondEnd("The body is longer than the upload.", found)
        if checksum is None:
            learn_length(found, length)
        append(found, offset, body, checksum)
        # Of bytes that prove wrong, "the upload and its offset MUST NOT be updated".
        learn_length(found, length)
        _complete_if_whole(found)
        return appended_response(found)


def _find(request: HttpRequest, uuid: UUID, *, also_complete: bool = True) -> Upload:
    try:
        return finding.by_uuid(request, uuid, also_complete=also_complete)
    except NotAuthenticated:
        if not is_expired(query.get_token(request), uuid):
            raise
        # "the Server SHOULD respond with the 404 Not Found or 410 Gone status. The
        # latter one SHOULD be used if the Server is keeping track of expired uploads."
        # tus-java-client begins anew after a HEAD of 404, and of 404 alone.
        error = UploadNotFound if request.method == "HEAD" else UploadExpired
        raise error("The upload has expired.") from None


def _complete_if_whole(found: Upload) -> None:
    """Put a file that has all its bytes in its place.

    So what died on its way to there goes on when the client comes back.
    """
    if found.role == Upload.Role.FINAL:
        join_again(found)
    elif found.is_whole and not found.is_complete:
        finishing.check_free(found)  # which may take as long as a copy does
        finishing.complete(found)
