"""The names of parts, signed, so that each site knows its own.

The clean-up removes parts that no upload has. Signed, it can't take what another site
keeps in the same folder, or a file of any user's.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from uuid import UUID

from django.core.signing import BadSignature, Signer

from chunked_uploads.conf import conf

if TYPE_CHECKING:
    from chunked_uploads.models import Upload

SUFFIX = ".part"


def part_name(upload: Upload) -> str:
    """Return where the chunk store keeps the upload's bytes, absolute or relative.

    A callable setting chooses the folder; the name is ours, since two uploads in
    one part file would destroy each other.
    """
    path = conf.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH
    folder = os.path.dirname(path(upload, upload.filename)) if callable(path) else path
    return os.path.join(folder, part_file(upload.uuid))


def part_file(uuid: UUID) -> str:
    """Return the name of the part in its folder."""
    return _signer().sign(str(uuid)) + SUFFIX


def uuid_of(part: str) -> UUID | None:
    """Return the UUID of the upload that a part is of, None where it is not ours."""
    signed = os.path.basename(part).removesuffix(SUFFIX)
    try:
        return UUID(_signer().unsign(signed))
    except BadSignature:
        return None


def _signer() -> Signer:
    return Signer(salt="chunked_uploads.part", sep=".")
