"""`manage.py check --tag chunked_uploads_s3`, over a real engine, healthy and not."""

from __future__ import annotations

import io
import json
import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.response import StreamingBody
from django.core.checks import CheckMessage, run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.utils import timezone
from storages.backends.s3 import S3Storage

from chunked_uploads.checks.rules import check_rules
from chunked_uploads.stores.s3.bucket import Bucket
from demo.services.engine import Engine
from tests.documents import blocks
from tests.stores.buckets import ERROR, Raw, Site

ALWAYS = 1000  # times
FILES, CHUNKS = "chunked_uploads/files/", "chunked_uploads/chunks/"


def rule(prefix: str = "", name: str = "rule", **actions: Any) -> dict[str, Any]:
    """Return a lifecycle rule as S3 takes it."""
    return {"ID": name, "Status": "Enabled", "Filter": {"Prefix": prefix}, **actions}


def aborting(days: int, prefix: str = "") -> dict[str, Any]:
    """Return one that aborts multipart uploads so many days after they began."""
    after = {"DaysAfterInitiation": days}
    return rule(prefix, "aborts", AbortIncompleteMultipartUpload=after)


@pytest.fixture(scope="module")
def make_bucket(engine: Engine) -> Callable[..., str]:
    """Return what makes a bucket with these lifecycle rules and returns its name."""

    def make(*rules: dict[str, Any], **options: Any) -> str:
        name = f"bucket-{secrets.token_hex(6)}"
        engine.client.create_bucket(Bucket=name, **options)
        if rules:
            engine.client.put_bucket_lifecycle_configuration(
                Bucket=name, LifecycleConfiguration={"Rules": [*rules]}
            )
        return name

    return make


@pytest.fixture(scope="module")
def healthy(make_bucket: Callable[..., str]) -> str:
    """A bucket with which nothing is wrong."""
    return make_bucket(aborting(7))


class Tried(Site):
    """A site over a bucket of its own, that is tried."""

    def use(
        self, bucket: str = "", location: str | None = None, **options: Any
    ) -> None:
        """Choose a bucket, a folder in it, and options of the storage."""
        self.name = bucket or self.engine.bucket
        if location is not None:
            self.location = location
        super().use(bucket_name=self.name, **options)

    def messages(self) -> list[CheckMessage]:
        """Return what the check says, and see that it left nothing."""
        messages = run_checks(tags=["chunked_uploads_s3"])
        assert self.rest() == []
        return messages

    def ids(self) -> list[str]:
        """Return their numbers, in order."""
        return [(each.id or "").removeprefix("chunked_uploads.") for each in self]

    def __iter__(self) -> Iterator[CheckMessage]:
        return iter(self.messages())

    def rules(self) -> list[str]:
        """Return their numbers where the bucket's rules alone are looked at."""
        messages = check_rules(self.bucket, CHUNKS, FILES)
        return [(each.id or "").removeprefix("chunked_uploads.") for each in messages]

    def rest(self) -> list[str]:
        """Return the keys of all objects and multipart uploads in the bucket."""
        client, where = self.engine.client, {"Bucket": self.name}
        where["Prefix"] = self.location
        try:
            found = client.list_objects_v2(**where).get("Contents", [])
        except client.exceptions.NoSuchBucket:
            return []
        begun = client.list_multipart_uploads(**where).get("Uploads", [])
        return [each["Key"] for each in [*found, *begun]]

    def on(self, event: str, do: Callable[..., object], times: int = ALWAYS) -> None:
        """Call `do` for the next requests of this kind, so many times."""
        left = times

        def call(**options: Any) -> object:
            nonlocal left
            if not left:
                return None
            left -= 1
            return do(**options)

        self.traffic.client.meta.events.register(event, call)

    def ignore(self, operation: str, times: int) -> None:
        """Let the engine say that it did what it did not."""

        def answer(request: Any, **options: Any) -> AWSResponse:
            return AWSResponse(request.url, 204, {}, Raw(b""))

        self.on(f"before-send.s3.{operation}", answer, times)


