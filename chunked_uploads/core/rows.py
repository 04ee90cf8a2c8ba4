"""An upload's rows in the database that is written to, never in a replica."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from chunked_uploads.models import Chunk, Removal, Upload, UploadQuerySet, database_of


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
