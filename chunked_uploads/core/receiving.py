"""Begin uploads and take in their ranges, in any order and at the same time.

Knows ranges and state, not HTTP: every protocol calls the same two functions.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from django.db import router, transaction

from chunked_uploads.conf import conf
from chunked_uploads.core import ranges
from chunked_uploads.core.comparing import which_hold
from chunked_uploads.core.intake import Intake, Source
from chunked_uploads.core.losses import noted_state, notice_losses
from chunked_uploads.core.quota import room_for_one
from chunked_uploads.errors import (
    BadRequest,
    ContentConflict,
    RangeBusy,
    RangeConflict,
    TooLarge,
    TypeRefused,
    UploadNotFound,
)
from chunked_uploads.models import Upload
from chunked_uploads.signals import announce, upload_started
from chunked_uploads.stores import Writer, chunk_store
from chunked_uploads.stores.part_names import part_name

OVERLAP = "The range overlaps bytes that are held already."


def start_upload(
    user: Any,
    filename: str,
    filesize: int,
    fingerprint: str,
    *,
    for_form: bool = False,
    metadata: dict[str, str] | None = None,
) -> Upload:
    """Make an upload of `filesize` bytes for `user` (None: for anybody).

    With `for_form` it waits, when it is finished, for a form to take it. `metadata` is
    what the sender said of the file.

    Raises `TooLarge`, `TypeRefused`, `TooManyUploads`.
    """
    check_file(filename, filesize)
    upload = Upload(
        user=user,
        filename=filename,
        filesize=filesize,
        fingerprint=fingerprint,
        for_form=for_form,
        metadata=metadata or {},
    )
    upload.part = part_name(upload)
    using = router.db_for_write(Upload, instance=upload)
    with room_for_one(user, for_form, using):
        upload.store_state = chunk_store().begin(upload.part)
        upload.save(using=using)
    transaction.on_commit(lambda: announce(upload_started, upload), using=using)
    return upload


class Taken(Exception):
    """Somebody else is at the upload, or was: nothing was read of what is to come."""


def receive(
    upload: Upload,
    start: int,
    length: int,
    source: Source,
    sha256: bytes | None = None,
) -> int:
    """Take in `length` bytes at `start`; return how many arrived before the end.

    What arrived is recorded, be it all or, after a cut, the beginning. A range that is
    held already is compared with what comes, and stays as it is. `sha256` (32 bytes),
    where given, is the digest that the whole range must have.

    Leaves `upload` up to date. Raises `RangeBusy`, `RangeConflict`, `ContentConflict`,
    `DigestMismatch`, `StoreFull`, `StoreUnavailable`, `BadRequest` (where the range
    ends beyond the file, and from the source), `UploadNotFound`.
    """
    stop = start + length
    if not 0 <= start <= stop <= upload.filesize:
        raise BadRequest(f"This upload has {upload.filesize} bytes in all.", upload)
    if start < upload.offset < stop and not upload.is_complete:
        raise RangeConflict(OVERLAP, upload)
    if not _is_settled(upload, start, stop):
        # Also where it is recorded: who brings it may find at its end that it is wrong.
        with _writer(upload, start, length) as writer:
            if not _is_next(upload, start, writer):
                _refresh(upload)
                _notice_losses(upload, start, writer)
            if not (upload.is_complete or _is_held(upload, start, stop)):
                Intake(upload, start, length, writer, sha256).run(source)
                return writer.written
    return _compare(upload, start, length, source, sha256)


def is_held(upload: Upload, start: int, length: int) -> bool:
    """Whether the upload holds the range, and nobody may take it back any more.

    Leaves `upload` up to date. Raises `RangeBusy` where a request is still at it,
    `RangeConflict` where it holds a part of it, `UploadNotFound`.
    """
    stop = start + length
    if _is_settled(upload, start, stop):
        return True
    with _writer(upload, start, length) as writer:
        _refresh(upload)
        _notice_losses(upload, start, writer)
        return upload.is_complete or _is_held(upload, start, stop)


def _is_settled(upload: Upload, start: int, stop: int) -> bool:
    """Whether the range is held for certain, as can be told without entering it."""
    if upload.is_complete or start == stop:
        return True
    if stop > upload.offset or not chunk_store().is_sealed(upload.part):
        return False
    # Whoever finishes it, maybe for hours, has waited for all writers.
    ranges.refresh(upload)
    return upload.is_complete or (stop <= upload.offset and _is_intact(upload))


def _compare(
    upload: Upload, start: int, length: int, source: Source, sha256: bytes | None
) -> int:
    try:
        holding, arrived = which_hold([upload], start, length, source, sha256)
    except RangeConflict as conflict:
        conflict.upload = upload
        raise
    if not holding:
        ranges.refresh(upload)  # which tells where it was cancelled meanwhile
        raise ContentConflict("The range is held already, with other bytes.", upload)
    return arrived


def receive_next(
    upload: Upload,
    start: int,
    length: int,
    source: Source,
    sha256: bytes | None,
    enter: Callable[[], object] = lambda: None,
) -> int:
    """Take in `length` bytes at `start`, as `receive` does, if they are the next.

    And if nobody else is writing to the upload: `enter` is called as soon as that is
    certain. Else raises `Taken`.
    """
    try:
        with _alone(upload, start, length) as writer:
            _refresh_free(upload)
            _notice_losses(upload, start, writer)
            if not start == upload.offset == upload.received:
                raise Taken
            enter()
            Intake(upload, start, length, writer, sha256).run(source)
            return writer.written
    except RangeBusy:
        raise Taken from None


def wait_until_idle(upload: Upload, patience: float) -> None:
    """Bring `upload` up to date when nobody writes to it, after `patience` seconds.

    Raises `UploadNotFound`.
    """
    chunk_store().wait_for_writers(upload.part, patience)
    ranges.refresh(upload)


def _alone(upload: Upload, start: int, length: int) -> AbstractContextManager[Writer]:
    state = noted_state(upload)
    return chunk_store().writer(upload.part, start, length, state, alone=True)


@contextlib.contextmanager
def _writer(upload: Upload, start: int, length: int) -> Iterator[Writer]:
    try:
        state = noted_state(upload)
        with chunk_store().writer(upload.part, start, length, state) as writer:
            yield writer
    except RangeBusy as busy:
        ranges.refresh(upload)  # whoever is there went on meanwhile
        busy.upload = upload
        raise


def _is_next(upload: Upload, start: int, writer: Writer) -> bool:
    """Whether the range goes on where all bytes of the part end.

    Then nothing has happened since the upload's row was read that matters here: who
    wrote, finished or cancelled would have left the part longer or empty.
    """
    is_next = 0 < start == upload.offset == upload.received and writer.extent == start
    return is_next and writer.is_known(upload.store_state)


def _notice_losses(upload: Upload, start: int, writer: Writer) -> None:
    if notice_losses(upload, writer) and start > upload.offset:
        raise RangeConflict("The server lost bytes before this range.", upload)


def _is_intact(upload: Upload) -> bool:
    return chunk_store().is_intact(upload.part, upload.store_state, upload.offset)


def _refresh(upload: Upload) -> None:
    # What another request recorded before the range was ours.
    try:
        ranges.refresh(upload)
    except UploadNotFound:
        _delete_part(upload)
        raise
    if upload.is_complete:
        _delete_part(upload)


def _refresh_free(upload: Upload) -> None:
    """Refresh; raise `Taken` where the upload is finished or cancelled."""
    try:
        _refresh(upload)
    except UploadNotFound:
        raise Taken from None
    if upload.is_complete:
        raise Taken


def _delete_part(upload: Upload) -> None:
    # Opening it may have made it anew, and nobody will look for it any more.
    chunk_store().delete(upload.part)


def _is_held(upload: Upload, start: int, stop: int) -> bool:
    if start == upload.offset == upload.received:
        return start == stop  # nothing is held from there on
    held = ranges.held_bytes(upload, start, stop)
    if 0 < held < stop - start:
        raise RangeConflict(OVERLAP, upload)
    return held == stop - start


def check_file(filename: str, filesize: int) -> None:
    """Raise `TooLarge` or `TypeRefused` where the site does not take such a file."""
    largest = conf.CHUNKED_UPLOADS_MAX_SIZE
    if largest is not None and filesize > largest:
        raise TooLarge(f"The file is larger than {largest} bytes.")
    if conf.CHUNKED_UPLOADS_ALLOWED_EXTENSIONS is not None:
        allowed = allowed_extensions()
        extension = os.path.splitext(filename)[1].lower().lstrip(".")
        if extension not in allowed:
            listed = ", ".join(sorted(allowed))
            raise TypeRefused(f"Only files of these types are taken: {listed}.")


def allowed_extensions() -> list[str]:
    """Return the setting's extensions in lower case without dots; none without it."""
    allowed = conf.CHUNKED_UPLOADS_ALLOWED_EXTENSIONS or ()
    return [each.lower().lstrip(".") for each in allowed]
