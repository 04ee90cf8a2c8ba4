"""Sweep away what nobody will finish or take, and what a crash left behind."""

from __future__ import annotations

import contextlib
import datetime
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from chunked_uploads.conf import conf
from chunked_uploads.core.clearing import finish_removal
from chunked_uploads.core.finishing import complete
from chunked_uploads.core.places import is_in_place
from chunked_uploads.core.references import referred, unprotected, unreferred
from chunked_uploads.core.removing import cancel, unkept
from chunked_uploads.errors import FileRefused, UploadNotFound
from chunked_uploads.models import (
    JOINED_REST,
    PARTS,
    Removal,
    Upload,
    UploadQuerySet,
)
from chunked_uploads.stores import Leftover, chunk_store

BATCH = 500  # rows
QUIET = datetime.timedelta(hours=1)  # without activity: no request is at it now


@dataclass
class Report:
    """What a clean-up did, or would do: uploads by UUID, the others by name.

    `expired`: unfinished and without activity; `unkept`: finished for a form, without
    activity, and kept by none; `stray`: what rests in the store for no unfinished
    upload; `completed`: uploads whose last step died: between their move and its
    record, or after the commit of the form that kept them; `refused`: those of them
    that a validator of the site refused; `removed`: files of uploads that are gone;
    `missing`: uploads whose bytes are not there, which stay until they expire;
    `failed`: what could not be removed, and why; `freed` in bytes.
    """

    expired: list[str] = field(default_factory=list)
    unkept: list[str] = field(default_factory=list)
    stray: list[str] = field(default_factory=list)
    completed: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    freed: int = 0


def clean_uploads(days: float | None = None, *, dry_run: bool = False) -> Report:
    """Remove what had no activity for `days`: unfinished uploads and stray bytes.

    `days` is `CHUNKED_UPLOADS_EXPIRE_DAYS` where not given; bytes rest that long at
    least. No upload goes because its bytes are missing: a disk may not be mounted.
    Of the finished uploads only those go that were sent for a form, and that none has
    kept. Nothing goes that a row of the site refers to. A dry run only reports.

    Raises `OSError` or `StoreUnavailable` where the store can't be looked at.
    """
    expire_days = conf.CHUNKED_UPLOADS_EXPIRE_DAYS
    days = expire_days if days is None else days
    before = timezone.now() - datetime.timedelta(days=days)
    # Its row may be another database's, or not committed yet.
    rest = datetime.timedelta(days=max(days, expire_days))
    strays_before = datetime.datetime.now(datetime.timezone.utc) - rest
    report = Report()
    leftovers = _leftovers()
    first = list(itertools.islice(leftovers, 1))  # raises where it can't look
    _expire(before, report, dry_run)
    _remove_unkept(before, report, dry_run)
    _remove_strays(itertools.chain(first, leftovers), strays_before, report, dry_run)
    _complete_moved(report, dry_run)
    _complete_referred(report, dry_run)
    _finish_removals(report, dry_run)
    return report


def _leftovers() -> Iterator[Leftover]:
    try:
        yield from chunk_store().leftovers()
    except FileNotFoundError:
        if Upload.objects.unfinished().filter(received__gt=0).exists():
            raise


def _expire(before: datetime.datetime, report: Report, dry_run: bool) -> None:
    unfinished = Upload.objects.unfinished()
    is_joined = Q(role=Upload.Role.JOINED)
    idle = unfinished.exclude(is_joined).filter(modified_at__lt=before)
    # Of a whole one that a row of the site refers to, nothing but its end is missing.
    whole = unreferred(idle.whole())
    is_partial = Q(offset__lt=F("filesize")) | Q(filesize=None) | Q(role__in=PARTS)
    partial = unprotected(idle.filter(is_partial))
    rested = max(before, timezone.now() - JOINED_REST)
    joined = unprotected(unfinished.filter(is_joined, modified_at__lt=rested))
    for expired in (partial, whole, joined):
        for upload in _each(expired):
            size = 0
            with _failures_reported(str(upload.uuid), report):
                size = chunk_store().count_bytes(upload)
            if _cancel(upload, expired, report, dry_run):
                report.expired.append(str(upload.uuid))
                report.freed += size


