"""Trying again: when, and for how long."""

from __future__ import annotations

import logging
import random
import time

from chunked_uploads.client.errors import OutOfStep, UploadFailed

FIRST_PAUSE = 1.0  # seconds
LONGEST_PAUSE = 60.0  # seconds
DAMAGES = 5  # times that the same chunk may arrive changed

logger = logging.getLogger("chunked_uploads.client")


class Retrying:
    """Gives an upload up when nothing has gone on for `patience` seconds."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._received = 0  # bytes, by the last answer: some servers lose what they had
        self._attempts = 0  # that failed since something went on
        self._since = time.monotonic()

    def note(self, received: int) -> None:
        """Take note of how many bytes the server holds."""
        if received > self._received:
            self._attempts = 0
            self._since = time.monotonic()
        self._received = received

    def recover(self, failure: UploadFailed) -> None:
        """Wait until it is time to try again; raise the failure where there is no hope.

        Pauses grow, and are jittered, so that many clients of a server that was away
        don't come back at once. What the server asks for (`Retry-After`) is kept to.
        """
        self._attempts += 1
        if isinstance(failure, OutOfStep) and self._attempts == 1:
            return
        waited = time.monotonic() - self._since
        is_damaged = failure.code == "digest_mismatch" and self._attempts > DAMAGES
        pause = max(self._pause(), failure.retry_after)
        if not failure.is_curable or is_damaged or waited + pause > self._patience:
            raise failure
        logger.warning("%s Trying again in %.0f s.", failure, pause)
        time.sleep(pause)

    def _pause(self) -> float:
        growing = FIRST_PAUSE * 2 ** min(self._attempts - 1, 10)
        return min(LONGEST_PAUSE, growing) * random.uniform(0.5, 1)
