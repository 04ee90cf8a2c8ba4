"""The database servers that the other tests run over."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from demo.services.postgresql import PostgreSQL
from demo.services.server import Service
from tests.databases import MariaDB


@pytest.mark.once
@pytest.mark.parametrize("kind", [PostgreSQL, MariaDB])
def test_database_leaves_nothing_behind(kind: Callable[[], Service]) -> None:
    server = kind()
    server.start()
    assert server.address

    server.remove()

    assert not server.folder.exists()
