"""What uploads ask of a bucket, step by step, with the store's own requests."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.core.checks import CheckMessage, Error, Warning

from chunked_uploads.checks.rights import cause_of, code_of
from chunked_uploads.conf import MIB, conf
from chunked_uploads.errors import StoreFull, StoreUnavailable
from chunked_uploads.stores.file_names import sign
from chunked_uploads.stores.s3.bucket import Bucket
from chunked_uploads.stores.s3.failures import Refused
from chunked_uploads.stores.s3.folders import abort, remove_folder
from chunked_uploads.stores.s3.grid import Grid
from chunked_uploads.stores.s3.objects import UploadObjects
from chunked_uploads.stores.s3.reading import ObjectReader, read_fragment
from chunked_uploads.stores.s3.receipts import Receipt, State

LEAST_PART = 5 * MIB  # of which others may follow
ARCHIVED = "InvalidObjectState"  # said by one that can't be read at once
FILE = "chunked_uploads_check"  # beginning of the names of the files that are made
Step = Callable[[], Iterator[CheckMessage]]


@dataclass(frozen=True)
class Range:
    """A range that is recorded nowhere."""

    start: int
    chunk_size: int
    receipt: str
    pk: int = 0


class Steps:
    """An upload's life in the bucket, of which no row tells.

    `chunks` and `files` are how the keys of all chunks and of all files begin. Each
    step yields what is wrong, and raises what the store's own requests raise.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._uuid = uuid4()
        path = conf.CHUNKED_UPLOADS_STORAGE_PATH
        folder = str(conf.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH)
        # Signed, so that a clean-up finds it, should this process be killed.
        signed = sign(self._uuid)
        self.chunks = _folder(bucket, folder)
        self._folder = f"{self.chunks}{signed}/"
        # Where a callable says where files go, only an upload can ask it.
        self.files = _folder(bucket, "" if callable(path) else path)
        self._place = f"{folder}/{signed}" if callable(path) else f"{path}/{self._uuid}"

    @property
    def all(self) -> list[Step]:
        """Each step; without the first one's request nothing else has a point."""
        return [
            self._try_fragment,
            self._try_list,
            self._try_parts,
            self._try_copy,
            self._try_removal,
            self._try_abort,
        ]

    def _try_fragment(self) -> Iterator[CheckMessage]:
        objects, content = self._objects("fragment"), secrets.token_bytes(1000)
        receipt = self._send(objects, 0, content)
        key = self._folder + receipt.name
        yield from self._try_checksum(objects, "put_object", Key=f"{key}-wrong")
        whole, inner = (
            b"".join(read_fragment(self._bucket, self._folder, row))
            for row in (Range(0, 1000, str(receipt)), Range(1, 998, str(receipt)))
        )
        if (whole, inner) != (content, content[1:-1]):
            yield differs("it gives back other bytes than it was sent")
        try:
            answer = self._bucket.ask("get_object", Key=key, IfMatch=f'"{"0" * 32}"')
        except Refused:
            return
        answer["Body"].close()
        yield differs("it reads an object whose ETag is not the wanted one (If-Match)")

    def _try_list(self) -> Iterator[CheckMessage]:
        receipt = self._send(self._objects("fragment"), 0, b"listed")
        found = [each["Key"] for each in self._bucket.objects(self._folder)]
        if self._folder + receipt.name not in found:
            yield differs("it does not list an object that it has")

    def _try_parts(self) -> Iterator[CheckMessage]:
        objects = self._begin("parts")
        where = {"Key": objects.key, "UploadId": objects.state.multipart}
        yield from self._try_checksum(objects, "upload_part", **where, PartNumber=3)
        contents = [letter * LEAST_PART for letter in (b"a", b"b")]
        first = self._send(objects, 0, contents[0])
        last = self._send(objects, LEAST_PART, b"x")
        again = self._send(objects, 0, contents[1])
        expected = contents[0] + b"x"
        try:
            # As a row has it, after which somebody who was given up sent other bytes.
            # SeaweedFS 4 takes the ETag, and gives its bytes: that is fine too.
            objects.complete([first, last])
        except Refused:
            objects.complete([again, last])
            expected = contents[1] + b"x"
        if self._read(objects) not in (expected, None):
            yield Error(
                "The engine puts other parts into a file than it was told to.",
                hint="It ignores ETags when a multipart upload is completed, so"
                " requests that come late can damage files. Take another engine.",
                id="chunked_uploads.E020",
            )
        yield from self._look_at(objects, len(expected))
        with contextlib.suppress(Refused):  # as repeated; SeaweedFS says yes once more
            objects.complete([first, last])

    def _try_copy(self) -> Iterator[CheckMessage]:
        objects = self._objects("copy")
        receipt = self._send(objects, 0, b"copied")
        objects.copy_to_place(Range(0, 6, str(receipt)))
        if self._read(objects) not in (b"copied", None):
            yield differs("it copies other bytes than an object has")
        yield from self._look_at(objects, 6)

    def _try_removal(self) -> Iterator[CheckMessage]:
        keys = []
        for name in ("first", "second"):
            objects = self._objects(name)
            objects.put_empty()
            keys.append(objects.key)
        self._bucket.remove(keys[:1])
        self._bucket.remove([keys[1], f"{keys[1]}-missing"])
        for key in keys:
            with contextlib.suppress(Refused):
                self._bucket.ask("head_object", Key=key)
                yield differs("an object is there still that it removed")

    def _try_abort(self) -> Iterator[CheckMessage]:
        objects = self._begin("abort")
        if not self._lists(objects):
            yield differs("it does not list a multipart upload that was begun")
        self._send(objects, LEAST_PART, b"x")
        try:
            for _ in range(2):
                abort(self._bucket, objects.key, objects.state.multipart)
        except StoreUnavailable as failure:
            if cause_of(failure):
                raise
            # Parts are there, however often it is aborted: `_lists` tells.
        if self._lists(objects):
            yield differs("a multipart upload is there still that it aborted")
        remove_folder(self._bucket, self._folder)
        if [*self._bucket.objects(self._folder)]:
            yield differs("it lists objects that it removed")

    # --- what they share ---

    def _objects(self, name: str, multipart: str = "") -> UploadObjects:
        place = f"{self._place}/{FILE}-{name}"
        state = State(self._bucket.name, place, self._folder, LEAST_PART, multipart)
        return UploadObjects(self._bucket, self._uuid, state)

    def _begin(self, name: str) -> UploadObjects:
        return self._objects(name, self._objects(name).begin_multipart())

    def _send(self, objects: UploadObjects, start: int, content: bytes) -> Receipt:
        cell = Grid(LEAST_PART, LEAST_PART + 1).cell_at(start)
        with closing(objects.buffer_for(start, len(content))) as buffer:
            buffer.write(content)
            return objects.send(buffer, cell)

    def _try_checksum(
        self, objects: UploadObjects, operation: str, **where: Any
    ) -> Iterator[CheckMessage]:
        with closing(objects.buffer_for(0, 5)) as buffer:
            buffer.write(b"other")
            wrong = self._bucket.checksum_parameters(buffer.checksum)
        try:
            self._bucket.ask(operation, Body=b"bytes", **wrong, **where)
        except (Refused, StoreFull, StoreUnavailable):
            return
        yield Warning(
            f"The engine takes bytes with a wrong {self._bucket.checksum}"
            f" ({operation}).",
            hint="What is damaged on its way to the bucket stays so, unnoticed.",
            id="chunked_uploads.W012",
        )

    def _read(self, objects: UploadObjects) -> bytes | None:
        """Return a finished file's bytes, None where it is in an archive."""
        try:
            with closing(ObjectReader(self._bucket, objects.key)) as reader:
                return reader.readall()
        except StoreUnavailable as failure:
            error = cause_of(failure)
            if error is not None and code_of(error) == ARCHIVED:
                return None
            raise

    def _look_at(self, objects: UploadObjects, size: int) -> Iterator[CheckMessage]:
        if not objects.is_placed(objects.key, size):
            yield differs("a finished object lacks its metadata, or has another size")

    def _lists(self, objects: UploadObjects) -> bool:
        pages = self._bucket.pages("list_multipart_uploads", Prefix=objects.key)
        begun = [each["UploadId"] for page in pages for each in page.get("Uploads", ())]
        return objects.state.multipart in begun


def _folder(bucket: Bucket, path: str) -> str:
    """Return how the keys in a folder of the storage begin."""
    key = bucket.key(path).strip("/")
    return f"{key}/" if key else ""


def differs(fact: str) -> CheckMessage:
    """Return the message that the engine does not do what S3 does."""
    return Error(
        f"The engine differs from S3: {fact}.",
        hint="Uploads can't rely on it. Look for a newer release, or another engine.",
        id="chunked_uploads.E019",
    )
