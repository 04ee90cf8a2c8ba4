"""What all clients of a run share: the servers, their clean-ups, who owns what."""

from __future__ import annotations

import contextlib
import http.client
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any
from urllib.parse import urlsplit

from tests.clients import Answer, Client
from tests.servers import Gunicorn
from tests.torture.answers import Heard, hear
from tests.torture.figures import Figures
from tests.torture.model import Violation
from tests.torture.places import Place

DOWN = 120  # seconds without a server, after which it does not come back


class Visitor(Client):
    """A client whose requests each go to any of the site's servers."""

    def __init__(self, servers: list[Gunicorn], headers: dict[str, str]) -> None:
        super().__init__(servers[0].url, headers)
        self.urls = [server.url for server in servers]

    def route(self, url: str) -> str:
        """Return the URL at the server that a balancer happens to choose."""
        return f"{random.choice(self.urls)}{without_server(url)}"

    def ask(self, method: str, url: str, *more: Any, **others: Any) -> Answer:
        return super().ask(method, self.route(url), *more, **others)


@dataclass
class Site:
    """Servers in a run. `client` is who uploads, `stranger` another user."""

    servers: list[Gunicorn]
    place: Place
    client: Visitor
    stranger: Visitor
    seed: int
    figures: Figures = field(default_factory=Figures)
    kills: bool = True  # whether anything is killed
    expires: bool = False  # whether clean-ups give up what is idle for seconds
    is_over: Event = field(default_factory=Event)
    # Uploads of which a cancel, or a `done` at the same time, was killed, maybe between
    # the row's end and the file's: a file is left that no row knows (see
    # docs/reliability.md).
    killed_cancels: set[str] = field(default_factory=set)
    # Jobs that began an upload and never heard where it is: it may be complete.
    lost_creations: set[int] = field(default_factory=set)
    patience: float | None = None  # of the clean-up that runs now, in seconds
    _expired_before: float = 0
    _owners: dict[str, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def claim(self, uuid: str, number: int) -> None:
        """Note that the upload has bytes of this job. Raises `Violation`."""
        with self._lock:
            owner = self._owners.setdefault(uuid, number)
        if owner != number:
            raise Violation("an upload of its own", f"{uuid}, which is job {owner}'s")

    def is_anothers(self, uuid: str, number: int) -> bool:
        """Whether another job than this has bytes in the upload."""
        with self._lock:
            return self._owners.get(uuid, number) != number

    @property
    def expired_before(self) -> float:
        """The time of which activity before may not protect from clean-ups so far."""
        if self.patience is None:
            return self._expired_before
        return max(self._expired_before, time.monotonic() - self.patience)

    @contextlib.contextmanager
    def cleaning_up(self, patience: float) -> Iterator[None]:
        """While it runs, so does a clean-up of what is idle for so many seconds."""
        self.patience = patience
        try:
            yield
        finally:
            self._expired_before, self.patience = self.expired_before, None

    def ask(self, request: Callable[[], Answer]) -> Heard | None:
        """Return what the classic protocol answers, None where the connection broke
        before. Raises `Violation`.
        """
        answer = self.reach(request)
        return None if answer is None else hear(answer)

    def reach(self, request: Callable[[], Answer], protocol: str = "") -> Answer | None:
        """Return the server's answer, None where the connection broke before.

        A request that nobody took is sent again. Raises `Violation`.
        """
        deadline = time.monotonic() + DOWN
        while True:
            try:
                answer = request()
                break
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise Violation("a server", "none") from None
                time.sleep(0.1)
            except TimeoutError:
                raise Violation("an answer within a minute", "none") from None
            except (OSError, http.client.HTTPException):
                if not self.kills:
                    raise
                self.figures.count(self.figures.answers, f"{protocol}none")
                return None
        code = f"{protocol}{answer.status} {_code(answer)}"
        self.figures.count(self.figures.answers, code.strip())
        return answer


def without_server(url: str) -> str:
    """Return the URL's path and query."""
    return urlsplit(url)._replace(scheme="", netloc="").geturl()


def _code(answer: Answer) -> str:
    if answer.status < 400 or not answer.body:
        return ""
    try:
        return str(answer.item["error"])
    except (KeyError, TypeError, ValueError):
        return "?"
