"""Several classes in a row, and which ones the site chose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.module_loading import import_string

from chunked_uploads.authentication.base import Authentication, Refusal
from chunked_uploads.authentication.basic import BasicAuthentication
from chunked_uploads.authentication.external import ExternalAuthentication
from chunked_uploads.authentication.keys import (
    ApiKeyAuthentication,
    QueryAuthentication,
)
from chunked_uploads.authentication.sessions import SessionAuthentication
from chunked_uploads.conf import conf
from chunked_uploads.errors import NotAuthenticated
from chunked_uploads.http.errors import Answered

# They let in whoever has credentials, and nobody else.
STRICT = {
    ApiKeyAuthentication,
    BasicAuthentication,
    ExternalAuthentication,
    QueryAuthentication,
    SessionAuthentication,
}


class MultiAuthentication(Authentication):
    """Several classes, tried in order until one knows the sender.

    A response of status 401 is a "no" like False; any other response decides.
    """

    def __init__(self, *backends: Any) -> None:
        self.backends = backends

    def check(self, request: HttpRequest, **kwargs: Any) -> bool:
        """Return True as soon as a class knows the sender.

        Raises `Answered` where a class has a response of its own. Where none knows the
        sender, raises `NotAuthenticated` with every class's challenge, or the first 401
        in JSON, which gets them too.
        """
        refusals: list[str | JsonResponse] = []
        challenges: list[str] = []
        for backend in self.backends:
            challenge = getattr(backend, "challenge", Authentication().challenge)
            try:
                if _ask(backend, request, **kwargs):
                    request._chunked_uploads_backend = backend  # type: ignore[attr-defined]
                    return True
            except NotAuthenticated as refusal:
                challenge = refusal.challenge or challenge
                refusals.append(refusal.detail)
            except Answered as answered:
                if answered.response.status_code != 401:
                    raise
                challenge = answered.response.get("WWW-Authenticate") or challenge
                if isinstance(answered.response, JsonResponse):
                    refusals.append(answered.response)
            challenges.append(challenge)
        raise _refusal(refusals, ", ".join(dict.fromkeys(challenges)))

    def get_identifier(self, request: HttpRequest) -> str:
        """Return the identifier of the class that knew the sender."""
        backend = getattr(request, "_chunked_uploads_backend", None)
        return backend.get_identifier(request) if backend else "nouser"


def configured() -> MultiAuthentication:
    """Return what `CHUNKED_UPLOADS_AUTHENTICATION` names."""
    return MultiAuthentication(*(import_string(path)() for path in _paths()))


def is_login_needed() -> bool:
    """Whether a page can't send for a visitor who is not logged in, nor has a key.

    Where a class is the site's own, only that knows whom it lets in.
    """
    classes = [import_string(path) for path in _paths()]
    return SessionAuthentication in classes and STRICT.issuperset(classes)


def authenticate(request: HttpRequest) -> None:
    """Make sure of the sender.

    Raises `NotAuthenticated`, `PermissionDenied`, `Unavailable`, what the site's code
    raises, and `Answered` where a class has a response of its own.
    """
    if not hasattr(request, "user"):
        request.user = AnonymousUser()
    configured().check(request)


def _paths() -> Iterable[str]:
    paths = conf.CHUNKED_UPLOADS_AUTHENTICATION
    return [paths] if isinstance(paths, str) else paths


def _ask(backend: Any, request: HttpRequest, **kwargs: Any) -> bool:
    """Return a class's yes or no. Raises the fact that it has, and `Answered`."""
    # Not `check`: classes of a site have their say here, and tastypie's have no other.
    answer = backend.is_authenticated(request, **kwargs)
    if isinstance(answer, Refusal):
        try:
            raise answer.error
        finally:
            # Or the error would hold the answer by its traceback, and the answer it:
            # both would stay until Python looks for cycles, with all that failed.
            del answer
    if isinstance(answer, HttpResponse):
        raise Answered(answer)
    return bool(answer)


def _refusal(
    refusals: list[str | JsonResponse], challenge: str
) -> NotAuthenticated | Answered:
    """Return the one 401 for the classes' refusals: sentences, and their own JSON."""
    first = refusals[0] if refusals else "Credentials are needed."
    if isinstance(first, str):
        return NotAuthenticated(first, challenge)
    first["WWW-Authenticate"] = challenge
    return Answered(first)
