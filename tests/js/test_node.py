"""The page's scripts outside of a browser: what needs none is tested by Node."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

NODE = shutil.which("node")
TESTS = sorted(Path(__file__).parent.glob("*.test.js"))


@pytest.mark.skipif(not NODE, reason="Node is not installed (on Debian: nodejs)")
def test_node_finds_nothing_wrong() -> None:
    assert TESTS
    command = [str(NODE), "--test", *map(str, TESTS)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
