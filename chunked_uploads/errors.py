"""The facts that end a request, whatever the protocol.

Raised anywhere, answered in one place of each protocol. `status` is HTTP's word for the
fact, which every protocol over HTTP shares; one that wants another looks at the class.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chunked_uploads.models import Upload
    from chunked_uploads.stores import RecordedRange

# What the system says of a disk on which there is no room.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# And of one that is read-only or out of reach, or of a process that has no file
# descriptors left: no fault of the request's, and over when somebody has seen to it.
AWAY = (
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EIO,
    errno.EMFILE,
    errno.ENFILE,
    # As disks say it that are gone, or that lie on another machine.
    errno.ENODEV,
    errno.ENXIO,
    errno.ENOLCK,
    errno.ENOTCONN,
    errno.ESTALE,
    errno.ECONNABORTED,
    errno.ECONNREFUSED,
    errno.ECONNRESET,
    errno.EHOSTDOWN,
    errno.EHOSTUNREACH,
    errno.ENETDOWN,
    errno.ENETUNREACH,
    errno.ETIMEDOUT,
)


class UploadError(Exception):
    """A request that can't be carried out.

    `detail` is one sentence for the person who reads the network tab; `upload`,
    where given, lets the answer say where the client may go on.
    """

    status = 400
    code = "bad_request"
    retry_after: int | None = None  # seconds
    is_logged = False  # whether the log has its line already

    def __init__(self, detail: str, upload: Upload | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.upload = upload


class BadRequest(UploadError):
    """Headers that are malformed, or a body that contradicts them."""


class BeyondEnd(BadRequest):
    """The bytes end beyond the file."""


class BodyCut(UploadError):
    """The connection ended before the body did; what arrived is kept."""

    code = "body_cut"


class DigestMismatch(UploadError):
    """The body is not what its `Content-Digest` says (RFC 9530)."""

    code = "digest_mismatch"


class NotAuthenticated(UploadError):
    """No credentials, or wrong ones."""

    status = 401
    code = "not_authenticated"

    def __init__(self, detail: str, challenge: str) -> None:
        super().__init__(detail)
        self.challenge = challenge


class PermissionDenied(UploadError):
    """Known, and not allowed."""

    status = 403
    code = "permission_denied"


class CsrfFailed(PermissionDenied):
    """A login came along without the page's token."""

    code = "csrf_failed"


class UploadNotFound(UploadError):
    """No such upload, or somebody else's."""

    status = 404
    code = "not_found"

    def __init__(self, detail: str = "There is no such upload.") -> None:
        super().__init__(detail)


class OffsetConflict(UploadError):
    """Bytes to be appended that do not begin at the upload's offset."""

    status = 409
    code = "offset_conflict"


class NothingToContinue(UploadError):
    """A range that starts beyond 0 fits none of the caller's uploads."""

    status = 409
    code = "nothing_to_continue"


class RangeConflict(UploadError):
    """The range overlaps held bytes without being a held range."""

    status = 409
    code = "range_conflict"


class ContentConflict(UploadError):
    """The range is held already, with other bytes."""

    status = 409
    code = "content_conflict"


class Ambiguous(UploadError):
    """Several uploads of this name and size fit, and nothing tells which is meant.

    `candidates` are these uploads.
    """

    status = 409
    code = "ambiguous"

    def __init__(self, detail: str, candidates: list[Upload]) -> None:
        super().__init__(detail)
        self.candidates = candidates


class RangeBusy(UploadError):
    """Another request is at this range, or finishing the upload, just now."""

    status = 409
    code = "range_busy"
    retry_after = 1


class Incomplete(UploadError):
    """`done` was asked for before all bytes were there."""

    status = 409
    code = "incomplete"


class UploadInUse(UploadError):
    """The upload can't be cancelled: a row of the site refers to it."""

    status = 409
    code = "in_use"


class TooLarge(UploadError):
    """The file is larger than the site takes."""

    status = 413
    code = "too_large"


class TypeRefused(UploadError):
    """The site does not take files of this type."""

    status = 415
    code = "type_refused"


class FileRefused(UploadError):
    """The site's own validator refused the whole file; it is gone."""

    status = 422
    code = "file_refused"


class TooManyUploads(UploadError):
    """The user has as many unfinished uploads as the site allows."""

    status = 429
    code = "too_many_uploads"


class ServerError(UploadError):
    """A fault of the server's; its log has the traceback."""

    status = 500
    code = "server_error"


class Unavailable(UploadError):
    """Something the server needs does not answer just now."""

    status = 503
    code = "unavailable"
    retry_after = 5


class StoreUnavailable(Unavailable):
    """The chunk store does not answer, or is not where the upload was begun."""


class BytesLost(Unavailable):
    """The store no longer has recorded bytes; they have to be sent again.

    `ranges` are those of `StoredUpload.recorded()` that are gone. `state` is the
    upload's in the store from now on, None where it stays.
    """

    def __init__(
        self, ranges: Sequence[RecordedRange], state: str | None = None
    ) -> None:
        super().__init__("The store lost bytes of this upload; ask where to go on.")
        self.ranges = ranges
        self.state = state


class StoreFull(UploadError):
    """The disk is full; what was stored before is kept."""

    status = 507
    code = "store_full"
