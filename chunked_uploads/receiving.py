"""Begin uploads and take in their ranges, in any order and at the same time.

Knows ranges and state, not HTTP: every protocol calls the same two functions.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from django.db import router, transaction

from chunked_uploads import ranges
from chunked_uploads.conf import conf
from chunked_uploads.errors import (
    RangeBusy,
    RangeConflict,
    TooLarge,
    TooManyUploads,
    TypeRefused,
    UploadNotFound,
)
from chunked_uploads.intake import Intake, Source
from chunked_uploads.models import Upload
from chunked_uploads.signals import announce, upload_started
from chunked_uploads.stores import Writer, chunk_store


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
    _check_number(user, for_form)
    upload = Upload(
        user=user,
        filename=filename,
        filesize=filesize,
        fingerprint=fingerprint,
        for_form=for_form,
    )
    upload.save()
    using = router.db_for_write(Upload, instance=upload)
    transaction.on_commit(lambda: announce(upload_started, upload), using=using)
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
        if not _is_next(upload, start, writer):
            _refresh(upload)
            if upload.is_complete or _is_held(upload, start, stop):
                return length
            _notice_loss(upload, start, writer)
        Intake(upload, start, length, writer, sha256).run(source)
        return writer.written


@contextlib.contextmanager
def _writer(upload: Upload, start: int, length: int) -> Iterator[Writer]:
    try:
        with chunk_store().writer(upload.part, start, length) as writer:
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
    return 0 < start == upload.offset == upload.received and writer.extent == start


def _notice_loss(upload: Upload, start: int, writer: Writer) -> None:
    if writer.extent < upload.offset:
        ranges.forget_beyond(upload, lambda: writer.extent)
        if start > upload.offset:
            raise RangeConflict("The server lost bytes before this range.", upload)


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
        raise RangeConflict(told, upload)
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


def _check_number(user: Any, for_form: bool) -> None:
    # Each kind by itself: what a form left behind is shown by no list in the page, and
    # must not lock its sender out elsewhere.
    most = conf.CHUNKED_UPLOADS_MAX_UNFINISHED
    if most is not None:
        uploads = Upload.objects.using(router.db_for_write(Upload))
        unfinished = uploads.filter(user=user, state=Upload.State.UPLOADING)
        if unfinished.filter(for_form=for_form).count() >= most:
            raise TooManyUploads(f"No more than {most} unfinished uploads at a time.")
