"""Signed names for what is kept of an upload, so that each site knows its own.

The clean-up removes what no upload has. Signed, it can't take what another site keeps
in the same folder or bucket, or a file of any user's.
"""

from __future__ import annotations

import os
import re
from uuid import UUID

from django.core.signing import BadSignature, Signer

SUFFIX = ".part"
NAME = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\.[\w-]+)?\.part")


def sign(uuid: UUID) -> str:
    """Return the upload's UUID with this site's signature."""
    return _signer().sign(str(uuid))


def unsign(signed: str) -> UUID | None:
    """Return the UUID that was signed, None where this site did not sign it."""
    try:
        return UUID(_signer().unsign(signed))
    except BadSignature:
        return None


def file_name(uuid: UUID) -> str:
    """Return the name of an upload's partial file in its folder."""
    return sign(uuid) + SUFFIX


def uuid_of(path: str) -> UUID | None:
    """Return whose partial file this is, None where it is none of this site's."""
    return unsign(os.path.basename(path).removesuffix(SUFFIX))


def _signer() -> Signer:
    return Signer(salt="chunked_uploads.part", sep=".")
