"""A client that wants one file to be at the server, and what it knows of it."""

from __future__ import annotations

import json
import random
import time
from array import array
from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from chunked_uploads.models import Upload
from tests.clients import Answer, disposition
from tests.torture.answers import STATE, Heard
from tests.torture.model import Model, Violation, require
from tests.torture.site import Site
from tests.torture.spans import Spans
from tests.torture.tus.answers import Told

CLASSIC, TUS = "classic", "tus"
# What clients speak, and how often: some speak both, for one and the same upload.
PROTOCOLS = [((CLASSIC,), 5), ((TUS,), 3), ((CLASSIC, TUS), 3)]
TAG = 8  # bytes; the content says at every 16th byte whose it is
CELL = 16


class Job:
    """One file on its way; `content` differs from that of every other job."""

    is_part = False  # of another job's file
    is_joined = False  # of parts
    spans = ""  # of the job's bytes that it has, where these are not all, or not so

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
        self.is_end_unheard = False  # whether an answer to `done` was lost
        self.protocols = _choose_protocols(self.chance)
        # A client without a memory for URLs sends every chunk by name.
        by_name = self.chance.random() < 0.4
        self.is_by_name = by_name and not site.expires and TUS not in self.protocols
        self.is_of_tus = False  # whether the upload was begun by tus
        self.may_lack_length = False  # whether the server may not know the size
        self.attempts = 0

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
    def tus_url(self) -> str:
        """The URL that the upload has in tus, whoever began it."""
        token = urlsplit(self.state["url"]).query
        return f"{self.site.client.site}/files/{self.uuid}?{token}"

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

    @property
    def may_be_done(self) -> bool:
        """Whether the upload may be complete: with tus it is so by itself."""
        is_sent = TUS in self.protocols and self.model.sent.cover(0, self.size)
        return self.is_end_unheard or is_sent

    def give_up_content(self) -> None:
        """Save memory; `make_content_anew` makes it again."""
        self.content = b""

    def make_content_anew(self) -> None:
        """Make the content that was given up to save memory."""
        seed = self.site.seed
        self.content = make_spans(seed, self.number, self.spans) or make_content(
            seed, self.number, self.size
        )

    def forget(self) -> None:
        """Begin anew."""
        self.model = Model(self.size)
        self.state = {}
        self.is_lost = self.is_of_tus = self.may_lack_length = False
        self.is_end_unheard = False

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
        sizes = (self.size, None) if self.may_lack_length else (self.size,)
        require(item["total_size"] in sizes, sizes, item["total_size"])
        require(item["delete_type"] == "DELETE", "DELETE", item["delete_type"])
        if self.uuid and item["upload_uuid"] != self.uuid:
            raise Violation(f"upload {self.uuid}", f"upload {item['upload_uuid']}")
        is_right = item["state"] == "UPLOADING" or self.may_be_done
        require(is_right, "UPLOADING", item["state"])
        self.state = item
        if item["total_size"] is not None:
            self.may_lack_length = False
        self.model.check(item, before)

    def is_gone(self, heard: Heard | Told) -> bool:
        """Whether the answer says that a clean-up gave the upload up, rightly."""
        if heard.status != 404 or not self.may_be_expired:
            return False
        self.is_lost = True
        return True

    def is_closed(self, heard: Heard) -> bool:
        """Whether it is gone, or complete: then the token alone opens it no more."""
        return self.is_gone(heard) or (heard.status == 401 and self.may_be_done)

    def pause(self) -> None:
        """Wait a moment, as after a 409 `range_busy`."""
        time.sleep(self.chance.uniform(0.05, 0.2))


def span_text(spans: list[tuple[int, int]]) -> str:
    """Return ranges as text: first byte and first after it, of each."""
    return ",".join(f"{start}-{stop}" for start, stop in spans)


def content_of(seed: int, upload: Upload) -> bytes:
    """Return what an upload must have whose metadata says which job's it is."""
    number = int(upload.metadata["job"])
    return make_spans(seed, number, upload.metadata.get("spans", "")) or make_content(
        seed, number, upload.filesize or 0
    )


def make_spans(seed: int, number: int, text: str) -> bytes:
    """Return these ranges of the job's bytes, one after the other."""
    if not text:
        return b""
    spans = [[int(edge) for edge in each.split("-")] for each in text.split(",")]
    content = make_content(seed, number, max(stop for _, stop in spans))
    return b"".join(content[start:stop] for start, stop in spans)


def _choose_protocols(chance: random.Random) -> tuple[str, ...]:
    protocols, weights = zip(*PROTOCOLS, strict=True)
    chosen: tuple[str, ...] = chance.choices(protocols, weights)[0]
    return chosen


def contents_like(site: Site, numbers: int, upload: Upload) -> Iterator[bytes]:
    """Yield what those of the first jobs sent that have such a file.

    Of any size where the upload's is not known.
    """
    if "spans" in upload.metadata:
        yield content_of(site.seed, upload)
        return
    name, size = upload.filename, upload.filesize
    for number in range(numbers):
        file = site.place.choose_file(random.Random(f"{site.seed}/{number}"))
        if file[0] == name and size in (file[1], None):
            yield make_content(site.seed, number, file[1])


def make_content(seed: int, number: int, size: int) -> bytes:
    """Return the job's bytes, in which every 16 say whose they are."""
    tag = sha256(f"{seed}/{number}".encode()).digest()[:TAG]
    cells = size // CELL + 1
    words = array("Q", tag * (2 * cells))
    words[1::2] = array("Q", range(cells))
    return words.tobytes()[:size]
