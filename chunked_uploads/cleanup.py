"""Sweep away what nobody will finish, and what a crash left behind."""

from __future__ import annotations

import contextlib
import datetime
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from chunked_uploads.conf import conf
from chunked_uploads.errors import UploadError, UploadNotFound
from chunked_uploads.finishing import cancel, complete
from chunked_uploads.models import Upload
from chunked_uploads.storages import finished_storage
from chunked_uploads.stores import Leftover, chunk_store

BATCH = 500  # rows
SETTLED = datetime.timedelta(hours=1)  # without activity: no request is at it now


@dataclass
class Report:
    """What a clean-up did, or would do: uploads by UUID, parts by name.

    `expired`: unfinished and without activity; `stray`: parts without an unfinished
    upload; `lost`: uploads whose part is gone; `completed`: uploads that died between
    their move and its record; `freed` in bytes.
    """

    expired: list[str] = field(default_factory=list)
    stray: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    completed: list[str] = field(default_factory=list)
    freed: int = 0


def clean_uploads(days: float | None = None, *, dry_run: bool = False) -> Report:
    """Remove what had no activity for `days`: unfinished uploads and stray parts.

    `days` is `CHUNKED_UPLOADS_EXPIRE_DAYS` where not given. Rows whose part is gone
    are removed as well. Finished uploads are left alone. A dry run only reports.

    Raises `OSError` where the store can't be looked at while rows say that it holds
    something: nothing is judged by a disk that is not mounted.
    """
    days = conf.CHUNKED_UPLOADS_EXPIRE_DAYS if days is None else days
    before = timezone.now() - datetime.timedelta(days=days)
    report = Report()
    parts = _parts()
    _expire(before, report, dry_run)
    _remove_strays(parts, before, report, dry_run)
    _settle(report, dry_run)
    return report


def _parts() -> Iterator[Leftover]:
    parts = chunk_store().leftovers()
    try:
        first = list(itertools.islice(parts, 1))
    except FileNotFoundError:
        if _unfinished().filter(received__gt=0).exists():
            raise
        return iter(())
    return itertools.chain(first, parts)


def _expire(before: datetime.datetime, report: Report, dry_run: bool) -> None:
    for upload in _unfinished().filter(modified_at__lt=before).iterator():
        report.expired.append(str(upload.uuid))
        report.freed += chunk_store().extent(upload.part)
        if not dry_run:
            _cancel(upload)


def _remove_strays(
    parts: Iterator[Leftover],
    before: datetime.datetime,
    report: Report,
    dry_run: bool,
) -> None:
    old = (part for part in parts if part.modified < before)
    expired = set(report.expired)
    while batch := list(itertools.islice(old, BATCH)):
        uuids = {_uuid_of(part) for part in batch}
        unfinished = _unfinished().filter(uuid__in=uuids)
        wanted = set(unfinished.values_list("uuid", flat=True))
        finished = _finished_among(batch)
        for part in batch:
            uuid = _uuid_of(part)
            if uuid in wanted or str(uuid) in expired or part.name in finished:
                continue
            report.stray.append(part.name)
            report.freed += part.size
            if not dry_run:
                chunk_store().delete(part.name)


def _finished_among(parts: list[Leftover]) -> set[str]:
    """Return which of `parts` are finished files, whose users named them like parts."""
    location = getattr(finished_storage(), "location", None)
    if location is None:
        return set()
    names = {os.path.relpath(part.name, location): part.name for part in parts}
    found = Upload.objects.filter(upload__in=names).values_list("upload", flat=True)
    return {names[name] for name in found}


def _settle(report: Report, dry_run: bool) -> None:
    """Complete or remove unfinished uploads that hold bytes but have no part."""
    settled = timezone.now() - SETTLED
    rows = _unfinished().filter(received__gt=0, modified_at__lt=settled)
    for upload in rows.iterator():
        if chunk_store().extent(upload.part) or str(upload.uuid) in report.expired:
            continue
        name = upload.upload.name or ""
        moved = name != "" and upload.upload.storage.exists(name)
        (report.completed if moved else report.lost).append(str(upload.uuid))
        if moved and not dry_run:
            with contextlib.suppress(UploadError):
                complete(upload)
        elif not dry_run:
            _cancel(upload)


def _cancel(upload: Upload) -> None:
    with contextlib.suppress(UploadNotFound):
        cancel(upload)


def _unfinished() -> QuerySet[Upload]:
    return Upload.objects.filter(state=Upload.State.UPLOADING)


def _uuid_of(part: Leftover) -> UUID:
    return UUID(os.path.basename(part.name).partition(".")[0])
