"""An upload's rows in the database that is written to, never in a replica."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from django.db import connections
from django.db.models import QuerySet

from chunked_uploads.models import (
    Chunk,
    Removal,
    Upload,
    UploadQuerySet,
    database_of,
)

IDLE = 5  # seconds after which a connection to the database is made anew


def row_of(upload: Upload) -> UploadQuerySet:
    """Return the upload's row, to be changed by an `update`."""
    return Upload.objects.for_writing(upload).filter(pk=upload.pk)


def chunks_of(upload: Upload) -> QuerySet[Chunk]:
    """Return the rows of the upload's chunks."""
    return Chunk.objects.using(database_of(upload)).filter(upload=upload.pk)


def removals_of(upload: Upload) -> QuerySet[Removal]:
    """Return the notes of the upload's files that have to go."""
    return Removal.objects.using(database_of(upload)).filter(uuid=upload.uuid)


def assign(upload: Upload, changes: dict[str, Any]) -> None:
    """Give the instance what its row has."""
    for name, value in changes.items():
        setattr(upload, name, value)


@contextlib.contextmanager
def long_work(upload: Upload) -> Iterator[None]:
    """Do without the database for as long as it takes.

    A connection that was idle for long may be dead: a new one is made when it is over.
    """
    begun = time.monotonic()
    try:
        yield
    finally:
        connection = connections[database_of(upload)]
        is_idle = time.monotonic() - begun >= IDLE
        # Whoever commits by hand has something to commit, maybe.
        if is_idle and connection.autocommit and not connection.in_atomic_block:
            connection.close()
