"""`manage.py runjobs daily` (django-extensions): the clean-up, once a day."""

import logging

from django_extensions.management.jobs import DailyJob

from chunked_uploads.core.sweeping import clean_uploads

logger = logging.getLogger("chunked_uploads")


class Job(DailyJob):
    """Sweep away what nobody will finish or take, and what crashes left behind."""

    help = (
        "Removes unfinished uploads without activity, finished ones that their form "
        "did not keep, and chunks without an upload."
    )

    def execute(self) -> None:
        """Clean up with the days of the settings."""
        report = clean_uploads()
        for failure in report.failed:
            logger.error("The clean-up could not remove %s", failure)
        for uuid in report.missing:
            logger.warning("The chunks of upload %s are not there", uuid)
