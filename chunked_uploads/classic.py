"""What the classic protocol answers: a list of one object.

Its shape is the one that users of jQuery File Upload know.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from chunked_uploads.conf import conf
from chunked_uploads.core import gaps
from chunked_uploads.core.tokens import make_full_token, make_token
from chunked_uploads.errors import Ambiguous, Incomplete, UploadError
from chunked_uploads.http.answers import ErrorResponse, answer
from chunked_uploads.http.endpoint import Protocol
from chunked_uploads.http.headers import format_range
from chunked_uploads.http.urls import build_url
from chunked_uploads.models import Upload
from chunked_uploads.stores import chunk_store


def state_of(request: HttpRequest, upload: Upload) -> dict[str, Any]:
    """Return what a client needs to go on with the upload."""
    token, full_token = make_token(upload.uuid), make_full_token(upload.uuid)
    return {
        "name": upload.filename,
        "size": upload.offset,
        "total_size": upload.filesize,
        "received": upload.received,
        "gap": gaps.gap(upload),
        "url": build_url(request, "upload_detail", token, uuid=upload.uuid),
        "done_url": build_url(request, "upload_done", token, uuid=upload.uuid),
        "delete_url": build_url(request, "upload_delete", full_token, pk=upload.pk),
        "delete_type": "DELETE",
        "upload_uuid": str(upload.uuid),
        "state": Upload.State(upload.state).name,
        "chunk_size": chunk_store().suggest_chunk_size(upload),
    }


def chunk_response(request: HttpRequest, upload: Upload) -> JsonResponse:
    """Return the answer to a chunk.

    `Range` tells jQuery File Upload where to go on. It can't say "from 0", and the
    first byte alone would read as that.
    """
    response = answer([state_of(request, upload)])
    if upload.offset > 1:
        response["Range"] = format_range(upload.offset)
    return response


def done_response(request: HttpRequest, upload: Upload) -> JsonResponse:
    """Return the answer to `done`, the same each time."""
    url = upload.url and request.build_absolute_uri(upload.url)
    item = {
        "video_url": url,
        "url": url,
        "state": "COMPLETE",
        "name": upload.filename,
        "total_size": upload.filesize,
        "upload_uuid": str(upload.uuid),
    }
    algorithm = conf.CHUNKED_UPLOADS_DIGEST
    if algorithm is not None:
        item[algorithm] = getattr(upload, algorithm)
    return answer([item])


def error_response(request: HttpRequest, error: UploadError) -> JsonResponse:
    """Return the answer to a fact, with the upload's state where that helps."""
    if isinstance(error, Incomplete) and error.upload is not None:
        return ErrorResponse(error, **_failed(error.upload))
    if error.upload is not None:
        return ErrorResponse(error, **state_of(request, error.upload))
    if isinstance(error, Ambiguous):
        gaps.find_gaps(error.candidates)
        candidates = [state_of(request, each) for each in error.candidates]
        return ErrorResponse(error, candidates=candidates)
    return ErrorResponse(error)


def options_response(request: HttpRequest) -> JsonResponse:
    """Return the answer to OPTIONS, of which `Allow` is all that matters."""
    return answer([])


def forbid_storing(response: HttpResponse) -> None:
    """Let no cache keep an answer: it is about one moment, and may carry a token."""
    response["Cache-Control"] = "no-store"


CLASSIC = Protocol(error_response, options_response, forbid_storing)


def _failed(upload: Upload) -> dict[str, Any]:
    return {
        "video_url": "",
        "state": "FAIL",
        "size": upload.offset,
        "total_size": upload.filesize,
        "upload_uuid": str(upload.uuid),
    }
