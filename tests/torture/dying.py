"""Workers that die while they complete an upload, at any step: between its last byte
and its end.

Runs in the servers: `die_now_and_then` is called by their configuration.
"""

from __future__ import annotations

import contextlib
import functools
import os
import random
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

STEPS = 40  # nearly as many as completing an upload has, in the database and on disk
OFTEN = 0.1  # of all times that an upload is completed, or parts are joined
FILES = ("open", "fcntl.", "os.", "shutil.")  # the audit events of file operations
DEATH = "torture: a worker dies while it completes an upload"


class Countdown(threading.local):
    """How many steps are left to this thread; 0 for no end."""

    left = 0


countdown = Countdown()


def die_now_and_then() -> None:
    """Let some of the workers die that complete uploads or join parts."""
    from chunked_uploads.core import finishing
    from chunked_uploads.tus import joining

    sys.addaudithook(_watch)
    for module, name in ((finishing, "complete"), (joining, "concatenate")):
        setattr(module, name, _mortal(getattr(module, name)))


def _mortal(function: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(function)
    def call(*arguments: Any, **options: Any) -> None:
        with _counting() if random.random() < OFTEN else contextlib.nullcontext():
            function(*arguments, **options)

    return call


@contextlib.contextmanager
def _counting() -> Iterator[None]:
    from django.db import connection

    countdown.left = random.randint(1, STEPS)
    try:
        with connection.execute_wrapper(_around):
            yield
    finally:
        countdown.left = 0


def _around(execute: Callable[..., Any], *arguments: Any) -> Any:
    _step()
    result = execute(*arguments)
    _step()
    return result


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(FILES):
        _step()


def _step() -> None:
    if countdown.left:
        countdown.left -= 1
        if not countdown.left:
            os.write(2, f"{DEATH}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)
