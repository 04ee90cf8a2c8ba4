"""Objects, read in order without being fetched first."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Iterator
from typing import Any

from chunked_uploads.errors import BytesLost
from chunked_uploads.stores.facts import RecordedRange
from chunked_uploads.stores.handles import BLOCK
from chunked_uploads.stores.s3.bucket import Bucket
from chunked_uploads.stores.s3.buffers import in_base64, new_checksum
from chunked_uploads.stores.s3.failures import Refused, failures_reported
from chunked_uploads.stores.s3.receipts import is_whole, receipt_of


def read_fragment(bucket: Bucket, folder: str, row: RecordedRange) -> Iterator[bytes]:
    """Yield the bytes of a row that is a fragment in `folder`, or what is left of one.

    Raises `BytesLost` where it is not there just as it was sent.
    """
    receipt = receipt_of(row)
    first = row.start - receipt.start
    parameters: dict[str, Any] = {"IfMatch": receipt.etag}
    if not is_whole(row, receipt):
        parameters["Range"] = f"bytes={first}-{first + row.chunk_size - 1}"
    try:
        answer = bucket.ask("get_object", Key=folder + receipt.name, **parameters)
    except Refused:
        raise BytesLost([row]) from None
    size, checksum = 0, new_checksum(bucket.checksum)
    with failures_reported("get_object"), answer["Body"] as body:
        while block := body.read(BLOCK):
            size += len(block)
            checksum.update(block)
            yield block
    read = in_base64(checksum)
    # The site may have chosen another algorithm since.
    is_known = is_whole(row, receipt) and len(read) == len(receipt.checksum)
    if size != row.chunk_size or (is_known and read != receipt.checksum):
        raise BytesLost([row])


def read_range(
    bucket: Bucket, key: str, etag: str, first: int, size: int
) -> Iterator[bytes]:
    """Yield `size` bytes of an object from `first` on.

    Raises `FileNotFoundError` where they are not there.
    """
    wanted = {"Range": f"bytes={first}-{first + size - 1}", "IfMatch": etag}
    try:
        answer = bucket.ask("get_object", Key=key, **wanted)
    except Refused as refused:
        raise FileNotFoundError(errno.ENOENT, f"{key}: {refused}") from refused
    with failures_reported("get_object"), answer["Body"] as body:
        while block := body.read(BLOCK):
            size -= len(block)
            yield block
    if size:
        raise FileNotFoundError(errno.ENOENT, f"{key} is shorter than it was.")


class ObjectReader(io.RawIOBase):
    """An object as a file. Raises `FileNotFoundError` where there is none."""

    def __init__(self, bucket: Bucket, key: str) -> None:
        self._bucket = bucket
        self._key = key
        self._position = 0
        self._body: Any = None  # of the request that is being read
        found = self._ask("head_object")
        self._size, self._etag = found["ContentLength"], found["ETag"]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence == os.SEEK_CUR:
            offset += self._position
        elif whence == os.SEEK_END:
            offset += self._size
        if offset != self._position:
            self._drop()
            self._position = offset
        return offset

    def readinto(self, buffer: Any) -> int:
        if self._position >= self._size:
            return 0
        if self._body is None:
            rest = f"bytes={self._position}-"
            answer = self._ask("get_object", Range=rest, IfMatch=self._etag)
            self._body = answer["Body"]
        with failures_reported("get_object"):
            block = self._body.read(len(buffer))
        buffer[: len(block)] = block
        self._position += len(block)
        return len(block)

    def close(self) -> None:
        self._drop()
        super().close()

    def _ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        try:
            return self._bucket.ask(operation, Key=self._key, **parameters)
        except Refused as refused:
            raise FileNotFoundError(f"{self._key}: {refused}") from refused

    def _drop(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None