@pytest.fixture
def tried(
    engine: Engine, healthy: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Tried:
    """A site with which nothing is wrong."""
    # One client for each storage, so that faults can be put into it.
    clients: dict[int, tuple[S3Storage, Any]] = {}
    make = Bucket._make_client

    def make_once(bucket: Bucket) -> Any:
        storage = bucket.storage
        if id(storage) not in clients:
            clients[id(storage)] = storage, make(bucket)
        return clients[id(storage)][1]

    monkeypatch.setattr(Bucket, "_make_client", make_once)
    site = Tried(engine, settings)
    site.use(healthy)
    return site


def test_good_bucket_gives_no_message_and_nothing_stays_in_it(tried: Tried) -> None:
    assert tried.ids() == []
    assert tried.traffic.requests["CompleteMultipartUpload"]
    assert tried.traffic.put < 16 * 2**20


def test_command_fails_by_its_errors(tried: Tried, capsys: Any) -> None:
    call_command("check", tags=["chunked_uploads_s3"], fail_level="WARNING")
    assert "no issues" in capsys.readouterr().out

    tried.traffic.refuse("PutObject", 403, "AccessDenied", ALWAYS)
    with pytest.raises(SystemCheckError, match=r"chunked_uploads\.E018"):
        call_command("check", tags=["chunked_uploads_s3"])


@pytest.mark.parametrize(
    "options",
    [
        {"location": ""},
        {"object_parameters": {"ChecksumAlgorithm": "SHA256"}},
        {"object_parameters": {"Metadata": {"site": "ours"}}, "default_acl": "private"},
    ],
)
def test_options_of_the_storage_go_along(
    tried: Tried, healthy: str, options: dict[str, Any]
) -> None:
    tried.use(healthy, **options)

    assert tried.ids() == []


def test_engine_that_knows_md5_alone_is_tried_by_it(tried: Tried, healthy: str) -> None:
    config = Config(request_checksum_calculation="when_required")
    tried.use(healthy, client_config=config)
    headers: list[str] = []
    tried.on("before-send.s3", lambda request, **_: headers.extend(request.headers))

    assert tried.ids() == []
    assert "Content-MD5" in headers


def test_files_whose_place_an_upload_alone_knows_are_tried_among_the_chunks(
    tried: Tried, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = lambda upload, name: upload.filename

    assert tried.ids() == []


# --- who may what ---


@pytest.mark.parametrize(
    "rights",
    [
        {"PutObject": "s3:PutObject"},
        {
            "CopyObject": "s3:GetObject and s3:PutObject",
            "CreateMultipartUpload": "s3:PutObject",
            "GetObject": "s3:GetObject",
            "ListObjectsV2": "s3:ListBucket",
        },
        {
            "HeadObject": "s3:GetObject",
            "ListMultipartUploads": "s3:ListBucketMultipartUploads",
            "UploadPart": "s3:PutObject",
        },
        {
            "CompleteMultipartUpload": "s3:PutObject",
            "ListParts": "s3:ListMultipartUploadParts",
        },
        {"AbortMultipartUpload": "s3:AbortMultipartUpload"},
    ],
    ids=lambda rights: "-".join(rights),
)
def test_right_that_is_missing_is_named(tried: Tried, rights: dict[str, str]) -> None:
    for operation in rights:
        # Afterwards the check itself has to abort what it began.
        times = 1 if operation == "AbortMultipartUpload" else ALWAYS
        tried.traffic.refuse(operation, 403, "AccessDenied", times)

    messages = tried.messages()

    hints = {
        operation: str(each.hint)
        for each in messages
        for operation in rights
        if each.id == "chunked_uploads.E018" and f"the {operation} op" in each.msg
    }
    assert {*hints} == {*rights}
    for operation, right in rights.items():
        assert f"the right {right} for arn:aws:s3:::{tried.name}" in hints[operation]
    others = {each.id for each in messages} - {"chunked_uploads.E018"}
    assert others <= {"chunked_uploads.W018"}  # nobody may look whether it is gone


@pytest.mark.parametrize(
    ("options", "right"),
    [
        ({"default_acl": "private"}, "s3:PutObjectAcl"),
        ({"object_parameters": {"Tagging": "a=b"}}, "s3:PutObjectTagging"),
        (
            {"object_parameters": {"ServerSideEncryption": "aws:kms"}},
            "kms:GenerateDataKey",
        ),
    ],
)
def test_rights_that_object_parameters_need_are_named(
    tried: Tried, healthy: str, options: dict[str, Any], right: str
) -> None:
    tried.use(healthy, **options)
    tried.traffic.refuse("PutObject", 403, "AccessDenied", ALWAYS)

    assert right in str(tried.messages()[0].hint)


def test_what_can_not_be_removed_is_named(tried: Tried) -> None:
    for operation in ("DeleteObject", "DeleteObjects"):
        tried.traffic.refuse(operation, 403, "AccessDenied", ALWAYS)

    messages = run_checks(tags=["chunked_uploads_s3"])

    assert [each.id for each in messages] == [
        "chunked_uploads.E018",
        "chunked_uploads.E018",
        "chunked_uploads.W018",
    ]
    assert "s3:DeleteObject" in str(messages[0].hint)
    left = tried.rest()
    assert left
    assert all(key in str(messages[-1].hint) for key in left)


def test_bucket_that_is_missing_is_one_message(tried: Tried) -> None:
    tried.use("no-such-bucket")

    [message] = tried.messages()

    assert message.id == "chunked_uploads.E018"
    assert "Make the bucket 'no-such-bucket'" in str(message.hint)


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({"secret_key": "wrong"}, "secret_key"),
        ({"access_key": "nobody"}, "access_key"),
        ({"endpoint_url": "http://127.0.0.1:1"}, "reach http://127.0.0.1:1"),
    ],
)
def test_wrong_way_to_the_bucket_is_one_message(
    tried: Tried, healthy: str, options: dict[str, Any], hint: str
) -> None:
    tried.use(healthy, **options)

    [message] = tried.messages()

    assert message.id == "chunked_uploads.E018"
    assert hint in str(message.hint)


