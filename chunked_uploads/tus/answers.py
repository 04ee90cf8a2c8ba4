"""What tus answers: headers, and facts as statuses with JSON for who reads them.

What stands in quotes is the specification's.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.http import http_date

from chunked_uploads.conf import conf
from chunked_uploads.core.tokens import make_token
from chunked_uploads.errors import (
    BeyondEnd,
    DigestMismatch,
    RangeBusy,
    StoreFull,
    Unavailable,
    UploadError,
)
from chunked_uploads.http.answers import ErrorResponse
from chunked_uploads.http.endpoint import Protocol
from chunked_uploads.http.gunicorn import gives_trailers
from chunked_uploads.http.urls import build_url
from chunked_uploads.models import Upload
from chunked_uploads.tus.errors import UnsupportedVersion
from chunked_uploads.tus.headers import ALGORITHMS, VERSION, format_metadata
from chunked_uploads.tus.notes import notes_of

EXTENSIONS = (
    "creation",
    "creation-with-upload",
    "creation-defer-length",
    "expiration",
    "checksum",
    "termination",
    "concatenation",
)
# Where tus has another status for a fact than HTTP has, and its name.
STATUSES: dict[type[UploadError], tuple[int, str]] = {
    DigestMismatch: (460, "Checksum Mismatch"),
    BeyondEnd: (413, "Content Too Large"),
    RangeBusy: (423, "Locked"),
}


def begin(request: HttpRequest) -> None:
    """Learn the request's method, and refuse other versions of the protocol.

    Raises `UnsupportedVersion`.
    """
    # "MUST be a string which MUST be interpreted as the request's method by the Server,
    # if the header is presented. The actual method of the request MUST be ignored."
    if method := request.headers.get("X-HTTP-Method-Override"):
        request.method = method.strip().upper()
    # "MUST be included in every request and response except for OPTIONS requests." GET
    # is none of tus's.
    if request.method in ("GET", "OPTIONS"):
        return
    # "If the version specified by the Client is not supported by the Server, it MUST
    # respond with the 412 Precondition Failed status".
    if request.headers.get("Tus-Resumable") != VERSION:
        raise UnsupportedVersion(f"Send Tus-Resumable: {VERSION}.")


def options_response(request: HttpRequest) -> HttpResponse:
    """Return the answer to OPTIONS: what this server can do."""
    # "the 204 No Content or 200 OK status MUST contain the Tus-Version header. It MAY
    # include the Tus-Extension and Tus-Max-Size headers."
    extensions = [*EXTENSIONS]
    # "If the Server can handle trailers, this behavior MUST be announced by adding
    # checksum-trailer to the Tus-Extension header."
    if gives_trailers(request):
        extensions.append("checksum-trailer")
    response = HttpResponse(status=204)
    response["Tus-Version"] = VERSION
    response["Tus-Extension"] = ",".join(extensions)
    # "The Tus-Checksum-Algorithm header MUST be included in the response to an OPTIONS
    # request."
    response["Tus-Checksum-Algorithm"] = ",".join(ALGORITHMS)
    # "The Server SHOULD set this header if there is a known hard limit."
    if conf.CHUNKED_UPLOADS_MAX_SIZE is not None:
        response["Tus-Max-Size"] = str(conf.CHUNKED_UPLOADS_MAX_SIZE)
    return response


def error_response(request: HttpRequest, error: UploadError) -> HttpResponse:
    """Return the answer to a fact, with the upload's offset where that helps."""
    response = ErrorResponse(error)
    for fact, (status, reason) in STATUSES.items():
        if isinstance(error, fact):
            response.status_code, response.reason_phrase = status, reason
    if isinstance(error, UnsupportedVersion):
        # "and MUST include the Tus-Version header into the response."
        response["Tus-Version"] = VERSION
    # tus-js-client, and so Uppy, begins the whole file anew where HEAD fails in any
    # other way than this one, which it tries again.
    if request.method == "HEAD" and isinstance(error, Unavailable | StoreFull):
        response.status_code, response.reason_phrase = 423, "Locked"
        response.setdefault("Retry-After", str(Unavailable.retry_after))
    # TUSKit and tuspy believe the offset whatever the status is: what has all its bytes
    # and is not complete must not look as if it were.
    if error.upload is not None and not _is_in_between(error.upload):
        add_progress(response, error.upload)
    return response


