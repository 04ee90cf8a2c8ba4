"""Several classes in a row, and which ones the site chose."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core import exceptions
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.module_loading import import_string

from chunked_uploads.authentication.base import Authentication, Refusal
from chunked_uploads.conf import conf
from chunked_uploads.errors import NotAuthenticated, PermissionDenied
from chunked_uploads.http.errors import Answered


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
    paths = conf.CHUNKED_UPLOADS_AUTHENTICATION
    paths = [paths] if isinstance(paths, str) else paths
    return MultiAuthentication(*(import_string(path)() for path in paths))


def authenticate(request: HttpRequest) -> None:
    """Make sure of the sender.

    Raises `NotAuthenticated`, `PermissionDenied` (also where the site's code raised
    Django's), `Unavailable`, and `Answered` where a class has a response of its own.
    """
    if not hasattr(request, "user"):
        request.user = AnonymousUser()
    try:
        configured().check(request)
    except exceptions.PermissionDenied as error:
        raise PermissionDenied(str(error) or "The site refused.") from None


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
