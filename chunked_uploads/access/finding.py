"""The caller's uploads: one by its URL, and those that a question fits."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest

from chunked_uploads.access import query
from chunked_uploads.access.opening import open_by_token
from chunked_uploads.access.sessions import has_session, recall
from chunked_uploads.authentication import authenticate
from chunked_uploads.core import statements
from chunked_uploads.errors import UploadNotFound
from chunked_uploads.models import Upload, UploadQuerySet, database_of

MOST_LISTED = 1000  # uploads
LARGEST_PK = 2**63 - 1  # databases refuse to compare with more


def by_uuid(request: HttpRequest, uuid: UUID, *, also_complete: bool = False) -> Upload:
    """Return the upload that the URL's token opens, or the caller's own.

    A token opens a complete upload only with `also_complete`. Raises `UploadNotFound`,
    and what `authenticate` raises where no token opens it.
    """
    return _reachable(request, {"uuid": uuid}, also_complete)


def by_pk(request: HttpRequest, pk: int) -> Upload:
    """Return the upload that the URL's token opens, or the caller's own.

    Raises `UploadNotFound`, and what `authenticate` raises.
    """
    if pk > LARGEST_PK:
        raise UploadNotFound
    return _reachable(request, {"id": pk}, also_complete=False)


def matching(
    request: HttpRequest,
    filename: str,
    filesize: int,
    fingerprint: str,
    for_form: bool | None,
) -> list[Upload]:
    """Return the caller's unfinished uploads of this name and size, newest first.

    One with another fingerprint is never among them. `for_form` says which are meant:
    those for forms, the others, or with None all.
    """
    user = user_of(request)
    where: dict[str, Any] = {"user": None if user is None else user.pk}
    where |= {"state": Upload.State.UPLOADING, "filename": filename}
    where |= {"filesize": filesize, "role": Upload.Role.FILE}
    if for_form is not None:
        where["for_form"] = for_form
    found = statements.select_newest(Upload, database_of(), where, MOST_LISTED)
    # Where the site lets anybody upload, what a session began is its own.
    session = recall(request) if user is None else None
    # Some databases see no difference between upper and lower case.
    return [
        each
        for each in found
        if each.filename == filename
        and (not fingerprint or each.fingerprint in ("", fingerprint))
        and (session is None or str(each.uuid) in session)
    ]


def begun_here(request: HttpRequest, uploads: list[Upload]) -> list[Upload]:
    """Return those of `uploads` that were begun in the caller's session."""
    session = recall(request)
    return [each for each in uploads if str(each.uuid) in session]


def owned(request: HttpRequest, uuid: UUID) -> Upload | None:
    """Return the caller's own upload with this UUID, None where there is none."""
    return _owned(request).filter(uuid=uuid).first()


def by_uuids(uuids: list[UUID], *roles: Upload.Role) -> list[Upload]:
    """Return those of these uploads that are there, whoever's they are.

    With `roles` only those that have one of them.
    """
    found = Upload.objects.for_writing().filter(uuid__in=uuids)
    return list(found.filter(role__in=roles) if roles else found)


def user_of(request: HttpRequest) -> Any:
    """Return who is asking, None for anybody."""
    user = getattr(request, "user", None)
    return user if user is not None and user.is_authenticated else None


def unfinished(request: HttpRequest, for_form: bool | None) -> list[Upload]:
    """Return all unfinished uploads of the caller, newest first."""
    return list(_unfinished(request, for_form)[:MOST_LISTED])


def of_session(request: HttpRequest, for_form: bool | None) -> list[Upload]:
    """Return the unfinished uploads that were begun in this session, newest first.

    A caller without a session, as programs are, is in the middle of all of their own.
    """
    if not has_session(request):
        return unfinished(request, for_form)
    uuids = recall(request)
    return list(_unfinished(request, for_form).filter(uuid__in=uuids)) if uuids else []


def _reachable(
    request: HttpRequest, which: dict[str, Any], also_complete: bool
) -> Upload:
    upload = open_by_token(query.get_token(request), which, also_complete)
    if upload is None:
        authenticate(request)
        upload = _owned(request).filter(**which).first()
    if upload is None:
        raise UploadNotFound
    return upload


def _unfinished(request: HttpRequest, for_form: bool | None) -> UploadQuerySet:
    # Who asks to send bytes has none for parts, nor for what is joined of them.
    found = _owned(request).unfinished().filter(role=Upload.Role.FILE)
    if for_form is not None:
        found = found.filter(for_form=for_form)
    return found.order_by("-created_at", "-pk")


def _owned(request: HttpRequest) -> UploadQuerySet:
    user = user_of(request)
    uploads = Upload.objects.for_writing().of(user)
    # Where the site lets anybody upload, what a session began is its own.
    return uploads if user is not None else uploads.filter(uuid__in=recall(request))
