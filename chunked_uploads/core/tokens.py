"""Signed tokens: each opens one unfinished upload to whoever carries it.

A token is Django's signature over the upload's UUID, so it needs no table, and
`SECRET_KEY_FALLBACKS` keeps it valid while `SECRET_KEY` is rotated. It lives as long
as the upload is unfinished: done, cancelled or expired, it opens nothing any more,
but for the form that the upload was sent for (`chunked_uploads.forms.files`).
"""

from __future__ import annotations

import re
import uuid

from django.core.signing import BadSignature, Signer

UUID_LENGTH = 32  # hexadecimal digits
HEXADECIMAL = re.compile("[0-9a-f]{32}")


def make_token(upload_uuid: uuid.UUID) -> str:
    """Return the token of the upload with this UUID, for URLs that have the UUID."""
    return _signer().signature(str(upload_uuid))


def make_full_token(upload_uuid: uuid.UUID) -> str:
    """Return the same token with the UUID in it, for URLs that don't have it."""
    return f"{upload_uuid.hex}{make_token(upload_uuid)}"


def is_valid(token: str, upload_uuid: uuid.UUID | None) -> bool:
    """Whether `token` was made for the upload with this UUID.

    With None, whether it is a full one that was made for any upload.
    """
    head, tail = token[:UUID_LENGTH], token[UUID_LENGTH:]
    if upload_uuid is None and HEXADECIMAL.fullmatch(head):
        return _is_signature(tail, uuid.UUID(head))
    if upload_uuid is None:
        return False
    signature = tail if head == upload_uuid.hex else token
    return _is_signature(signature, upload_uuid)


def _is_signature(signature: str, upload_uuid: uuid.UUID) -> bool:
    signer = _signer()
    try:
        signer.unsign(f"{upload_uuid}{signer.sep}{signature}")
    except BadSignature:
        return False
    return True


def _signer() -> Signer:
    return Signer(salt="chunked_uploads.token")
