"""Who is asking: what gives the headers that say so.

Any function without arguments that returns headers will do. It is called for the first
request, and again after a 401. The URLs that the server gives carry a token, so nothing
else needs credentials.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field

Credentials = Callable[[], dict[str, str]]


@dataclass(frozen=True)
class ApiKey:
    """A user name and an API key, made by `manage.py api_keys` or in the admin."""

    username: str
    key: str = field(repr=False)

    def __call__(self) -> dict[str, str]:
        return {"Authorization": f"ApiKey {_as_header(self.username)}:{self.key}"}


@dataclass(frozen=True)
class Signature:
    """An API key and its secret, which never travels: it signs the time, each time."""

    key: str
    secret: str = field(repr=False)

    def __call__(self) -> dict[str, str]:
        timestamp = str(int(time.time()))
        signed = hmac.new(_bytes_of(self.secret), timestamp.encode(), hashlib.sha256)
        return {"Authorization": f"Query {self.key}:{timestamp}:{signed.hexdigest()}"}


@dataclass(frozen=True)
class Basic:
    """A user name and a password (RFC 7617)."""

    username: str
    password: str = field(repr=False)

    def __call__(self) -> dict[str, str]:
        pair = base64.b64encode(_bytes_of(f"{self.username}:{self.password}"))
        return {"Authorization": f"Basic {pair.decode()}"}


@dataclass(frozen=True)
class Session:
    """A login of Django's: the values of its session cookie and of its CSRF cookie.

    `session_cookie` and `csrf_cookie` are their names, as in the site's settings.
    """

    session: str = field(repr=False)
    csrf_token: str = field(repr=False)
    session_cookie: str = "sessionid"
    csrf_cookie: str = "csrftoken"

    def __call__(self) -> dict[str, str]:
        session = f"{self.session_cookie}={self.session}"
        csrf_token = f"{self.csrf_cookie}={self.csrf_token}"
        return {
            "Cookie": f"{session}; {csrf_token}",
            "X-CSRFToken": self.csrf_token,
        }


def _as_header(text: str) -> str:
    # http.client sends latin-1; to the server these bytes are UTF-8.
    return _bytes_of(text).decode("latin-1")


def _bytes_of(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")  # as the command line had them
