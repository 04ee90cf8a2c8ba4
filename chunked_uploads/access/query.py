"""What the query string says of the upload that is meant, and of its file.

Whatever is malformed raises `BadRequest`.
"""

from __future__ import annotations

import json
import re

from django.http import HttpRequest

from chunked_uploads.core.limits import Limits, read_limits
from chunked_uploads.core.names import clean_filename
from chunked_uploads.errors import BadRequest
from chunked_uploads.models import MAX_FINGERPRINT

LONGEST_WAIT = 5  # seconds
MAX_METADATA = 4096  # bytes
KINDS = {"1": True, "0": False}  # values of `for_form`


def get_token(request: HttpRequest) -> str:
    """Return the token that opens an upload, empty without."""
    return request.GET.get("token", "")


def is_for_form(request: HttpRequest) -> bool:
    """Whether the caller uploads for a form, which shall take the finished file.

    The clean-up removes what no form takes, so no file for anything else may join an
    upload for a form; and a form takes no other uploads.
    """
    return kind_asked_for(request) is True


def kind_asked_for(request: HttpRequest) -> bool | None:
    """Return whether uploads for forms are meant, or the others; None where all are."""
    return KINDS.get(request.GET.get("for_form", ""))


def is_for_all(request: HttpRequest) -> bool:
    """Whether a question is about all of the caller's uploads."""
    return request.GET.get("all") == "1"


def get_file(request: HttpRequest) -> tuple[str, int] | None:
    """Return name and size (bytes) of the file that is asked for, None without."""
    name, size = request.GET.get("filename"), request.GET.get("filesize")
    if name is None and size is None:
        return None
    if name is None or size is None or not re.fullmatch("[0-9]{1,18}", size):
        raise BadRequest("Ask with filename and filesize, a number of bytes.")
    try:
        return clean_filename(name), int(size)
    except ValueError as error:
        raise BadRequest(str(error)) from None


def get_fingerprint(request: HttpRequest) -> str:
    """Return what the client made of the file's content, empty without."""
    fingerprint = request.GET.get("fingerprint", "")
    if len(fingerprint) > MAX_FINGERPRINT:
        raise BadRequest(f"A fingerprint has at most {MAX_FINGERPRINT} characters.")
    if not fingerprint.isprintable():
        raise BadRequest("A fingerprint has no control characters.")
    return fingerprint


def get_metadata(request: HttpRequest) -> dict[str, str]:
    """Return what the sender says of the file."""
    try:
        return parse_metadata(request.GET.get("metadata") or "{}")
    except ValueError as error:
        raise BadRequest(str(error)) from None


def get_limits(request: HttpRequest) -> Limits:
    """Return the limits of the page that sends, none where it says none.

    Raises `PermissionDenied` where this site did not sign them.
    """
    return read_limits(request.GET.get("limits", ""))


def get_wait(request: HttpRequest) -> int:
    """Return for how long (seconds) the answer may wait for writers."""
    wait = request.GET.get("wait", "0")
    if not re.fullmatch("[0-9]{1,9}", wait):
        raise BadRequest("wait is a whole number of seconds.")
    return min(int(wait), LONGEST_WAIT)


def check_metadata(metadata: dict[str, str]) -> None:
    """Raise `ValueError` where there is more of it than an upload keeps."""
    if len(json.dumps(metadata, ensure_ascii=False).encode()) > MAX_METADATA:
        raise ValueError(f"metadata has at most {MAX_METADATA} bytes.")


def parse_metadata(text: str) -> dict[str, str]:
    """Return the object of strings that a JSON text is (RFC 8259).

    Of at most MAX_METADATA bytes, without NUL, which databases refuse. Raises
    `ValueError`.
    """
    try:
        if len(text.encode()) > MAX_METADATA:
            raise ValueError(f"metadata has at most {MAX_METADATA} bytes.")
        metadata = json.loads(text)
    except (json.JSONDecodeError, RecursionError, UnicodeError):
        raise ValueError("metadata is not JSON.") from None
    if not isinstance(metadata, dict):
        raise ValueError("metadata is not a JSON object.")
    if not all(isinstance(value, str) for value in metadata.values()):
        raise ValueError("metadata has values that are no strings.")
    for string in (*metadata, *metadata.values()):
        if "\0" in string or any("\ud800" <= sign <= "\udfff" for sign in string):
            raise ValueError("metadata has characters that no text has.")
    return metadata
