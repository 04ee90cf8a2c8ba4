"""System checks: a wrong setting is a message with an id, never a crash."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.utils.module_loading import import_string

from chunked_uploads.conf import conf
from chunked_uploads.digests import resumable
from chunked_uploads.http.origins import OPAQUE, normal_origin, split_setting
from chunked_uploads.models import MAX_SOURCE

EXTERNAL = "chunked_uploads.authentication.ExternalAuthentication"
ORIGINS_HINT = (
    "Scheme, host, and port where it isn't the usual one; no slash at the end, no '*'. "
    "Where a list can't tell, override CrossDomainMiddleware.is_allowed."
)
TOKEN = re.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
MOST_DAYS = 36_500  # with more, dates end
LOCAL_STORE = "chunked_uploads.stores.local.LocalStore"
FILE_SYSTEM = "django.core.files.storage.FileSystemStorage"


def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Return what is wrong with the project's settings."""
    return [
        *_check_numbers(),
        *_check_paths(),
        *_check_file_systems(),
        *_check_media(),
        *_check_privacy(),
        *_check_dotted_paths(),
        *_check_validators(),
        *_check_choices(),
        *_check_fast_path(),
        *_check_origins(),
        *_check_cross_domain_lists(),
        *_check_external(),
    ]


def _check_numbers() -> Iterator[CheckMessage]:
    optional = ("CHUNKED_UPLOADS_MAX_SIZE", "CHUNKED_UPLOADS_MAX_UNFINISHED")
    for name in (
        *optional,
        "CHUNKED_UPLOADS_CHUNK_SIZE",
        "CHUNKED_UPLOADS_EXPIRE_DAYS",
        "CHUNKED_UPLOADS_SIGNATURE_MAX_AGE",
    ):
        value = getattr(conf, name)
        is_number = isinstance(value, int) and not isinstance(value, bool) and value > 0
        if not is_number and not (value is None and name in optional):
            also = " or None" if name in optional else ""
            yield Error(f"{name} must be a whole number above 0{also}.", id=_id("E001"))
        elif name == "CHUNKED_UPLOADS_EXPIRE_DAYS" and value > MOST_DAYS:
            yield Error(f"{name} must be at most {MOST_DAYS}.", id=_id("E001"))


def _check_paths() -> Iterator[CheckMessage]:
    for name in ("CHUNKED_UPLOADS_STORAGE_PATH", "CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH"):
        value = getattr(conf, name)
        if not (callable(value) or (isinstance(value, str) and value)):
            yield Error(f"{name} must be a path or a callable.", id=_id("E002"))


def _check_file_systems() -> Iterator[CheckMessage]:
    folders = [conf.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH]
    folders += [conf.CHUNKED_UPLOADS_STORAGE_PATH]
    if _storage_setting().get("BACKEND") != FILE_SYSTEM or any(map(callable, folders)):
        return
    devices = {_device(os.path.join(settings.MEDIA_ROOT, str(f))) for f in folders}
    if len(devices) > 1:
        yield Warning(
            "Chunks and finished files lie on different file systems.",
            hint="Every finished file is copied; on one file system it is renamed.",
            id=_id("W002"),
        )


def _check_media() -> Iterator[CheckMessage]:
    """Warn of files that land where the process was started, or that no URL leads to.

    Neither fails: the uploads go well, and the visitor is given a URL that gets 404.
    """
    needs_root, needs_url = _needs()
    if needs_root and not settings.MEDIA_ROOT:
        yield Warning(
            "MEDIA_ROOT is not set: files go into the working directory.",
            hint='Set it to a folder for files, like BASE_DIR / "media".',
            id=_id("W004"),
        )
    # An empty one comes out of Django's settings as the site's root.
    if needs_url and settings.MEDIA_URL in ("", "/"):
        yield Warning(
            "MEDIA_URL is not set: the URLs of finished files lead nowhere.",
            hint='Set it to where the web server has MEDIA_ROOT, like "/media/"; or let'
            " CHUNKED_UPLOADS_STORAGE_PATH be absolute, for files without a URL.",
            id=_id("W005"),
        )


def _needs() -> tuple[bool, bool]:
    """Return whether files lie below MEDIA_ROOT, and whether they have URLs there."""
    parts, files = _parts_path(), conf.CHUNKED_UPLOADS_STORAGE_PATH
    has_parts = parts is not None and not os.path.isabs(parts)
    storage = _storage_setting()
    is_in_media = storage.get("BACKEND") == FILE_SYSTEM and not (
        isinstance(files, str) and os.path.isabs(files)
    )
    options = storage.get("OPTIONS", {})
    has_files = is_in_media and "location" not in options
    return has_parts or has_files, is_in_media and "base_url" not in options


def _check_privacy() -> Iterator[CheckMessage]:
    """Warn where a web server may serve the parts of files that it must not serve."""
    parts, files = _parts_path(), conf.CHUNKED_UPLOADS_STORAGE_PATH
    if parts is None or not settings.MEDIA_ROOT:
        return
    folder = "" if callable(files) else str(files)
    location = _storage_setting().get("OPTIONS", {}).get("location", "")
    place = os.path.join(settings.MEDIA_ROOT, location, folder)
    if _is_in_media(parts) and not _is_in_media(place):
        yield Warning(
            "Finished files lie outside of MEDIA_ROOT, and chunks inside it.",
            hint="Who serves MEDIA_ROOT serves the chunks. Set"
            " CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH to a folder beside the files'.",
            id=_id("W006"),
        )


def _parts_path() -> str | None:
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


def _device(path: str) -> int:
    """Return the file system that `path` lies on, or will lie on once it is made."""
    path = os.path.abspath(path)
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return os.stat(path).st_dev


