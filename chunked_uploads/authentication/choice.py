"""Several classes in a row, and which ones the site chose."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core import exceptions
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.module_loading import import_string

from chunked_uploads.authentication.base import Authentication
from chunked_uploads.conf import conf
from chunked_uploads.errors import Answered, NotAuthenticated, PermissionDenied
from chunked_uploads.http.answers import error_response


class MultiAuthentication(Authentication):
    """Several classes, tried in order until one knows the sender.

    A response of status 401 is a "no" like False; any other response decides.
    """

    def __init__(self, *backends: Any) -> None:
        self.backends = backends

    def is_authenticated(
        self, request: HttpRequest, **kwargs: Any
    ) -> bool | HttpResponse:
        """Return the first answer that is not a "no".

        Else one 401 that lists every class's challenge.
        """
        refusals: list[HttpResponse] = []
        challenges: list[str] = []
        for backend in self.backends:
            answer = backend.is_authenticated(request, **kwargs)
            challenge = getattr(backend, "challenge", Authentication().challenge)
            if isinstance(answer, HttpResponse) and answer.status_code == 401:
                refusals.append(answer)
                challenge = answer.get("WWW-Authenticate") or challenge
            elif answer:
                request._chunked_uploads_backend = backend  # type: ignore[attr-defined]
                return answer
            challenges.append(challenge)
        response = _in_json(request, refusals)
        response["WWW-Authenticate"] = ", ".join(dict.fromkeys(challenges))
        return response

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

    Raises `Answered` where a class has a response of its own, and
    `PermissionDenied` where the site's code raised Django's.
    """
    if not hasattr(request, "user"):
        request.user = AnonymousUser()
    try:
        answer = configured().is_authenticated(request)
    except exceptions.PermissionDenied as error:
        raise PermissionDenied(str(error) or "The site refused.") from None
    if isinstance(answer, HttpResponse):
        raise Answered(answer)


def _in_json(request: HttpRequest, refusals: list[HttpResponse]) -> HttpResponse:
    for refusal in refusals:
        if isinstance(refusal, JsonResponse):
            return refusal
    return error_response(request, NotAuthenticated("Credentials are needed.", ""))
