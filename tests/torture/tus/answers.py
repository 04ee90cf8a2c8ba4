"""What every answer must look like that tus gives."""

from __future__ import annotations

import json
from email.message import Message
from typing import NamedTuple

from tests.clients import Answer
from tests.torture.model import require
from tests.tus.talking import TUS

# The errors that these clients may meet.
DOCUMENTED = {
    400: {"bad_request", "body_cut"},
    401: {"not_authenticated"},
    403: {"permission_denied"},
    404: {"not_found"},
    409: {"content_conflict", "incomplete", "offset_conflict", "range_conflict"},
    412: {"unsupported_version"},
    413: {"bad_request"},
    415: {"unsupported_media_type"},
    423: {"range_busy"},
    460: {"digest_mismatch"},
    503: {"unavailable"},
}
SUCCESSFUL = (200, 201, 204, 303)
CAN_TELL = (200, 201, 204, 409)  # where an upload is


class Told(NamedTuple):
    """An answer that has the shape that the specification wants."""

    status: int
    code: str  # of an error; empty where it is none, and of HEAD
    offset: int | None
    headers: Message

    @property
    def is_again(self) -> bool:
        """Whether the same request shall be sent again a little later."""
        return self.status in (423, 503)

    def __str__(self) -> str:
        return f"{self.status} {self.code}, offset {self.offset}"


def hear(answer: Answer) -> Told:
    """Return the answer if it is one that the server may give. Raises `Violation`."""
    shown = f"{answer.status} {answer.body[:300]!r}"
    headers = answer.headers
    require(headers["Tus-Resumable"] == TUS["Tus-Resumable"], "the version", shown)
    require(headers["Cache-Control"] == "no-store", "no-store", shown)
    code = ""
    if answer.status in SUCCESSFUL:
        require(not answer.body, "no body", shown)
    else:
        codes = DOCUMENTED.get(answer.status, set())
        require(codes, "a documented status", shown)
        if answer.body:  # HEAD has none
            code = json.loads(answer.body)[0]["error"]
            require(code in codes, f"one of {codes}", shown)
    value = headers["Upload-Offset"]
    require(value is None or value.isdecimal(), "a number of bytes", value)
    told = Told(answer.status, code, None if value is None else int(value), headers)
    if told.is_again:
        require(headers["Retry-After"], "Retry-After", shown)
    return told
