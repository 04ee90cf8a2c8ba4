"""One range's way into the store: whom its source asks, and for how long."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from chunked_uploads.core.receiving import receive
from chunked_uploads.models import Upload
from chunked_uploads.stores.local_handles import LocalWriter
from tests.sending import CONTENT, Bytes


class Watching(Bytes):
    """A source that asks at each read whether others wait."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.answers: list[bool] = []
        read = self.read

        def read_and_ask(size: int = -1) -> bytes:
            self.answers.append(self.has_waiters())
            return read(size)

        self.read = read_and_ask  # type: ignore[assignment]

    def watch_waiters(self, has_waiters: Callable[[], bool]) -> None:
        """Remember whom to ask."""
        self.has_waiters = has_waiters


def test_source_asks_its_writer_as_long_as_there_is_one(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LocalWriter, "has_waiters", lambda self: True)
    upload = Upload.objects.create(user=user, filename="a", filesize=len(CONTENT))
    source = Watching(CONTENT)

    receive(upload, 0, 4, source)
    source.read()

    assert source.answers[0]
    assert not source.answers[-1]
