"""What `python3 tests` says when all has ended."""

from __future__ import annotations

import sys

import pytest

from tests import everything

pytestmark = pytest.mark.once

# Stands for pytest, which shows what it reads from the pipe, until that ends.
SHOW = """
import os
with open(int(os.environ["CHUNKED_UPLOADS_RESULTS"])) as pipe:
    print("at the end:", pipe.read().splitlines())
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


@pytest.mark.parametrize(("ends", "code"), [("", 0), ("raise SystemExit(3)", 1)])
def test_check_that_fails_shows_why_and_fails_all(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    ends: str,
    code: int,
) -> None:
    checks = {"first": python(f"print('why'); {ends}"), "second": python("")}
    monkeypatch.setattr(everything, "CHECKS", checks)
    monkeypatch.setattr(everything, "DATABASES", {})
    monkeypatch.setattr(everything, "PYTEST", python(SHOW))

    assert everything.run([]) == code

    shown, _ = capfd.readouterr()
    outcome = "FAILED" if code else "passed"
    assert ("why" in shown) == bool(code)
    _, last = shown.split("at the end:")
    assert f"first: {outcome}, " in last
    assert "second: passed, " in last


def test_tests_that_fail_fail_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(everything, "CHECKS", {"first": python("")})
    monkeypatch.setattr(everything, "DATABASES", {})
    monkeypatch.setattr(everything, "PYTEST", python("raise SystemExit(1)"))

    assert everything.run([]) == 1
