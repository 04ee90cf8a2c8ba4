"""The quick tests need neither browsers nor databases, and nothing that drives them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from demo.environment import CHECKOUT
from tests import needs

pytestmark = pytest.mark.once

MODULES = sorted({name for names in needs.NEEDS.values() for name in names.split()})
# pytest, where none of the modules can be found.
WITHOUT = f"""
import sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, *arguments):
        if name.partition(".")[0] in {MODULES}:
            return None
        return super().find_spec(name, *arguments)

sys.meta_path[sys.meta_path.index(PathFinder)] = Without

import pytest

sys.exit(pytest.main(sys.argv[1:]))
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest with the arguments where the modules are missing."""
    plain = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "CHUNKED_UPLOADS_"))
    }
    command = [sys.executable, "-c", WITHOUT, *arguments, "-p", "no:cacheprovider"]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=CHECKOUT, env=plain
    )


def test_quick_tests_pass_without_what_the_others_need() -> None:
    result = run("tests/core/test_tokens.py", "tests/authentication", "-m", "quick")

    assert result.returncode == 0, result.stdout + result.stderr
    assert " passed" in result.stdout


def test_rest_is_found_where_some_tests_lack_something() -> None:
    result = run("tests", "--collect-only", "--quiet")

    assert result.returncode == 0, result.stdout + result.stderr
    for place, names in needs.NEEDS.items():
        needed = ", ".join(names.split())
        assert f"tests/{place} needs {needed}: pip install" in result.stdout
        assert f"tests/{place}::" not in result.stdout
    assert "tests/live/test_receiving.py::" in result.stdout


def test_command_for_all_tests_fails_where_something_is_missing() -> None:
    result = run("tests/core/test_tokens.py", "--complete")

    assert result.returncode == pytest.ExitCode.USAGE_ERROR
    assert "tests/page needs axe_playwright_python, playwright" in result.stderr
