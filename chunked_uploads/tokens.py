"""Signed tokens: each opens one unfinished upload to whoever carries it.

A token is Django's signature over the upload's UUID, so it needs no table, and
`SECRET_KEY_FALLBACKS` keeps it valid while `SECRET_KEY` is rotated. It lives as long
as the upload is unfinished: done, cancelled or expired, it opens nothing any more,
but for the form that the upload was sent for (`chunked_uploads.handover`).
"""

from __future__ import annotations

import uuid

from django.core.signing import BadSignature, Signer


def make_token(upload_uuid: uuid.UUID) -> str:
    """Return the token of the upload with this UUID."""
    return _signer().signature(str(upload_uuid))


def is_valid(token: str, upload_uuid: uuid.UUID) -> bool:
    """Whether `token` was made for the upload with this UUID."""
    signer = _signer()
    try:
        signer.unsign(f"{upload_uuid}{signer.sep}{token}")
    except BadSignature:
        return False
    return True


def _signer() -> Signer:
    return Signer(salt="chunked_uploads.token")
