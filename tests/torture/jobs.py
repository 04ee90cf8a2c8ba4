"""A client that wants one file to be at the server, and what it knows of it."""

from __future__ import annotations

import json
import random
import time
from array import array
from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode

from tests.clients import Answer, disposition
from tests.torture.answers import STATE, Heard
from tests.torture.model import Model, Violation, require
from tests.torture.site import Site
from tests.torture.spans import Spans

TAG = 8  # bytes; the content says at every 16th byte whose it is
CELL = 16


class Job:
    """One file on its way; `content` differs from that of every other job."""

    def __init__(self, number: int, site: Site) -> None:
        self.number = number
        self.site = site
        self.chance = random.Random(f"{site.seed}/{number}")
        self.name, self.size, has_fingerprint = site.place.choose_file(self.chance)
        self.fingerprint = f"{site.seed}-{number}" if has_fingerprint else ""
        self.metadata = {"job": str(number)} if self.chance.random() < 0.5 else {}
        self.content = make_content(site.seed, number, self.size)
        self.model = Model(self.size)
        self.state: dict[str, Any] = {}  # as the server told it last; none at first
        self.is_lost = False  # whether a clean-up gave the upload up
        self.may_be_done = False  # whether an answer to `done` was lost
        # A client without a memory for URLs sends every chunk by name.
        self.is_by_name = not site.expires and self.chance.random() < 0.4

    def __str__(self) -> str:
        return f"job {self.number} ({self.name}, upload {self.uuid or 'none'})"

    @property
    def uuid(self) -> str:
        """The upload's, empty where none is known."""
        return self.state.get("upload_uuid", "")

    @property
    def collection(self) -> str:
        """The URL that takes chunks by the file's name."""
        query = {"fingerprint": self.fingerprint} if self.fingerprint else {}
        if self.metadata:
            query["metadata"] = json.dumps(self.metadata)
        return f"{self.site.client.site}/uploads/upload/?{urlencode(query)}"

    @property
    def question(self) -> str:
        """The URL that asks for uploads of this file."""
        query = f"filename={quote(self.name)}&filesize={self.size}"
        mark = f"&fingerprint={self.fingerprint}" if self.fingerprint else ""
        return f"{self.site.client.site}/uploads/upload/?{query}{mark}"

    @property
    def naming(self) -> dict[str, str]:
        """The header that names the file."""
        return disposition(self.name)

    @property
    def is_whole(self) -> bool:
        """Whether all bytes are held for certain."""
        return bool(self.state) and self.model.held.cover(0, self.size)

    @property
    def position(self) -> int:
        """Where to go on."""
        return max(self.state["size"], self.model.snapshot().prefix)

    def free_from(self, start: int) -> int:
        """Return where the bytes from `start` are free up to, as far as is known."""
        known = self.model.snapshot().free_from(start, self.size)
        gap = self.state["gap"]
        if gap is None or start != self.state["size"]:
            return known
        return min(known, start + gap)

    @property
    def may_be_expired(self) -> bool:
        """Whether a clean-up may have given the upload up."""
        return self.model.touched < self.site.expired_before

    def forget(self) -> None:
        """Begin anew."""
        self.model = Model(self.size)
        self.state = {}
        self.is_lost = False

    def ask(
        self,
        method: str,
        url: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        *,
        with_key: bool = True,
    ) -> Heard | None:
        """Return the answer, None where the connection broke before. With a key or not,
        where the URL's token is enough.
        """
        given = dict(headers or {})
        if not with_key:
            given["Authorization"] = ""

        def request() -> Answer:
            return self.site.client.ask(method, url, body, given)

        return self.site.ask(request)

    def learn(self, item: dict[str, Any], before: Spans) -> None:
        """Take in a state that the server told. Raises `Violation`."""
        require(set(item) >= STATE, f"the fields {sorted(STATE)}", sorted(item))
        require(item["name"] == self.name, self.name, item["name"])
        require(item["total_size"] == self.size, self.size, item["total_size"])
        require(item["delete_type"] == "DELETE", "DELETE", item["delete_type"])
        if self.uuid and item["upload_uuid"] != self.uuid:
            raise Violation(f"upload {self.uuid}", f"upload {item['upload_uuid']}")
        is_right = item["state"] == "UPLOADING" or self.may_be_done
        require(is_right, "UPLOADING", item["state"])
        self.state = item
        self.model.check(item, before)

    def is_gone(self, heard: Heard) -> bool:
        """Whether the answer says that a clean-up gave the upload up, rightly."""
        if heard.status != 404 or not self.may_be_expired:
            return False
        self.is_lost = True
        return True

    def pause(self) -> None:
        """Wait a moment, as after a 409 `range_busy`."""
        time.sleep(self.chance.uniform(0.05, 0.2))


def contents_like(site: Site, numbers: int, name: str, size: int) -> Iterator[bytes]:
    """Yield what those of the first jobs sent that have such a file."""
    for number in range(numbers):
        file = site.place.choose_file(random.Random(f"{site.seed}/{number}"))
        if file[:2] == (name, size):
            yield make_content(site.seed, number, size)


def make_content(seed: int, number: int, size: int) -> bytes:
    """Return the job's bytes, in which every 16 say whose they are."""
    tag = sha256(f"{seed}/{number}".encode()).digest()[:TAG]
    cells = size // CELL + 1
    words = array("Q", tag * (2 * cells))
    words[1::2] = array("Q", range(cells))
    return words.tobytes()[:size]
