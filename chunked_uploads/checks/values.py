"""What each setting may be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured
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
# What comes of a dotted path; django-storages says the last one where boto3 is missing.
NOT_IMPORTED = (
    ImportError,
    AttributeError,
    TypeError,
    ValueError,
    ImproperlyConfigured,
)
S3_PACKAGES = ("boto3", "botocore", "storages")
S3_HINT = 'pip install "django-chunked-uploads[s3]" brings what it needs.'
MOST_DAYS = 36_500  # with more, dates end


def check_numbers() -> Iterator[CheckMessage]:
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


def check_paths() -> Iterator[CheckMessage]:
    for name in ("CHUNKED_UPLOADS_STORAGE_PATH", "CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH"):
        value = getattr(conf, name)
        if not (callable(value) or (isinstance(value, str) and value)):
            yield Error(f"{name} must be a path or a callable.", id=_id("E002"))


def check_dotted_paths() -> Iterator[CheckMessage]:
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
    except NOT_IMPORTED as error:
        cause = error if isinstance(error, ImportError) else error.__context__
        missing = str(getattr(cause, "name", "")).partition(".")[0]
        yield Error(
            f"{name}: {path!r} can't be imported: {error}",
            hint=S3_HINT if missing in S3_PACKAGES else None,
            id=_id(number),
        )


def check_validators() -> Iterator[CheckMessage]:
    name, paths = "CHUNKED_UPLOADS_VALIDATORS", conf.CHUNKED_UPLOADS_VALIDATORS
    if not isinstance(paths, list | tuple):
        yield Error(f"{name} must be a list of dotted paths.", id=_id("E012"))
        return
    for path in paths:
        wrong = list(_check_import(name, path, "E012"))
        yield from wrong
        if not wrong and not callable(import_string(path)):
            yield Error(f"{name}: {path!r} can't be called.", id=_id("E012"))


def check_choices() -> Iterator[CheckMessage]:
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


def check_fast_path() -> Iterator[CheckMessage]:
    if conf.CHUNKED_UPLOADS_FAST_PATH not in (True, False):
        yield Error("CHUNKED_UPLOADS_FAST_PATH must be True or False.", id=_id("E011"))


def check_origins() -> Iterator[CheckMessage]:
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


def check_cross_domain_lists() -> Iterator[CheckMessage]:
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


def check_external() -> Iterator[CheckMessage]:
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
