"""Names of files: as a visitor's disk has them, and as a storage takes them."""

from __future__ import annotations

import unicodedata

from django.core.exceptions import SuspiciousFileOperation
from django.utils.text import get_valid_filename

from chunked_uploads.models import MAX_FILENAME
from chunked_uploads.storages import MAX_NAME, safe_name


def clean_filename(name: str) -> str:
    """Return the last component of `name` without control characters.

    At most MAX_FILENAME characters, the extension kept. Raises `ValueError` where
    nothing of a name is left.
    """
    name = name.replace("\\", "/").rpartition("/")[2]
    # Cc: control characters, Cs: lone surrogates, which no database takes.
    name = "".join(c for c in name if unicodedata.category(c) not in ("Cc", "Cs"))
    name = name.strip()
    if name in ("", ".", ".."):
        raise ValueError("The file name is empty.")
    if len(name) > MAX_FILENAME:
        stem, dot, extension = name.rpartition(".")
        tail = (dot + extension)[-50:] if stem else ""
        name = name[: MAX_FILENAME - len(tail)] + tail
    return name


def usable_name(filename: str) -> str:
    """Return the name under which Django's storages take the file.

    A name that is too long for a file system is cut, the extension kept.
    """
    if len(filename.encode()) > MAX_NAME:
        return safe_name(filename)
    # They refuse what they leave nothing of, like a name of emoji alone.
    try:
        get_valid_filename(filename)
    except SuspiciousFileOperation:
        return safe_name(filename)
    return filename