def _check_dotted_paths() -> Iterator[CheckMessage]:
    name = "CHUNKED_UPLOADS_AUTHENTICATION"
    classes = conf.CHUNKED_UPLOADS_AUTHENTICATION
    paths = [classes] if isinstance(classes, str) else classes
    if not isinstance(paths, list | tuple) or not paths:
        yield Error(f"{name} must be a dotted path or a list of them.", id=_id("E003"))
        return
    for path in paths:
        yield from _check_import(name, path)
    yield from _check_import(
        "CHUNKED_UPLOADS_CHUNK_STORE", conf.CHUNKED_UPLOADS_CHUNK_STORE
    )


def _check_import(name: str, path: str, number: str = "E003") -> Iterator[CheckMessage]:
    try:
        import_string(path)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        yield Error(f"{name}: {path!r} can't be imported: {error}", id=_id(number))


def _check_validators() -> Iterator[CheckMessage]:
    name, paths = "CHUNKED_UPLOADS_VALIDATORS", conf.CHUNKED_UPLOADS_VALIDATORS
    if not isinstance(paths, list | tuple):
        yield Error(f"{name} must be a list of dotted paths.", id=_id("E012"))
        return
    for path in paths:
        wrong = list(_check_import(name, path, "E012"))
        yield from wrong
        if not wrong and not callable(import_string(path)):
            yield Error(f"{name}: {path!r} can't be called.", id=_id("E012"))


def _check_choices() -> Iterator[CheckMessage]:
    algorithm = conf.CHUNKED_UPLOADS_DIGEST
    if algorithm is not None and algorithm not in resumable.ALGORITHMS:
        wanted = ", ".join(map(repr, resumable.ALGORITHMS))
        yield Error(
            f"CHUNKED_UPLOADS_DIGEST must be one of {wanted} or None.", id=_id("E004")
        )
    elif algorithm is not None and not resumable.can_resume(algorithm):
        yield Warning(
            "CHUNKED_UPLOADS_DIGEST: every finished file is read once more.",
            hint='pip install "django-chunked-uploads[digest]" saves that.',
            id=_id("W001"),
        )
    alias = conf.CHUNKED_UPLOADS_STORAGE
    if alias not in [*settings.STORAGES]:
        yield Error(
            f"CHUNKED_UPLOADS_STORAGE: {alias!r} is not in STORAGES.", id=_id("E005")
        )
    extensions = conf.CHUNKED_UPLOADS_ALLOWED_EXTENSIONS
    if extensions is not None and not _is_list_of_texts(extensions):
        yield Error(
            "CHUNKED_UPLOADS_ALLOWED_EXTENSIONS must be a list, like ['mp4'].",
            id=_id("E006"),
        )


def _check_fast_path() -> Iterator[CheckMessage]:
    if conf.CHUNKED_UPLOADS_FAST_PATH not in (True, False):
        yield Error("CHUNKED_UPLOADS_FAST_PATH must be True or False.", id=_id("E011"))


def _check_origins() -> Iterator[CheckMessage]:
    name = "CROSS_DOMAIN_ALLOWED_ORIGINS"
    origins = conf.CROSS_DOMAIN_ALLOWED_ORIGINS
    if not isinstance(origins, str) and not _is_list_of_texts(origins):
        yield Error(f"{name} must be a string or a list.", id=_id("E007"))
        return
    for origin in split_setting(origins):
        try:
            normal_origin(origin)
        except ValueError as error:
            yield Error(f"{name}: {error}", hint=ORIGINS_HINT, id=_id("E007"))
    if OPAQUE in split_setting(origins):
        yield Warning(
            f"{name}: any site can make a frame whose origin is 'null'.",
            hint="Serve the page from an origin of its own, and list that.",
            id=_id("W003"),
        )


def _check_cross_domain_lists() -> Iterator[CheckMessage]:
    for name in ("CROSS_DOMAIN_ALLOWED_METHODS", "CROSS_DOMAIN_ALLOWED_HEADERS"):
        value = getattr(conf, name)
        if not isinstance(value, str) and not _is_list_of_texts(value):
            yield Error(f"{name} must be a string or a list.", id=_id("E009"))
            continue
        for item in split_setting(value):
            # With credentials a `*` is a name like others (Fetch standard, 3.3.4).
            if item == "*" or not TOKEN.fullmatch(item):
                yield Error(f"{name}: {item!r} is not a name.", id=_id("E009"))
    name = "CROSS_DOMAIN_ALLOWED_CREDENTIALS"
    if str(getattr(conf, name)).lower() not in ("true", "false"):
        yield Error(f'{name} must be "true" or "false".', id=_id("E010"))


def _check_external() -> Iterator[CheckMessage]:
    name = "CHUNKED_UPLOADS_EXTERNAL_AUTH_URL"
    url = conf.CHUNKED_UPLOADS_EXTERNAL_AUTH_URL
    if url is None:
        classes: Any = conf.CHUNKED_UPLOADS_AUTHENTICATION
        if classes == EXTERNAL or (_is_list_of_texts(classes) and EXTERNAL in classes):
            yield Error(f"{EXTERNAL} needs {name}.", id=_id("E008"))
        return
    try:
        parts = urlsplit(url)
        is_url = parts.scheme == "https" and parts.hostname and len(url) <= MAX_SOURCE
    except (AttributeError, TypeError, ValueError):
        is_url = False
    if not is_url:
        yield Error(f"{name} must be an https:// URL or None.", id=_id("E008"))


def _is_list_of_texts(value: Any) -> bool:
    is_list = isinstance(value, list | tuple | set | frozenset)
    return is_list and all(isinstance(each, str) for each in value)


def _id(number: str) -> str:
    return f"chunked_uploads.{number}"
