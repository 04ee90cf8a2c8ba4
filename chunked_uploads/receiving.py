"""Begin uploads and take in their ranges, in any order and at the same time.

Knows ranges and state, not HTTP: every protocol calls the same two functions.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from typing import Any, Protocol

from django.db import transaction

from chunked_uploads import digests, ranges
from chunked_uploads.conf import MIB, conf
from chunked_uploads.errors import (
    DigestMismatch,
    RangeBusy,
    RangeConflict,
    StoreFull,
    TooLarge,
    TooManyUploads,
    TypeRefused,
    UploadNotFound,
)
from chunked_uploads.models import Upload
from chunked_uploads.signals import announce, upload_started
from chunked_uploads.stores import Writer, chunk_store

BLOCK = 64 * 1024  # bytes; larger ones are mapped anew by malloc every time
CHECKPOINT = 64 * MIB  # bytes of one request after which its progress is recorded


class Source(Protocol):
    """The bytes of a range on their way in."""

    is_exact: bool  # whether only a cut can make it shorter than announced

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes that are certainly content; none at the end."""

    def finish(self, missing: int) -> None:
        """Raise `BadRequest` where what came contradicts what was announced.

        `missing` bytes were announced and did not come.
        """


def start_upload(
    user: Any,
    filename: str,
    filesize: int,
    fingerprint: str,
    *,
    for_form: bool = False,
) -> Upload:
    """Make an upload of `filesize` bytes for `user` (None: for anybody).

    With `for_form` it waits, when it is finished, for a form to take it.

    Raises `TooLarge`, `TypeRefused`, `TooManyUploads`.
    """
    check_file(filename, filesize)
    _check_number(user)
    upload = Upload(
        user=user,
        filename=filename,
        filesize=filesize,
        fingerprint=fingerprint,
        for_form=for_form,
    )
    upload.save()
    transaction.on_commit(lambda: announce(upload_started, upload))
    return upload


def receive(
    upload: Upload,
    start: int,
    length: int,
    source: Source,
    sha256: bytes | None = None,
) -> int:
    """Take in `length` bytes at `start`; return how many arrived before the end.

    What arrived is recorded, be it all or, after a cut, the beginning. A range that
    is held already is left alone, its source unread, and counts as arrived. `sha256`
    (32 bytes), where given, is the digest that the whole range must have.

    Leaves `upload` up to date. Raises `RangeBusy`, `RangeConflict`,
    `DigestMismatch`, `StoreFull`, `BadRequest` (from the source), `UploadNotFound`.
    """
    stop = start + length
    if upload.is_complete or stop <= upload.offset:
        return length
    with _writer(upload, start, length) as writer:
        _refresh(upload)
        if upload.is_complete or _is_held(upload, start, stop):
            return length
        if writer.extent < upload.offset:
            ranges.forget_beyond(upload, lambda: writer.extent)
            if start > upload.offset:
                raise RangeConflict("The server lost bytes before this range.", upload)
        intake = _Intake(upload, start, length, writer, sha256)
        intake.run(source)
        return writer.written


class _Intake:
    """One range's way from its source into the store and the records."""

    def __init__(
        self,
        upload: Upload,
        start: int,
        length: int,
        writer: Writer,
        sha256: bytes | None,
    ) -> None:
        self.upload = upload
        self.start = start
        self.length = length
        self.writer = writer
        self.sha256 = sha256
        self.check = hashlib.sha256() if sha256 else None
        in_order = start == upload.hashed
        self.digest = digests.carry_on(upload) if in_order else None
        self.recorded = 0

    def run(self, source: Source) -> None:
        # Bytes that may yet prove wrong are not recorded before the end.
        step = CHECKPOINT if source.is_exact and not self.check else self.length
        try:
            while self.writer.written < self.length:
                goal = min(self.recorded + step, self.length)
                for block in _blocks(source, goal - self.writer.written):
                    self._take(block)
                if self.writer.written < goal:
                    break  # the source ended early
                if goal < self.length:
                    self._record()
        except StoreFull:
            self._record()
            raise
        missing = self.length - self.writer.written
        source.finish(missing)
        if self.check and not missing and self.check.digest() != self.sha256:
            raise DigestMismatch("The chunk arrived changed; send it again.")
        self._record()

    def _take(self, block: bytes) -> None:
        before = self.writer.written
        try:
            self.writer.write(block)
        finally:
            taken = block[: self.writer.written - before]
            if self.digest:
                self.digest.update(taken)
            if self.check:
                self.check.update(taken)

    def _record(self) -> None:
        size = self.writer.written - self.recorded
        if size == 0:
            return
        start = self.start + self.recorded
        carried: dict[str, Any] = {}
        if self.digest:
            carried["hashed"] = start + size
            carried["hash_state"] = digests.put_aside(self.digest)
        ranges.record(self.upload, start, size, carried)
        self.recorded += size


def _blocks(source: Source, length: int) -> Iterator[bytes]:
    while length > 0 and (block := source.read(min(BLOCK, length))):
        yield block
        length -= len(block)


@contextlib.contextmanager
def _writer(upload: Upload, start: int, length: int) -> Iterator[Writer]:
    try:
        with chunk_store().writer(upload.part, start, length) as writer:
            yield writer
    except RangeBusy as busy:
        busy.upload = upload
        raise


def _refresh(upload: Upload) -> None:
    # What another request recorded before the range was ours.
    try:
        ranges.refresh(upload)
    except UploadNotFound:
        _delete_part(upload)
        raise
    if upload.is_complete:
        _delete_part(upload)


def _delete_part(upload: Upload) -> None:
    # Opening it may have made it anew, and nobody will look for it any more.
    chunk_store().delete(upload.part)


def _is_held(upload: Upload, start: int, stop: int) -> bool:
    held = ranges.held_bytes(upload, start, stop)
    if 0 < held < stop - start:
        told = "The range overlaps bytes that are held already."
        raise RangeConflict(told, upload, ranges.gap(upload))
    return held == stop - start


def check_file(filename: str, filesize: int) -> None:
    """Raise `TooLarge` or `TypeRefused` where the site does not take such a file."""
    largest = conf.CHUNKED_UPLOADS_MAX_SIZE
    if largest is not None and filesize > largest:
        raise TooLarge(f"The file is larger than {largest} bytes.")
    allowed = conf.CHUNKED_UPLOADS_ALLOWED_EXTENSIONS
    if allowed is not None:
        extension = os.path.splitext(filename)[1].lower().lstrip(".")
        if extension not in {each.lower().lstrip(".") for each in allowed}:
            listed = ", ".join(sorted(allowed))
            raise TypeRefused(f"Only files of these types are taken: {listed}.")


def _check_number(user: Any) -> None:
    most = conf.CHUNKED_UPLOADS_MAX_UNFINISHED
    if most is not None:
        unfinished = Upload.objects.filter(user=user, state=Upload.State.UPLOADING)
        if unfinished.count() >= most:
            raise TooManyUploads(f"No more than {most} unfinished uploads at a time.")
