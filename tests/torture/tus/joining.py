"""Files that are joined of parts, which came side by side."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.torture.jobs import Job, span_text
from tests.torture.model import Model, Violation, require
from tests.torture.tus.advancing import enter
from tests.torture.tus.answers import Told
from tests.torture.tus.parts import Part, at_once, cut_up
from tests.torture.tus.pieces import check_complete
from tests.torture.tus.sending import Piece, ask
from tests.tus.talking import encode


class Joined(Job):
    """A job whose file is joined of parts."""

    is_joined = True

    def __init__(self, job: Job) -> None:
        vars(self).update(vars(job))
        self.parts = cut_up(self)
        self.may_lack_part = False  # whether one was removed while it was joined
        self.content = b"".join(part.content for part in self.parts)
        self.size = len(self.content)
        self.spans = span_text([part.span for part in self.parts])
        own = {"job": str(self.number), "spans": self.spans}
        self.metadata = {"filename": self.name, **own}
        self.forget()

    def give_up_content(self) -> None:
        self.content = b""
        self.parts = []

    @property
    def each(self) -> list[Part]:
        """The parts, each once."""
        return list(dict.fromkeys(self.parts))

    @property
    def is_ready(self) -> bool:
        """Whether all parts are there."""
        return all(part.is_ready for part in self.parts)

    def request(self) -> Piece:
        """Return the request that joins them."""
        urls = [part.tus_url for part in self.parts]
        concat = f"final;{' '.join(urls)}"
        headers = {"Upload-Metadata": encode(**self.metadata), "Upload-Concat": concat}
        return Piece(self, f"{self.site.client.site}/files/", b"", headers, "POST")


def bring_parts(job: Joined) -> None:
    """Bring parts further on, at the same time."""
    missing = [part for part in job.each if not part.is_ready]
    at_once(missing, "advance")


def send_parts(job: Joined) -> None:
    """Send what is missing of the parts."""
    at_once([part for part in job.each if not part.is_ready], "hurry")


def join(job: Joined) -> None:
    """Join the parts, maybe asking several times at once; all get the same upload."""
    times = job.chance.choice([1, 1, 2, 3])
    with ThreadPoolExecutor(times) as pool:
        answers = [pool.submit(job.request().send) for _ in range(times)]
        _judge(job, [each.result() for each in answers])


def join_too_early(job: Joined) -> None:
    """Ask for the file before all parts are there."""
    if not all(part.state for part in job.parts):
        return
    if all(part.model.sent.cover(0, part.size) for part in job.parts):
        return
    told = job.request().send()
    if told is None or told.is_again or _is_part_gone(job, told):
        return
    require(told.status == 409, "409", told)


def remove_part(job: Joined) -> None:
    """Terminate a part, and begin it anew."""
    part = job.chance.choice(job.parts)
    if part.state:
        part.remove()


def join_and_remove(job: Joined) -> None:
    """Join the parts while one of them is terminated."""
    part = job.chance.choice(job.parts)
    with ThreadPoolExecutor(2) as pool:
        asked = pool.submit(job.request().send)
        removed = pool.submit(ask, job, "DELETE", part.tus_url)
        gone, told = removed.result(), asked.result()
    if gone is not None:
        require(gone.status in (204, 404) or gone.is_again, "204", gone)
    if told is not None and told.status == 404:
        told = None  # and it may have begun
        job.site.lost_creations.add(job.number)
    _judge(job, [told])
    if job.state:
        job.may_lack_part = True
    elif gone is None or not gone.is_again:
        part.forget()  # it may be there still, and goes with the clean-up


def append_to_final(job: Joined) -> None:
    """Try to append to what is made of parts alone."""
    told = Piece(job, job.tus_url, b"more", {"Upload-Offset": str(job.size)}).send()
    if told is not None and not told.is_again:
        require(told.status == 403, "403", told)


def join_again(job: Joined) -> None:
    """Repeat the request that joined the parts, as if its answer had been lost."""
    if job.may_lack_part:
        return
    told = job.request().send()
    if told is None or told.is_again or _is_part_gone(job, told):
        return
    require(told.status == 201, "201", told)
    uuid = job.uuid
    enter(job, told, False)
    require(job.uuid == uuid, f"upload {uuid} again", job.uuid)


def _judge(job: Joined, answers: list[Told | None]) -> None:
    made = []
    for told in answers:
        if told is None:
            job.site.lost_creations.add(job.number)
        elif told.status == 201:
            made.append(told)
        elif _is_part_gone(job, told):
            at_once(job.each, "look")
            return
        else:
            require(told.is_again, "201", told)
    if not made:
        job.pause()
        return
    uuids = set()
    job.model = Model(job.size)
    for told in made:
        enter(job, told, False)
        uuids.add(job.uuid)
        require(told.offset == job.size, f"offset {job.size}", told)
    if len(uuids) > 1:
        raise Violation("one upload for one request", uuids)
    job.model.acknowledge(0, job.size, job.model.touched)
    check_complete(job)


def _is_part_gone(job: Joined, told: Told) -> bool:
    """Whether the answer says that a clean-up gave a part up, rightly."""
    return told.status == 404 and any(part.may_be_expired for part in job.parts)


Operation = Callable[[Any], object]
UNREADY: list[tuple[Operation, float]] = [
    (bring_parts, 8),
    (join_too_early, 0.7),
    (remove_part, 0.2),
]
READY: list[tuple[Operation, float]] = [
    (join, 6),
    (join_and_remove, 0.7),
    (remove_part, 0.3),
]
