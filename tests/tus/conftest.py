"""Who speaks tus in the tests."""

from __future__ import annotations

import pytest

from tests.tus.talking import Tus


@pytest.fixture
def tus(authorization: dict[str, str]) -> Tus:
    """Ada, sending with her key."""
    return Tus(headers=authorization)


@pytest.fixture
def nobody(db: None) -> Tus:
    """Somebody with no credentials."""
    return Tus()
