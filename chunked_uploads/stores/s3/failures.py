"""What S3 raises, as facts that the core and the store can act on."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chunked_uploads.errors import StoreFull, StoreUnavailable

logger = logging.getLogger("chunked_uploads")

# What says that something is not, or not any more, what somebody knew of it.
REFUSALS = {
    "ConditionalRequestConflict",
    "EntityTooSmall",
    "InvalidPart",
    "InvalidPartOrder",
    "InvalidRange",
    "NoSuchKey",
    "NoSuchUpload",
    "PreconditionFailed",
}
# Said without a body, as an answer to HEAD is. To other requests it may be a proxy's.
BARE_REFUSALS = {"404", "412"}
# Said to who asks it to copy a part, by an engine that does not know how.
UNABLE = "NotImplemented"
FULL = {"InsufficientStorage", "QuotaExceeded", "XMinioStorageFull"}


class Refused(Exception):
    """What was asked for is not there, or not what somebody knew of it."""

    def __init__(self, error: ClientError) -> None:
        super().__init__(str(error))
        self.details: dict[str, Any] = error.response.get("Error", {})
        self.code: str = self.details.get("Code", "")


@contextlib.contextmanager
def failures_reported(operation: str) -> Iterator[None]:
    """Raise the facts of `chunked_uploads.errors`, or `Refused`, for S3's."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        is_bare = operation == "head_object" and code in BARE_REFUSALS
        is_unable = operation == "upload_part_copy" and code == UNABLE
        if is_bare or is_unable or code in REFUSALS:
            raise Refused(error) from error
        if code in FULL or status == 507:
            raise StoreFull(
                "The bucket is full; what arrived before is kept."
            ) from error
        raise _unavailable(operation, error) from error
    except (BotoCoreError, OSError) as error:
        raise _unavailable(operation, error) from error


def _unavailable(operation: str, error: Exception) -> StoreUnavailable:
    logger.error("The bucket failed (%s): %s", operation, error)
    unavailable = StoreUnavailable("The bucket does not answer; try again.")
    unavailable.is_logged = True
    return unavailable
