"""Who speaks tus in the tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients import randbytes
from tests.tus.files import SIZE
from tests.tus.node import TusJs, tus_js
from tests.tus.talking import Tus


@pytest.fixture
def tus(authorization: dict[str, str]) -> Tus:
    """Ada, sending with her key."""
    return Tus(headers=authorization)


@pytest.fixture
def nobody(db: None) -> Tus:
    """Somebody with no credentials."""
    return Tus()


@pytest.fixture
def js() -> Iterator[TusJs]:
    """A running tus-js-client."""
    with tus_js() as client:
        yield client


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """What is uploaded."""
    file = tmp_path / "film.bin"
    file.write_bytes(randbytes(SIZE))
    return file
