"""Begin uploads, and say how large they are where that comes later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from chunked_uploads.core import ranges
from chunked_uploads.core.limits import check_file, check_size
from chunked_uploads.core.quota import check_room, room_for_one
from chunked_uploads.core.rows import chunks_of, row_of
from chunked_uploads.errors import BadRequest, TooLarge
from chunked_uploads.models import Upload, database_of
from chunked_uploads.signals import announce, upload_started
from chunked_uploads.stores import chunk_store


def start_upload(
    user: Any,
    filename: str,
    filesize: int | None,
    fingerprint: str,
    *,
    for_form: bool = False,
    metadata: dict[str, str] | None = None,
    media_type: str = "",
    role: Upload.Role = Upload.Role.FILE,
    protocol_state: str = "",
    parts: Sequence[str] = (),
) -> Upload:
    """Make an upload of `filesize` bytes for `user` (None: for anybody).

    A size of None is not known yet: `set_filesize` says it before the end. With
    `for_form` it waits, when it is finished, for a form to take it. `metadata` is what
    the sender said of the file, `media_type` what it said of its kind. `protocol_state`
    is kept for who asks. `parts` are the UUIDs of the uploads that it is made of.

    Raises `TooLarge`, `TypeRefused`, `TooManyUploads`.
    """
    if role == Upload.Role.PART:
        check_size(filesize or 0)  # the file's name comes when its parts are joined
    else:
        check_file(filename, filesize, media_type=media_type)
    upload = Upload(
        user=user,
        filename=filename,
        filesize=filesize,
        fingerprint=fingerprint,
        for_form=for_form,
        metadata=metadata or {},
        role=role,
        protocol_state=protocol_state,
    )
    using = database_of(upload)
    # Before the store is asked for anything; again below, while others have to wait.
    check_room(user, for_form, using, parts)
    upload.store_state = chunk_store().begin(upload)
    try:
        with room_for_one(user, for_form, using, parts):
            upload.save(using=using)
    except BaseException:
        chunk_store().delete(upload)
        raise
    transaction.on_commit(lambda: announce(upload_started, upload), using=using)
    return upload


def set_filesize(upload: Upload, filesize: int) -> None:
    """Say how many bytes an upload has whose size was not known; may be repeated.

    Raises `BadRequest` where it has more bytes already, or another size, `TooLarge`,
    and `UploadNotFound`.
    """
    check_size(filesize)
    most = chunk_store().most_bytes(upload)
    if most is not None and filesize > most:
        raise TooLarge("The file is larger than what was made room for.", upload)
    unknown = row_of(upload).unfinished().filter(filesize=None)
    with transaction.atomic(using=unknown.db):
        unknown.update(modified_at=timezone.now())  # nobody records from here on
        last = chunks_of(upload).order_by("-start").first()
        if last is None or last.stop <= filesize:
            unknown.update(filesize=filesize)
    ranges.refresh(upload)
    if upload.filesize != filesize:
        raise BadRequest("This upload has another size, or more bytes already.", upload)
