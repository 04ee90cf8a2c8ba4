"""The bytes of a request, and the upload that they are appended to.

What stands in quotes is the specification's.
"""

from __future__ import annotations

from django.http import HttpRequest

from chunked_uploads.core import appending
from chunked_uploads.core.appending import LateChecksum
from chunked_uploads.digests.arriving import Checksum
from chunked_uploads.errors import BodyCut
from chunked_uploads.http import bodies
from chunked_uploads.http.streamed import StreamedBody, is_without_coding
from chunked_uploads.models import Upload
from chunked_uploads.tus.errors import UnsupportedMediaType
from chunked_uploads.tus.headers import ALGORITHMS, CONTENT_TYPE
from chunked_uploads.tus.reading import parse_checksum

Body = bodies.Body | StreamedBody


def open_body(request: HttpRequest, *, may_be_absent: bool = False) -> Body:
    """Return the request's body, one of no bytes where there is none.

    Raises `UnsupportedMediaType`, `BadRequest`, `LengthRequired`.
    """
    # "All PATCH requests MUST use Content-Type: application/offset+octet-stream,
    # otherwise the server SHOULD return a 415 Unsupported Media Type status." And a
    # POST with bytes of the upload "MUST include" it too.
    content_type = request.META.get("CONTENT_TYPE", "").partition(";")[0].strip()
    is_of_type = content_type.lower() == CONTENT_TYPE
    is_absent = _is_absent(request, is_of_type)
    if not (is_of_type or (is_absent and may_be_absent)):
        raise UnsupportedMediaType(f"Send Content-Type: {CONTENT_TYPE}.")
    if is_absent:
        request.META["CONTENT_LENGTH"] = "0"
    return bodies.open_body(request, may_stream=True)


def append(upload: Upload, start: int, body: Body, checksum: Checksum | None) -> None:
    """Take in what the body has, from `start` on.

    Raises `BodyCut` where that is not all of it, and what `appending.append` raises.
    """
    if isinstance(body, StreamedBody):
        late = _checksum_of(body, checksum)
        is_whole = appending.append_stream(upload, start, body, late)
    else:
        is_whole = appending.append(upload, start, body.length, body, checksum)
    if not is_whole:
        raise BodyCut("The body was cut short; what arrived is kept.", upload)


def _is_absent(request: HttpRequest, is_of_type: bool) -> bool:
    length = request.META.get("CONTENT_LENGTH")
    if length:
        return length == "0"
    if "wsgi.input" in request.META:
        is_coded = "HTTP_TRANSFER_ENCODING" in request.META
        return not is_coded and not (is_of_type and is_without_coding(request))
    # ASGI tells of no transfer coding, and HTTP/2 has none; but Django has the body.
    return bodies.measure(request) == 0


def _checksum_of(body: StreamedBody, checksum: Checksum | None) -> LateChecksum:
    """Return the checksum that the request's header or its trailer has."""
    if checksum is not None:
        return LateChecksum((checksum.algorithm,), lambda: checksum)

    # "If the hash cannot be calculated at the beginning of the upload, it MAY be
    # included as a trailer."
    def find() -> Checksum | None:
        return parse_checksum(body.trailers().get("upload-checksum"))

    return LateChecksum(ALGORITHMS if body.may_have_trailers else (), find)
