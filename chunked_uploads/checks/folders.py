"""Where chunks and files lie: on which disk, and where the web server shows them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning

from chunked_uploads.conf import conf
from chunked_uploads.system.mounts import mount_of

LOCAL_STORE = "chunked_uploads.stores.local.LocalStore"
FILE_SYSTEM = "django.core.files.storage.FileSystemStorage"


def check_file_systems() -> Iterator[CheckMessage]:
    folders = [conf.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH]
    folders += [conf.CHUNKED_UPLOADS_STORAGE_PATH]
    if _storage_setting().get("BACKEND") != FILE_SYSTEM or any(map(callable, folders)):
        return
    devices = {device_of(os.path.join(settings.MEDIA_ROOT, str(f))) for f in folders}
    if len(devices) > 1:
        yield Warning(
            "Chunks and finished files lie on different file systems.",
            hint="Every finished file is copied; on one file system it is renamed.",
            id="chunked_uploads.W002",
        )


def check_media() -> Iterator[CheckMessage]:
    """Warn of files that land where the process was started, or that no URL leads to.

    Neither fails: the uploads go well, and the visitor is given a URL that gets 404.
    """
    needs_root, needs_url = _needs()
    if needs_root and not settings.MEDIA_ROOT:
        yield Warning(
            "MEDIA_ROOT is not set: files go into the working directory.",
            hint='Set it to a folder for files, like BASE_DIR / "media".',
            id="chunked_uploads.W004",
        )
    # An empty one comes out of Django's settings as the site's root.
    if needs_url and settings.MEDIA_URL in ("", "/"):
        yield Warning(
            "MEDIA_URL is not set: the URLs of finished files lead nowhere.",
            hint='Set it to where the web server has MEDIA_ROOT, like "/media/"; or let'
            " CHUNKED_UPLOADS_STORAGE_PATH be absolute, for files without a URL.",
            id="chunked_uploads.W005",
        )


def _needs() -> tuple[bool, bool]:
    """Return whether files lie below MEDIA_ROOT, and whether they have URLs there."""
    chunks, files = _chunks_path(), conf.CHUNKED_UPLOADS_STORAGE_PATH
    has_chunks = chunks is not None and not os.path.isabs(chunks)
    storage = _storage_setting()
    is_in_media = storage.get("BACKEND") == FILE_SYSTEM and not (
        isinstance(files, str) and os.path.isabs(files)
    )
    options = storage.get("OPTIONS", {})
    has_files = is_in_media and "location" not in options
    return has_chunks or has_files, is_in_media and "base_url" not in options


def check_privacy() -> Iterator[CheckMessage]:
    """Warn where a web server may serve chunks of files that it must not serve."""
    chunks, files = _chunks_path(), conf.CHUNKED_UPLOADS_STORAGE_PATH
    if chunks is None or not settings.MEDIA_ROOT:
        return
    folder = "" if callable(files) else str(files)
    location = _storage_setting().get("OPTIONS", {}).get("location", "")
    place = os.path.join(settings.MEDIA_ROOT, location, folder)
    if _is_in_media(chunks) and not _is_in_media(place):
        yield Warning(
            "Finished files lie outside of MEDIA_ROOT, and chunks inside it.",
            hint="Who serves MEDIA_ROOT serves the chunks. Set"
            " CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH to a folder beside the files'.",
            id="chunked_uploads.W006",
        )


def check_locks() -> Iterator[CheckMessage]:
    """Warn where another server, or nobody, may hear of the locks of chunks."""
    chunks = _chunks_path()
    if chunks is None:
        return
    mount = mount_of(os.path.join(settings.MEDIA_ROOT, chunks))
    if mount is not None and not mount.has_known_locks:
        yield Warning(
            f"Chunks lie on a file system ({mount.kind}) whose locks are not known to"
            " hold between servers.",
            hint="One server alone may use it. For several, see docs/reliability.md:"
            " NFS of version 4 mounted with noac,lookupcache=none, or a bucket.",
            id="chunked_uploads.W007",
        )


def _chunks_path() -> str | None:
    """Return where chunks rest, None where the settings don't tell."""
    path = conf.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH
    is_local = conf.CHUNKED_UPLOADS_CHUNK_STORE == LOCAL_STORE
    return path if is_local and isinstance(path, str) else None


def _is_in_media(path: str) -> bool:
    root = os.path.abspath(settings.MEDIA_ROOT)
    path = os.path.abspath(os.path.join(root, path))
    return os.path.commonpath([path, root]) == root


def _storage_setting() -> dict[str, Any]:
    alias = conf.CHUNKED_UPLOADS_STORAGE
    return settings.STORAGES.get(alias, {}) if isinstance(alias, str) else {}


def device_of(path: str) -> int:
    """Return the file system that `path` lies on, or will lie on once it is made."""
    path = os.path.abspath(path)
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return os.stat(path).st_dev