def test_bucket_that_goes_away_in_between_ends_the_trial(tried: Tried) -> None:
    def go(**options: Any) -> None:
        raise ConnectionResetError

    tried.on("before-send.s3.CreateMultipartUpload", go, times=2)

    assert tried.ids() == ["E018"]


def test_what_was_made_is_removed_when_the_command_is_interrupted(
    tried: Tried,
) -> None:
    def interrupt(**options: Any) -> None:
        raise KeyboardInterrupt

    tried.on("after-call.s3.UploadPart", interrupt, times=1)

    with pytest.raises(KeyboardInterrupt):
        tried.messages()
    assert tried.rest() == []


# --- what the engine does ---


@pytest.mark.parametrize("operation", ["PutObject", "UploadPart"])
def test_checksum_that_nobody_compares_is_a_warning(
    tried: Tried, operation: str
) -> None:
    def forget(request: Any, **options: Any) -> None:
        for name in [*request.headers]:
            if name.lower().startswith(("x-amz-checksum", "content-md5")):
                del request.headers[name]

    tried.on(f"before-sign.s3.{operation}", forget)

    [message] = tried.messages()

    assert message.id == "chunked_uploads.W012"
    assert "CRC32" in message.msg


def other_bytes(parsed: dict[str, Any], **options: Any) -> None:
    if "Body" in parsed:
        size = parsed["ContentLength"]
        parsed["Body"] = StreamingBody(io.BytesIO(b"?" * size), size)


def fewer_bytes(parsed: dict[str, Any], **options: Any) -> None:
    if "Body" in parsed:
        parsed["Body"] = StreamingBody(io.BytesIO(b"?"), 1)


def without(name: str) -> Callable[..., None]:
    def leave_out(**options: Any) -> None:
        options.get("parsed", options.get("params", {})).pop(name, None)

    return leave_out


def any_etag(request: Any, **options: Any) -> None:
    del request.headers["If-Match"]


@pytest.mark.parametrize(
    ("event", "fault", "told"),
    [
        ("after-call.s3.GetObject", other_bytes, "not whole"),
        ("after-call.s3.GetObject", fewer_bytes, "not whole"),
        ("before-sign.s3.GetObject", any_etag, "whose ETag is not the wanted one"),
        ("after-call.s3.ListObjectsV2", without("Contents"), "does not list an object"),
        (
            "after-call.s3.ListMultipartUploads",
            without("Uploads"),
            "does not list a multipart upload",
        ),
        (
            "before-parameter-build.s3.CreateMultipartUpload",
            without("Metadata"),
            "lacks its metadata",
        ),
        (
            "before-parameter-build.s3.CopyObject",
            without("Metadata"),
            "lacks its metadata",
        ),
    ],
)
def test_engine_that_differs_from_s3_is_an_error(
    tried: Tried, event: str, fault: Callable[..., None], told: str
) -> None:
    tried.on(event, fault)

    messages = tried.messages()

    assert {each.id for each in messages} <= {
        "chunked_uploads.E019",
        "chunked_uploads.E020",  # what was read is not what parts were sent
    }
    assert any(told in each.msg for each in messages)


