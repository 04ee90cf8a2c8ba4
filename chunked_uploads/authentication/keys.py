"""API keys: shown as they are, or proved by a signature made with their secret."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from chunked_uploads.authentication.base import (
    Authentication,
    admit,
    get_authorization,
    get_value,
    refuse,
)
from chunked_uploads.conf import conf
from chunked_uploads.errors import NotAuthenticated
from chunked_uploads.models import ApiKey

TIMESTAMP = re.compile(r"[0-9]{1,12}")  # Unix seconds


class ApiKeyAuthentication(Authentication):
    """A user name and an API key, by header, `Authorization` or data.

    `Authorization: ApiKey USERNAME:KEY`; or `username` and `api_key` as headers
    (`Api-Key` where the server drops names with an underscore), in the query string,
    or as form fields before the file.
    """

    scheme = "ApiKey"

    def check(self, request: HttpRequest, **kwargs: Any) -> bool:
        """Return whether the key is the user's, and the user is active."""
        username, key = self.get_credentials(request)
        if not username or not key:
            return False
        owner = f"user__{get_user_model().USERNAME_FIELD}"
        known = ApiKey.objects.select_related("user").filter(**{owner: username})
        api_key = known.first()
        if api_key is None or not constant_time_compare(api_key.key, key):
            return refuse(request, username)
        return admit(request, api_key.user)

    def get_credentials(self, request: HttpRequest) -> tuple[str, str]:
        """Return user name and key, empty where there are none."""
        value = get_authorization(request, self.scheme)
        if value:
            username, _, key = value.rpartition(":")
            return username, key
        return get_value(request, "username"), get_value(request, "api_key")

    def get_identifier(self, request: HttpRequest) -> str:
        """Return the user name that was given."""
        return self.get_credentials(request)[0] or "nouser"


class QueryAuthentication(Authentication):
    """A signature that is good for minutes, so that the secret never travels.

    `signature` is the lower-case hex HMAC-SHA256 of the text of `timestamp` (Unix
    seconds) under the secret of `api_key`: as `Authorization: Query
    API_KEY:TIMESTAMP:SIGNATURE`, as three headers (`Api-Key` where the server drops
    names with an underscore), in the query string, or as form fields before the file.
    """

    scheme = "Query"

    def check(self, request: HttpRequest, **kwargs: Any) -> bool:
        """Return whether the signature is fresh and right, and the user is active.

        Raises `NotAuthenticated` where it is not fresh, and tells how far the clocks
        are apart.
        """
        api_key, timestamp, signature = self.get_credentials(request)
        if not (api_key and timestamp and signature):
            return False
        if not TIMESTAMP.fullmatch(timestamp):
            return refuse(request)
        late = int(time.time()) - int(timestamp)
        if abs(late) > conf.CHUNKED_UPLOADS_SIGNATURE_MAX_AGE:
            refuse(request)
            raise self._not_fresh(late)
        known = ApiKey.objects.select_related("user").filter(key=api_key).first()
        # Some databases find text without regard to case.
        if known is None or not constant_time_compare(known.key, api_key):
            return self.unknown_key(request, api_key, timestamp, signature)
        if not constant_time_compare(sign(known.secret, timestamp), signature):
            return refuse(request, known.user.get_username())
        return admit(request, known.user)

    def get_credentials(self, request: HttpRequest) -> tuple[str, str, str]:
        """Return key, timestamp and signature, empty where there are none."""
        value = get_authorization(request, self.scheme)
        if value:
            key, timestamp, signature = ["", "", *value.rsplit(":", 2)][-3:]
            return key, timestamp, signature
        return (
            get_value(request, "api_key"),
            get_value(request, "timestamp"),
            get_value(request, "signature"),
        )

    def get_identifier(self, request: HttpRequest) -> str:
        """Return the name of the user that the signature proved."""
        return request.user.get_username() or "nouser"

    def unknown_key(
        self, request: HttpRequest, api_key: str, timestamp: str, signature: str
    ) -> bool:
        """Return whether a fresh request may go on whose key is nobody's here."""
        return refuse(request)

    def _not_fresh(self, late: int) -> NotAuthenticated:
        side = "behind" if late > 0 else "ahead of"
        detail = (
            f"The timestamp is {abs(late)} seconds {side} this server's clock; at most "
            f"{conf.CHUNKED_UPLOADS_SIGNATURE_MAX_AGE} are allowed."
        )
        return NotAuthenticated(detail, self.challenge)


def sign(secret: str, timestamp: str) -> str:
    """Return the signature of the timestamp's text under the secret."""
    return hmac.new(secret.encode(), timestamp.encode(), hashlib.sha256).hexdigest()
