"""The digest of an upload's file, kept in its row while the bytes arrive in order.

The row's `hashed` says how many bytes from 0 it covers, and `hash_state` is what to go
on from: nobody else needs to know what these two mean. Where a digest can't be gone on
with, the finished file is read once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from django.core.files.base import File

from chunked_uploads.conf import MIB, conf
from chunked_uploads.digests.resumable import ResumableHash, resume, stored
from chunked_uploads.models import Upload

NOTHING = {"hashed": 0, "hash_state": None}  # a row whose digest begins anew


class FileDigest:
    """The digest over the first `hashed` bytes of a file, to be gone on with."""

    def __init__(self, algorithm: str, digest: ResumableHash, hashed: int) -> None:
        self.hashed = hashed
        self.hexdigest = digest.hexdigest
        self._algorithm = algorithm
        self._digest = digest

    def update(self, block: bytes | memoryview) -> None:
        """Take in the next bytes."""
        self._digest.update(block)
        self.hashed += len(block)

    def changes(self) -> dict[str, Any]:
        """Return what the upload's row has to say of the digest."""
        state = stored(self._algorithm, self._digest)
        return {"hashed": self.hashed, "hash_state": state}


def digest_so_far(upload: Upload) -> FileDigest | None:
    """Return the digest that the upload's row has.

    None where no digest is wanted, or none can be gone on with here. A part of a file
    needs none: that file's covers its bytes when they are joined.
    """
    algorithm = conf.CHUNKED_UPLOADS_DIGEST
    if algorithm is None or upload.is_part:
        return None
    state = bytes(upload.hash_state or b"") if upload.hashed else None
    digest = resume(algorithm, state)
    return None if digest is None else FileDigest(algorithm, digest, upload.hashed)


def bytes_behind(upload: Upload) -> int:
    """Return how many bytes are held without a gap that a wanted digest lacks."""
    is_wanted = conf.CHUNKED_UPLOADS_DIGEST is not None
    return max(0, upload.offset - upload.hashed) if is_wanted else 0


def digest_of(upload: Upload, open_file: Callable[[], File]) -> dict[str, str]:
    """Return the digest of the whole file by its algorithm, nothing if none is wanted.

    Of the file only what the digest in the row lacks is read.
    """
    algorithm = conf.CHUNKED_UPLOADS_DIGEST
    if algorithm is None:
        return {}
    so_far = digest_so_far(upload)
    digest: Any = so_far or hashlib.new(algorithm, usedforsecurity=False)
    start = so_far.hashed if so_far else 0
    if start == upload.filesize:
        return {algorithm: digest.hexdigest()}
    with open_file() as file:
        file.seek(start)
        while block := file.read(MIB):
            digest.update(block)
    return {algorithm: digest.hexdigest()}
