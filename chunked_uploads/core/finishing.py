"""Finish uploads: make certain of all bytes, look at the file, put it in its place.

It goes through states of which each is whole: all ranges held; on the disk for certain;
a place reserved and named in the upload's row; the bytes moved there; the row complete.
A storage that has a way of its own gets a copy instead, whose place is noted beforehand
as one to be emptied. Whatever dies in between, the next `complete` goes on from there.
"""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Callable, Iterator

from django.core.files.base import File
from django.db.models import ProtectedError, RestrictedError

from chunked_uploads.core import forgetting, ranges
from chunked_uploads.core.clearing import remove_bytes
from chunked_uploads.core.connections import long_work
from chunked_uploads.core.failures import storage_failures_reported
from chunked_uploads.core.losses import forget_lost, notice_losses
from chunked_uploads.core.places import place_of
from chunked_uploads.core.placing import mark_complete, place, refresh_or_remove
from chunked_uploads.core.removing import cancel
from chunked_uploads.core.rows import assign
from chunked_uploads.core.validating import validate
from chunked_uploads.digests.files import digest_of
from chunked_uploads.errors import (
    FULL,
    BytesLost,
    FileRefused,
    Incomplete,
    RangeBusy,
    StoreFull,
    Unavailable,
    UploadNotFound,
)
from chunked_uploads.models import Upload
from chunked_uploads.stores import Content, chunk_store

logger = logging.getLogger("chunked_uploads")


def complete(upload: Upload, *, is_valid: bool = False) -> None:
    """Put the finished file in its place and say so in the upload's row.

    May be repeated, and asked by several at once. `is_valid` says that the site's
    validators saw the file already.

    Raises `Incomplete` where bytes are missing, `StoreFull` where a copy to another
    file system does not fit, `Unavailable` where the storage fails in its own way, and
    `UploadNotFound` where the upload was cancelled; what is held stays held. Raises
    `Unavailable` or `StoreFull` where the disk could not keep the bytes, which have to
    be sent again, and `FileRefused` where a validator refused the file, which is gone
    then.
    """
    try:
        if not upload.is_complete:
            _complete(upload, is_valid)
    except BytesLost as lost:
        forget_lost(upload, lost)
        if not upload.is_complete:
            _check_whole(upload)
            message = "Bytes that were lost came again; ask once more."
            raise RangeBusy(message, upload) from None
    except RangeBusy as busy:
        if not upload.is_complete:  # by another request meanwhile
            busy.upload = upload
            raise
    except UploadNotFound:
        # Entering may have made room anew, and whoever cancelled may have left the rest
        # to who was finishing it.
        remove_bytes(upload)
        raise
    except FileRefused:
        if not upload.pk:  # its row went while its bytes could not
            remove_bytes(upload)
        raise
    try:
        chunk_store().delete(upload)
    except Exception as error:  # noqa: BLE001 - it is complete, and the clean-up comes
        logger.error("What is left of %s could not be removed: %s", upload.uuid, error)


def check_free(upload: Upload) -> None:
    """Raise `RangeBusy` where another request is finishing it, as far as is known."""
    if chunk_store().is_locked_to_finish(upload):
        raise RangeBusy("Another request is just finishing this upload.", upload)


def _complete(upload: Upload, is_valid: bool) -> None:
    if not upload.is_whole:
        ranges.refresh(upload)
        _check_whole(upload)  # before waiting for a writer who may take long
    with _entered(upload) as content:
        ranges.refresh(upload)
        if not upload.is_complete:
            try:
                _finish(upload, content, is_valid)
            except FileNotFoundError:
                refresh_or_remove(upload)  # where it was cancelled meanwhile
                raise


@contextlib.contextmanager
def _entered(upload: Upload) -> Iterator[Content]:
    with contextlib.ExitStack() as stack:
        with long_work(upload):  # maybe as long as another one's copy takes
            content = stack.enter_context(chunk_store().exclusive(upload))
        yield content


def _finish(upload: Upload, content: Content, is_valid: bool) -> None:
    storage, name = upload.upload.storage, place_of(upload)
    with storage_failures_reported(upload):
        is_placed = bool(name) and content.is_placed(storage, name)
    if is_placed:
        _finish_placed(upload, content, name)
        return
    notice_losses(upload, content)
    _check_whole(upload)
    _sync(upload, content)
    with long_work(upload):
        content.join(upload, functools.partial(ranges.join, upload))
    found = _inspect(upload, content.open, is_valid) if content.is_readable else {}
    with storage_failures_reported(upload):
        name = place(upload, content, name, found)
    if not content.is_readable:
        found = _inspect_placed(upload, content, name, is_valid)
    mark_complete(upload, {"upload": name, **found})


def _finish_placed(upload: Upload, content: Content, name: str) -> None:
    """Do what the one who placed the file, then died, left to be done."""
    storage = upload.upload.storage
    found: dict[str, str] = {}
    with storage_failures_reported(upload):
        content.sync_place(storage, name)
        if content.is_readable and not upload.upload.name:
            # Noted before it was moved, but on a machine that lost power since.
            with long_work(upload):
                found = digest_of(upload, lambda: content.open_placed(storage, name))
    if not content.is_readable:
        found = _inspect_placed(upload, content, name, is_valid=False)
    mark_complete(upload, {"upload": name, **found})


def _inspect_placed(
    upload: Upload, content: Content, name: str, is_valid: bool
) -> dict[str, str]:
    storage = upload.upload.storage

    def open_placed() -> File:
        with storage_failures_reported(upload):
            return content.open_placed(storage, name)

    try:
        return _inspect(upload, open_placed, is_valid)
    except FileRefused:
        if not upload.pk:  # nobody protects it
            storage.delete(name)
        raise


def _inspect(
    upload: Upload, open_file: Callable[[], File], is_valid: bool
) -> dict[str, str]:
    """Return the file's digest; show it to the site's validators."""
    with long_work(upload):
        found = digest_of(upload, open_file)
    assign(upload, found)
    try:
        if not is_valid:
            with long_work(upload):
                validate(upload, open_file)
    except FileRefused:
        # Its row goes while nobody else can finish it, its bytes when they are free. A
        # row of the site that protects it stays, and so does the upload, unfinished.
        with contextlib.suppress(ProtectedError, RestrictedError):
            cancel(upload)
        raise
    return found


def _check_whole(upload: Upload) -> None:
    if upload.is_part:
        raise Incomplete("This is a part of a file, to be joined with others.", upload)
    if upload.filesize is None:
        raise Incomplete("Nobody has said yet how many bytes the file has.", upload)
    if upload.offset < upload.filesize:
        held = f"{upload.offset} of {upload.filesize}"
        raise Incomplete(f"Only {held} bytes are there without a gap.", upload)


def _sync(upload: Upload, content: Content) -> None:
    """Make the bytes durable, or forget them.

    After a failure nothing is known of any of them, and the system reports each failure
    once: the next sync would find nothing wrong.
    """
    try:
        with long_work(upload):
            content.sync()
    except OSError as error:
        logger.error("The disk lost bytes of upload %s: %s", upload.uuid, error)
        # The bytes first: where the database is away too, their lack shows the loss.
        with contextlib.suppress(OSError):
            content.discard()
        forgetting.forget_all(upload)
        if error.errno in FULL:
            message = "The disk is full and lost the file; send it again later."
            raise StoreFull(message, upload) from error
        message = "The disk failed and lost the file; send it again."
        raise Unavailable(message, upload) from error
