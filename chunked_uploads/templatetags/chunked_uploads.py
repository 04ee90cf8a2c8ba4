"""What the page has to know of the settings."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings

from chunked_uploads.conf import conf
from chunked_uploads.core.limits import allowed_extensions

register = template.Library()


@register.simple_tag
def chunked_uploads_limits() -> dict[str, Any]:
    """Return what the server takes: `max_size` and `chunk_size` in bytes.

    `extensions` are as in a file input's `accept`, separated by commas, each with
    its dot.
    """
    return {
        "max_size": conf.CHUNKED_UPLOADS_MAX_SIZE,
        "chunk_size": conf.CHUNKED_UPLOADS_CHUNK_SIZE,
        "extensions": ",".join(f".{each}" for each in allowed_extensions()),
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
    }
