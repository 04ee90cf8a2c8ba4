"""Which upload is meant, among those the caller may reach."""

from __future__ import annotations

import contextlib
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.db.models import Field
from django.http import HttpRequest

from chunked_uploads.authentication import authenticate
from chunked_uploads.core import statements
from chunked_uploads.core.tokens import is_valid
from chunked_uploads.errors import UploadNotFound
from chunked_uploads.models import Upload, UploadQuerySet

SESSION_KEY = "chunked_uploads"
MOST_IN_SESSION = 50  # uploads; a session may have to fit into a cookie
MOST_LISTED = 1000  # uploads
LARGEST_PK = 2**63 - 1  # databases refuse to compare with more
KINDS = {"1": True, "0": False}  # what is said of `for_form`


def by_uuid(request: HttpRequest, uuid: UUID, *, also_complete: bool = False) -> Upload:
    """Return the upload that the URL's token opens, or the caller's own.

    A token opens an unfinished upload, a complete one only where that was asked for; of
    one that is gone it tells just that, and nobody is asked for a login.
    Raises `UploadNotFound`, and what `authenticate` raises.
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
    found = _unfinished(request, for_form)
    found = found.filter(filename=filename, filesize=filesize)
    if fingerprint:
        found = found.filter(fingerprint__in=["", fingerprint])
    # Some databases see no difference between upper and lower case.
    return [
        each
        for each in found[:MOST_LISTED]
        if each.filename == filename
        and (not fingerprint or each.fingerprint in ("", fingerprint))
    ]


def begun_here(request: HttpRequest, uploads: list[Upload]) -> list[Upload]:
    """Return those of `uploads` that were begun in the caller's session."""
    session = _session_uuids(request)
    return [each for each in uploads if str(each.uuid) in session]


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
    session = getattr(request, "session", None)
    if session is None or session.session_key is None:
        return unfinished(request, for_form)
    uuids = _session_uuids(request)
    return list(_unfinished(request, for_form).filter(uuid__in=uuids)) if uuids else []


def is_for_form(request: HttpRequest) -> bool:
    """Whether the caller uploads for a form, which shall take the finished file.

    What was begun for a form would be swept away under whoever finished it for
    something else, and what was not is never a form's to take.
    """
    return kind_asked_for(request) is True


def kind_asked_for(request: HttpRequest) -> bool | None:
    """Return whether a question is about uploads for forms, None where about all."""
    return KINDS.get(request.GET.get("for_form", ""))


def remember(request: HttpRequest, upload: Upload) -> None:
    """Note in the caller's session, where there is one, that it began the upload.

    None is made for programs, which keep no cookies; anybody's upload needs one.
    """
    session = getattr(request, "session", None)
    if session is None or str(upload.uuid) in session.get(SESSION_KEY, []):
        return
    if session.session_key or upload.user_id is None:
        uuids = [*session.get(SESSION_KEY, []), str(upload.uuid)]
        session[SESSION_KEY] = uuids[-MOST_IN_SESSION:]
        _save(request, session)


def _save(request: HttpRequest, session: SessionBase) -> None:
    """Save the session before the bytes come, and not again with the answer.

    They may take long, and what others write into it meanwhile has to stay. One that
    the browser does not know yet, or that lives in its cookie, goes with the answer.
    """
    cookie = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if session.session_key != cookie:
        return
    with contextlib.suppress(UpdateError):  # logged out meanwhile
        session.save()
    if session.session_key == cookie:
        session.modified = False


def _reachable(
    request: HttpRequest, which: dict[str, Any], also_complete: bool
) -> Upload:
    upload = _opened_by_token(request, which, also_complete)
    if upload is None:
        authenticate(request)
        upload = _owned(request).filter(**which).first()
    if upload is None:
        raise UploadNotFound
    return upload


def _opened_by_token(
    request: HttpRequest, which: dict[str, Any], also_complete: bool
) -> Upload | None:
    token = request.GET.get("token")
    if not token:
        return None
    upload = _find(which)
    uuid = which.get("uuid") or (None if upload is None else upload.uuid)
    if not is_valid(token, uuid):
        return None
    if upload is None:
        raise UploadNotFound
    if upload.is_expired or (upload.is_complete and not also_complete):
        return None
    # Whoever was shut out since is shut out here.
    return upload if upload.user_id is None or _is_active(upload) else None


def _find(which: dict[str, Any]) -> Upload | None:
    """Return an upload, and whether its user is active, by one query."""
    return statements.select(
        Upload, Upload.objects.for_writing().db, which, beside=_activity()
    )


def _activity() -> Field | None:
    """Return the users' field that tells whether they are active, if it is theirs.

    A user model may do without it, or inherit it from another table.
    """
    users = get_user_model()
    own = (field for field in users._meta.local_fields if field.name == "is_active")
    return next(own, None)


def _is_active(upload: Upload) -> bool:
    if hasattr(upload, "user_is_active"):
        return bool(upload.user_is_active)
    return upload.user is not None and upload.user.is_active


def _unfinished(request: HttpRequest, for_form: bool | None) -> UploadQuerySet:
    found = _owned(request).unfinished()
    if for_form is not None:
        found = found.filter(for_form=for_form)
    return found.order_by("-created_at", "-pk")


def _owned(request: HttpRequest) -> UploadQuerySet:
    user = user_of(request)
    uploads = Upload.objects.for_writing().of(user)
    # Where the site lets anybody upload, what a session began is its own.
    return uploads if user else uploads.filter(uuid__in=_session_uuids(request))


def _session_uuids(request: HttpRequest) -> list[str]:
    session = getattr(request, "session", None)
    return [] if session is None else session.get(SESSION_KEY, [])