def _remove_unkept(before: datetime.datetime, report: Report, dry_run: bool) -> None:
    left = unkept().filter(modified_at__lt=before)
    for upload in _each(left):
        size = _own_bytes(upload)
        if _cancel(upload, left, report, dry_run):
            report.unkept.append(str(upload.uuid))
            report.freed += size


def _own_bytes(upload: Upload) -> int:
    """Return how many bytes the finished file takes, none where a form has it too."""
    try:
        found = os.stat(upload.upload.path)
    except (NotImplementedError, OSError, ValueError):
        return upload.filesize or 0
    return found.st_size if found.st_nlink == 1 else 0


def _remove_strays(
    leftovers: Iterator[Leftover],
    before: datetime.datetime,
    report: Report,
    dry_run: bool,
) -> None:
    old = (leftover for leftover in leftovers if leftover.modified < before)
    expired = set(report.expired)
    while batch := list(itertools.islice(old, BATCH)):
        unfinished = Upload.objects.unfinished().filter(
            uuid__in={each.uuid for each in batch}
        )
        wanted = {*map(str, unfinished.values_list("uuid", flat=True)), *expired}
        for leftover in batch:
            if str(leftover.uuid) in wanted:
                continue
            with _failures_reported(leftover.name, report):
                if not dry_run:
                    chunk_store().remove_leftover(leftover)
                report.stray.append(leftover.name)
                report.freed += leftover.size


def _complete_moved(report: Report, dry_run: bool) -> None:
    """Complete the unfinished uploads whose file is in its place already.

    Where neither it nor the bytes are there, nobody knows whether they will be again.
    """
    expired = set(report.expired)
    for upload in _each(_quiet().filter(received__gt=0)):
        with _failures_reported(str(upload.uuid), report):
            if str(upload.uuid) in expired or chunk_store().count_bytes(upload):
                continue
            if is_in_place(upload):
                _complete(upload, report, dry_run)
            else:
                report.missing.append(str(upload.uuid))


def _complete_referred(report: Report, dry_run: bool) -> None:
    """Complete the uploads that a row of the site refers to and that have all bytes.

    What came with a form is completed when the form's transaction is committed, unless
    the process died then.
    """
    for upload in _each(referred(_quiet().whole())):
        with _failures_reported(str(upload.uuid), report):
            if chunk_store().count_bytes(upload) >= (upload.filesize or 0):
                _complete(upload, report, dry_run)


def _complete(upload: Upload, report: Report, dry_run: bool) -> None:
    try:
        if not dry_run:
            complete(upload)
    except FileRefused:
        report.refused.append(str(upload.uuid))
    else:
        report.completed.append(str(upload.uuid))


def _finish_removals(report: Report, dry_run: bool) -> None:
    """Remove the files of uploads that are gone, where that failed or died then."""
    quiet = Removal.objects.filter(created_at__lt=timezone.now() - QUIET)
    for removal in list(quiet.order_by("pk")):
        with _failures_reported(removal.place, report):
            if finish_removal(removal, dry_run=dry_run):
                report.removed.append(removal.place)
                report.freed += removal.filesize


def _cancel(
    upload: Upload, among: QuerySet[Upload], report: Report, dry_run: bool
) -> bool:
    """Cancel the upload if it is one of these; return whether it was, or would be."""
    if dry_run:
        return among.filter(pk=upload.pk).exists()
    with (
        _failures_reported(str(upload.uuid), report),
        contextlib.suppress(UploadNotFound),
    ):
        cancel(upload, among=among)
        return True
    return False


@contextlib.contextmanager
def _failures_reported(name: str, report: Report) -> Iterator[None]:
    """Go on with the others where one can't be removed."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - storages fail in their own ways
        report.failed.append(f"{name}: {error}")


def _each(rows: QuerySet[Upload]) -> Iterator[Upload]:
    """Yield `rows`, oldest first, to a caller that may delete them meanwhile.

    They are read in batches, each after the last row of the one before: no query is
    open while rows are deleted, and the index gives the order in any table.
    """
    rest = rows = rows.order_by("modified_at", "pk")
    while batch := list(rest[:BATCH]):
        time, last = batch[-1].modified_at, batch[-1].pk  # a deletion forgets its key
        yield from batch
        rest = rows.filter(modified_at__gte=time)
        rest = rest.exclude(modified_at=time, pk__lte=last)


def _quiet() -> UploadQuerySet:
    return Upload.objects.unfinished().filter(modified_at__lt=timezone.now() - QUIET)
