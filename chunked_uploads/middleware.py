"""Let pages of other origins upload: cross-origin answers (Fetch standard, "CORS").

Acts on this app's URLs only, of both protocols, and on every answer of theirs, so that
a script of an allowed origin can read errors too.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils.cache import patch_vary_headers

from chunked_uploads.conf import conf
from chunked_uploads.http.answers import answer
from chunked_uploads.http.origins import is_origin, normal_origin, split_setting


@dataclass(frozen=True)
class Names:
    """What a protocol's scripts use: headers they send and read, further methods."""

    sent: tuple[str, ...]
    exposed: tuple[str, ...]
    methods: tuple[str, ...] = ()  # for who may POST


CREDENTIALS = (
    "Authorization",
    "username",
    "api_key",
    "Api-Key",
    "timestamp",
    "signature",
    "X-CSRFToken",
)
PROTOCOLS = {
    "chunked_uploads": Names(
        sent=(
            "Content-Type",
            "Content-Range",
            "Content-Disposition",
            "Content-Digest",
            *CREDENTIALS,
        ),
        exposed=("Range", "Retry-After", "WWW-Authenticate"),
    ),
    "chunked_uploads_tus": Names(
        sent=(
            "Content-Type",
            "Tus-Resumable",
            "Upload-Length",
            "Upload-Defer-Length",
            "Upload-Metadata",
            "Upload-Offset",
            "Upload-Concat",
            "Upload-Checksum",
            "X-HTTP-Method-Override",
            "X-Requested-With",
            "X-Request-ID",
            *CREDENTIALS,
        ),
        exposed=(
            "Location",
            "Upload-Offset",
            "Upload-Length",
            "Upload-Defer-Length",
            "Upload-Metadata",
            "Upload-Concat",
            "Upload-Expires",
            "Tus-Resumable",
            "Tus-Version",
            "Tus-Max-Size",
            "Tus-Extension",
            "Tus-Checksum-Algorithm",
            "Retry-After",
            "WWW-Authenticate",
        ),
        methods=("PATCH", "HEAD"),
    ),
}
MAX_AGE = 86400  # seconds; browsers cut it to what they allow


class CrossDomainMiddleware:
    """Add the headers that `CROSS_DOMAIN_…` asks for; place it before the others.

    It answers preflights itself: a redirect or a login page, from whatever comes
    after it, would end them.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(
        self, request: HttpRequest
    ) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Answer the request, with the headers that its origin may have."""
        if self.is_async:
            return self._answer_async(request)
        if _is_preflight(request) and _names_at(request):
            return self._with_headers(request, _answer_preflight())
        return self._with_headers(request, self.get_response(request))

    async def _answer_async(self, request: HttpRequest) -> HttpResponseBase:
        if _is_preflight(request) and _names_at(request):
            return self._with_headers(request, _answer_preflight())
        return self._with_headers(request, await self.get_response(request))

    def is_allowed(self, origin: str) -> bool:
        """Return whether pages of the origin may use the app.

        Override it where a list can't tell. It must not ask a database under ASGI.
        """
        asking = normal_origin(origin)
        for allowed in split_setting(conf.CROSS_DOMAIN_ALLOWED_ORIGINS):
            try:
                if normal_origin(allowed) == asking:
                    return True
            except ValueError:
                continue  # a system check tells of it
        return False

    def _with_headers(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        # Asked now, as the site may have chosen another URLconf on the way.
        names = _names_at(request)
        if names is None:
            return response
        patch_vary_headers(response, ["Origin"])
        origin = request.headers.get("Origin", "")
        if is_origin(origin) and self.is_allowed(origin):
            _allow(request, response, origin, names)
        return response


def allows_credentials() -> bool:
    """Whether `CROSS_DOMAIN_ALLOWED_CREDENTIALS` says yes, as text or as a bool."""
    return str(conf.CROSS_DOMAIN_ALLOWED_CREDENTIALS).lower() == "true"


def _answer_preflight() -> HttpResponseBase:
    response = answer([])
    response["Cache-Control"] = "no-store"
    return response


def _is_preflight(request: HttpRequest) -> bool:
    asked = ("Origin", "Access-Control-Request-Method")
    return request.method == "OPTIONS" and all(
        name in request.headers for name in asked
    )


def _names_at(request: HttpRequest) -> Names | None:
    """Return the names of the protocol at the request's URL, None where it is none."""
    if request.resolver_match is not None:
        return _names_of(request.resolver_match)
    paths = [request.path_info]
    if settings.APPEND_SLASH and not request.path_info.endswith("/"):
        paths.append(f"{request.path_info}/")  # where Django will send it on to
    for path in paths:
        with contextlib.suppress(Resolver404):
            match = resolve(path, getattr(request, "urlconf", None))
            if names := _names_of(match):
                return names
    return None


def _names_of(match: ResolverMatch) -> Names | None:
    return next(filter(None, map(PROTOCOLS.get, match.app_names)), None)


def _allow(
    request: HttpRequest, response: HttpResponseBase, origin: str, names: Names
) -> None:
    methods = [
        each.upper() for each in split_setting(conf.CROSS_DOMAIN_ALLOWED_METHODS)
    ]
    if "POST" in methods:
        methods += [each for each in names.methods if each not in methods]
    # Browsers take GET, HEAD and POST for granted, whatever the list says.
    if (
        _is_preflight(request)
        and request.headers["Access-Control-Request-Method"] not in methods
    ):
        return
    response["Access-Control-Allow-Origin"] = origin
    response["Access-Control-Expose-Headers"] = ", ".join(names.exposed)
    if allows_credentials():
        response["Access-Control-Allow-Credentials"] = "true"
    if not _is_preflight(request):
        return
    sent: dict[str, str] = {}
    for name in (*split_setting(conf.CROSS_DOMAIN_ALLOWED_HEADERS), *names.sent):
        sent.setdefault(name.lower(), name)
    response["Access-Control-Allow-Methods"] = ", ".join(methods)
    response["Access-Control-Allow-Headers"] = ", ".join(sent.values())
    response["Access-Control-Max-Age"] = str(MAX_AGE)
    if request.headers.get("Access-Control-Request-Private-Network") == "true":
        response["Access-Control-Allow-Private-Network"] = "true"
