"""Finish uploads in processes that die on the way.

`python -m tests.crashes die UUID…` finishes the first upload, then each other in a
process of its own, which dies at its first, second, … step.
`python -m tests.crashes stop UUID` stops before the file is moved (SIGSTOP); it goes
on when told to (SIGCONT), up to the step after.
`python -m tests.crashes wait UUID` stops there too, and goes on to the end.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import django
from django.db import connection

MOVE = "os.rename"
CANCELLED = 3  # exit code
FILES = ("open", "fcntl.", "os.", "shutil.")  # the audit events of file operations


def at_each_step(call: Callable[[str], None]) -> None:
    """Call with the name of each file operation, and around each database's."""

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(FILES) and event not in ("os.kill", "os.fork"):
            call(event)

    def around(execute: Callable[..., Any], *arguments: Any) -> Any:
        call("before")
        result = execute(*arguments)
        call("after")
        return result

    sys.addaudithook(watch)
    connection.execute_wrappers.append(around)


def die_at(step: int) -> Callable[[str], None]:
    """Return what kills the process at its `step`th call."""
    left = step

    def call(event: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return call


def stop_at_move(die: bool) -> Callable[[str], None]:
    """Return what stops the process before the move, and may kill it after."""
    stopped = False

    def call(event: str) -> None:
        nonlocal stopped
        if stopped and die:
            os.kill(os.getpid(), signal.SIGKILL)
        if event == MOVE and not stopped:
            stopped = True
            os.kill(os.getpid(), signal.SIGSTOP)

    return call


def finish(uuid: str) -> None:
    """Finish the upload, as the view does."""
    from chunked_uploads.errors import UploadNotFound
    from chunked_uploads.finishing import complete
    from chunked_uploads.models import Upload

    try:
        complete(Upload.objects.get(uuid=uuid))
    except UploadNotFound:
        sys.exit(CANCELLED)


def main(mode: str, first: str, *others: str) -> None:
    """Do what the module's docstring says."""
    django.setup()
    if mode != "die":
        at_each_step(stop_at_move(die=mode == "stop"))
        finish(first)
        return
    finish(first)  # so that nothing is imported on the way of the others
    connection.close()
    for step, uuid in enumerate(others, start=1):
        if os.fork() == 0:
            at_each_step(die_at(step))
            finish(uuid)
            os._exit(0)
        os.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
