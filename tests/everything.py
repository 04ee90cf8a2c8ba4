"""All checks and tests, as much as possible at the same time.

In the foreground is pytest over SQLite and in browsers, which takes longest and waits
a lot; beside it the checks and the databases' parts have their turns.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from threading import Thread

from demo.environment import CHECKOUT
from tests.checks import CHECKS

NOTHING_SELECTED = 5  # pytest's exit code
QUICK = "not browser and not once"
# All quick tests over each are tox's.
DATABASES = {
    "PostgreSQL": f"(rows or live) and {QUICK}",
    "MariaDB": f"rows and {QUICK}",
}
CORES = os.cpu_count() or 1
PYTEST = [sys.executable, "-m", "pytest", "--complete", "--dist=worksteal"]


def run(arguments: list[str]) -> int:
    """Run everything, `arguments` with each pytest; return the exit code."""
    # Who is asked to end stops what was started, as on Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print("== tests, over SQLite and in browsers; beside them all else", flush=True)
    # pytest has the last word, and says there how the others ended: it reads that
    # from the pipe (tests/conftest.py).
    results, told = os.pipe()
    # One more than cores: browsers and servers are waited for a third of the time.
    command = [*PYTEST, f"--numprocesses={CORES + 1}", *arguments]
    foreground = subprocess.Popen(
        command,
        cwd=CHECKOUT,
        env={**os.environ, "CHUNKED_UPLOADS_RESULTS": str(results)},
        pass_fds=[results],
    )
    os.close(results)
    background = Background(arguments, told)
    background.start()
    try:
        code = foreground.wait()
        background.join()
    except KeyboardInterrupt:
        background.stop()
        foreground.send_signal(signal.SIGTERM)
        foreground.wait()
        raise
    return code or not background.has_passed


class Background(Thread):
    """Runs the checks and the databases' parts, one after the other."""

    def __init__(self, arguments: list[str], told: int) -> None:
        super().__init__(daemon=True)
        self.arguments = arguments
        self.told = told  # the pipe for a line about each
        self.has_passed = True
        self.process: subprocess.Popen[str] | None = None

    def run(self) -> None:
        for name, command in CHECKS.items():
            self._run(name, command)
        # With fewer the part over PostgreSQL would outlast the foreground.
        processes = f"--numprocesses={CORES}"
        for name, selected in DATABASES.items():
            chosen = [f"--{name.lower()}", "-m", selected]
            command = [*PYTEST, processes, *self.arguments, *chosen]
            self._run(f"tests, over {name}", command, NOTHING_SELECTED)
        os.close(self.told)

    def _run(self, name: str, command: list[str], *content: int) -> None:
        start = time.monotonic()
        self.process = subprocess.Popen(
            command,
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        output, _ = self.process.communicate()
        passed = self.process.returncode in (0, *content)
        self.has_passed &= passed
        seconds = f"{time.monotonic() - start:.0f} s"
        line = f"{name}: {'passed' if passed else 'FAILED'}, {seconds}\n"
        print(f"\n== {line}{'' if passed else output}", end="", flush=True)
        with contextlib.suppress(BrokenPipeError):  # pytest has ended
            os.write(self.told, line.encode())

    def stop(self) -> None:
        """Ask what runs to end, and wait for it."""
        if self.process:
            self.process.terminate()
            self.process.wait()
