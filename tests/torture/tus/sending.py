"""Requests of tus, sent at once, slowly, or cut off."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.clients import Answer, Wire
from tests.live.sites import CUTS
from tests.torture.jobs import Job
from tests.torture.sending import CutOff
from tests.torture.tus.answers import Told, hear
from tests.tus.talking import TUS, TYPE, checksum

LABEL = "tus "  # of its answers, among the figures
ALGORITHMS = ("sha1", "md5", "sha256")
OVERRIDE = "X-HTTP-Method-Override"


@dataclass
class Piece:
    """Bytes for an upload: a PATCH to `url`, or the POST that begins one.

    `checksum_of` is what the checksum speaks of; None: none is sent.
    """

    job: Job
    url: str
    data: bytes
    headers: dict[str, str]
    method: str = "PATCH"
    checksum_of: bytes | None = None
    is_chunked: bool | None = None  # whether it does not say its length; None: chance

    def __post_init__(self) -> None:
        chance = self.job.chance
        if self.is_chunked is None:
            self.is_chunked = bool(self.data) and chance.random() < 0.25
        own = {**TUS, "Content-Type": TYPE}
        if not self.data and self.method == "POST":
            del own["Content-Type"]
        trailer = ""
        if self.checksum_of is not None:
            value = checksum(self.checksum_of, chance.choice(ALGORITHMS))
            if self.is_chunked and chance.random() < 0.5:
                own["Trailer"] = "Upload-Checksum"
                trailer = f"Upload-Checksum: {value}\r\n"
            else:
                own["Upload-Checksum"] = value
        if self.method == "POST" or chance.random() < 0.6:
            own |= self.job.site.client.headers
        self.start_line_method = self.method
        if self.method == "PATCH" and chance.random() < 0.1:
            self.start_line_method, own[OVERRIDE] = "POST", self.method
        if self.is_chunked:
            own["Transfer-Encoding"] = "chunked"
            # In two, so that chunks end within what is one piece to the server.
            middle = len(self.data) // 2
            halves = [self.data[:middle], self.data[middle:]]
            self.body = b"".join(_frame(half) for half in halves if half)
            self.body += f"0\r\n{trailer}\r\n".encode()
        else:
            own["Content-Length"] = str(len(self.data))
            self.body = self.data
        self.headers = {**own, **self.headers}

    def send(self) -> Told | None:
        """Send it at once; return the answer, None where the connection broke."""
        return self.send_slowly(1, 0)

    def send_slowly(self, pieces: int, pause: float) -> Told | None:
        """Send it in pieces, with a pause of some seconds before each."""

        def request() -> Answer:
            with self._open() as wire:
                step = len(self.body) // pieces + 1
                for place in range(0, len(self.body), step):
                    time.sleep(pause)
                    wire.socket.sendall(self.body[place : place + step])
                return wire.read_answer()

        return _hear(self.job, request)

    def send_cut(self, length: int, cut: str, pause: float) -> Told | None:
        """Send `length` bytes of its data, wait, and end in a way of `sites.CUTS`.

        Only half-closed connections hear an answer.
        """

        def request() -> Answer:
            with self.begin(length) as wire:
                time.sleep(pause)
                CUTS[cut](wire)
                if cut != "half-close":
                    raise CutOff
                return wire.read_answer()

        try:
            return _hear(self.job, request)
        except CutOff:
            return None

    def begin(self, length: int) -> Wire:
        """Send the request's head and `length` bytes of its data; return what goes on.

        Raises `OSError`.
        """
        wire = self._open()
        try:
            beginning = self.data[:length]
            if self.is_chunked:
                beginning = f"{len(self.data):x}\r\n".encode() + beginning
            wire.socket.sendall(beginning)
        except OSError:
            wire.close()
            raise
        return wire

    def _open(self) -> Wire:
        wire = Wire(self.job.site.client.route(self.url))
        try:
            wire.socket.sendall(wire.head(self.headers, self.start_line_method))
        except OSError:
            wire.close()
            raise
        return wire


def ask(
    job: Job,
    method: str,
    url: str,
    headers: dict[str, str] | None = None,
    *,
    with_key: bool = True,
) -> Told | None:
    """Return the answer to a request without a body, None where the connection broke
    before. With a key or not, where the URL's token is enough.
    """
    given = {**TUS, **(headers or {})}
    if not with_key:
        given["Authorization"] = ""
    return _hear(job, lambda: job.site.client.ask(method, url, b"", given))


def _hear(job: Job, request: Callable[[], Answer]) -> Told | None:
    answer = job.site.reach(request, LABEL)
    return None if answer is None else hear(answer)


def _frame(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)
