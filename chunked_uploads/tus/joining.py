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

from chunked_uploads.access import finding, query
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
    FileRefused,
    Incomplete,
    PermissionDenied,
    TooLarge,
    TypeRefused,
    UploadError,
    UploadNotFound,
)
from chunked_uploads.models import Upload
from chunked_uploads.tus.creating import Creation, cancelled_if_empty, start
from chunked_uploads.tus.notes import notes_of


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
    wanted = replace(wanted, filesize=sum(part.filesize or 0 for part in parts))
    said = [wanted.concat, wanted.metadata.header, str(query.is_for_form(request))]
    fingerprint = hashlib.sha256("\n".join(said).encode()).hexdigest()
    final = find_joined(user, wanted.filename, wanted.filesize or 0, fingerprint)
    if final is not None:
        join(final, parts)
        return final
    _check_owner(request, user, parts)
    own = _start(request, user, wanted, parts)
    with cancelled_if_empty(own):
        final = claim(own, parts, fingerprint)
    # What may be cured stays, for who asks again, and who may be at it by now.
    with cancelled_if_empty(final, (Incomplete, UploadNotFound)):
        join(final, parts, is_own=final is own)
    return final


def _start(
    request: HttpRequest,
    user: Any,
    wanted: Creation,
    parts: Sequence[Upload],
) -> Upload:
    try:
        return start(request, user, wanted, tuple(part.uuid.hex for part in parts))
    except (TooLarge, TypeRefused):
        mark_joined(parts)  # nobody will ask for them again
        raise


def _check_owner(request: HttpRequest, user: Any, parts: Sequence[Upload]) -> None:
    """Let nobody make one file after the other of what a token opens.

    A token is for who fills an upload: once a file was made of it, its owner may make
    another one. Raises what `authenticate` raises, and `UploadNotFound`.
    """
    if any(part.role == Upload.Role.JOINED for part in parts):
        authenticate(request)
        if finding.user_of(request) != user:
            raise UploadNotFound


def join(final: Upload, parts: Sequence[Upload], *, is_own: bool = False) -> None:
    """Complete the final upload with the bytes of its parts; may be repeated.

    `is_own` says that nobody else can know of it yet. Raises what `concatenate` and
    `finishing.complete` raise.
    """
    try:
        if not final.is_complete:
            finishing.check_free(final)
            if not final.is_whole:
                concatenate(final, parts, is_shared=not is_own)
            finishing.complete(final)
    except FileRefused:
        mark_joined(parts)  # nobody will ask for them again
        raise
    except UploadError as error:
        error.upload = error.upload and final  # and not one of its parts
        raise
    mark_joined(parts)


def join_again(final: Upload) -> None:
    """Do what is left to be done of what died in the middle. Raises as `join` does."""
    notes = notes_of(final)
    uuids = notes.part_uuids if notes else []
    if final.is_complete:
        mark_joined(finding.by_uuids(uuids, Upload.Role.PART))
        return
    parts = {part.uuid: part for part in finding.by_uuids(uuids)}
    if final.is_whole:
        join(final, list(parts.values()))  # whatever became of them
    elif all(uuid in parts for uuid in uuids):
        join(final, [parts[uuid] for uuid in uuids])
    else:
        raise Incomplete("Parts of this upload are gone.", final)


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
    """Return which upload a URL, absolute or relative, names; and the token in it.

    Whose prefix it has, or of which language, is no matter: who may use the upload is.
    """
    try:
        target = urlsplit(urljoin(request.build_absolute_uri(), url))
        uuid = UUID(target.path.rpartition("/")[2])
    except ValueError:
        raise BadRequest("Upload-Concat lists what is no upload's URL.") from None
    return uuid, parse_qs(target.query).get("token", [""])[0]


def _check(part: Upload | None, user: Any) -> Upload:
    # A token opens an upload to whoever fills it, and makes nobody its owner.
    if part is None or part.is_complete or part.user_id != (user and user.pk):
        raise UploadNotFound
    if not part.is_part:
        raise PermissionDenied("Upload-Concat lists an upload that is not partial.")
    return part
