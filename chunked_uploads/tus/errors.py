"""The facts that only tus knows."""

from __future__ import annotations

from chunked_uploads.errors import UploadError, UploadNotFound


class UnsupportedVersion(UploadError):
    """The client speaks another version of the protocol, or does not say which."""

    status = 412
    code = "unsupported_version"


class UnsupportedMediaType(UploadError):
    """The body is not of the media type that bytes of uploads have."""

    status = 415
    code = "unsupported_media_type"


class UploadExpired(UploadNotFound):
    """The upload can't be resumed by its token alone any more."""

    status = 410
    code = "expired"


class NotServed(UploadNotFound):
    """There is nothing to download: it is not complete, or lies where no URL leads."""

    code = "not_served"