@pytest.mark.parametrize(
    ("operation", "times", "told"),
    [
        # The first one is of a copied fragment.
        ("DeleteObject", 2, "an object is there still"),
        ("AbortMultipartUpload", 5, "a multipart upload is there still"),
    ],
)
def test_engine_that_keeps_what_it_removed_is_an_error(
    tried: Tried, operation: str, times: int, told: str
) -> None:
    tried.ignore(operation, times)

    [message] = tried.messages()

    assert message.id == "chunked_uploads.E019"
    assert told in message.msg


def test_engine_that_mixes_parts_is_an_error(tried: Tried) -> None:
    """As one does that takes the last part of a number, whatever ETag it is told."""
    sent: list[dict[str, Any]] = []

    def note(parsed: dict[str, Any], **options: Any) -> None:
        names = {"ETag", "ChecksumCRC32"} & {*parsed}
        sent.append({"PartNumber": 1, **{name: parsed[name] for name in names}})

    def take_last(params: dict[str, Any], **options: Any) -> None:
        params["MultipartUpload"]["Parts"][0] = sent[-1]

    tried.on("after-call.s3.UploadPart", note)
    tried.on("before-parameter-build.s3.CompleteMultipartUpload", take_last)

    assert tried.ids() == ["E020"]


def test_engine_that_refuses_parts_that_were_replaced_is_fine(tried: Tried) -> None:
    """As AWS does; SeaweedFS puts the part together that the ETag is of."""
    tried.traffic.refuse("CompleteMultipartUpload", 400, "InvalidPart")

    assert tried.ids() == []


@pytest.mark.parametrize("code", ["NoSuchUpload", "NoSuchKey"])
def test_engine_that_forgets_what_it_completed_is_fine(tried: Tried, code: str) -> None:
    """As AWS and Ceph do; SeaweedFS says once more that it is complete."""
    tried.traffic.then(
        "CompleteMultipartUpload",
        lambda: tried.traffic.refuse("CompleteMultipartUpload", 404, code),
    )

    assert tried.ids() == []


def test_files_in_an_archive_are_fine(tried: Tried) -> None:
    def refuse(request: Any, **options: Any) -> AWSResponse | None:
        if "/chunked_uploads/files/" not in request.url:
            return None
        content = Raw(ERROR.format(code="InvalidObjectState").encode())
        return AWSResponse(request.url, 403, {}, content)

    tried.traffic.client.meta.events.register("before-send.s3.GetObject", refuse)

    assert tried.ids() == []


def test_engine_without_a_way_to_remove_many_is_an_error(tried: Tried) -> None:
    tried.traffic.refuse("DeleteObjects", 501, "NotImplemented", times=1)

    [message] = tried.messages()

    assert message.id == "chunked_uploads.E018"
    assert "DeleteObjects" in message.msg


@pytest.mark.parametrize(
    ("seconds", "expected", "told"),
    [
        (-50, [], ""),
        (90, ["W013"], "ahead of"),
        (-90, ["W013"], "behind"),
        (400, ["E021"], "ahead of"),
    ],
)
def test_clocks_that_differ_are_told(
    tried: Tried, seconds: int, expected: list[str], told: str
) -> None:
    date = timezone.now() + timedelta(seconds=seconds)

    def tell(parsed: dict[str, Any], **options: Any) -> None:
        parsed["ResponseMetadata"]["HTTPHeaders"]["date"] = format_datetime(date)

    tried.on("after-call.s3", tell)
    messages = tried.messages()

    assert [each.id for each in messages] == [f"chunked_uploads.{e}" for e in expected]
    assert all(told in each.msg for each in messages)


def test_clock_for_which_all_is_refused_is_one_message(tried: Tried) -> None:
    tried.traffic.refuse("PutObject", 403, "RequestTimeTooSkewed", ALWAYS)

    assert tried.ids() == ["E021"]


