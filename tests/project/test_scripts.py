"""The script that the page loads is what its sources make."""

from __future__ import annotations

import pytest

from tests.scripts import FOLDER, JOINED, ORDER, join

pytestmark = pytest.mark.once


def test_joined_script_is_up_to_date() -> None:
    assert JOINED.read_text(encoding="utf-8") == join(), "python -m tests.scripts"


def test_every_source_is_in_it() -> None:
    assert sorted(ORDER) == sorted(path.stem for path in (FOLDER / "src").iterdir())
