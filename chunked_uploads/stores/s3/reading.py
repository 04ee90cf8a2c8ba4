"""Finished objects, read in order without being fetched first."""

from __future__ import annotations

import io
import os
from typing import Any

from chunked_uploads.stores.s3.bucket import Bucket, Refused, failures_reported


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
