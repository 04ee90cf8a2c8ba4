"""Every answer in JSON: a list of one object, as jQuery File Upload users know it."""

from __future__ import annotations

import functools
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils.translation import get_language

from chunked_uploads.conf import conf
from chunked_uploads.core import ranges
from chunked_uploads.core.tokens import make_full_token, make_token
from chunked_uploads.errors import (
    Ambiguous,
    Incomplete,
    NotAuthenticated,
    UploadError,
)
from chunked_uploads.http.headers import format_range
from chunked_uploads.models import Upload

OWN_ARGUMENTS = ("uuid", "pk")  # of our URLs; others are of a prefix the site chose
SAMPLES = {"uuid": UUID(int=2**128 - 1), "pk": 2**63 - 1}  # of these


def answer(items: list[dict[str, Any]]) -> JsonResponse:
    """Return `items` as JSON that nobody keeps."""
    response = JsonResponse(items, safe=False)
    response["Cache-Control"] = "no-store"
    return response


def state_of(request: HttpRequest, upload: Upload) -> dict[str, Any]:
    """Return what a client needs to go on with the upload."""
    token, full_token = make_token(upload.uuid), make_full_token(upload.uuid)
    return {
        "name": upload.filename,
        "size": upload.offset,
        "total_size": upload.filesize,
        "received": upload.received,
        "gap": ranges.gap(upload),
        "url": _url(request, "upload_detail", token, uuid=upload.uuid),
        "done_url": _url(request, "upload_done", token, uuid=upload.uuid),
        "delete_url": _url(request, "upload_delete", full_token, pk=upload.pk),
        "delete_type": "DELETE",
        "upload_uuid": str(upload.uuid),
        "state": Upload.State(upload.state).name,
        "chunk_size": conf.CHUNKED_UPLOADS_CHUNK_SIZE,
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
    """Return an error as JSON, with the upload's state where that helps to go on."""
    item: dict[str, Any] = {}
    if isinstance(error, Incomplete) and error.upload is not None:
        item = _failed(error.upload)
    elif error.upload is not None:
        item = state_of(request, error.upload)
    elif isinstance(error, Ambiguous):
        ranges.find_gaps(error.candidates)
        item["candidates"] = [state_of(request, each) for each in error.candidates]
    response = answer([{**item, "error": error.code, "detail": error.detail}])
    response.status_code = error.status
    if isinstance(error, NotAuthenticated):
        response["WWW-Authenticate"] = error.challenge
    if error.retry_after is not None:
        response["Retry-After"] = str(error.retry_after)
    return response


def _failed(upload: Upload) -> dict[str, Any]:
    return {
        "video_url": "",
        "state": "FAIL",
        "size": upload.offset,
        "total_size": upload.filesize,
        "upload_uuid": str(upload.uuid),
    }


def _url(request: HttpRequest, name: str, token: str, **kwargs: UUID | int) -> str:
    # Where the site put us, which may be below namespaces and arguments of its own.
    match = request.resolver_match
    assert match, "a view of ours was called"
    site = {key: match.kwargs[key] for key in match.kwargs if key not in OWN_ARGUMENTS}
    ((argument, value),) = kwargs.items()
    urlconf = get_urlconf() or settings.ROOT_URLCONF
    where = urlconf, get_script_prefix(), get_language()
    names = f"{match.namespace}:{name}", argument
    try:
        before, after = _around(*names, tuple(site.items()), where)
    except TypeError:  # an argument of the site's that can't be remembered
        before, after = _around.__wrapped__(*names, tuple(site.items()), where)
    return request.build_absolute_uri(f"{before}{value}{after}?token={token}")


@functools.lru_cache
def _around(
    name: str, argument: str, site: tuple[tuple[str, Any], ...], where: Any
) -> tuple[str, str]:
    """Return what stands before and after our argument in a path, `where` we are.

    To reverse a URL takes Django longer than anything else in an answer.
    """
    sample = SAMPLES[argument]
    path = reverse(name, kwargs={**dict(site), argument: sample})
    before, _, after = path.rpartition(str(sample))
    return before, after
