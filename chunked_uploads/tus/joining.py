"""Final uploads, and the partial ones that they are joined of.

What stands in quotes is the specification's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit
from uuid import UUID

from django.http import HttpRequest
from django.urls import Resolver404, get_script_prefix, resolve

from chunked_uploads.access import finding
from chunked_uploads.access.opening import open_by_token
from chunked_uploads.authentication import authenticate
from chunked_uploads.core import finishing
from chunked_uploads.core.concatenating import (
    claim,
    concatenate,
    find_joined,
    mark_joined,
)
from chunked_uploads.errors import (
    BadRequest,
    Incomplete,
    PermissionDenied,
    RangeBusy,
    Unavailable,
    UploadError,
    UploadNotFound,
)
from chunked_uploads.models import Upload
from chunked_uploads.tus.creating import Creation, cancelled_if_empty, start


def create_final(request: HttpRequest, wanted: Creation) -> Upload:
    """Make the final upload that is wanted, or return what the same request made.

    Raises `Incomplete` where bytes of its parts are missing, what `find_parts`, `start`
    and `join` raise.
    """
    user, parts = find_parts(request, wanted.parts)
    if any(part.offset != part.filesize for part in parts):
        detail = "Not all parts are there yet; send what is missing of them first."
        raise Incomplete(detail)
    # "The length of the final upload MUST be the sum of the length of all partial
    # uploads."
    filesize = sum(part.filesize or 0 for part in parts)
    said = f"{wanted.concat}\n{wanted.metadata.header}"
    fingerprint = hashlib.sha256(said.encode()).hexdigest()
    final = find_joined(user, fingerprint, filesize)
    if final is None:
        uuids = tuple(part.uuid.hex for part in parts)
        own = start(request, user, replace(wanted, filesize=filesize), uuids)
        with cancelled_if_empty(own):
            final = claim(own, parts, fingerprint)
    # Another request may be at it, and who asks again shall find it.
    with cancelled_if_empty(final, unless=(RangeBusy, Unavailable)):
        join(final, parts)
    return final


def join(final: Upload, parts: Sequence[Upload]) -> None:
    """Complete the final upload with the bytes of its parts; may be repeated.

    Raises what `concatenate` and `finishing.complete` raise.
    """
    try:
        if not final.is_complete:
            concatenate(final, parts)
            finishing.complete(final)
    except UploadError as error:
        error.upload = error.upload and final  # and not one of its parts
        raise
    mark_joined(parts)


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
