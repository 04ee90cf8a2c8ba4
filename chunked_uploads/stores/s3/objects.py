"""Where an upload's bytes lie in the bucket: its parts, its fragments, its file."""

from __future__ import annotations

import base64
import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

from chunked_uploads.errors import BytesLost, RangeBusy
from chunked_uploads.stores.facts import RecordedRange, StoredUpload
from chunked_uploads.stores.s3.bucket import UUID_KEY, Bucket
from chunked_uploads.stores.s3.buffers import Body, Buffer
from chunked_uploads.stores.s3.failures import Refused
from chunked_uploads.stores.s3.folders import abort, put_marker
from chunked_uploads.stores.s3.grid import Cell, Grid
from chunked_uploads.stores.s3.receipts import (
    Digest,
    Receipt,
    State,
    receipt_of,
)


class UploadObjects:
    """What the bucket has of one upload, as its state says."""

    def __init__(self, bucket: Bucket, uuid: UUID, state: State) -> None:
        self.bucket = bucket
        self.uuid = uuid
        self.state = state

    @property
    def key(self) -> str:
        """The key of the finished file, or of a part of one, once it is whole."""
        return self.bucket.key(self.state.name)

    def buffer_for(self, start: int, size: int) -> Buffer:
        """Return a buffer whose bytes can be sent."""
        return Buffer(start, size, self.bucket.checksum)

    # --- sending ---

    def begin_multipart(self) -> str:
        """Begin a multipart upload at the finished file's key; return its id.

        A marker is there before, so that the clean-up knows of it, whoever dies.
        """
        put_marker(self.bucket, self.state.folder, self.key)
        parameters = self._finished_parameters()
        if self.bucket.checksum != "MD5":
            parameters["ChecksumAlgorithm"] = self.bucket.checksum
        begun = self.bucket.ask("create_multipart_upload", **parameters)
        return begun["UploadId"]

    def send(self, buffer: Buffer, cell: Cell) -> Receipt:
        """Send what the buffer has, bytes of this cell; return the receipt.

        Raises `Refused` where the multipart upload is gone.
        """
        parameters: dict[str, Any] = {"Body": Body(buffer)}
        parameters |= self.bucket.checksum_parameters(buffer.checksum)
        name = mark = ""
        if self.state.multipart and buffer.written == cell.size:
            answer = self.bucket.ask(
                "upload_part",
                Key=self.key,
                UploadId=self.state.multipart,
                PartNumber=cell.number,
                **parameters,
            )
            mark = self.state.mark
        else:
            name = f"{buffer.start}-{secrets.token_hex(8)}"
            key = self.state.folder + name
            answer = self.bucket.ask("put_object", Key=key, **parameters)
        digest = Digest(
            buffer.start, buffer.written, *_digest(self.bucket, buffer, answer)
        )
        return Receipt(
            buffer.start,
            buffer.written,
            answer["ETag"].strip('"'),
            buffer.checksum,
            (digest,),
            name,
            mark,
        )

    def copy_to_place(self, row: RecordedRange) -> None:
        """Let the fragment that has the whole file be copied by the engine.

        Raises `BytesLost`.
        """
        receipt = receipt_of(row)
        fragment = self.state.folder + receipt.name
        parameters = self._finished_parameters()
        if "Tagging" in parameters:  # some engines know no such word
            parameters["TaggingDirective"] = "REPLACE"
        try:
            self.bucket.ask(
                "copy_object",
                MetadataDirective="REPLACE",
                **self.bucket.copy_source(fragment, receipt.etag),
                **parameters,
            )
        except Refused:
            if not self.is_placed(self.key, receipt.size):
                raise BytesLost([row]) from None
            return
        self.bucket.remove([fragment])

    def complete(self, receipts: list[Receipt]) -> None:
        """Let the parts be the finished file. Raises `Refused`."""
        has_checksums = self.bucket.checksum != "MD5"
        parts = []
        for receipt in receipts:
            part = {"PartNumber": self.number_of(receipt), "ETag": receipt.etag}
            if has_checksums:
                part |= self.bucket.checksum_parameters(receipt.checksum)
            parts.append(part)
        self.bucket.ask(
            "complete_multipart_upload",
            Key=self.key,
            UploadId=self.state.multipart,
            MultipartUpload={"Parts": parts},
        )

    def number_of(self, receipt: Receipt) -> int:
        """Return the number of a part."""
        return receipt.start // self.state.cell_size + 1

    def put_empty(self) -> None:
        """Make the finished file, which has no bytes."""
        parameters = self._finished_parameters()
        self.bucket.put(parameters.pop("Key"), b"", **parameters)

    def _finished_parameters(self) -> dict[str, Any]:
        own = {UUID_KEY: str(self.uuid)}
        if self.key.startswith(self.state.folder):  # a part, which nobody else sees
            return {"Metadata": own, "Key": self.key}
        parameters = self.bucket.object_parameters(self.key)
        metadata = {**parameters.get("Metadata", {}), **own}
        return {**parameters, "Metadata": metadata, "Key": self.key}

    # --- looking ---

    def is_placed(self, key: str, filesize: int | None) -> bool:
        """Whether the object there is this upload's finished file.

        Of any size where the one who asks has not heard it: others have by then.
        """
        try:
            found = self.bucket.ask("head_object", Key=key)
        except Refused:
            return False
        # Some engines write the names in their own way.
        metadata = {name.lower(): each for name, each in found["Metadata"].items()}
        is_own = metadata.get(UUID_KEY) == str(self.uuid)
        return is_own and filesize in (None, found["ContentLength"])

    # --- what is gone ---

    def abort(self) -> None:
        """Abort the multipart upload, where one was begun."""
        if self.state.multipart:
            abort(self.bucket, self.key, self.state.multipart)

    def multipart_gone(self, upload: StoredUpload) -> Exception:
        """Return what to raise where the engine knows no such multipart upload.

        Completed it was, or aborted by somebody else: then all its parts are lost, and
        the state has a new one.
        """
        if self.is_placed(self.key, upload.filesize):
            return RangeBusy("Another request is just finishing this upload.")
        self._check_nothing_placed()
        receipts = ((row, receipt_of(row)) for row in upload.recorded())
        lost = [row for row, receipt in receipts if receipt.mark == self.state.mark]
        if upload.store_state != str(self.state):
            return BytesLost(lost)  # another request has begun a new one
        state = replace(self.state, multipart=self.begin_multipart())
        return BytesLost(lost, str(state))

    def _check_nothing_placed(self) -> None:
        """Raise `StoreUnavailable` where it is not the engine that knows no file."""
        with contextlib.suppress(Refused):
            answer = self.bucket.ask("get_object", Key=self.key, Range="bytes=0-0")
            answer["Body"].close()

    def count_parts(self) -> int:
        """Return how many bytes the parts have, as far as the engine lists them."""
        sizes: dict[int, int] = {}
        if self.state.multipart:
            try:
                for part in self._list_parts():
                    sizes[part["PartNumber"]] = part["Size"]
            except Refused:
                return 0
        return sum(sizes.values())

    def listed_etags(self) -> dict[int, set[str]]:
        """Return the ETags of each part as the engine lists them."""
        etags: dict[int, set[str]] = {}
        for part in self._list_parts():
            etags.setdefault(part["PartNumber"], set()).add(part["ETag"].strip('"'))
        return etags

    def _list_parts(self) -> Iterator[dict[str, Any]]:
        for page in self.bucket.pages(
            "list_parts", Key=self.key, UploadId=self.state.multipart
        ):
            yield from page.get("Parts", ())


def grid_of(state: State, upload: StoredUpload) -> Grid:
    """Return the grid that the upload is cut by."""
    return Grid(state.cell_size, upload.filesize)


def _digest(bucket: Bucket, buffer: Buffer, answer: dict[str, Any]) -> tuple[str, str]:
    """Return an algorithm, and the digest by which a repeat of these bytes is known.

    What was computed anyway, here or by the engine, where that is one to be sure of.
    """
    if bucket.checksum in ("MD5", "SHA256"):
        return bucket.checksum.lower(), base64.b64decode(buffer.checksum).hex()
    if bucket.gives_md5(buffer, answer):
        return "md5", answer["ETag"].strip('"')
    return "sha256", buffer.hexdigest("sha256")
