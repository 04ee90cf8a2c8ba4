"""The store whose chunks rest in the bucket of the site's own S3 storage."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
from collections.abc import Iterator
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import Storage

from chunked_uploads.conf import conf
from chunked_uploads.errors import (
    BadRequest,
    RangeConflict,
    StoreUnavailable,
    TooLarge,
    UploadNotFound,
)
from chunked_uploads.models import MAX_PATH
from chunked_uploads.storages import is_in_own_folder
from chunked_uploads.stores.base import ChunkStore
from chunked_uploads.stores.facts import Leftover, StoredUpload
from chunked_uploads.stores.file_names import sign, unsign
from chunked_uploads.stores.handles import Replace
from chunked_uploads.stores.s3 import grid
from chunked_uploads.stores.s3.bucket import Bucket, Buckets
from chunked_uploads.stores.s3.comparing import DigestComparison, digests_between
from chunked_uploads.stores.s3.content import S3Content
from chunked_uploads.stores.s3.folders import (
    abort_all,
    is_marker,
    list_folders,
    remove_folder,
)
from chunked_uploads.stores.s3.objects import UploadObjects
from chunked_uploads.stores.s3.receipts import State, read_state
from chunked_uploads.stores.s3.writers import S3Writer

PART = "whole"  # name of a part's object, of which all bytes are there
MOST_KEY = 1024  # bytes, of S3


class S3Store(ChunkStore):
    """Keep chunks in the bucket of `CHUNKED_UPLOADS_STORAGE`.

    Nobody is kept out: the rows decide whose bytes are held, and their ETags what the
    finished file is made of.
    """

    def __init__(self) -> None:
        self._buckets = Buckets()

    def begin(self, upload: StoredUpload) -> str:
        objects = UploadObjects(self._bucket, upload.uuid, self._new_state(upload))
        state = objects.state
        if upload.filesize is None or upload.filesize > state.cell_size:
            state = dataclasses.replace(state, multipart=objects.begin_multipart())
        return str(state)

    def _new_state(self, upload: StoredUpload) -> State:
        bucket = self._bucket
        if upload.is_part:
            name = self._part_name(upload.uuid)
            return State(
                bucket.name, name, self._folder(upload.uuid), _cell_size(upload)
            )
        name = upload.generate_name()
        if not is_in_own_folder(upload.uuid, name):
            # The key is fixed now, and nobody else's ever.
            folder, _, file = name.rpartition("/")
            name = "/".join([*([folder] if folder else []), str(upload.uuid), file])
        if len(name) > MAX_PATH or len(bucket.key(name).encode()) > MOST_KEY:
            raise BadRequest("The file's name is too long for the site's folders.")
        return State(bucket.name, name, self._folder(upload.uuid), _cell_size(upload))

    @contextlib.contextmanager
    def writer(
        self, upload: StoredUpload, start: int, length: int, *, alone: bool = False
    ) -> Iterator[S3Writer]:
        objects = self._objects(upload)
        if start + length > _most_bytes(objects.state):
            raise TooLarge("The file is larger than what was made room for.")
        try:
            with S3Writer(self._objects, upload, start, length) as writer:
                yield writer
        except UploadNotFound:
            # Nobody else knows of what was sent since it was cancelled.
            with contextlib.suppress(StoreUnavailable):
                objects.abort()
                remove_folder(objects.bucket, objects.state.folder, is_aborted=True)
            raise

    @contextlib.contextmanager
    def exclusive(self, upload: StoredUpload) -> Iterator[S3Content]:
        yield S3Content(functools.partial(self._objects, upload), upload)

    @contextlib.contextmanager
    def compare(
        self, upload: StoredUpload, start: int, length: int
    ) -> Iterator[DigestComparison]:
        self._objects(upload)  # raises where its receipts are another store's
        stop = start + length
        rows = list(upload.recorded(start, stop))
        if not rows:
            raise FileNotFoundError("Nothing is recorded there.")
        yield DigestComparison(digests_between(rows, start, stop))

    def prepare_part(self, part: StoredUpload, replace: Replace) -> None:
        content = S3Content(functools.partial(self._objects, part), part)
        storage, name = self._bucket.storage, self._objects(part).state.name
        if not content.is_placed(storage, name):
            content.join(part, replace)
            content.place(storage, name)

    def suggest_chunk_size(self, upload: StoredUpload) -> int:
        """Return a number of bytes of which multiples are edges of the grid.

        Or edges are multiples of it, where the site's own setting is less than a cell.
        """
        wanted = conf.CHUNKED_UPLOADS_CHUNK_SIZE
        state = _known_state(upload)
        if state is None:
            return wanted
        cell = state.cell_size
        if wanted >= cell:
            return wanted - wanted % cell
        if not conf.is_set("CHUNKED_UPLOADS_CHUNK_SIZE"):
            return cell
        parts = -(-cell // wanted)
        while cell % parts:
            parts += 1
        return cell // parts

    def most_bytes(self, upload: StoredUpload) -> int | None:
        state = _known_state(upload)
        return None if state is None else _most_bytes(state)

    def piece_size(self, upload: StoredUpload) -> int:
        state = _known_state(upload)
        return self.suggest_chunk_size(upload) if state is None else state.cell_size

    def agree(self, upload: StoredUpload, other: StoredUpload, length: int) -> bool:
        if None in (_known_state(upload), _known_state(other)):
            return False
        try:
            mine, its = (
                [each[1:] for each in digests_between(one.recorded(), 0, length)]
                for one in (upload, other)
            )
        except RangeConflict:
            return False
        return mine == its

    def moves_into(self, storage: Storage) -> bool:
        return True

    def delete(self, upload: StoredUpload) -> None:
        state = _known_state(upload)
        if state is None:
            remove_folder(self._bucket, self._folder(upload.uuid))
            return
        objects = UploadObjects(self._bucket_of(state), upload.uuid, state)
        if not upload.is_complete:
            objects.abort()
        remove_folder(objects.bucket, state.folder, is_aborted=True)

    def remove_draft(self, upload: StoredUpload, storage: Storage, name: str) -> None:
        # Parts that came in while it was aborted.
        abort_all(self._bucket, self._bucket.key(name))

    def count_bytes(self, upload: StoredUpload) -> int:
        objects = self._objects(upload)
        found = self._bucket.objects(objects.state.folder)
        sizes = [each["Size"] for each in found if not is_marker(each["Key"])]
        return sum(sizes) + objects.count_parts()

    def leftovers(self) -> Iterator[Leftover]:
        root = self._root
        for folder, objects in list_folders(self._bucket, root):
            uuid = unsign(folder)
            if uuid is not None:
                found = list(objects)
                sizes = [each["Size"] for each in found if not is_marker(each["Key"])]
                modified = max(each["LastModified"] for each in found)
                yield Leftover(uuid, f"{root}{folder}/", sum(sizes), modified)

    def remove_leftover(self, leftover: Leftover) -> None:
        remove_folder(self._bucket, leftover.name)

    @property
    def _bucket(self) -> Bucket:
        return self._buckets.current()

    @property
    def _path(self) -> str:
        """Where in the storage all is that is neither part nor finished."""
        path = conf.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH
        if callable(path):
            raise ImproperlyConfigured(
                "With S3Store CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH is one folder of the "
                "bucket, and no callable."
            )
        return path

    @property
    def _root(self) -> str:
        """The beginning of the keys of all that is there."""
        # Some engines don't list what has two slashes on end.
        return self._bucket.key(self._path).rstrip("/") + "/"

    def _part_name(self, uuid: UUID) -> str:
        """Return where in the storage a part is an object, in its folder."""
        return os.path.join(self._path, sign(uuid), PART)

    def _folder(self, uuid: UUID) -> str:
        return f"{self._root}{sign(uuid)}/"

    def _objects(self, upload: StoredUpload) -> UploadObjects:
        state = _known_state(upload)
        if state is None:
            raise StoreUnavailable("This upload was begun in another store.")
        return UploadObjects(self._bucket_of(state), upload.uuid, state)

    def _bucket_of(self, state: State) -> Bucket:
        bucket = self._bucket
        if state.bucket != bucket.name:
            raise StoreUnavailable("This upload was begun in another bucket.")
        return bucket


def _known_state(upload: StoredUpload) -> State | None:
    """Return the upload's state, None where it was begun in another store."""
    try:
        return read_state(upload.store_state)
    except ValueError:
        return None


def _most_bytes(state: State) -> int:
    return grid.MOST_PARTS * state.cell_size


def _cell_size(upload: StoredUpload) -> int:
    filesize = upload.filesize
    if filesize is None:
        filesize = conf.CHUNKED_UPLOADS_MAX_SIZE
    if filesize is None:
        return grid.UNKNOWN
    size = grid.cell_size_for(filesize)
    if size > grid.LARGEST_PART:
        raise TooLarge("No bucket takes so large a file.")
    return size
