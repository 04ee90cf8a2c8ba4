"""What the server answers: a list of objects in JSON, mostly of one."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any


@dataclass(frozen=True)
class Answer:
    """An answer to any request; `items` is None where it is not this app's."""

    status: int
    items: list[dict[str, Any]] | None
    retry_after: float = 0.0  # seconds
    location: str = ""

    @property
    def is_success(self) -> bool:
        """Whether what was asked for was done."""
        return 200 <= self.status < 300 and self.items is not None

    @property
    def item(self) -> dict[str, Any]:
        """The first object, empty without one."""
        return self.items[0] if self.items else {}

    @property
    def code(self) -> str:
        """The short word for what is wrong, empty where nothing is or nobody says."""
        return str(self.item.get("error", ""))

    @property
    def detail(self) -> str:
        """The sentence for it."""
        return str(self.item.get("detail", ""))


@dataclass(frozen=True)
class State:
    """What the server holds of an unfinished upload; sizes in bytes.

    `size` is where to go on, `gap` how many bytes are missing from there up to the next
    ones that are held, None where none are. `total_size` is None while nobody has told
    it, as some clients of other protocols don't. The URLs open this upload to whoever
    has them.
    """

    uuid: str
    name: str
    total_size: int | None
    size: int
    received: int
    gap: int | None
    chunk_size: int
    url: str
    done_url: str
    delete_url: str

    @property
    def is_whole(self) -> bool:
        """Whether all bytes are held."""
        return self.total_size is not None and self.size >= self.total_size


def parse_answer(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    """Return the answer with this body; the names of headers in any case."""
    try:
        items = json.loads(body)
    except (ValueError, RecursionError):
        items = None
    is_list = isinstance(items, list) and all(isinstance(each, dict) for each in items)
    lower = {name.lower(): value for name, value in headers.items()}
    retry_after = _seconds_until(lower.get("retry-after", ""), lower.get("date", ""))
    location = lower.get("location", "")
    return Answer(status, items if is_list else None, retry_after, location)


def parse_state(item: Mapping[str, Any]) -> State:
    """Return the state that an item is. Raises `ValueError`."""
    try:
        return State(
            uuid=str(item["upload_uuid"]),
            name=str(item["name"]),
            total_size=_number_or_none(item["total_size"]),
            size=int(item["size"]),
            received=int(item["received"]),
            gap=_number_or_none(item["gap"]),
            chunk_size=int(item["chunk_size"]),
            url=str(item["url"]),
            done_url=str(item["done_url"]),
            delete_url=str(item["delete_url"]),
        )
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"no state of an upload: {error!r}") from None


def _number_or_none(value: Any) -> int | None:
    return None if value is None else int(value)


def _seconds_until(retry_after: str, date: str) -> float:
    """Return the seconds of a `Retry-After` (RFC 9110, section 10.2.3).

    `date` is when the server says it answered: its clock and ours may differ.
    """
    if retry_after.strip().isdecimal():
        return float(retry_after)
    due = _parse_date(retry_after)
    if due is None:
        return 0.0
    now = _parse_date(date) or datetime.datetime.now(datetime.timezone.utc)
    return max(0.0, (due - now).total_seconds())


def _parse_date(value: str) -> datetime.datetime | None:
    try:
        parsed = parsedate_to_datetime(value)
    except ValueError:
        return None
    # That of asctime (RFC 9110, section 5.6.7) has no zone, and is of UTC like all.
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=datetime.timezone.utc)
