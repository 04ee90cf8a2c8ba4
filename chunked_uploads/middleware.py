"""Let pages of other origins upload: cross-origin answers (Fetch standard, "CORS").

Acts on this app's URLs only, and on every answer of theirs, so that a script of an
allowed origin can read errors too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils.cache import patch_vary_headers

from chunked_uploads.conf import conf

APP_NAME = "chunked_uploads"
OUR_HEADERS = (
    "Authorization",
    "Api-Key",
    "timestamp",
    "signature",
    "Content-Digest",
    "X-CSRFToken",
)
EXPOSED_HEADERS = "Range, Retry-After, WWW-Authenticate"
MAX_AGE = 86400  # seconds; browsers cut it to what they allow
DEFAULT_PORTS = {"http": 80, "https": 443}


class CrossDomainMiddleware:
    """Add the headers that `CROSS_DOMAIN_…` asks for; place it before the others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, with the headers that its origin may have."""
        response = self.get_response(request)
        if not _is_ours(request):
            return response
        patch_vary_headers(response, ["Origin"])
        origin = request.headers.get("Origin", "")
        if _is_allowed(origin):
            _allow(request, response, origin)
        return response


def split_setting(value: str | Iterable[str]) -> list[str]:
    """Return the items of a list, or of a string with commas or spaces between."""
    if isinstance(value, str):
        return [item for item in re.split(r"[\s,]+", value) if item]
    return list(value)


def normal_origin(origin: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of an origin (RFC 6454, section 4).

    Raises `ValueError` where it is none; `null` is no origin of anybody's.
    """
    parts = urlsplit(origin.strip().rstrip("/").lower())
    if not parts.scheme or not parts.hostname or parts.path or parts.query:
        raise ValueError(f"{origin!r} is not an origin like https://example.com:8443.")
    port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    return parts.scheme, parts.hostname, port


def allows_credentials() -> bool:
    """Whether `CROSS_DOMAIN_ALLOWED_CREDENTIALS` says yes, as text or as a bool."""
    return str(conf.CROSS_DOMAIN_ALLOWED_CREDENTIALS).lower() == "true"


def _is_ours(request: HttpRequest) -> bool:
    try:
        match = request.resolver_match or resolve(request.path_info)
    except Resolver404:
        return False
    return APP_NAME in match.app_names


def _is_allowed(origin: str) -> bool:
    try:
        asking = normal_origin(origin)
    except ValueError:
        return False
    for allowed in split_setting(conf.CROSS_DOMAIN_ALLOWED_ORIGINS):
        try:
            if normal_origin(allowed) == asking:
                return True
        except ValueError:
            continue  # a system check tells of it
    return False


def _allow(request: HttpRequest, response: HttpResponse, origin: str) -> None:
    response["Access-Control-Allow-Origin"] = origin
    response["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
    if allows_credentials():
        response["Access-Control-Allow-Credentials"] = "true"
    if "Access-Control-Request-Method" not in request.headers:
        return
    methods = split_setting(conf.CROSS_DOMAIN_ALLOWED_METHODS)
    wanted = [*split_setting(conf.CROSS_DOMAIN_ALLOWED_HEADERS), *OUR_HEADERS]
    response["Access-Control-Allow-Methods"] = ", ".join(methods)
    response["Access-Control-Allow-Headers"] = ", ".join(wanted)
    response["Access-Control-Max-Age"] = str(MAX_AGE)
    if "Access-Control-Request-Private-Network" in request.headers:
        response["Access-Control-Allow-Private-Network"] = "true"
