"""A client's life: one file after the other, each through all that can happen."""

from __future__ import annotations

from collections.abc import Callable

from tests.torture import advancing, contradictions, endings
from tests.torture.jobs import Job
from tests.torture.model import Violation
from tests.torture.site import Site

Operation = Callable[[Job], object]
ON_THE_WAY: list[tuple[Operation, float]] = [
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
WHOLE: list[tuple[Operation, float]] = [
    (endings.finish, 6),
    (contradictions.repeat, 2),
    (contradictions.look, 0.5),
    (endings.cancel, 0.3),
    (endings.finish_and_cancel, 0.7),
]
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
            job = Job(self.next_number(), self.site)
            self.operation = "begin"
            try:
                self._bring_over(job)
            except Violation as violation:
                self.site.figures.violate(job, self.operation, violation)
            except Exception as error:  # noqa: BLE001 - told with all others
                self.site.figures.violate(job, self.operation, repr(error))

    def _bring_over(self, job: Job) -> None:
        figures = self.site.figures
        for _ in range(STEPS):
            operation = self._choose(job)
            self.operation = operation.__name__
            figures.count(figures.operations, self.operation)
            result = operation(job)
            if operation is endings.finish and result:
                return self._keep(job)
            if operation in (endings.cancel, endings.finish_and_cancel):
                figures.count(figures.events, "cancelled")
                return None
            if job.is_lost:
                figures.count(figures.events, "expired")
                job.forget()
        raise Violation(f"an end within {STEPS} steps", job.state)

    def _choose(self, job: Job) -> Operation:
        if not job.state:
            is_wrong = job.size and job.chance.random() < 0.15
            return (
                contradictions.begin_with_wrong_digest if is_wrong else advancing.begin
            )
        if job.is_whole:
            if not self.goes_on():
                return endings.finish
            return self._draw(job, WHOLE)
        if not self.goes_on():
            return job.chance.choice([advancing.send_rest, advancing.ask_state])
        if job.is_by_name and job.chance.random() < 0.6:
            return advancing.go_on_by_name
        return self._draw(job, ON_THE_WAY)

    def _draw(self, job: Job, weighted: list[tuple[Operation, float]]) -> Operation:
        operations, weights = zip(*weighted, strict=True)
        chosen: Operation = job.chance.choices(operations, weights)[0]
        return chosen

    def _keep(self, job: Job) -> None:
        figures = self.site.figures
        figures.count(figures.events, "finished")
        figures.count(figures.events, "bytes", job.size)
        if job.chance.random() < 0.3:
            self.operation = "use_finished"
            figures.count(figures.operations, self.operation)
            endings.use_finished(job)
        if job.chance.random() < 0.2:
            self.operation = "cancel finished"
            figures.count(figures.operations, self.operation)
            endings.cancel(job, is_finished=True)
            figures.count(figures.events, "cancelled")
        else:
            job.content = b""  # it can be made anew
            self.finished.append(job)
