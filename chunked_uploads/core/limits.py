"""What files the site takes, by its settings."""

from __future__ import annotations

import os

from chunked_uploads.conf import conf
from chunked_uploads.errors import TooLarge, TypeRefused


def check_file(filename: str, filesize: int | None) -> None:
    """Raise `TooLarge` or `TypeRefused` where the site does not take such a file.

    A size of None is not known yet.
    """
    check_size(filesize or 0)
    if conf.CHUNKED_UPLOADS_ALLOWED_EXTENSIONS is not None:
        allowed = allowed_extensions()
        extension = os.path.splitext(filename)[1].lower().lstrip(".")
        if extension not in allowed:
            listed = ", ".join(sorted(allowed))
            raise TypeRefused(f"Only files of these types are taken: {listed}.")


def check_size(size: int) -> None:
    """Raise `TooLarge` where the site takes no file of so many bytes."""
    largest = conf.CHUNKED_UPLOADS_MAX_SIZE
    if largest is not None and size > largest:
        raise TooLarge(f"The file is larger than {largest} bytes.")


def allowed_extensions() -> list[str]:
    """Return the setting's extensions in lower case without dots; none without it."""
    allowed = conf.CHUNKED_UPLOADS_ALLOWED_EXTENSIONS or ()
    return [each.lower().lstrip(".") for each in allowed]
