"""Parts of a file that is made of several uploads, copied into its cells.

A part's bytes are an object in the part's own folder by then, so that the engine copies
those of a whole cell by itself. The others are read here, and sent.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import closing

from chunked_uploads.stores.s3 import grid
from chunked_uploads.stores.s3.bucket import Bucket
from chunked_uploads.stores.s3.failures import UNABLE, Refused
from chunked_uploads.stores.s3.objects import UploadObjects
from chunked_uploads.stores.s3.reading import read_range
from chunked_uploads.stores.s3.receipts import Receipt

COPIES = 8  # cells that are copied at once


class PartObject:
    """The object that has all bytes of a part. Raises `FileNotFoundError`."""

    def __init__(self, bucket: Bucket, key: str) -> None:
        self._bucket = bucket
        self._key = key
        try:
            found = bucket.ask("head_object", Key=key)
        except Refused as refused:
            raise _gone(key, refused) from refused
        self._etag = found["ETag"].strip('"')

    def read(self, position: int, size: int) -> Iterator[bytes]:
        """Yield `size` bytes from `position` on. Raises `FileNotFoundError`."""
        return read_range(self._bucket, self._key, self._etag, position, size)

    def copy(self, objects: UploadObjects, cell: grid.Cell, position: int) -> Receipt:
        """Let a whole cell of another upload have the bytes from `position` on.

        Raises `FileNotFoundError` where they are gone, and `Refused` where the
        multipart upload is.
        """
        bucket = self._bucket
        if bucket.copies_parts is not False:
            copied = self._copy(objects, cell, position)
            checksum = copied.get(f"Checksum{bucket.checksum}", "")
            # Some engines say none of what they copied, and want it at the end.
            bucket.copies_parts = bool(
                copied and (checksum or bucket.checksum == "MD5")
            )
            if bucket.copies_parts:
                etag, mark = copied["ETag"].strip('"'), objects.state.mark
                return Receipt(cell.start, cell.size, etag, checksum, (), mark=mark)
        return self._send(objects, cell, position)

    def _copy(
        self, objects: UploadObjects, cell: grid.Cell, position: int
    ) -> dict[str, str]:
        """Return what the engine says of its copy, nothing where it can't copy."""
        try:
            answer = self._bucket.ask(
                "upload_part_copy",
                Key=objects.key,
                UploadId=objects.state.multipart,
                PartNumber=cell.number,
                CopySourceRange=f"bytes={position}-{position + cell.size - 1}",
                **self._bucket.copy_source(self._key, self._etag),
            )
        except Refused as refused:
            if refused.code == UNABLE:
                return {}
            if refused.code == "NoSuchUpload":
                raise
            raise _gone(self._key, refused) from refused
        return answer["CopyPartResult"]

    def _send(self, objects: UploadObjects, cell: grid.Cell, position: int) -> Receipt:
        with closing(objects.buffer_for(cell.start, cell.size)) as buffer:
            for block in self.read(position, cell.size):
                buffer.write(block)
            return objects.send(buffer, cell)


def most_copies(objects: UploadObjects, cell: grid.Cell) -> int:
    """Return how many cells such as this may be on their way as copies, 0 for none.

    One until it is known that the engine copies.
    """
    # Of an object of less than 5 MiB S3 copies no range: the last cell may be such.
    if not objects.state.multipart or cell.size < grid.SMALLEST:
        return 0
    return {None: 1, False: 0, True: COPIES}[objects.bucket.copies_parts]


def _gone(key: str, refused: Refused) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, f"{key}: {refused}")
