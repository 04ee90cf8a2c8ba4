"""Origins: those that requests name, and those that settings list."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv6Address

DEFAULT_PORTS = {"http": 80, "https": 443}
LARGEST_PORT = 65535
OPAQUE = "null"  # what sandboxed frames and local files say for their origin
# In ASCII alone: browsers send a name's xn-- form, and some other letters are
# letters of ASCII to whoever ignores case.
ORIGIN = re.compile(
    r"([a-z][a-z0-9+.-]*)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?",
    re.ASCII | re.IGNORECASE,
)


def split_setting(value: str | Iterable[str]) -> list[str]:
    """Return the items of a list, or of a string with commas or spaces between."""
    text = value if isinstance(value, str) else ",".join(map(str, value))
    return re.findall(r"[^\s,]+", text)


def normal_origin(origin: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of an origin (RFC 6454, sections 4 and 6.2).

    `null`, the origin of nobody in particular, is like itself alone. Raises
    `ValueError` where it is no origin.
    """
    if origin == OPAQUE:
        return OPAQUE, "", None
    match = ORIGIN.fullmatch(origin)
    if match is None or int(match[3] or 0) > LARGEST_PORT:
        raise ValueError(f"{origin!r} is not an origin like https://example.com:8443.")
    scheme, host = match[1].lower(), match[2].lower()
    if host.startswith("["):
        host = IPv6Address(host[1:-1]).exploded
    port = DEFAULT_PORTS.get(scheme) if match[3] is None else int(match[3])
    return scheme, host, port


def is_origin(origin: str) -> bool:
    """Whether it is an origin, allowed or not."""
    try:
        normal_origin(origin)
    except ValueError:
        return False
    return True
