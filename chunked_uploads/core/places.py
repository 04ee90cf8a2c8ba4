"""Where an upload's finished file goes, or lies."""

from __future__ import annotations

import os

from chunked_uploads.conf import conf
from chunked_uploads.models import Upload
from chunked_uploads.storages import is_in_own_folder


def place_of(upload: Upload) -> str:
    """Return where the finished file lies or will lie; empty where that is open.

    A folder of the upload's own makes its name certain before it is noted.
    """
    # As it is written into the row: while validators look, its name is another.
    noted = str(upload.upload)
    if noted or callable(conf.CHUNKED_UPLOADS_STORAGE_PATH):
        return noted
    wanted = upload.generate_name()
    return wanted if is_in_own_folder(upload.uuid, wanted) else ""


def is_in_place(upload: Upload) -> bool:
    """Whether the finished file is where it belongs, whatever the row says of it."""
    place, storage = place_of(upload), upload.upload.storage
    if not place or not storage.exists(place):
        return False
    return storage.size(place) == upload.filesize


def own_folder(upload: Upload, name: str) -> str:
    """Return the folder, at or beside the finished file, that is the upload's alone."""
    folder = os.path.dirname(name)
    if is_in_own_folder(upload.uuid, name):
        return folder
    return os.path.join(folder, str(upload.uuid))
