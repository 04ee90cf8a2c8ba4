"""Try the bucket, and remove what that made."""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from django.core.checks import CheckMessage, Error, Warning
from django.utils import timezone

from chunked_uploads.checks.rights import cause_of, failed, is_answered, is_denied
from chunked_uploads.checks.rules import check_rules
from chunked_uploads.checks.steps import Step, Steps, differs
from chunked_uploads.errors import BytesLost, StoreFull, StoreUnavailable
from chunked_uploads.stores.s3.bucket import Bucket, Buckets
from chunked_uploads.stores.s3.failures import Refused, logger
from chunked_uploads.stores.s3.folders import abort

MOST_SKEW = 5 * 60  # seconds; S3 refuses requests that are 15 minutes off
SOME_SKEW = 60


def try_bucket() -> list[CheckMessage]:
    """Return what the bucket of the settings does not do as uploads need it.

    It is sent some 15 MiB, in some forty requests.
    """
    with _unlogged():  # the messages say all of it
        return Trial(NotedBucket(Buckets().current())).run()


class NotedBucket(Bucket):
    """A bucket, and what was made in it."""

    def __init__(self, bucket: Bucket) -> None:
        super().__init__(bucket.storage)
        self.keys: dict[str, None] = {}
        self.multiparts: list[tuple[str, str]] = []  # keys and ids
        self.has_written = False
        self.skew = timedelta(0)  # of its clock from ours, by the last answer

    def ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        writes = operation.startswith(("complete", "copy", "create", "put"))
        if writes:
            self.keys[parameters["Key"]] = None
        answer = super().ask(operation, **parameters)
        self.has_written = self.has_written or writes
        if date := answer["ResponseMetadata"]["HTTPHeaders"].get("date"):
            self.skew = parsedate_to_datetime(date) - timezone.now()
        if operation == "create_multipart_upload":
            self.multiparts.append((parameters["Key"], answer["UploadId"]))
        return answer


class Trial:
    """All steps, and what came of them."""

    def __init__(self, bucket: NotedBucket) -> None:
        self._bucket = bucket
        self._messages: list[CheckMessage] = []
        self._told: set[str] = set()  # the operations whose failure was

    def run(self) -> list[CheckMessage]:
        """Return all that is wrong. What was made is removed."""
        steps = Steps(self._bucket)
        check = functools.partial(check_rules, self._bucket, steps.chunks, steps.files)
        try:
            # Where nobody answers, there is no such bucket or the credentials are
            # wrong, one message is enough.
            first, *others = steps.all
            others += [self._check_clock, check]
            if self._do(first, is_first=True):
                all(self._do(step) for step in others)
        finally:
            self._remove()
        return self._messages

    def _do(self, step: Step, *, is_first: bool = False) -> bool:
        """Take a step; return whether there is a point in taking others."""
        try:
            for message in step():
                self._messages.append(message)
        except (BytesLost, FileNotFoundError):
            self._messages.append(differs("what it took is not there, or not whole"))
        except (Refused, StoreFull, StoreUnavailable) as failure:
            self._tell(failure)
            return is_denied(failure) or (is_answered(failure) and not is_first)
        return True

    def _tell(self, failure: Exception) -> None:
        error = cause_of(failure)
        operation = error.operation_name if error else ""
        if operation not in self._told:
            self._told.add(operation)
            self._messages.append(failed(self._bucket, failure))

    def _check_clock(self) -> Iterator[CheckMessage]:
        seconds = round(self._bucket.skew.total_seconds())
        if abs(seconds) <= SOME_SKEW:
            return
        side = "ahead of" if seconds > 0 else "behind"
        told = f"The bucket's clock is {abs(seconds)} seconds {side} this machine's."
        hint = "Let both keep time by NTP: from 15 minutes on, S3 refuses requests."
        if abs(seconds) > MOST_SKEW:
            yield Error(told, hint=hint, id="chunked_uploads.E021")
        else:
            yield Warning(told, hint=hint, id="chunked_uploads.W013")

    def _remove(self) -> None:
        if not self._bucket.has_written:
            return
        removals: list[Callable[[], None]] = [
            functools.partial(abort, self._bucket, *each)
            for each in self._bucket.multiparts
        ]
        removals.append(functools.partial(self._bucket.remove, [*self._bucket.keys]))
        is_left = False
        for removal in removals:
            try:
                removal()
            except (Refused, StoreFull, StoreUnavailable) as failure:
                is_left = True
                self._tell(failure)
        if is_left:
            keys = ", ".join(self._bucket.keys)
            self._messages.append(
                Warning(
                    "What this check made in the bucket could not be removed.",
                    hint=f"Look for what is left of {keys}.",
                    id="chunked_uploads.W018",
                )
            )


@contextlib.contextmanager
def _unlogged() -> Iterator[None]:
    def nothing(record: logging.LogRecord) -> bool:
        return False

    logger.addFilter(nothing)
    try:
        yield
    finally:
        logger.removeFilter(nothing)
