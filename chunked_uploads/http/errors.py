"""The facts that only HTTP knows."""

from __future__ import annotations

from django.http import HttpResponse

from chunked_uploads.errors import UploadError


class Answered(Exception):
    """A site's authentication class has a response of its own."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__()
        self.response = response


class MethodNotAllowed(UploadError):
    """The URL does not answer this method."""

    status = 405
    code = "method_not_allowed"


class LengthRequired(UploadError):
    """The body's length is not known beforehand."""

    status = 411
    code = "length_required"
