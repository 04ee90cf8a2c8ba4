"""Markers: what tells a folder of partial files from one that took its place.

Where a disk is not mounted, the folder below its mount point looks like an empty
store. So each folder of partial files has a file with a random text, written once.
"""

from __future__ import annotations

import contextlib
import os
import secrets

from chunked_uploads.system.moving import sync_path

MARKER = ".chunked_uploads"
LENGTH = 32  # characters


def read_marker(folder: str) -> str:
    """Return what marks the folder; empty where nothing does, or it is not there."""
    try:
        fd = os.open(os.path.join(folder, MARKER), os.O_RDONLY)
    except FileNotFoundError:
        return ""
    try:
        return os.read(fd, LENGTH).decode("ascii")
    finally:
        os.close(fd)


def ensure_marker(folder: str) -> str:
    """Return what marks the folder; make both where they are missing.

    Durably, since after a power loss the partial files are judged by it.
    """
    return read_marker(folder) or _make_marker(folder)


def _make_marker(folder: str) -> str:
    _make_folder(os.path.abspath(folder))
    path = os.path.join(folder, MARKER)
    marker = secrets.token_hex(LENGTH // 2)
    draft = f"{path}-{marker}"
    try:
        with open(draft, "x", encoding="ascii") as file:
            file.write(marker)
            file.flush()
            os.fsync(file.fileno())
        _put(draft, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)
    sync_path(folder)
    return read_marker(folder)


def _put(draft: str, path: str) -> None:
    # Whole at once, and never over the one that another process made just now.
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    except OSError:  # no hard links here
        os.replace(draft, path)


def _make_folder(folder: str) -> None:
    if os.path.isdir(folder):
        return
    above = os.path.dirname(folder)
    _make_folder(above)
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder)
    sync_path(above)
