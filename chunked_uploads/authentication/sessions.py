"""Django's own login."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

from chunked_uploads.authentication.base import Authentication
from chunked_uploads.errors import CsrfFailed


class SessionAuthentication(Authentication):
    """Django's login, with Django's own CSRF check.

    The CSRF token comes as the header that Django reads (`X-CSRFToken`): the body is
    a file.
    """

    scheme = "Session"  # none that a browser would ask its user for

    def check(self, request: HttpRequest, **kwargs: Any) -> bool:
        """Return whether an active user is logged in.

        Raises `CsrfFailed`.
        """
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            return False
        if not getattr(user, "is_active", True):
            return False
        reason = _CsrfCheck(_no_response).check(request)
        if reason is not None:
            raise CsrfFailed(f"CSRF: {reason}")
        return True

    def get_identifier(self, request: HttpRequest) -> str:
        """Return the user name of whoever is logged in."""
        return request.user.get_username() or "nouser"


class _CsrfCheck(CsrfViewMiddleware):
    def check(self, request: HttpRequest) -> str | None:
        self.process_request(request)
        return self.process_view(request, _no_response, (), {})  # type: ignore[return-value]

    def _reject(self, request: HttpRequest, reason: str) -> str:  # type: ignore[override]
        return reason


def _no_response(request: HttpRequest) -> HttpResponse:
    return HttpResponse()
