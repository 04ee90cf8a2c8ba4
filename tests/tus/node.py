"""tus-js-client in Node.js, as a process that tests tell what to upload."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import packages, programs

SCRIPT = Path(__file__).resolve().parent / "clients" / "tus_js.mjs"


class TusJs:
    """A running process, which ends when nothing is left to do."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.events: list[dict[str, Any]] = []  # all that it told, by now

    def begin(self, name: str, **line: Any) -> None:
        """Begin what `tus_js.mjs` takes; `name` tells this upload from others."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"name": name, **line}, default=str))
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def upload(self, name: str, **line: Any) -> dict[str, Any]:
        """Begin, and return how it ended."""
        self.begin(name, **line)
        return self.await_event("success", "error", name=name)

    def await_event(self, *wanted: str, name: str = "") -> dict[str, Any]:
        """Return the next event of these kinds, of the upload of that name or any."""
        assert self._process.stdout
        for line in self._process.stdout:
            event = json.loads(line)
            self.events.append(event)
            if event["event"] in wanted and name in ("", event["name"]):
                return event
        raise AssertionError(f"The client ended: {self.events}")

    def answers(self, name: str) -> list[tuple[str, int, int]]:
        """Return method, status and offset (-1: none) of each answer by now."""
        return [
            (event["method"], event["status"], event["offset"])
            for event in self.events
            if event["event"] == "answer" and event["name"] == name
        ]

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait()


@contextmanager
def tus_js() -> Iterator[TusJs]:
    """Start tus-js-client; end it at the end."""
    node = programs.find("Node.js")
    if not (node and programs.find("npm")):
        pytest.skip("Node.js or npm is not installed")
    command = [node, str(SCRIPT), str(packages.install())]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield TusJs(process)
        finally:
            process.kill()
