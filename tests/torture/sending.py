"""A chunk's request, sent at once, slowly, or cut off."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from hashlib import sha256

from tests.clients import BOUNDARY, Answer, Wire, content_range, form
from tests.live.sites import CUTS
from tests.torture.answers import Heard
from tests.torture.jobs import Job

MULTIPART = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
RAW = {"Content-Type": "application/octet-stream"}


@dataclass
class Chunk:
    """Bytes from `start` up to `stop` of a job's file; `data` where they are wrong."""

    job: Job
    start: int
    stop: int
    data: bytes = b""
    digest_of: bytes | None = None  # what Content-Digest speaks of; None: not sent
    by_name: bool = False
    with_range: bool = True  # else it is the whole file, without Content-Range

    def __post_init__(self) -> None:
        chance = self.job.chance
        self.is_form = chance.random() < 0.25
        self.is_with_key = self.by_name or chance.random() < 0.7
        self.url = self.job.collection if self.by_name else self.job.state["url"]
        data = self.data or self.job.content[self.start : self.stop]
        self.head, self.tail = form(data) if self.is_form else (data, b"")
        self.head_length = len(self.head) - len(data)

    @property
    def headers(self) -> dict[str, str]:
        """The headers, without the sender's."""
        headers = dict(MULTIPART if self.is_form else RAW)
        if self.with_range:
            headers |= content_range(self.start, self.stop, self.job.size)
        if self.by_name:
            headers |= self.job.naming
        if self.digest_of is not None:
            digest = base64.b64encode(sha256(self.digest_of).digest()).decode()
            headers["Content-Digest"] = f"sha-256=:{digest}:"
        return headers

    def send(self) -> Heard | None:
        """Send it at once; return the answer, None where the connection broke."""
        body = self.head + self.tail
        return self.job.ask(
            "POST", self.url, body, self.headers, with_key=self.is_with_key
        )

    def send_slowly(self, pieces: int, pause: float) -> Heard | None:
        """Send it in pieces, with a pause of some seconds before each."""

        def request() -> Answer:
            body = self.head + self.tail
            with self._open() as wire:
                step = len(body) // pieces + 1
                for place in range(0, len(body), step):
                    time.sleep(pause)
                    wire.socket.sendall(body[place : place + step])
                return wire.read_answer()

        return self.job.site.ask(request)

    def send_cut(self, length: int, cut: str, pause: float) -> Heard | None:
        """Send `length` bytes of its data, wait, and end in a way of `sites.CUTS`.

        Only half-closed connections hear an answer.
        """

        def request() -> Answer:
            with self._open() as wire:
                wire.socket.sendall(self.head[: self.head_length + length])
                time.sleep(pause)
                CUTS[cut](wire)
                if cut != "half-close":
                    raise CutOff
                return wire.read_answer()

        try:
            return self.job.site.ask(request)
        except CutOff:
            return None

    def begin(self, length: int) -> Wire:
        """Send the request's head and `length` bytes of its data; return what goes on.

        Raises `OSError`.
        """
        wire = self._open()
        try:
            wire.socket.sendall(self.head[: self.head_length + length])
        except OSError:
            wire.close()
            raise
        return wire

    def _open(self) -> Wire:
        length = {"Content-Length": str(len(self.head) + len(self.tail))}
        sender = self.job.site.client.headers if self.is_with_key else {}
        wire = Wire(self.job.site.client.route(self.url))
        try:
            wire.socket.sendall(wire.head({**sender, **length, **self.headers}))
        except OSError:
            wire.close()
            raise
        return wire


class CutOff(Exception):
    """The client broke the connection itself."""


def change(job: Job, data: bytes) -> bytes:
    """Return the bytes with one of them changed."""
    place = job.chance.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]
