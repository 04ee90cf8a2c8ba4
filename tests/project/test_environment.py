"""What `python3 demo` and `python3 tests` do before anything is installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from demo import environment

pytestmark = pytest.mark.once


class Restarted(Exception):
    """Stands for the process that goes on in the environment."""


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """What would have been run: on a fresh machine, outside of any environment."""
    calls: list[list[str]] = []

    def call(command: list[str], **options: Any) -> int:
        calls.append(command)
        if command[1:3] == ["-m", "venv"]:
            (tmp_path / ".venv" / "bin").mkdir(parents=True)
            (tmp_path / ".venv" / "bin" / "python").touch()
        return 0

    def restart(path: str, arguments: list[str]) -> None:
        raise Restarted(path)

    monkeypatch.setattr(environment, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    monkeypatch.setattr(subprocess, "call", call)
    monkeypatch.setattr(subprocess, "check_call", call)
    monkeypatch.setattr(os, "execv", restart)
    return calls


def enter(extra: str) -> None:
    with pytest.raises(Restarted, match=r"\.venv/bin/python$"):
        environment.enter(extra)


def test_environment_is_made_once(calls: list[list[str]]) -> None:
    enter("demo")
    enter("demo")

    making, installing = calls
    assert making[:3] == [sys.executable, "-m", "venv"]
    assert installing[-1] == f"{environment.CHECKOUT}[demo]"


def test_tests_bring_what_the_demo_needs(calls: list[list[str]]) -> None:
    enter("test-all")
    calls.clear()

    enter("demo")

    assert calls == []


def test_changed_recipe_is_installed_into_the_same_environment(
    calls: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    enter("demo")
    calls.clear()
    monkeypatch.setattr(environment, "_recipe", lambda: "changed")

    enter("demo")

    assert [command[-1] for command in calls] == [
        "import pip",
        f"{environment.CHECKOUT}[demo]",
    ]


def test_failed_installation_is_tried_again(
    calls: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(command: list[str]) -> None:
        raise subprocess.CalledProcessError(1, command)

    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "check_call", fail)
        with pytest.raises(SystemExit, match="could not be set up"):
            environment.enter("demo")

    enter("demo")

    assert calls[-1][-1] == f"{environment.CHECKOUT}[demo]"


def test_old_python_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))

    with pytest.raises(SystemExit, match=r"Python 3\.10 or newer is needed"):
        environment.enter("demo")


def test_missing_venv_module_is_named(
    calls: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "_has", lambda modules: False)

    with pytest.raises(SystemExit, match="apt-get install python3-venv"):
        environment.enter("demo")
