"""A short torture of servers that share a bucket, and nothing on their disks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from demo.services.engine import Engine
from tests.torture.bucket import Bucket

SEED = 47  # kills workers and a server, and restarts the engine, within these
OPERATIONS = 80


@pytest.mark.timeout(600)  # on a machine that does much else
def test_servers_over_one_bucket_keep_every_promise(
    torture: Callable[..., None], engine: Engine
) -> None:
    torture(SEED, OPERATIONS, number=3, place=Bucket(engine, "torture"))
