"""Upload files from a program, in any network weather; nothing of Django is needed.

    with Client(upload_url, ApiKey(username, key)) as client:
        print(client.upload("film.mp4").url)

The names are loaded when they are used, so that the command's help is there at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chunked_uploads.client.answers import State
    from chunked_uploads.client.client import Client
    from chunked_uploads.client.credentials import (
        ApiKey,
        Basic,
        Credentials,
        Session,
        Signature,
    )
    from chunked_uploads.client.errors import (
        AlreadySending,
        ContentConflict,
        FileChanged,
        FileUnreadable,
        NotAuthenticated,
        Refused,
        Unavailable,
        Unreachable,
        UploadFailed,
        UploadGone,
        WrongAddress,
    )
    from chunked_uploads.client.uploading import Result

__all__ = [
    "AlreadySending",
    "ApiKey",
    "Basic",
    "Client",
    "ContentConflict",
    "Credentials",
    "FileChanged",
    "FileUnreadable",
    "NotAuthenticated",
    "Refused",
    "Result",
    "Session",
    "Signature",
    "State",
    "Unavailable",
    "Unreachable",
    "UploadFailed",
    "UploadGone",
    "WrongAddress",
]
MODULES = ("client", "credentials", "errors", "answers", "uploading")


def __getattr__(name: str) -> Any:
    if name in __all__:
        for module in MODULES:
            names = vars(import_module(f"{__name__}.{module}"))
            if name in names:
                return names[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
