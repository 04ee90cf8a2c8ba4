"""The settings, read when they are asked for, with their defaults."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings

MIB = 2**20

PathSetting = str | Callable[[Any, str], str]


class Settings:
    """Give each setting by its full name: the project's value or the default."""

    def is_set(self, name: str) -> bool:
        """Whether the project has a value of its own."""
        return hasattr(settings, name)

    @property
    def CHUNKED_UPLOADS_STORAGE(self) -> str:
        return getattr(settings, "CHUNKED_UPLOADS_STORAGE", "default")

    @property
    def CHUNKED_UPLOADS_STORAGE_PATH(self) -> PathSetting:
        default = "chunked_uploads/files"
        return _as_text(getattr(settings, "CHUNKED_UPLOADS_STORAGE_PATH", default))

    @property
    def CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH(self) -> PathSetting:
        default = "chunked_uploads/chunks"
        path = getattr(settings, "CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH", default)
        return _as_text(path)

    @property
    def CHUNKED_UPLOADS_CHUNK_STORE(self) -> str:
        default = "chunked_uploads.stores.local.LocalStore"
        return getattr(settings, "CHUNKED_UPLOADS_CHUNK_STORE", default)

    @property
    def CHUNKED_UPLOADS_AUTHENTICATION(self) -> str | Iterable[str]:
        default = [
            "chunked_uploads.authentication.ApiKeyAuthentication",
            "chunked_uploads.authentication.SessionAuthentication",
        ]
        return getattr(settings, "CHUNKED_UPLOADS_AUTHENTICATION", default)

    @property
    def CHUNKED_UPLOADS_CHUNK_SIZE(self) -> int:
        return getattr(settings, "CHUNKED_UPLOADS_CHUNK_SIZE", 8 * MIB)

    @property
    def CHUNKED_UPLOADS_MAX_SIZE(self) -> int | None:
        return getattr(settings, "CHUNKED_UPLOADS_MAX_SIZE", None)

    @property
    def CHUNKED_UPLOADS_ALLOWED_EXTENSIONS(self) -> Iterable[str] | None:
        return getattr(settings, "CHUNKED_UPLOADS_ALLOWED_EXTENSIONS", None)

    @property
    def CHUNKED_UPLOADS_MAX_UNFINISHED(self) -> int | None:
        return getattr(settings, "CHUNKED_UPLOADS_MAX_UNFINISHED", None)

    @property
    def CHUNKED_UPLOADS_EXPIRE_DAYS(self) -> int:
        return getattr(settings, "CHUNKED_UPLOADS_EXPIRE_DAYS", 3)

    @property
    def CHUNKED_UPLOADS_DIGEST(self) -> str | None:
        return getattr(settings, "CHUNKED_UPLOADS_DIGEST", None)

    @property
    def CHUNKED_UPLOADS_VALIDATORS(self) -> Iterable[str]:
        return getattr(settings, "CHUNKED_UPLOADS_VALIDATORS", ())

    @property
    def CHUNKED_UPLOADS_FAST_PATH(self) -> bool:
        return getattr(settings, "CHUNKED_UPLOADS_FAST_PATH", True)

    @property
    def CHUNKED_UPLOADS_SIGNATURE_MAX_AGE(self) -> int:
        return getattr(settings, "CHUNKED_UPLOADS_SIGNATURE_MAX_AGE", 300)

    @property
    def CHUNKED_UPLOADS_EXTERNAL_AUTH_URL(self) -> str | None:
        return getattr(settings, "CHUNKED_UPLOADS_EXTERNAL_AUTH_URL", None)

    @property
    def CROSS_DOMAIN_ALLOWED_ORIGINS(self) -> str | Iterable[str]:
        default = "http://localhost"
        return getattr(settings, "CROSS_DOMAIN_ALLOWED_ORIGINS", default)

    @property
    def CROSS_DOMAIN_ALLOWED_METHODS(self) -> str | Iterable[str]:
        default = "POST, GET, OPTIONS, DELETE"
        return getattr(settings, "CROSS_DOMAIN_ALLOWED_METHODS", default)

    @property
    def CROSS_DOMAIN_ALLOWED_HEADERS(self) -> str | Iterable[str]:
        default = (
            "Content-Type, Content-Range, Content-Disposition, "
            "Content-Description, username, api_key"
        )
        return getattr(settings, "CROSS_DOMAIN_ALLOWED_HEADERS", default)

    @property
    def CROSS_DOMAIN_ALLOWED_CREDENTIALS(self) -> str | bool:
        return getattr(settings, "CROSS_DOMAIN_ALLOWED_CREDENTIALS", "true")


def _as_text(path: Any) -> Any:
    # As `BASE_DIR / "chunks"` is written; what is no path is a check's to tell.
    return os.fspath(path) if isinstance(path, os.PathLike) else path


conf = Settings()
