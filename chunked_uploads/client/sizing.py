"""How large chunks may be on this line: small at first, so that none takes too long.

A proxy that collects each chunk before it hands it on loses all of one that is cut.
"""

from __future__ import annotations

import threading

KIB = 1024
SMALLEST = 64 * KIB  # bytes
USUAL_LIMIT = 1024 * KIB  # bytes; nginx's, where nobody raised it
FIRST = 256 * KIB  # bytes, so that a refusal comes before much was sent in vain
LONGEST = 10.0  # seconds for a chunk; some proxies cut a request after 30
GROWTH = 8  # times, from one chunk to the next


class Sizing:
    """The length of the next chunk at most, `first` bytes and learned from the last."""

    def __init__(self, first: int = FIRST) -> None:
        self.largest = first  # bytes
        self._limit = 0  # bytes that proxies let through, 0 where it is not known
        self._lock = threading.Lock()

    def note_success(self, size: int, seconds: float) -> None:
        """Learn from a chunk of `size` bytes that arrived."""
        fitting = int(min(size / max(seconds, 0.001) * LONGEST, self.largest * GROWTH))
        with self._lock:
            if seconds > LONGEST or fitting > self.largest:
                self._set(fitting)

    def note_cut(self) -> None:
        """Learn that the connection broke."""
        with self._lock:
            self._set(self.largest // 2)

    def note_refusal(self, size: int) -> bool:
        """Learn that a proxy takes no `size` bytes; return whether fewer may pass."""
        if size <= SMALLEST:
            return False
        with self._lock:
            half = max(SMALLEST, size // 2)
            self._limit = min(half, USUAL_LIMIT) if size > USUAL_LIMIT else half
            self._set(self._limit)
        return True

    def _set(self, size: int) -> None:
        size = min(size, self._limit) if self._limit else size
        self.largest = max(1, size // SMALLEST) * SMALLEST
