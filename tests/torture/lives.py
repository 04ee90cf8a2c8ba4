"""A client's life: one file after the other, each through all that can happen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.torture import advancing, contradictions, endings
from tests.torture.jobs import TUS, Job
from tests.torture.model import Violation
from tests.torture.site import Site
from tests.torture.tus import advancing as tus_advancing
from tests.torture.tus import contradictions as tus_contradictions
from tests.torture.tus import endings as tus_endings
from tests.torture.tus import joining
from tests.torture.tus.joining import Joined

Operation = Callable[[Any], object]
Weighted = list[tuple[Operation, float]]
ON_THE_WAY: Weighted = [
    (advancing.go_on, 6),
    (advancing.send_at_once, 2),
    (advancing.cut, 2.5),
    (advancing.ask_state, 1),
    (advancing.rest, 0.1),
    (contradictions.repeat, 2),
    (contradictions.overlap, 1),
    (contradictions.send_with_wrong_digest, 1),
    (contradictions.ask_too_early, 1),
    (contradictions.look, 0.7),
    (contradictions.intrude, 0.3),
    (endings.cancel, 0.2),
]
WHOLE: Weighted = [
    (endings.finish, 6),
    (contradictions.repeat, 2),
    (contradictions.look, 0.5),
    (endings.cancel, 0.3),
    (endings.finish_and_cancel, 0.7),
]
TUS_ON_THE_WAY: Weighted = [
    (tus_advancing.go_on, 6),
    (tus_advancing.append_at_once, 2),
    (tus_advancing.cut, 2),
    (tus_advancing.fall_silent, 0.7),
    (tus_advancing.ask_state, 2),
    (tus_contradictions.append_with_wrong_checksum, 1),
    (tus_contradictions.append_elsewhere, 1),
    (tus_contradictions.append_too_much, 0.7),
    (tus_contradictions.misspeak, 0.7),
    (tus_contradictions.intrude, 0.3),
    (tus_endings.cancel, 0.2),
]
TUS_WHOLE: Weighted = [
    (tus_endings.finish, 6),
    (tus_contradictions.append_elsewhere, 1),
    (tus_endings.cancel, 0.3),
    (tus_endings.finish_and_cancel, 0.7),
]
JOINED_WHOLE: Weighted = [
    (tus_endings.finish, 6),
    (joining.join_again, 2),
    (joining.append_to_final, 1),
    (tus_endings.cancel, 0.3),
    (tus_endings.finish_and_cancel, 0.7),
]
JOINED = 0.25  # of the jobs that speak tus
FINISHING = (endings.finish, tus_endings.finish)
CANCELLING = (
    endings.cancel,
    endings.finish_and_cancel,
    tus_endings.cancel,
    tus_endings.finish_and_cancel,
)
STEPS = 2000  # after which a file of a few chunks never gets over


class Life:
    """Lets one job after the other happen, as long as `goes_on` says."""

    def __init__(
        self, site: Site, next_number: Callable[[], int], goes_on: Callable[[], bool]
    ) -> None:
        self.site = site
        self.next_number = next_number
        self.goes_on = goes_on
        self.finished: list[Job] = []

    def run(self) -> None:
        """Run to the end."""
        while self.goes_on():
            job = self._begin_job()
            self.operation = "begin"
            try:
                self._bring_over(job)
            except Violation as violation:
                self.site.figures.violate(job, self.operation, violation)
            except Exception as error:  # noqa: BLE001 - told with all others
                self.site.figures.violate(job, self.operation, repr(error))

    def _begin_job(self) -> Job:
        job = Job(self.next_number(), self.site)
        is_joined = TUS in job.protocols and job.chance.random() < JOINED
        return Joined(job) if is_joined else job

    def _bring_over(self, job: Job) -> None:
        figures = self.site.figures
        for _ in range(STEPS):
            operation = self._choose(job)
            self.operation = _name(operation)
            figures.count(figures.operations, self.operation)
            result = operation(job)
            if operation in FINISHING and result:
                return self._keep(job)
            if operation in CANCELLING:
                figures.count(figures.events, "cancelled")
                return None
            if job.is_lost:
                figures.count(figures.events, "expired")
                job.forget()
        raise Violation(f"an end within {STEPS} steps", job.state)

    def _choose(self, job: Job) -> Operation:
        if isinstance(job, Joined):
            return self._choose_for_parts(job)
        by_tus = job.chance.choice(job.protocols) == TUS
        if not job.state:
            return self._choose_beginning(job, by_tus)
        if job.is_whole:
            # `done` is for files whose size is known.
            by_tus = by_tus or job.may_lack_length
            if not self.goes_on():
                return tus_endings.finish if by_tus else endings.finish
            return self._draw(job, TUS_WHOLE if by_tus else WHOLE)
        if not self.goes_on():
            if by_tus:
                ways: list[Operation]
                ways = [tus_advancing.send_rest, tus_advancing.ask_state]
            else:
                ways = [advancing.send_rest, advancing.ask_state]
            return job.chance.choice(ways)
        if by_tus:
            return self._draw(job, TUS_ON_THE_WAY)
        if job.is_by_name and job.chance.random() < 0.6:
            return advancing.go_on_by_name
        return self._draw(job, ON_THE_WAY)

    def _choose_for_parts(self, job: Joined) -> Operation:
        if job.is_whole:
            is_over = not self.goes_on()
            return tus_endings.finish if is_over else self._draw(job, JOINED_WHOLE)
        if not self.goes_on():
            return joining.join if job.is_ready else joining.send_parts
        return self._draw(job, joining.READY if job.is_ready else joining.UNREADY)

    def _choose_beginning(self, job: Job, by_tus: bool) -> Operation:
        is_wrong = job.size and job.chance.random() < 0.15
        if by_tus:
            if is_wrong:
                return tus_contradictions.begin_with_wrong_checksum
            return tus_advancing.begin
        if is_wrong:
            return contradictions.begin_with_wrong_digest
        return advancing.begin

    def _draw(self, job: Job, weighted: Weighted) -> Operation:
        operations, weights = zip(*weighted, strict=True)
        chosen: Operation = job.chance.choices(operations, weights)[0]
        return chosen

    def _keep(self, job: Job) -> None:
        figures = self.site.figures
        figures.count(figures.events, "finished")
        figures.count(figures.events, "bytes", job.size)
        # The classic protocol takes no chunk for what is joined of parts.
        by_tus = job.is_joined or job.chance.choice(job.protocols) == TUS
        ends = tus_endings if by_tus else endings
        if job.chance.random() < 0.3:
            self.operation = "use_finished"
            figures.count(figures.operations, self.operation)
            ends.use_finished(job)
        if job.chance.random() < 0.2:
            self.operation = "cancel finished"
            figures.count(figures.operations, self.operation)
            ends.cancel(job, is_finished=True)
            figures.count(figures.events, "cancelled")
        else:
            job.give_up_content()
            self.finished.append(job)


def _name(operation: Operation) -> str:
    prefix = "tus " if ".tus." in operation.__module__ else ""
    return f"{prefix}{operation.__name__}"
