"""Uploads that a token in the URL opens, with nobody being asked for a login."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Field

from chunked_uploads.core import statements
from chunked_uploads.core.tokens import is_valid
from chunked_uploads.errors import UploadNotFound
from chunked_uploads.models import Upload, database_of


def open_by_token(
    token: str, which: dict[str, Any], also_complete: bool
) -> Upload | None:
    """Return the upload that `token` opens, None where it opens none.

    `which` is a condition on `uuid` or `id`. A token opens an unfinished upload, and a
    complete one only with `also_complete`. Raises `UploadNotFound` where the token is
    good and its upload is gone: a login would not help.
    """
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


def is_expired(token: str, uuid: UUID) -> bool:
    """Whether the token was made for an upload that it does not open any more.

    Since nothing happened there for so long.
    """
    upload = _find({"uuid": uuid}) if is_valid(token, uuid) else None
    return upload is not None and upload.is_expired


def _find(which: dict[str, Any]) -> Upload | None:
    """Return an upload, and whether its user is active, by one query."""
    return statements.select(Upload, database_of(), which, beside=_activity())


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
