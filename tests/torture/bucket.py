"""A bucket that servers share, which have nothing on their own disks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chunked_uploads.models import Chunk, Upload
from chunked_uploads.stores.s3 import receipts
from demo.services.engine import Engine
from demo.services.polling import wait_until
from tests.torture.model import Violation, require
from tests.torture.places import KINDS, Place, recorded

CONFIG = """
import os
import tempfile

tempfile.tempdir = os.path.dirname(__file__)


def post_fork(server, worker):
    from chunked_uploads.stores.s3 import grid

    grid.SMALLEST = {cell}
"""
OWN = {"gunicorn.conf.py", "log"}  # of a server's folder


class Bucket(Place):
    """A folder in an engine's bucket."""

    reads_back = False
    option = "--s3"
    # Others say why the answer was 503, which clients hear.
    logged = (*Place.logged, "botocore.", "urllib3.", "Connection")
    kinds = [*KINDS, "engine"]
    between = (2, 20)  # each takes longer

    def __init__(self, engine: Engine, location: str) -> None:
        self.engine = engine
        self.location = location
        cell = engine.smallest_part
        self.config = CONFIG.format(cell=cell)
        # Up to five parts, most of them in chunks that end within one.
        self.files = [
            ("db.dump", cell + cell // 5, False, 6),
            ("db.dump", cell + cell // 5, True, 4),
            ("film.mp4", 2 * cell + cell // 3, False, 4),
            ("naïve; =,'.tar", 2 * cell, True, 3),
            ("notes.pdf", cell // 3, False, 3),
            ("small.txt", 100, False, 2),
            ("empty.txt", 0, False, 1),
            ("large.iso", 4 * cell + 1, True, 1),
        ]
        static = "django.contrib.staticfiles.storage.StaticFilesStorage"
        self.settings: dict[str, Any] = {
            "CHUNKED_UPLOADS_CHUNK_STORE": "chunked_uploads.stores.s3.S3Store",
            "STORAGES": {
                "default": engine.storage(location),
                "staticfiles": {"BACKEND": static},
            },
        }

    def restart(self) -> None:
        self.engine.restart()

    def read(self, name: str) -> bytes:
        return self._get(f"{self.location}/{name}")

    def check_unfinished(self, upload: Upload, contents: Iterable[bytes]) -> None:
        recorded(upload)
        rows = list(Chunk.objects.filter(upload=upload))
        digests = [each for row in rows for each in receipts.receipt_of(row).digests]
        content = next((each for each in contents if _fit(digests, each)), None)
        if content is None:
            raise Violation("bytes of one job", f"others in {digests}")
        state = receipts.read_state(upload.store_state)
        if self._is_there(state):
            # Of a part, to be copied; else of one who died before the row said so.
            found = self._get(f"{self.location}/{state.name}")
            require(found == content, "the file as it was sent", f"{len(found)} bytes")
            return
        etags = self._etags(state) if state.multipart else set()
        for row in rows:
            receipt = receipts.receipt_of(row)
            if receipt.is_part:
                require(receipt.etag in etags, f"a part {receipt}", etags)
                continue
            found = self._get(state.folder + receipt.name)
            right = content[receipt.start : receipt.start + receipt.size]
            require(found == right, f"the fragment {receipt}", f"{len(found)} bytes")

    def check_strays(self, unfinished: Iterable[Upload]) -> None:
        known = {str(each.uuid) for each in unfinished}
        folder = f"{self.location}/chunked_uploads/chunks/"
        chunks = (key for key in self._keys() if key.startswith(folder))
        strays = {
            key
            for key in (*chunks, *self._multiparts())
            if not any(uuid in key for uuid in known)
        }
        require(not strays, "nothing without an upload", strays)

    def check_rest(self, finished: Iterable[Upload]) -> None:
        known = {f"{self.location}/{each.upload.name}" for each in finished}
        left = set(self._keys())
        require(left == known, "exactly the finished files", left ^ known)
        multiparts = list(self._multiparts())
        require(not multiparts, "no multipart uploads", multiparts)

    def check_disk(self, folder: Path) -> None:
        left = [str(path) for path in folder.rglob("*") if path.name not in OWN]
        require(not left, "nothing on a server's disk", left)

    def _is_there(self, state: receipts.State) -> bool:
        return f"{self.location}/{state.name}" in self._keys()

    def _get(self, key: str) -> bytes:
        (content,) = wait_until(lambda: self._ask(key))
        return content

    def _ask(self, key: str) -> list[bytes]:
        """Return the object at this key; nothing while the engine is restarted."""
        place = {"Bucket": self.engine.bucket, "Key": key}
        try:
            return [self.engine.client.get_object(**place)["Body"].read()]
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
                raise Violation(f"an object at {key}", error) from error
            return []
        except BotoCoreError:
            return []

    def _etags(self, state: receipts.State) -> set[str]:
        place = {"Key": f"{self.location}/{state.name}", "UploadId": state.multipart}
        return {
            part["ETag"].strip('"')
            for page in self._pages("list_parts", **place)
            for part in page.get("Parts", [])
        }

    def _keys(self) -> Iterator[str]:
        for page in self._pages("list_objects_v2", Prefix=f"{self.location}/"):
            yield from (each["Key"] for each in page.get("Contents", []))

    def _multiparts(self) -> Iterator[str]:
        prefix = f"{self.location}/"
        for page in self._pages("list_multipart_uploads", Prefix=prefix):
            yield from (each["Key"] for each in page.get("Uploads", []))

    def _pages(self, listing: str, **place: str) -> Iterator[dict[str, Any]]:
        paginator = self.engine.client.get_paginator(listing)
        yield from paginator.paginate(Bucket=self.engine.bucket, **place)


def _fit(digests: list[receipts.Digest], content: bytes) -> bool:
    return all(
        hashlib.new(each.algorithm, content[each.start : each.stop]).hexdigest()
        == each.value
        for each in digests
    )
