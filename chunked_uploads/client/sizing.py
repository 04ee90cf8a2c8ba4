"""How large chunks may be on this line: small at first, so that none takes too long.

A proxy that collects each chunk before it hands it on loses all of one that is cut.
"""

from __future__ import annotations

KIB = 1024
SMALLEST = 64 * KIB  # bytes
USUAL_LIMIT = 1024 * KIB  # bytes; nginx's, where nobody raised it
FIRST = 256 * KIB  # bytes, so that a refusal comes before much was sent in vain
LONGEST = 10.0  # seconds for a chunk; some proxies cut a request after 30
GROWTH = 8  # times, from one chunk to the next
FAST = 250_000_000  # bytes per second, beyond what most lines give


class Sizing:
    """The length of the next chunk at most, `first` bytes and learned from the last."""

    def __init__(self, first: int = FIRST) -> None:
        self.largest = first  # bytes
        self.is_fast = False  # so that not the line is what is waited for
        self._limit = 0  # bytes that proxies let through, 0 where it is not known

    def note_success(self, size: int, seconds: float, in_flight: int = 1) -> None:
        """Learn from a chunk of `size` bytes that arrived, of so many in flight."""
        speed = size / max(seconds, 0.001)
        self.is_fast = speed * in_flight > FAST
        fitting = int(min(speed * LONGEST, self.largest * GROWTH))
        if seconds > LONGEST or fitting > self.largest:
            self._set(fitting)

    def note_cut(self) -> None:
        """Learn that the connection broke."""
        self._set(self.largest // 2)

    def note_refusal(self, size: int) -> bool:
        """Learn that a proxy takes no `size` bytes; return whether fewer may pass."""
        if size <= SMALLEST:
            return False
        half = max(SMALLEST, size // 2)
        self._limit = min(half, USUAL_LIMIT) if size > USUAL_LIMIT else half
        self._set(self._limit)
        return True

    def _set(self, size: int) -> None:
        size = min(size, self._limit) if self._limit else size
        self.largest = max(1, size // SMALLEST) * SMALLEST
