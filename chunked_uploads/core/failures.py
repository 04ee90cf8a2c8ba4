"""What storages of all kinds raise, as facts that a client can act on."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

from django.core.exceptions import SuspiciousOperation
from django.db import DatabaseError

from chunked_uploads.errors import Unavailable, UploadError
from chunked_uploads.models import Upload

logger = logging.getLogger("chunked_uploads")


@contextlib.contextmanager
def storage_failures_reported(upload: Upload) -> Iterator[None]:
    """Raise `Unavailable` in place of what a storage raises of its own.

    Those of buckets have errors of their own kinds, which nobody else knows.
    """
    try:
        yield
    except (UploadError, DatabaseError, SuspiciousOperation):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        logger.exception("The storage failed with upload %s", upload.uuid)
        unavailable = Unavailable("The storage does not answer; try again.", upload)
        unavailable.is_logged = True
        raise unavailable from error
