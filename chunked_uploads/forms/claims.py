"""Claims: how a form names the finished upload that is its file.

A claim is `UUID:TOKEN`, with the token of the upload's own URLs, so that a claim opens
no more than they do.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from chunked_uploads.conf import conf
from chunked_uploads.core.connections import retry_deadlocks
from chunked_uploads.core.tokens import is_valid, make_token
from chunked_uploads.errors import BadRequest, Incomplete, UploadNotFound
from chunked_uploads.models import Upload

CLAIM = re.compile(
    r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):([\w-]{1,200})", re.A
)


@dataclass(frozen=True)
class Claim:
    """What a form says of the upload that is its file; anybody may say anything."""

    text: str
    is_contradicted: bool = False  # by the wish to have no file


def make_claim(upload: Upload) -> str:
    """Return what a form has to send to get this upload."""
    return f"{upload.uuid}:{make_token(upload.uuid)}"


@retry_deadlocks
def redeem(claim: str) -> Upload:
    """Return the finished upload that a form claims, and restart its time to wait.

    Raises `BadRequest` where this is no claim, `UploadNotFound` where it is nobody's,
    has been taken or has waited too long, `Incomplete` where its upload is
    not finished.
    """
    match = CLAIM.fullmatch(claim)
    if match is None:
        raise BadRequest("A claim is of the form 'UUID:TOKEN'.")
    uuid = UUID(match[1])
    if not is_valid(match[2], uuid):
        raise UploadNotFound
    oldest = timezone.now() - datetime.timedelta(days=conf.CHUNKED_UPLOADS_EXPIRE_DAYS)
    uploads = Upload.objects.for_writing()
    keys = [*uploads.filter(uuid=uuid).values_list("pk", flat=True)]
    row = uploads.filter(pk__in=keys)
    # A write, for the lock on the row: from here on the clean-up, and a form that gives
    # the upload away, wait for the end of this transaction. The row is sought by its
    # primary key alone: MariaDB also locks the entry of any other index that finds it,
    # and two requests that lock the two in different orders are a deadlock.
    row.update(state=F("state"))
    found = row.filter(for_form=True, modified_at__gte=oldest)
    upload = found.select_related("user").first()
    if upload is None or (upload.user is not None and not upload.user.is_active):
        raise UploadNotFound
    if not upload.is_complete:
        raise Incomplete("The upload is not finished.", upload)
    upload.modified_at = timezone.now()
    if not row.update(modified_at=upload.modified_at):
        raise UploadNotFound  # removed meanwhile, outside of a transaction
    return upload
