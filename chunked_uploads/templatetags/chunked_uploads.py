"""What the page has to know of the settings, of its own limits and of its visitor."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import template
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch

from chunked_uploads.authentication import is_login_needed
from chunked_uploads.conf import conf
from chunked_uploads.core.amounts import format_size
from chunked_uploads.core.kinds import parse_kinds
from chunked_uploads.core.limits import Limits, sign_limits, site_limits

register = template.Library()
# Of a number of bytes: written as the uploader writes it.
register.filter("chunked_uploads_size", format_size)


@register.simple_tag(takes_context=True)
def chunked_uploads_limits(
    context: template.Context,
    accept: Any = None,
    max_size: Any = None,
    max_files: Any = None,
    query: str = "",
    visitor: Any = None,
) -> dict[str, Any]:
    """Return what the server takes from this page, and what the page has to say of it.

    `accept` is as of a file input, a text with commas or a list; `max_size` in bytes.
    They narrow what the settings allow, and never widen it. What the server has to
    know of them goes along in the `query` that is returned. `max_files` is kept by the
    page alone.

    `login_url` is where to log in, empty where the site lets others in as well;
    `is_login_missing` says that nobody is logged in, as far as the request tells, or
    the `visitor`, a user, where there is no request: widgets are rendered without.
    """
    own = Limits(parse_kinds(accept or None), _number("max_size", max_size))
    both = own.within(site_limits())
    if both.kinds == () and own.kinds:
        raise ImproperlyConfigured(
            f"accept={','.join(own.kinds)!r} leaves nothing of"
            " CHUNKED_UPLOADS_ALLOWED_EXTENSIONS."
        )
    signed = sign_limits(own)
    limits = urlencode({"limits": signed}) if signed else ""
    return {
        "accept": ",".join(both.kinds or ()),
        "max_size": both.max_size,
        "max_files": _number("max_files", max_files),
        "query": "&".join(filter(None, [query, limits])),
        "chunk_size": conf.CHUNKED_UPLOADS_CHUNK_SIZE,
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        **_login(visitor, getattr(context.get("request"), "user", None)),
    }


def _number(name: str, value: Any) -> int | None:
    """Return a number above 0, None for none; templates know no type."""
    if value in (None, ""):
        return None
    number = int(value)
    if number <= 0:
        raise ValueError(f"{name} must be a whole number above 0.")
    return number


def _login(visitor: Any, user: Any) -> dict[str, Any]:
    if not is_login_needed():
        return {"login_url": "", "is_login_missing": False}
    try:
        login_url = resolve_url(settings.LOGIN_URL or "")
    except NoReverseMatch:  # of another URLconf: not worth a page that needs no login
        login_url = ""
    # A page may have a `visitor` of its own in its context, who is no user.
    asked = visitor if hasattr(visitor, "is_authenticated") else user
    is_known = getattr(asked, "is_authenticated", True)
    return {"login_url": login_url, "is_login_missing": not is_known}
