"""What every answer of the server must look like."""

from __future__ import annotations

import json
from email.message import Message
from typing import Any, NamedTuple

from tests.clients import Answer
from tests.torture.model import Violation, require

# The errors that these clients may meet.
DOCUMENTED = {
    400: {"bad_request", "body_cut", "digest_mismatch"},
    401: {"not_authenticated"},
    404: {"not_found"},
    409: {
        "ambiguous",
        "content_conflict",
        "incomplete",
        "nothing_to_continue",
        "range_busy",
        "range_conflict",
    },
    503: {"unavailable"},
}
STATE = {
    "name",
    "size",
    "total_size",
    "received",
    "gap",
    "url",
    "done_url",
    "delete_url",
    "delete_type",
    "upload_uuid",
    "state",
    "chunk_size",
}
WITH_STATE = {"body_cut", "content_conflict", "range_conflict"}
FAILED = {"video_url", "state", "size", "total_size", "upload_uuid", "error", "detail"}


class Heard(NamedTuple):
    """An answer that has the documented shape."""

    status: int
    items: list[dict[str, Any]]
    headers: Message

    @property
    def item(self) -> dict[str, Any]:
        """The only object of the list."""
        (item,) = self.items
        return item

    @property
    def code(self) -> str:
        """The short code of an error, empty where it is none."""
        return "" if self.status == 200 else self.item["error"]

    @property
    def is_again(self) -> bool:
        """Whether the same request shall be sent again a little later."""
        return self.code in ("range_busy", "unavailable")

    def __str__(self) -> str:
        told = self.items if self.status == 200 else self.item.get("detail")
        return f"{self.status} {self.code} {told}"


def hear(answer: Answer) -> Heard:
    """Return the answer if it is one that the server may give. Raises `Violation`."""
    shown = f"{answer.status} {answer.body[:300]!r}"
    try:
        items = json.loads(answer.body)
    except ValueError:
        raise Violation("JSON", shown) from None
    require(isinstance(items, list), "a list", shown)
    require(all(isinstance(each, dict) for each in items), "objects", shown)
    require(answer.headers["Cache-Control"] == "no-store", "no-store", shown)
    heard = Heard(answer.status, items, answer.headers)
    if answer.status == 200:
        return heard
    require(len(items) == 1, "one object", shown)
    codes = DOCUMENTED.get(answer.status, set())
    require(items[0].get("error") in codes, "a documented error", shown)
    require(items[0].get("detail"), "a sentence", shown)
    if heard.is_again:
        require(answer.headers["Retry-After"], "Retry-After", shown)
    if heard.status == 401:
        require(answer.headers["WWW-Authenticate"], "a challenge", shown)
    if heard.code in WITH_STATE:
        require(set(items[0]) >= STATE, "the state", shown)
    if heard.code == "incomplete":
        require(set(items[0]) == FAILED, f"the fields {FAILED}", shown)
        require(items[0]["state"] == "FAIL", "FAIL", shown)
    return heard
