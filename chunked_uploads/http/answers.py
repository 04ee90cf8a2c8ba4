"""Answers in JSON, as any protocol may give them."""

from __future__ import annotations

from typing import Any

from django.http import JsonResponse

from chunked_uploads.errors import NotAuthenticated, UploadError


def answer(items: list[dict[str, Any]]) -> JsonResponse:
    """Return `items` as JSON."""
    return JsonResponse(items, safe=False)


class ErrorResponse(JsonResponse):
    """A fact as JSON, with its status and the headers that HTTP has for it.

    `item` is what else the client needs to go on.
    """

    def __init__(self, error: UploadError, **item: Any) -> None:
        item = {**item, "error": error.code, "detail": error.detail}
        super().__init__([item], safe=False, status=error.status)
        if isinstance(error, NotAuthenticated):
            self["WWW-Authenticate"] = error.challenge
        if error.retry_after is not None:
            self["Retry-After"] = str(error.retry_after)
