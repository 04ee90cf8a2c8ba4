"""`manage.py clean_uploads`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chunked_uploads.conf import conf
from chunked_uploads.core.amounts import format_size
from chunked_uploads.core.sweeping import clean_uploads
from chunked_uploads.errors import StoreUnavailable


class Command(BaseCommand):
    """Sweep away what nobody will finish or take, and what crashes left behind."""

    help = (
        "Removes unfinished uploads without activity, finished ones that their form "
        "did not keep, and chunks without an upload."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add --days and --dry-run."""
        default = conf.CHUNKED_UPLOADS_EXPIRE_DAYS
        parser.add_argument(
            "--days",
            type=float,
            default=default,
            help=f"Days without activity (default: {default}).",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="Only say what would be done."
        )

    def handle(self, *, days: float, dry_run: bool, **options: Any) -> None:
        """Clean up and report."""
        if not days >= 0:
            raise CommandError("--days can't be negative.")
        try:
            report = clean_uploads(days, dry_run=dry_run)
        except OverflowError:
            raise CommandError("--days is too large.") from None
        except (OSError, StoreUnavailable) as error:
            raise CommandError(f"The chunk store can't be looked at: {error}") from None
        would = "would be " if dry_run else ""
        for names, sentence in (
            (report.expired, "unfinished, without activity: {}removed"),
            (report.unkept, "finished for a form that did not keep it: {}removed"),
            (report.stray, "chunks without an unfinished upload: {}removed"),
            (report.completed, "whole, but its last step died: {}completed"),
            (report.refused, "whole, but refused by the site: removed"),
            (report.removed, "file of an upload that is gone: {}removed"),
            (report.missing, "its chunks are not there: stays until it expires"),
        ):
            for name in names:
                self.stdout.write(f"{name}: {sentence.format(would)}")
        for failure in report.failed:
            self.stderr.write(failure)
        count = len(report.expired) + len(report.unkept)
        self.stdout.write(
            f"{count} uploads and {len(report.stray)} leftovers {would}removed, "
            f"{len(report.completed)} uploads {would}completed, "
            f"{format_size(report.freed)} {would}freed."
        )
        if report.failed:
            raise CommandError(f"{len(report.failed)} could not be removed.")