# --- what the bucket does by itself ---

EXPIRING: dict[str, Any] = {"Expiration": {"Days": 3}}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], ["W014"]),
        ([aborting(4)], []),
        ([aborting(3)], ["E022"]),
        ([aborting(7), aborting(1, FILES)], ["E022"]),
        ([aborting(7, FILES)], []),
        ([aborting(7, f"{FILES}a")], ["W014"]),
        ([aborting(1, "elsewhere/")], ["W014"]),
        ([{**aborting(7), "Status": "Disabled"}], ["W014"]),
        ([aborting(7), rule("elsewhere/", **EXPIRING)], []),
        ([aborting(7), rule(CHUNKS, **EXPIRING)], ["E023"]),
        ([aborting(7), rule(CHUNKS, Expiration={"Days": 30})], []),
        ([aborting(7), rule(FILES, Expiration={"Days": 365})], ["W015"]),
        ([aborting(7), rule("", **EXPIRING)], ["E023", "W015"]),
        (
            [
                aborting(7),
                {
                    **rule(**EXPIRING),
                    "Filter": {"Tag": {"Key": "temporary", "Value": "yes"}},
                },
            ],
            [],
        ),
    ],
)
def test_lifecycle_rules_are_compared_with_what_uploads_need(
    tried: Tried,
    make_bucket: Callable[..., str],
    rules: list[dict[str, Any]],
    expected: list[str],
) -> None:
    rules = [{**each, "ID": f"{number}"} for number, each in enumerate(rules)]
    tried.use(make_bucket(*rules))

    assert tried.rules() == expected


def test_rules_that_the_docs_show_are_fine(
    tried: Tried, make_bucket: Callable[..., str]
) -> None:
    [_, shown] = blocks("json", "docs/scaling.md")
    tried.use(make_bucket(*json.loads(shown)["Rules"]))

    assert tried.rules() == []


def test_rule_that_counts_days_is_compared_with_the_setting(
    tried: Tried, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_EXPIRE_DAYS = 7

    [message] = tried.messages()

    assert message.id == "chunked_uploads.E022"
    assert "7 days after they began" in message.msg


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ([], ["W016"]),
        ([rule(CHUNKS, NoncurrentVersionExpiration={"NoncurrentDays": 1})], []),
        ([rule(FILES, NoncurrentVersionExpiration={"NoncurrentDays": 1})], ["W016"]),
    ],
)
def test_versions_of_chunks_need_a_rule_that_removes_them(
    tried: Tried,
    make_bucket: Callable[..., str],
    more: list[dict[str, Any]],
    expected: list[str],
) -> None:
    name = make_bucket(aborting(7), *more)
    tried.engine.client.put_bucket_versioning(
        Bucket=name, VersioningConfiguration={"Status": "Enabled"}
    )
    tried.use(name)

    assert tried.rules() == expected


def test_lock_that_every_object_gets_is_a_warning(
    tried: Tried, make_bucket: Callable[..., str]
) -> None:
    noncurrent: dict[str, Any] = {"NoncurrentVersionExpiration": {"NoncurrentDays": 1}}
    name = make_bucket(
        aborting(7), rule(CHUNKS, **noncurrent), ObjectLockEnabledForBucket=True
    )
    tried.use(name)
    assert tried.rules() == []

    retention = {"Mode": "GOVERNANCE", "Days": 1}
    tried.engine.client.put_object_lock_configuration(
        Bucket=name,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": retention},
        },
    )

    assert tried.rules() == ["W017"]


@pytest.mark.parametrize(
    ("status", "code"), [(403, "AccessDenied"), (501, "NotImplemented")]
)
def test_rules_that_can_not_be_read_are_no_fault(
    tried: Tried, status: int, code: str
) -> None:
    for operation in (
        "GetBucketLifecycleConfiguration",
        "GetBucketVersioning",
        "GetObjectLockConfiguration",
    ):
        tried.traffic.refuse(operation, status, code, ALWAYS)

    messages = tried.messages()

    assert {each.id for each in messages} == {"chunked_uploads.I002"}
    hints = [str(each.hint) for each in messages if each.hint]
    assert any("s3:GetLifecycleConfiguration" in each for each in hints) == (
        code == "AccessDenied"
    )
