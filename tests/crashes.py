"""Finish uploads in processes that die on the way, or wait.

`python -m tests.crashes die UUID…` finishes the first upload, then each other in a
process of its own, which dies at its first, second, … step.
`python -m tests.crashes stop UUID` stops before the file is moved (SIGSTOP); it goes
on when told to (SIGCONT), up to the step after.
`python -m tests.crashes hold UUID…` begins like `die`; the others stop, and when all
did, so does the first process. When that goes on, they do. Its exit code is the
highest of theirs.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import django
from django.db import connection

MOVE = "os.rename"
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


def stop_at(step: int) -> Callable[[str], None]:
    """Return what stops the process at its `step`th file operation."""
    left = step

    def call(event: str) -> None:
        nonlocal left
        # Stopped in the database's it might hold a lock, and so stop everybody else.
        if event.startswith(FILES) and not connection.in_atomic_block:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGSTOP)

    return call


def stop_at_move() -> Callable[[str], None]:
    """Return what stops the process before the move, and kills it after."""
    stopped = False

    def call(event: str) -> None:
        nonlocal stopped
        if stopped:
            os.kill(os.getpid(), signal.SIGKILL)
        if event == MOVE:
            stopped = True
            os.kill(os.getpid(), signal.SIGSTOP)

    return call


def finish(uuid: str) -> None:
    """Finish the upload, as the view does; it may be cancelled meanwhile."""
    from chunked_uploads.core.finishing import complete
    from chunked_uploads.errors import UploadNotFound
    from chunked_uploads.models import Upload

    with contextlib.suppress(UploadNotFound):
        complete(Upload.objects.get(uuid=uuid))


def begin(uuid: str, call: Callable[[str], None]) -> int:
    """Finish the upload in another process; return its id when it stops or ends."""
    process = os.fork()
    if process == 0:
        at_each_step(call)
        finish(uuid)
        os._exit(0)
    os.waitid(os.P_PID, process, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    return process


def go_on(process: int) -> int:
    """Let the process go on to its end; return its exit code."""
    os.kill(process, signal.SIGCONT)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def main(mode: str, first: str, *others: str) -> None:
    """Do what the module's docstring says."""
    django.setup()
    if mode == "stop":
        at_each_step(stop_at_move())
        finish(first)
        return
    finish(first)  # so that nothing is imported on the way of the others
    connection.close()
    steps = enumerate(others, start=1)
    if mode == "die":
        for step, uuid in steps:
            go_on(begin(uuid, die_at(step)))
    else:
        held = [begin(uuid, stop_at(step)) for step, uuid in steps]
        os.kill(os.getpid(), signal.SIGSTOP)
        sys.exit(max(map(go_on, held)))


if __name__ == "__main__":
    main(*sys.argv[1:])
