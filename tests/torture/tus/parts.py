"""Parts of a job's file, which are uploads of their own, brought over side by side."""

from __future__ import annotations

import itertools
import random
from concurrent.futures import ThreadPoolExecutor

from tests.torture.jobs import TUS, Job, make_content, span_text
from tests.torture.tus import advancing, contradictions
from tests.torture.tus.pieces import Way, append
from tests.torture.tus.sending import ask

MOST = 4
OPERATIONS = [
    (advancing.go_on, 6),
    (advancing.append_at_once, 1),
    (advancing.cut, 2),
    (advancing.fall_silent, 0.3),
    (advancing.ask_state, 1),
    (contradictions.append_with_wrong_checksum, 1),
    (contradictions.append_elsewhere, 1),
    (contradictions.append_too_much, 0.5),
    (contradictions.misspeak, 0.5),
    (contradictions.intrude, 0.2),
]


class Part(Job):
    """The bytes from `start` up to `stop` of what a job has: a job of its own."""

    is_part = True

    def __init__(self, whole: Job, start: int, stop: int) -> None:
        super().__init__(whole.number, whole.site)
        self.chance = random.Random(f"{whole.site.seed}/{whole.number}/{start}")
        self.content = make_content(self.site.seed, self.number, self.size)
        self.content = self.content[start:stop]
        self.size = stop - start
        self.span = start, stop
        self.spans = span_text([self.span])
        self.protocols = (TUS,)
        self.is_by_name = False
        self.forget()

    @property
    def is_ready(self) -> bool:
        """Whether all bytes are there, and the server knows that."""
        return self.is_whole and not self.may_lack_length

    def advance(self) -> None:
        """Do one of the things that bring it over, or must not harm it."""
        if self._is_ended():
            return
        operations, weights = zip(*OPERATIONS, strict=True)
        self.chance.choices(operations, weights)[0](self)
        self._begin_anew_if_lost()

    def hurry(self) -> None:
        """Do what brings it over for certain."""
        if self._is_ended():
            return
        operation = self.chance.choice([advancing.send_rest, advancing.ask_state])
        operation(self)
        self._begin_anew_if_lost()

    def look(self) -> None:
        """See whether it is there still."""
        if self.state:
            advancing.ask_state(self)
            self._begin_anew_if_lost()

    def remove(self) -> None:
        """Terminate it, to be begun anew."""
        told = ask(self, "DELETE", self.tus_url)
        if told is not None and told.status in (204, 404):
            self.forget()

    def _is_ended(self) -> bool:
        if not self.state:
            advancing.begin(self)
            return True
        if self.is_whole:
            if self.may_lack_length:
                append(self, self.size, self.size, Way(with_length=True))
            self._begin_anew_if_lost()
            return True
        return False

    def _begin_anew_if_lost(self) -> None:
        if self.is_lost:
            self.forget()


def cut_up(job: Job) -> list[Part]:
    """Return parts of the job's file, maybe some twice, in the order of the file that
    they are to be joined into.
    """
    chance = job.chance
    most = min(MOST, max(1, job.size))
    inner = sorted(chance.sample(range(1, job.size), chance.randint(0, most - 1)))
    edges = [0, *inner, job.size]
    parts = [Part(job, *span) for span in itertools.pairwise(edges)]
    if chance.random() < 0.2:
        parts.append(chance.choice(parts))
    if chance.random() < 0.2:
        chance.shuffle(parts)
    return parts


def at_once(parts: list[Part], name: str) -> None:
    """Let the parts do what `name` says, at the same time."""
    with ThreadPoolExecutor(len(parts)) as pool:
        list(pool.map(lambda part: getattr(part, name)(), parts))
