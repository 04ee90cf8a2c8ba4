"""What happened: counts and violations, for people to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock


@dataclass
class Figures:
    """What a run did and met; clients of several threads count at the same time."""

    operations: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)  # kills, finished jobs, bytes
    violations: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def count(self, counter: Counter[str], what: str, by: int = 1) -> None:
        """Count one more."""
        with self._lock:
            counter[what] += by

    def violate(self, who: object, operation: str, told: object) -> None:
        """Note that the server broke a promise."""
        with self._lock:
            self.violations.append(f"{who}, {operation}: {told}")

    def fewer_operations_than(self, most: int) -> Callable[[], bool]:
        """Return what says whether there were fewer operations so far."""
        return lambda: self.operations.total() < most

    def add(self, other: Figures) -> None:
        """Add what happened in another run."""
        self.operations += other.operations
        self.answers += other.answers
        self.events += other.events
        self.violations += other.violations

    def __str__(self) -> str:
        counters = {
            f"{self.operations.total():,} operations": self.operations,
            f"{self.answers.total():,} answers": self.answers,
            "events": self.events,
        }
        lines = [
            f"{name}: " + ", ".join(f"{what} {n:,}" for what, n in sorted(each.items()))
            for name, each in counters.items()
        ]
        lines.append(f"{len(self.violations)} violations")
        return "\n".join([*lines, *self.violations])
