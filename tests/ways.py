"""Stores that take bytes one way alone, and what gets in the bytes' way.

Named by servers' settings, so that a test knows which way its bytes came.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from django.http import HttpRequest

from chunked_uploads.authentication import ApiKeyAuthentication
from chunked_uploads.stores.local import LocalStore, LocalWriter


class SplicedWriter(LocalWriter):
    """Takes no blocks."""

    def write(self, block: bytes) -> None:
        raise AssertionError("These bytes were to be spliced.")


class ReadWriter(LocalWriter):
    """Takes no pipes."""

    def write_from(self, outlet: int, size: int) -> None:
        raise AssertionError("These bytes were to be read.")


class UnreadableWriter(LocalWriter):
    """Gives nothing back."""

    is_readable = False

    def read(self, position: int, view: memoryview) -> int:
        raise AssertionError("Nobody can read these bytes.")


class OneWayStore(LocalStore):
    """The local store, with other writers."""

    writer_class = LocalWriter

    @contextlib.contextmanager
    def writer(self, name: str, start: int, length: int) -> Iterator[LocalWriter]:
        with super().writer(name, start, length) as writer:
            writer.__class__ = self.writer_class
            yield writer


class SplicedStore(OneWayStore):
    """Refuses what was read."""

    writer_class = SplicedWriter


class ReadStore(OneWayStore):
    """Refuses what was spliced."""

    writer_class = ReadWriter


class UnreadableStore(OneWayStore):
    """Can't be asked for what it has."""

    writer_class = UnreadableWriter


class NosyAuthentication(ApiKeyAuthentication):
    """Reads the body before it says who is there, as a site's own class may."""

    def is_authenticated(self, request: HttpRequest, **kwargs: object) -> bool:
        self.seen = request.body
        return bool(super().is_authenticated(request, **kwargs))
