"""The partial uploads that a request for a final one lists by their URLs."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit
from uuid import UUID

from django.http import HttpRequest
from django.urls import Resolver404, get_script_prefix, resolve

from chunked_uploads.access import finding
from chunked_uploads.access.opening import open_by_token
from chunked_uploads.authentication import authenticate
from chunked_uploads.errors import BadRequest, PermissionDenied, UploadNotFound
from chunked_uploads.models import Upload


def find_parts(request: HttpRequest, urls: list[str]) -> tuple[Any, list[Upload]]:
    """Return whose the uploads at these URLs are (None: anybody's), and them, in order.

    Where each URL has its upload's token, nobody is asked for a login: it may have run
    out while the parts were on their way. Raises `BadRequest` for URLs of others,
    `UploadNotFound`, `PermissionDenied` for uploads that are no parts, and what
    `authenticate` raises.
    """
    named = [_parse(request, url) for url in urls]
    found = {
        uuid: open_by_token(token, {"uuid": uuid}, also_complete=False)
        for uuid, token in named
    }
    opened = [upload for upload in found.values() if upload is not None]
    if len(opened) < len(found):
        authenticate(request)
        user = finding.user_of(request)
        found = {uuid: finding.owned(request, uuid) for uuid in found}
    else:
        user = opened[0].user
    parts = [found[uuid] for uuid, _ in named]
    return user, [_check(part, user) for part in parts]


def _parse(request: HttpRequest, url: str) -> tuple[UUID, str]:
    """Return which upload a URL, absolute or relative, names; and the token in it."""
    try:
        target = urlsplit(urljoin(request.build_absolute_uri(), url))
    except ValueError:
        raise BadRequest("Upload-Concat lists what is no URL.") from None
    path = target.path.removeprefix(get_script_prefix().rstrip("/"))
    own = request.resolver_match
    assert own, "a view of ours was called"
    try:
        match = resolve(path, getattr(request, "urlconf", None))
    except Resolver404:
        raise BadRequest("Upload-Concat lists a URL of another site.") from None
    if match.view_name != f"{own.namespace}:upload":
        raise BadRequest("Upload-Concat lists a URL that is none of an upload's.")
    tokens = parse_qs(target.query).get("token", [""])
    return match.kwargs["uuid"], tokens[0]


def _check(part: Upload | None, user: Any) -> Upload:
    # A token opens an upload to whoever fills it, and makes nobody its owner.
    if part is None or part.user_id != (user and user.pk):
        raise UploadNotFound
    if not part.is_part:
        raise PermissionDenied("Upload-Concat lists an upload that is not partial.")
    return part
