"""A bucket of a real engine for one test: what is asked of it, and what goes wrong."""

from __future__ import annotations

import functools
import itertools
import secrets
from collections import Counter
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from django.core.files.storage import storages
from django.db import connection
from storages.backends.s3 import S3Storage

from chunked_uploads.conf import MIB
from chunked_uploads.models import Upload
from chunked_uploads.stores import chunk_store
from chunked_uploads.stores.s3 import grid
from chunked_uploads.stores.s3.bucket import Bucket
from demo.services.engine import Engine, SeaweedFS
from tests.core.faults import Killed

CELL = 5 * MIB  # the smallest part that engines take, but for the last one
ERROR = "<Error><Code>{code}</Code><Message>No.</Message></Error>"


class Raw:
    """The body of an answer that no engine gave."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *arguments: Any, **options: Any) -> Any:
        """Yield it."""
        yield self._content


class Traffic:
    """What is asked of the bucket: how often, with how many bytes."""

    def __init__(self, bucket: Bucket) -> None:
        self.client = bucket.client
        self.requests: Counter[str] = Counter()
        self.sent: Counter[str] = Counter()  # bytes
        self.in_transactions: list[str] = []  # what was asked within one
        self.client.meta.events.register("before-send.s3", self._count)

    def _count(self, request: Any, event_name: str, **options: Any) -> None:
        operation = event_name.rpartition(".")[2]
        self.requests[operation] += 1
        self.sent[operation] += int(request.headers.get("Content-Length", 0))
        if connection.in_atomic_block:
            self.in_transactions.append(operation)

    @property
    def put(self) -> int:
        """How many bytes of uploads went there."""
        return self.sent["UploadPart"] + self.sent["PutObject"]

    def clear(self) -> None:
        """Count anew."""
        self.requests.clear()
        self.sent.clear()

    def refuse(
        self, operation: str, status: int, code: str, times: int = 1, after: int = 0
    ) -> None:
        """Let the engine refuse so many requests of this kind, `after` some others."""
        numbers = itertools.count()

        def answer(request: Any, **options: Any) -> AWSResponse | None:
            if not after <= next(numbers) < after + times:
                return None
            content = ERROR.format(code=code).encode() if code else b""
            return AWSResponse(request.url, status, {}, Raw(content))

        self.client.meta.events.register(f"before-send.s3.{operation}", answer)

    def list_part_as(self, number: int, etag: str) -> None:
        """Let a part be listed as most engines do: SeaweedFS knows all of them."""

        def change(parsed: dict[str, Any], **options: Any) -> None:
            for part in parsed.get("Parts", ()):
                if part["PartNumber"] == number:
                    part["ETag"] = etag

        self.client.meta.events.register("after-call.s3.ListParts", change)

    def list_one_part_once(self) -> None:
        """Let a part appear that was on its way when its upload was aborted."""
        is_done = False

        def answer(request: Any, **options: Any) -> AWSResponse | None:
            nonlocal is_done
            if is_done:
                return None
            is_done = True
            content = "<ListPartsResult><Part><PartNumber>1</PartNumber></Part>"
            content += "</ListPartsResult>"
            return AWSResponse(request.url, 200, {}, Raw(content.encode()))

        self.client.meta.events.register("before-send.s3.ListParts", answer)

    def capitalize_metadata(self) -> None:
        """Let names in metadata be written as some engines write them."""

        def change(parsed: dict[str, Any], **options: Any) -> None:
            found = parsed.get("Metadata", {})
            parsed["Metadata"] = {name.title(): each for name, each in found.items()}

        self.client.meta.events.register("after-call.s3.HeadObject", change)

    def before(self, operation: str, do: Callable[[], object]) -> None:
        """Call `do` once, before the engine is asked for this."""
        self._call_once(f"before-send.s3.{operation}", do)

    def then(self, operation: str, do: Callable[[], object]) -> None:
        """Call `do` once, when the engine did what was asked of it first."""
        self._call_once(f"after-call.s3.{operation}", do)

    def _call_once(self, event: str, do: Callable[[], object]) -> None:
        is_done = False

        def once(**options: Any) -> None:
            nonlocal is_done
            if not is_done:
                is_done = True
                do()

        self.client.meta.events.register(event, once)

    def die_after(self, operation: str) -> None:
        """Let the process die when the engine did this, before anybody hears of it."""
        self.then(operation, die)


def die() -> None:
    raise Killed


class Site:
    """The tests' site over a bucket: a folder of it that no other test has."""

    def __init__(self, engine: Engine, settings: Any) -> None:
        self.engine = engine
        self.location = f"test-{secrets.token_hex(6)}"
        self.settings = settings
        self.use()

    def use(self, **options: Any) -> None:
        """Choose the storage's options, beside those that lead to the bucket."""
        config = Config(retries={"total_max_attempts": 2, "mode": "standard"})
        options = {"client_config": config, **options}
        storage = self.engine.storage(self.location, **options)
        self.settings.STORAGES = {**self.settings.STORAGES, "default": storage}
        self.settings.CHUNKED_UPLOADS_CHUNK_STORE = "chunked_uploads.stores.s3.S3Store"
        self.traffic = Traffic(self.bucket)

    @property
    def is_seaweedfs(self) -> bool:
        """Whether it is this engine; others differ in what the tests say."""
        return isinstance(self.engine, SeaweedFS)

    @property
    def bucket(self) -> Bucket:
        """The bucket as the store has it."""
        store: Any = chunk_store()
        return store._bucket

    @property
    def keys(self) -> list[str]:
        """All objects there."""
        prefix = f"{self.location}/"
        return [
            each["Key"].removeprefix(prefix) for each in self.bucket.objects(prefix)
        ]

    @property
    def left(self) -> list[str]:
        """All objects and multipart uploads there that are no finished files."""
        finished = {*Upload.objects.values_list("upload", flat=True)}
        begun = self.engine.client.list_multipart_uploads(
            Bucket=self.engine.bucket, Prefix=self.location
        )
        keys = [each["Key"] for each in begun.get("Uploads", ())]
        return [*({*self.keys} - finished), *keys]

    def read(self, upload: Upload) -> bytes:
        """Return the finished file."""
        upload.refresh_from_db()
        with storages["default"].open(str(upload.upload.name)) as file:
            return file.read()


@functools.cache
def session_of(engine: Engine) -> Any:
    """Return one session for all tests: each reads a megabyte of descriptions anew."""
    return boto3.Session(engine.key, engine.secret, region_name=engine.REGION)


@pytest.fixture
def site(engine: Engine, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The tests' site, whose cells are as small as engines let them be."""
    monkeypatch.setattr(grid, "SMALLEST", CELL)
    session = session_of(engine)
    monkeypatch.setattr(S3Storage, "_create_session", lambda storage: session)
    return Site(engine, settings)
