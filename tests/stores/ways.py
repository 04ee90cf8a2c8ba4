"""Stores that take bytes one way alone, and what gets in the bytes' way.

Named by servers' settings, so that a test knows which way its bytes came.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpRequest

from chunked_uploads.authentication import ApiKeyAuthentication
from chunked_uploads.errors import RangeConflict
from chunked_uploads.stores import Comparison, StoredUpload
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
    def writer(self, *which: Any, **options: Any) -> Iterator[LocalWriter]:
        with super().writer(*which, **options) as writer:
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


class DigestComparison(Comparison):
    """Knows no bytes, only what digest they have."""

    def __init__(self, digest: bytes) -> None:
        self._digest = digest
        self._hash = hashlib.sha256()

    def add(self, block: bytes) -> bool:
        self._hash.update(block)
        return True

    def is_equal(self) -> bool:
        return self._hash.digest() == self._digest


class DigestStore(UnreadableStore):
    """Keeps a digest of each range that it received, as one that can't read back."""

    digests: ClassVar[dict[tuple[UUID, int, int], bytes]] = {}

    @contextlib.contextmanager
    def writer(
        self, upload: StoredUpload, start: int, *which: Any, **options: Any
    ) -> Iterator[LocalWriter]:
        digest = hashlib.sha256()
        with super().writer(upload, start, *which, **options) as writer:
            write = writer.write

            def write_and_hash(block: bytes) -> None:
                write(block)
                digest.update(block)

            writer.write = write_and_hash  # type: ignore[method-assign]
            yield writer
            self.digests[upload.uuid, start, writer.written] = digest.digest()

    @contextlib.contextmanager
    def compare(  # type: ignore[override]
        self, upload: StoredUpload, start: int, length: int
    ) -> Iterator[Comparison]:
        try:
            yield DigestComparison(self.digests[upload.uuid, start, length])
        except KeyError:
            raise RangeConflict("Only whole chunks are compared.") from None

    def agree(self, upload: StoredUpload, other: StoredUpload, length: int) -> bool:
        return False


class NosyAuthentication(ApiKeyAuthentication):
    """Reads the body before it says who is there, as a site's own class may."""

    def is_authenticated(self, request: HttpRequest, **kwargs: object) -> bool:
        self.seen = request.body
        return bool(super().is_authenticated(request, **kwargs))
