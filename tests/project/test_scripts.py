"""The scripts that the page loads are what their sources make."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scripts import FOLDER, ORDER, ORDER_OF_WORKER, made

pytestmark = pytest.mark.once


@pytest.mark.parametrize("path", made(), ids=lambda path: path.name)
def test_script_is_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == made()[path], "python -m tests.scripts"


def test_every_source_is_in_one() -> None:
    names = [path.stem for path in (FOLDER / "src").iterdir()]
    assert sorted(ORDER + ORDER_OF_WORKER) == sorted(names)
