"""Let pages of other origins upload: cross-origin answers (Fetch standard, "CORS").

Acts on this app's URLs only, and on every answer of theirs, so that a script of an
allowed origin can read errors too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils.cache import patch_vary_headers

from chunked_uploads.conf import conf
from chunked_uploads.http.answers import answer
from chunked_uploads.http.origins import is_origin, normal_origin, split_setting

APP_NAME = "chunked_uploads"
OUR_HEADERS = (
    "Content-Type",
    "Content-Range",
    "Content-Disposition",
    "Content-Digest",
    "Authorization",
    "username",
    "api_key",
    "Api-Key",
    "timestamp",
    "signature",
    "X-CSRFToken",
)
EXPOSED_HEADERS = "Range, Retry-After, WWW-Authenticate"
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
        if _is_preflight(request) and _is_ours(request):
            return self._with_headers(request, _answer_preflight())
        return self._with_headers(request, self.get_response(request))

    async def _answer_async(self, request: HttpRequest) -> HttpResponseBase:
        if _is_preflight(request) and _is_ours(request):
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
        if not _is_ours(request):
            return response
        patch_vary_headers(response, ["Origin"])
        origin = request.headers.get("Origin", "")
        if is_origin(origin) and self.is_allowed(origin):
            _allow(request, response, origin)
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


def _is_ours(request: HttpRequest) -> bool:
    if request.resolver_match is not None:
        return APP_NAME in request.resolver_match.app_names
    paths = [request.path_info]
    if settings.APPEND_SLASH and not request.path_info.endswith("/"):
        paths.append(f"{request.path_info}/")  # where Django will send it on to
    return any(_leads_to_us(request, path) for path in paths)


def _leads_to_us(request: HttpRequest, path: str) -> bool:
    try:
        match = resolve(path, getattr(request, "urlconf", None))
    except Resolver404:
        return False
    return APP_NAME in match.app_names


def _allow(request: HttpRequest, response: HttpResponseBase, origin: str) -> None:
    methods = [
        each.upper() for each in split_setting(conf.CROSS_DOMAIN_ALLOWED_METHODS)
    ]
    # Browsers take GET, HEAD and POST for granted, whatever the list says.
    if (
        _is_preflight(request)
        and request.headers["Access-Control-Request-Method"] not in methods
    ):
        return
    response["Access-Control-Allow-Origin"] = origin
    response["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
    if allows_credentials():
        response["Access-Control-Allow-Credentials"] = "true"
    if not _is_preflight(request):
        return
    names: dict[str, str] = {}
    for name in (*split_setting(conf.CROSS_DOMAIN_ALLOWED_HEADERS), *OUR_HEADERS):
        names.setdefault(name.lower(), name)
    response["Access-Control-Allow-Methods"] = ", ".join(methods)
    response["Access-Control-Allow-Headers"] = ", ".join(names.values())
    response["Access-Control-Max-Age"] = str(MAX_AGE)
    if request.headers.get("Access-Control-Request-Private-Network") == "true":
        response["Access-Control-Allow-Private-Network"] = "true"
