"""A bucket's own rules: what it removes by itself, and what it never does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.checks import CheckMessage, Error, Info, Warning

from chunked_uploads.checks.rights import cause_of, code_of, is_denied, right_for
from chunked_uploads.conf import conf
from chunked_uploads.errors import StoreFull, StoreUnavailable
from chunked_uploads.stores.s3.bucket import Bucket
from chunked_uploads.stores.s3.failures import Refused

# What says that nobody has set such a thing up.
NONE = {
    "NoSuchLifecycleConfiguration",
    "ObjectLockConfigurationNotFoundError",
}
ABORTS, NONCURRENT = "AbortIncompleteMultipartUpload", "NoncurrentVersionExpiration"
ADVICE = (
    "Let a rule abort multipart uploads later than CHUNKED_UPLOADS_EXPIRE_DAYS: twice"
    " as many days after they began are fine. See docs/scaling.md."
)


@dataclass(frozen=True)
class Rule:
    """A lifecycle rule that is in force, as S3 tells it."""

    name: str
    prefix: str
    actions: dict[str, Any]

    def covers(self, folder: str) -> bool:
        """Whether it is for all keys that begin so."""
        return folder.startswith(self.prefix)

    def touches(self, folder: str) -> bool:
        """Whether it is for some of the keys that begin so."""
        return self.covers(folder) or self.prefix.startswith(folder)

    def days(self, action: str, unit: str = "Days") -> int | None:
        """Return after how many days it does so, None where it does not.

        A date is 0 days: it hits whatever is there.
        """
        wanted = self.actions.get(action, {})
        return 0 if "Date" in wanted else wanted.get(unit)


def check_rules(bucket: Bucket, chunks: str, files: str) -> Iterator[CheckMessage]:
    """Yield what the bucket's rules do to uploads; two beginnings of keys."""
    try:
        rules = _read_rules(bucket)
    except (Refused, StoreFull, StoreUnavailable) as failure:
        yield _unknown(bucket, "lifecycle rules", failure)
    else:
        yield from _check_aborts(rules, files)
        yield from _check_expirations(rules, chunks, files)
        yield from _check_versions(bucket, rules, chunks)
    yield from _check_lock(bucket)


def _read_rules(bucket: Bucket) -> list[Rule]:
    answer = _ask(bucket, "get_bucket_lifecycle_configuration")
    rules = []
    for rule in answer.get("Rules", ()):
        condition = rule.get("Filter", {})
        condition = condition.get("And", condition)
        # Our objects have no tags that a rule may be for.
        if rule["Status"] == "Enabled" and not {"Tag", "Tags"} & {*condition}:
            prefix = rule.get("Prefix") or condition.get("Prefix") or ""
            rules.append(Rule(rule.get("ID", ""), prefix, rule))
    return rules


def _check_aborts(rules: list[Rule], files: str) -> Iterator[CheckMessage]:
    least = conf.CHUNKED_UPLOADS_EXPIRE_DAYS
    covering = False
    for rule in rules:
        days = rule.days(ABORTS, "DaysAfterInitiation")
        if days is None or not rule.touches(files):
            continue
        covering = covering or rule.covers(files)
        if days <= least:
            yield Error(
                f"The bucket's rule {rule.name!r} aborts uploads that are under way:"
                f" {days} days after they began, and CHUNKED_UPLOADS_EXPIRE_DAYS is"
                f" {least} days without activity.",
                hint=ADVICE,
                id="chunked_uploads.E022",
            )
    if not covering:
        yield Warning(
            "The bucket has no lifecycle rule that aborts forgotten multipart uploads.",
            hint=f"What no clean-up finds is paid for ever. {ADVICE}",
            id="chunked_uploads.W014",
        )


def _check_expirations(
    rules: list[Rule], chunks: str, files: str
) -> Iterator[CheckMessage]:
    least = conf.CHUNKED_UPLOADS_EXPIRE_DAYS
    for rule in rules:
        days = rule.days("Expiration")
        if days is None:
            continue
        if rule.touches(chunks) and days <= least:
            yield Error(
                f"The bucket's rule {rule.name!r} removes chunks of uploads that are"
                f" under way: CHUNKED_UPLOADS_EXPIRE_DAYS is {least}.",
                hint=f"Leave it out for {chunks}, which clean_uploads sweeps, or let"
                " it wait for twice as many days.",
                id="chunked_uploads.E023",
            )
        if rule.touches(files):
            yield Warning(
                f"The bucket's rule {rule.name!r} removes finished files.",
                hint="Their rows stay, and name files that are gone. Let the rule"
                f" leave out {files}.",
                id="chunked_uploads.W015",
            )


def _check_versions(
    bucket: Bucket, rules: list[Rule], chunks: str
) -> Iterator[CheckMessage]:
    try:
        answer = _ask(bucket, "get_bucket_versioning")
    except (Refused, StoreFull, StoreUnavailable) as failure:
        yield _unknown(bucket, "versioning", failure)
        return
    if answer.get("Status") != "Enabled":
        return
    if not any(rule.covers(chunks) and NONCURRENT in rule.actions for rule in rules):
        yield Warning(
            "The bucket keeps versions: chunks that are removed are paid for ever.",
            hint=f"Add a lifecycle rule for {chunks} with {NONCURRENT} of a day.",
            id="chunked_uploads.W016",
        )


def _check_lock(bucket: Bucket) -> Iterator[CheckMessage]:
    try:
        answer = _ask(bucket, "get_object_lock_configuration")
    except (Refused, StoreFull, StoreUnavailable) as failure:
        yield _unknown(bucket, "object lock", failure)
        return
    if answer.get("ObjectLockConfiguration", {}).get("Rule"):
        yield Warning(
            "The bucket locks each object by default: chunks can't be removed for good"
            " before that ends.",
            hint="Lock objects by the storage's object_parameters (ObjectLockMode),"
            " which finished files alone get.",
            id="chunked_uploads.W017",
        )


def _ask(bucket: Bucket, operation: str) -> dict[str, Any]:
    try:
        return bucket.ask(operation)
    except StoreUnavailable as failure:
        error = cause_of(failure)
        if error is not None and code_of(error) in NONE:
            return {}
        raise


def _unknown(bucket: Bucket, what: str, failure: Exception) -> CheckMessage:
    """Return the message that a rule could not be asked for, which no upload needs."""
    error = cause_of(failure)
    hint = None
    if error is not None and is_denied(failure):
        hint = f"The right {right_for(bucket, error)} lets this check see more."
    return Info(
        f"The bucket's {what} could not be looked at: {failure.__cause__ or failure}",
        hint=hint,
        id="chunked_uploads.I002",
    )
