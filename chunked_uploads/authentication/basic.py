"""User name and password with every request (RFC 7617)."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from django.contrib.auth import authenticate
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from chunked_uploads.authentication.base import (
    Authentication,
    admit,
    get_authorization,
    is_sound,
    refuse,
)


class BasicAuthentication(Authentication):
    """`Authorization: Basic …`, checked by Django's authentication backends.

    `backend`, where given, is asked instead of all of `AUTHENTICATION_BACKENDS`.
    """

    scheme = "Basic"

    def __init__(self, backend: Any = None, realm: str = "uploads") -> None:
        self.backend = backend
        self.realm = realm

    @property
    def challenge(self) -> str:
        """The challenge, which asks for UTF-8 (RFC 7617, section 2.1)."""
        return f'{super().challenge}, charset="UTF-8"'

    def check(self, request: HttpRequest, **kwargs: Any) -> bool:
        """Return whether the password is the user's, and the user is active."""
        username, password = self.get_credentials(request)
        if not username:
            return False
        if self.backend is None:
            user = authenticate(request=request, username=username, password=password)
            # Django itself told the site of a failure.
            return False if user is None else admit(request, user)
        try:
            user = self.backend.authenticate(
                request, username=username, password=password
            )
        except PermissionDenied:
            user = None
        return refuse(request, username) if user is None else admit(request, user)

    def get_credentials(self, request: HttpRequest) -> tuple[str, str]:
        """Return user name and password, empty where there are none."""
        value = get_authorization(request, self.scheme)
        try:
            given = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            return "", ""
        try:
            text = given.decode()
        except UnicodeDecodeError:
            text = given.decode("latin-1")  # what clients sent before RFC 7617
        username, colon, password = text.partition(":")
        return (username, password) if colon and is_sound(text) else ("", "")

    def get_identifier(self, request: HttpRequest) -> str:
        """Return the user name that was given."""
        return self.get_credentials(request)[0] or "nouser"
