"""An upload's bytes at its end: one request puts them in their place."""

from __future__ import annotations

import dataclasses
import functools
import io
import logging
from collections.abc import Callable

from django.core.files.base import File
from django.core.files.storage import Storage

from chunked_uploads.errors import BytesLost, RangeBusy, StoreUnavailable
from chunked_uploads.stores.facts import RecordedRange, StoredUpload
from chunked_uploads.stores.handles import BLOCK, Content, Replace
from chunked_uploads.stores.s3.failures import Refused
from chunked_uploads.stores.s3.joining import join_cell, unjoined_cells
from chunked_uploads.stores.s3.objects import UploadObjects
from chunked_uploads.stores.s3.reading import ObjectReader
from chunked_uploads.stores.s3.receipts import Receipt, receipt_of

logger = logging.getLogger("chunked_uploads")


class S3Content(Content):
    """All parts of an upload, or the one fragment that it is; others may be here too.

    Nobody can read them before they are in their place.
    """

    is_readable = False

    def __init__(
        self, find_objects: Callable[[], UploadObjects], upload: StoredUpload
    ) -> None:
        self._find_objects = find_objects
        self._upload = upload
        # All rows, where the last look at them found nothing to be joined.
        self._joined: list[RecordedRange] | None = None

    @functools.cached_property
    def _objects(self) -> UploadObjects:
        # As late as that: what it has to know may have changed before it was entered.
        return self._find_objects()

    def open(self) -> File:
        raise NotImplementedError("No engine gives parts back.")

    def open_placed(self, storage: Storage, name: str) -> File:
        # Not the storage's own: it fetches the whole file first.
        bucket = self._objects.bucket
        reader = ObjectReader(bucket, bucket.key(name))
        return File(io.BufferedReader(reader, BLOCK), name)  # type: ignore[type-var]

    def join(self, upload: StoredUpload, replace: Replace) -> None:
        recorded = list(upload.recorded())
        unjoined = list(unjoined_cells(self._objects, upload, recorded))
        for cell, rows in unjoined:
            join_cell(self._objects, upload, cell, rows, replace)
        self._joined = None if unjoined else recorded

    def is_placed(self, storage: Storage, name: str) -> bool:
        key = self._objects.bucket.key(name)
        return self._objects.is_placed(key, self._upload.filesize)

    def reserve(self, storage: Storage, wanted: str, *, is_noted: bool) -> str:
        return self._objects.state.name

    def place(self, storage: Storage, name: str) -> str:
        rows = list(self._upload.recorded()) if self._joined is None else self._joined
        unjoined = self._joined is None and any(
            unjoined_cells(self._objects, self._upload, rows)
        )
        is_whole = sum(row.chunk_size for row in rows) == self._upload.filesize
        if not is_whole or unjoined:
            # Another request put them there, or lost some, just now.
            if not self.is_placed(storage, name):
                raise RangeBusy("Other requests changed the upload; ask once more.")
        elif not self._upload.filesize:
            self._objects.put_empty()
            self._objects.abort()
        elif self._objects.state.multipart:
            self._complete([(row, _without_digests(row)) for row in rows])
        else:
            self._objects.copy_to_place(rows[0])
        return name

    def _complete(self, parts: list[tuple[RecordedRange, Receipt]]) -> None:
        objects = self._objects
        try:
            objects.complete([receipt for _, receipt in parts])
        except StoreUnavailable:
            # Some engines fail where another request has completed it, or aborted.
            if not self._is_gone():
                raise
        except Refused as refused:
            if refused.code in ("InvalidPart", "InvalidPartOrder", "EntityTooSmall"):
                raise self._parts_gone(parts, refused) from refused
        else:
            return
        if not objects.is_placed(objects.key, self._upload.filesize):
            raise objects.multipart_gone(self._upload)

    def _is_gone(self) -> bool:
        try:
            self._objects.listed_etags()
        except Refused:
            return True
        return False

    def _parts_gone(
        self, parts: list[tuple[RecordedRange, Receipt]], refused: Refused
    ) -> Exception:
        """Return what to raise where some parts are not what the rows say.

        As where one who was given up long ago sent a part once more.
        """
        named = str(refused.details.get("PartNumber", ""))
        lost = []
        try:
            etags = self._objects.listed_etags()
        except Refused:
            return self._objects.multipart_gone(self._upload)
        for row, receipt in parts:
            number = self._objects.number_of(receipt)
            if str(number) == named or receipt.etag not in etags.get(number, ()):
                lost.append(row)
        if lost:
            return BytesLost(lost)
        logger.error("The bucket refused parts that it lists: %s", refused)
        return StoreUnavailable("The bucket does not find its parts; try again.")


def _without_digests(row: RecordedRange) -> Receipt:
    # Of which there may be far more than of all else.
    return dataclasses.replace(receipt_of(row), digests=())
