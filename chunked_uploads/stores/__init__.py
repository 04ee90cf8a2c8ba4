"""Where chunk bytes rest until the upload is done.

A store has few verbs and knows bytes only: no request, no model, no user.
"""

from __future__ import annotations

from django.utils.module_loading import import_string

from chunked_uploads.conf import conf
from chunked_uploads.stores.base import (
    ChunkStore,
    Comparison,
    Examination,
    Leftover,
    Opened,
    Part,
    Writer,
)

__all__ = [
    "ChunkStore",
    "Comparison",
    "Examination",
    "Leftover",
    "Opened",
    "Part",
    "Writer",
    "chunk_store",
]


def chunk_store() -> ChunkStore:
    """Return the store that `CHUNKED_UPLOADS_CHUNK_STORE` names."""
    return import_string(conf.CHUNKED_UPLOADS_CHUNK_STORE)()
