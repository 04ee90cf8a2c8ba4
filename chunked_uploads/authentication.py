"""Who is asking? Classes in tastypie's manner, chosen by a setting.

Each has `is_authenticated(request)`, which returns True, False or an `HttpResponse`
of its own and sets `request.user` on success, and `get_identifier(request)`. A class
that was written for tastypie plugs in as it is.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.crypto import constant_time_compare
from django.utils.module_loading import import_string

from chunked_uploads.conf import conf
from chunked_uploads.errors import Answered, NotAuthenticated, PermissionDenied
from chunked_uploads.models import ApiKey
from chunked_uploads.responses import error_response


class Authentication:
    """Let everybody in: the base of the others, for sites that know their visitors.

    `challenge` is what a 401 puts into `WWW-Authenticate` (RFC 9110, section 11.6.1).
    """

    challenge = 'ApiKey realm="uploads"'

    def is_authenticated(
        self, request: HttpRequest, **kwargs: Any
    ) -> bool | HttpResponse:
        """Return whether the request may go on, or a response that ends it."""
        return True

    def get_identifier(self, request: HttpRequest) -> str:
        """Return a name for whoever asks, for throttles and logs."""
        address = request.META.get("REMOTE_ADDR", "noaddr")
        return f"{address}_{request.META.get('REMOTE_HOST', 'nohost')}"


class ApiKeyAuthentication(Authentication):
    """A user name and an API key, by header, `Authorization` or form data.

    `Authorization: ApiKey USERNAME:KEY`; or `username` and `api_key` as headers
    (`Api-Key` where the server drops names with an underscore), in the query string,
    or as form fields before the file.
    """

    def is_authenticated(
        self, request: HttpRequest, **kwargs: Any
    ) -> bool | HttpResponse:
        """Return whether the key is the user's, and the user is active."""
        username, key = self.get_credentials(request)
        if not username or not key:
            return False
        owner = f"user__{get_user_model().USERNAME_FIELD}"
        known = ApiKey.objects.select_related("user").filter(**{owner: username})
        api_key = known.first()
        if api_key is None or not constant_time_compare(api_key.key, key):
            return False
        if not api_key.user.is_active:
            return False
        request.user = api_key.user
        return True

    def get_credentials(self, request: HttpRequest) -> tuple[str, str]:
        """Return user name and key, empty where there are none."""
        scheme, _, value = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() == "apikey":
            username, _, key = _as_utf8(value.strip()).rpartition(":")
            return username, key
        return get_value(request, "username"), get_value(request, "api_key")

    def get_identifier(self, request: HttpRequest) -> str:
        """Return the user name that was given."""
        return self.get_credentials(request)[0] or "nouser"


class SessionAuthentication(Authentication):
    """Django's login, with Django's own CSRF check.

    The CSRF token comes as the header that Django reads (`X-CSRFToken`): the body is
    a file.
    """

    def is_authenticated(
        self, request: HttpRequest, **kwargs: Any
    ) -> bool | HttpResponse:
        """Return whether an active user is logged in; 403 where CSRF fails."""
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated or not user.is_active:
            return False
        reason = _CsrfCheck(_no_response).check(request)
        if reason is not None:
            return error_response(request, PermissionDenied(f"CSRF: {reason}"))
        return True

    def get_identifier(self, request: HttpRequest) -> str:
        """Return the user name of whoever is logged in."""
        return request.user.get_username() or "nouser"


class MultiAuthentication(Authentication):
    """Several classes, tried in order; the first that knows the sender decides."""

    def __init__(self, *backends: Any) -> None:
        self.backends = backends

    def is_authenticated(
        self, request: HttpRequest, **kwargs: Any
    ) -> bool | HttpResponse:
        """Return the first answer that is not False."""
        for backend in self.backends:
            answer = backend.is_authenticated(request, **kwargs)
            if answer:
                request._chunked_uploads_backend = backend  # type: ignore[attr-defined]
                return answer
        return False

    def get_identifier(self, request: HttpRequest) -> str:
        """Return the identifier of the class that knew the sender."""
        backend = getattr(request, "_chunked_uploads_backend", None)
        return backend.get_identifier(request) if backend else "nouser"

    @property
    def challenge(self) -> str:  # type: ignore[override]
        """Every class's challenge, once each."""
        found = [getattr(each, "challenge", "") for each in self.backends]
        return ", ".join(dict.fromkeys(filter(None, found)))


def configured() -> MultiAuthentication:
    """Return what `CHUNKED_UPLOADS_AUTHENTICATION` names."""
    paths = conf.CHUNKED_UPLOADS_AUTHENTICATION
    paths = [paths] if isinstance(paths, str) else paths
    return MultiAuthentication(*(import_string(path)() for path in paths))


def authenticate(request: HttpRequest) -> None:
    """Make sure of the sender.

    Raises `NotAuthenticated`, or `Answered` where a class has a response of its own.
    """
    authentication = configured()
    answer = authentication.is_authenticated(request)
    if isinstance(answer, HttpResponse):
        raise Answered(answer)
    if not answer:
        raise NotAuthenticated("Credentials are needed.", authentication.challenge)


def get_value(request: HttpRequest, name: str) -> str:
    """Return a credential from header, query string or form, empty without one."""
    header = request.META.get(f"HTTP_{name.upper()}")
    if header is not None:
        return _as_utf8(header)
    return request.GET.get(name) or request.POST.get(name, "")


class _CsrfCheck(CsrfViewMiddleware):
    def check(self, request: HttpRequest) -> str | None:
        self.process_request(request)
        return self.process_view(request, None, (), {})  # type: ignore[return-value]

    def _reject(self, request: HttpRequest, reason: str) -> str:  # type: ignore[override]
        return reason


def _no_response(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def _as_utf8(value: str) -> str:
    # Headers reach Python as latin-1 (PEP 3333).
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value