def _is_in_between(upload: Upload) -> bool:
    return upload.is_whole and not upload.is_complete


def finish(response: HttpResponse) -> None:
    """Add what every answer has."""
    response["Tus-Resumable"] = VERSION
    # "The Server MUST prevent the client and/or proxies from caching the response by
    # adding the Cache-Control: no-store header to the response."
    response["Cache-Control"] = "no-store"


def created_response(request: HttpRequest, upload: Upload) -> HttpResponse:
    """Return the answer to the creation of an upload."""
    # "The Server MUST acknowledge a successful upload creation with the 201 Created
    # status. The Server MUST set the Location header to the URL of the created
    # resource."
    response = HttpResponse(status=201)
    token = make_token(upload.uuid)
    response["Location"] = build_url(request, "upload", token, uuid=upload.uuid)
    # "MUST include the Upload-Offset header in the response", with an upload.
    add_progress(response, upload)
    return response


def state_response(upload: Upload) -> HttpResponse:
    """Return the answer to HEAD."""
    # "The Server SHOULD acknowledge successful HEAD requests with a 200 OK".
    response = HttpResponse(status=200)
    notes = notes_of(upload)
    # "The Server MUST always include the Upload-Offset header in the response for a
    # HEAD request, even if the offset is 0, or the upload is already considered
    # completed."
    add_progress(response, upload)
    # "If the size of the upload is known, the Server MUST include the Upload-Length
    # header in the response." Else: "the Server MUST set Upload-Defer-Length: 1".
    if upload.filesize is None:
        response["Upload-Defer-Length"] = "1"
    else:
        response["Upload-Length"] = str(upload.filesize)
    # "If an upload contains additional metadata, responses to HEAD requests MUST
    # include the Upload-Metadata header and its value as specified by the Client".
    if metadata := notes.metadata if notes else _metadata_of(upload):
        response["Upload-Metadata"] = metadata
    # "Response to HEAD request against partial or final upload MUST include the
    # Upload-Concat header and its value as received in the upload creation request."
    if notes and notes.concat:
        response["Upload-Concat"] = notes.concat
    return response


def appended_response(upload: Upload) -> HttpResponse:
    """Return the answer to PATCH."""
    # "The Server MUST acknowledge successful PATCH requests with the 204 No Content
    # status. It MUST include the Upload-Offset header containing the new offset."
    response = HttpResponse(status=204)
    add_progress(response, upload)
    return response


def add_progress(response: HttpResponse, upload: Upload) -> None:
    """Say how much of the upload is held, and until when it stays as it is."""
    # "The response to a HEAD request for a final upload SHOULD NOT contain the
    # Upload-Offset header unless the concatenation has been successfully finished."
    if upload.is_complete or upload.role != Upload.Role.FINAL:
        response["Upload-Offset"] = str(upload.offset)
    # "MUST be included in every PATCH response if the upload is going to expire." "If
    # the expiration is known at the creation, the Upload-Expires header MUST be
    # included in the response to the initial POST request." "The value of the
    # Upload-Expires header MUST be in RFC 9110 datetime format."
    if upload.expires_at is not None:
        response["Upload-Expires"] = http_date(upload.expires_at.timestamp())


def _metadata_of(upload: Upload) -> str:
    """Return the metadata of an upload that another protocol began."""
    return format_metadata({"filename": upload.filename, **upload.metadata})


TUS = Protocol(error_response, options_response, finish, begin)
