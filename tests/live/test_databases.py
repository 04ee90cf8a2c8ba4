"""The database servers that the other tests run over."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.databases import Database, MariaDB, PostgreSQL


@pytest.mark.once
@pytest.mark.parametrize("kind", [PostgreSQL, MariaDB])
def test_database_leaves_nothing_behind(kind: Callable[[], Database]) -> None:
    server = kind()
    server.start()
    assert server.address

    server.remove()

    assert not server.folder.exists()
