"""A short torture of each way to receive. `python -m tests.torture` is the long one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.torture.places import Folder

OPERATIONS = 150


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_server_under_torture_keeps_every_promise(
    torture: Callable[..., None], seed: int
) -> None:
    torture(seed, OPERATIONS)


def test_servers_over_one_folder_keep_every_promise(
    torture: Callable[..., None], tmp_path: Path
) -> None:
    torture(2, OPERATIONS, number=3, place=Folder(tmp_path / "shared"))
