"""Where chunk bytes rest until the upload is done.

A store knows bytes, and what it noted of them: no request and no user.
"""

from __future__ import annotations

import functools

from django.utils.module_loading import import_string

from chunked_uploads.conf import conf
from chunked_uploads.stores.base import ChunkStore
from chunked_uploads.stores.facts import (
    Kept,
    Leftover,
    Losses,
    Piece,
    RecordedRange,
    StoredUpload,
)
from chunked_uploads.stores.handles import (
    BLOCK,
    Comparison,
    Content,
    Handle,
    Replace,
    Writer,
)

__all__ = [
    "BLOCK",
    "ChunkStore",
    "Comparison",
    "Content",
    "Handle",
    "Kept",
    "Leftover",
    "Losses",
    "Piece",
    "RecordedRange",
    "Replace",
    "StoredUpload",
    "Writer",
    "chunk_store",
]


def chunk_store() -> ChunkStore:
    """Return the store that `CHUNKED_UPLOADS_CHUNK_STORE` names, always the same."""
    return _make(conf.CHUNKED_UPLOADS_CHUNK_STORE)


@functools.cache
def _make(path: str) -> ChunkStore:
    return import_string(path)()
