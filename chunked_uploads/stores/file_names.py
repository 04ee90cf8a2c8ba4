"""The names of partial files, signed, so that each site knows its own.

The clean-up removes partial files that no upload has. Signed, it can't take what
another site keeps in the same folder, or a file of any user's.
"""

from __future__ import annotations

import os
import re
from uuid import UUID

from django.core.signing import BadSignature, Signer

SUFFIX = ".part"
NAME = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\.[\w-]+)?\.part")


def file_name(uuid: UUID) -> str:
    """Return the name of an upload's partial file in its folder."""
    return _signer().sign(str(uuid)) + SUFFIX


def uuid_of(path: str) -> UUID | None:
    """Return whose partial file this is, None where it is none of this site's."""
    signed = os.path.basename(path).removesuffix(SUFFIX)
    try:
        return UUID(_signer().unsign(signed))
    except BadSignature:
        return None


def _signer() -> Signer:
    return Signer(salt="chunked_uploads.part", sep=".")
