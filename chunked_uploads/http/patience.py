"""How long somebody waits for a connection that brings nothing.

A phone that went out of reach leaves a connection that never ends by itself. While
somebody else waits for the place that it keeps, a moment of silence ends it. A moment,
and no less: between two bursts of a line that is far away, or has lost a packet, there
is silence, too. What was silent for longer ends as soon as somebody waits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

MOMENT = 1  # seconds of silence after which others may take the connection's place
STEP = 0.2  # seconds between two looks whether others wait


def by_nobody() -> bool:
    """Say that nobody waits."""
    return False


def wait_patiently(
    is_ready: Callable[[float], bool],
    has_waiters: Callable[[], bool],
    timeout: float | None,
) -> None:
    """Return when `is_ready`, which waits for so many seconds, says so.

    Raises `TimeoutError` after `timeout` seconds, or after a moment while others wait.
    """
    left = math.inf if timeout is None else timeout
    silent = 0.0
    while not is_ready(min(left, STEP)):
        silent += STEP
        left -= STEP
        if left <= 0 or (silent >= MOMENT and has_waiters()):
            raise TimeoutError("The connection brings nothing.")


class PatientSocket:
    """A connection that ends for its reader once waiting for it is in vain.

    It seems to end, rather than raise `TimeoutError`, so that a server's reader gives
    what it holds; and it never goes on, since nobody could tell where the next request
    begins. `recv` with a time-out is what all sockets have alike, also those of TLS and
    of greenlets, which may hold bytes that the system shows no more.
    """

    def __init__(self, connection: Any, has_waiters: Callable[[], bool]) -> None:
        self.connection = connection
        self.has_waiters = has_waiters
        self.is_given_up = False

    def recv(self, size: int) -> bytes:
        """Return up to `size` bytes, none where nothing comes any more."""
        if self.is_given_up:
            return b""
        block = b""

        def is_ready(seconds: float) -> bool:
            nonlocal block
            self.connection.settimeout(seconds)
            try:
                block = self.connection.recv(size)
            except TimeoutError:
                return False
            return True

        timeout = self.connection.gettimeout()
        try:
            wait_patiently(is_ready, self.has_waiters, timeout)
        except TimeoutError:
            self.is_given_up = True
        finally:
            self.connection.settimeout(timeout)
        return block
