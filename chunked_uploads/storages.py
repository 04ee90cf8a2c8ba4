"""Where finished files live: Django's storage, chosen by the settings."""

from __future__ import annotations

import copy
import os
import sys
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.utils.functional import LazyObject, empty
from django.utils.text import get_valid_filename

from chunked_uploads.conf import conf

if TYPE_CHECKING:
    from chunked_uploads.models import Upload

MAX_NAME = 255  # bytes of one path component, on every common file system


class PrivateStorage(FileSystemStorage):
    """A folder that the site does not serve: its files have no URL."""

    base_url = None  # type: ignore[assignment]


class FinishedStorage(LazyObject):
    """The storage of finished files, set up when it is first used."""

    @property  # type: ignore[misc]
    def __class__(self) -> type[Storage]:  # type: ignore[override]
        # `FileField` asks at import, when settings are not to be read yet.
        return Storage if self._wrapped is empty else type(self._wrapped)

    def _setup(self) -> None:
        storage = storages[conf.CHUNKED_UPLOADS_STORAGE]
        path = conf.CHUNKED_UPLOADS_STORAGE_PATH
        if isinstance(path, str) and os.path.isabs(path):
            location = getattr(storage, "location", None)
            if location is None or not _is_below(path, location):
                storage = PrivateStorage(location=path)
        self._wrapped = storage


_finished = FinishedStorage()


def finished_storage() -> Storage:
    """Return the storage of finished files, for `FileField(storage=…)`."""
    return _finished  # type: ignore[return-value]


def finished_name(upload: Upload, filename: str) -> str:
    """Return where in the storage the finished file goes.

    A callable setting has the last word. Otherwise each file has a folder of its
    own, so that names never meet, stay as they are and can't be guessed.
    """
    path = conf.CHUNKED_UPLOADS_STORAGE_PATH
    if callable(path):
        return path(upload, safe_name(filename))
    location = getattr(_finished, "location", "")
    folder = os.path.relpath(path, location) if os.path.isabs(path) else path
    return os.path.join(folder, str(upload.uuid), safe_name(filename))


def safe_name(filename: str) -> str:
    """Return `filename` as one path component of at most MAX_NAME bytes.

    Storages may append to it where the name is taken, so room is left.
    """
    # Django refuses a name of which nothing is left, like one of emoji alone.
    name = get_valid_filename(f"_{filename}")[1:]
    if name.startswith(".") and not filename.startswith("."):
        name = f"file{name}"
    name = name.lstrip(".") or "file"
    stem, extension = os.path.splitext(name)
    extension = extension.encode()[:32].decode(errors="ignore")
    room = MAX_NAME - len(extension.encode()) - 16
    return stem.encode()[:room].decode(errors="ignore") + extension


def is_in_own_folder(uuid: UUID, name: str) -> bool:
    """Whether no file but that of the upload with this UUID can lie at `name`."""
    return os.path.basename(os.path.dirname(name)) == str(uuid)


def takes_files_as_they_are(storage: Storage) -> bool:
    """Whether the storage does nothing to bytes: a file may be put at its path.

    Whatever has a way of its own to write or to read is asked to.
    """
    if not isinstance(storage, FileSystemStorage):
        return False
    return all(
        getattr(storage.__class__, name) is getattr(FileSystemStorage, name)
        for name in ("save", "_save", "open", "_open")
    )


def reserve_name(storage: Storage, wanted: str, max_length: int) -> str:
    """Make an empty file at `wanted`, or beside it where that is taken; return where.

    The file was nowhere before, so that the name is ours alone; also in a storage that
    overwrites what it finds.
    """
    name = free_name(storage, wanted, max_length)
    if getattr(storage, "_allow_overwrite", False):
        storage = copy.copy(storage)
        storage._allow_overwrite = False  # type: ignore[attr-defined]
    return storage.save(name, ContentFile(b""), max_length=max_length)


def free_name(storage: Storage, wanted: str, max_length: int) -> str:
    """Return `wanted`, or a name beside it where something lies there."""
    # Not as the storage has it: one that overwrites removes what it finds.
    name = Storage.get_available_name(storage, wanted, max_length=max_length)
    while storage.exists(name):
        name = another_name(storage, name)
    return name


def another_name(storage: Storage, name: str) -> str:
    """Return a name beside `name`, as Django makes one."""
    folder, file = os.path.split(name)
    stem, extension = os.path.splitext(file)
    # Not as the storage has it: one that overwrites keeps to the same name.
    another = Storage.get_alternative_name(storage, stem, extension)
    return os.path.join(folder, another)


def is_s3(storage: Storage) -> bool:
    """Whether the storage is django-storages' S3, or a kind of it."""
    module: Any = sys.modules.get("storages.backends.s3")  # else nothing is of its kind
    return module is not None and isinstance(storage, module.S3Storage)


def abort_parts(storage: Any, name: str) -> None:
    """Remove the parts that a process sent for an object `name`, and then died.

    S3 keeps them until somebody asks for their end, and shows them to nobody else.
    """
    if not is_s3(storage):
        return
    client, key = storage.connection.meta.client, storage._normalize_name(name)
    place = {"Bucket": storage.bucket_name}
    pages = client.get_paginator("list_multipart_uploads").paginate(**place, Prefix=key)
    begun = [each for page in pages for each in page.get("Uploads", ())]
    for each in begun:
        if each["Key"] == key:
            client.abort_multipart_upload(**place, Key=key, UploadId=each["UploadId"])


def read_at(storage: Any, file: Any, start: int, size: int) -> bytes:
    """Return some bytes of an open file of the storage.

    Of an object at S3 these alone: to read from its file would fetch all of it.
    """
    if is_s3(storage) and type(file) is sys.modules["storages.backends.s3"].S3File:
        keys = {
            name: value
            for name, value in storage.get_object_parameters(file.name).items()
            if name.startswith("SSECustomer")
        }
        span = f"bytes={start}-{start + size - 1}"
        return file.obj.get(Range=span, **keys)["Body"].read()
    file.seek(start)
    return file.read(size)


def forget_choice(*, setting: str, **kwargs: Any) -> None:
    """Choose the storage anew; a receiver of `setting_changed`, sent by tests."""
    if setting in ("STORAGES", "MEDIA_ROOT") or setting.startswith("CHUNKED_UPLOADS_"):
        _finished._wrapped = empty  # type: ignore[assignment]


def _is_below(path: str, folder: str | os.PathLike[str]) -> bool:
    folder = os.path.abspath(folder)
    return os.path.commonpath([os.path.abspath(path), folder]) == folder
