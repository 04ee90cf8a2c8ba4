"""A short torture of servers that share a bucket, and nothing on their disks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from demo.services.engine import Engine
from tests.torture.bucket import Bucket

OPERATIONS = 80

pytestmark = pytest.mark.timeout(600)  # on a machine that does much else


@pytest.mark.parametrize("seed", [2])
def test_servers_over_one_bucket_keep_every_promise(
    torture: Callable[..., None], engine: Engine, seed: int
) -> None:
    torture(seed, OPERATIONS, number=3, place=Bucket(engine, f"torture/{seed}"))
