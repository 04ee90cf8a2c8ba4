"""The base of the classes, and what they share."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse

from chunked_uploads.errors import UploadError
from chunked_uploads.http.answers import ErrorResponse
from chunked_uploads.http.errors import Answered
from chunked_uploads.http.headers import as_utf8

MAX_CREDENTIAL = 4096  # characters


class Refusal(ErrorResponse):
    """A fact that `check` raised, as a response; `error` is the fact itself."""

    def __init__(self, error: UploadError) -> None:
        super().__init__(error)
        self.error = error


class Authentication:
    """Let everybody in: the base of the others, for sites that know their visitors.

    An upload belongs to whoever is logged in, with no check of CSRF: a page of
    anybody's can begin one in a visitor's name. `scheme` and `realm` make the
    `challenge`.
    """

    scheme = "Uploads"
    realm = "uploads"

    @property
    def challenge(self) -> str:
        """What a 401 puts into `WWW-Authenticate` (RFC 9110, section 11.6.1)."""
        return f'{self.scheme} realm="{_quoted(self.realm)}"'

    def is_authenticated(
        self, request: HttpRequest, **kwargs: Any
    ) -> bool | HttpResponse:
        """Return whether the request may go on, or a response that ends it.

        As tastypie has it. A response of status 401 ends it only where no other class
        lets it in.
        """
        try:
            return self.check(request, **kwargs)
        except UploadError as error:
            return Refusal(error)
        except Answered as answered:
            return answered.response

    def check(self, request: HttpRequest, **kwargs: Any) -> bool:
        """Return whether the sender is known, `request.user` being set then.

        Where there is more to say than no, it raises it: `NotAuthenticated`, which is
        no all the same, or what ends the request, as `PermissionDenied` and
        `Unavailable` do.
        """
        return True

    def get_identifier(self, request: HttpRequest) -> str:
        """Return a name for whoever asks, for throttles and logs."""
        address = request.META.get("REMOTE_ADDR", "noaddr")
        return f"{address}_{request.META.get('REMOTE_HOST', 'nohost')}"


def admit(request: HttpRequest, user: Any) -> bool:
    """Make the request the user's, who proved to be it; refuse an inactive one."""
    if not getattr(user, "is_active", True):
        return refuse(request, user.get_username())
    request.user = user
    return True


def refuse(request: HttpRequest, username: str = "") -> bool:
    """Return False, and tell the site that credentials were wrong.

    Its receivers of `user_login_failed` get the user name, where one is known, and
    no secret.
    """
    credentials = {"username": username}
    user_login_failed.send(sender=__name__, credentials=credentials, request=request)
    return False


def get_authorization(request: HttpRequest, scheme: str) -> str:
    """Return what follows this scheme in `Authorization`, empty without it."""
    given, _, value = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return _sound(as_utf8(value.strip())) if given.lower() == scheme.lower() else ""


def get_value(request: HttpRequest, name: str) -> str:
    """Return a credential from header, query string or form, empty without one."""
    header = request.META.get(f"HTTP_{name.upper()}")
    if header is not None:
        return _sound(as_utf8(header.strip()))
    return _sound(request.GET.get(name) or request.POST.get(name, ""))


def is_sound(text: str) -> bool:
    """Whether a database can look for `text`: PostgreSQL takes no NUL."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return len(text) <= MAX_CREDENTIAL and "\0" not in text


def _sound(text: str) -> str:
    return text if is_sound(text) else ""


def _quoted(text: str) -> str:
    # quoted-string (RFC 9110, section 5.6.4); beyond ASCII it holds opaque bytes.
    escaped = re.sub(r'(["\\])', r"\\\1", re.sub(r"[\x00-\x1f\x7f]", " ", text))
    return escaped.encode().decode("latin-1")
