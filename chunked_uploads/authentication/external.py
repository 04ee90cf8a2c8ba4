"""Keys that another server knows, and the local users that stand for its users."""

from __future__ import annotations

import hashlib
import time
from urllib.parse import urlsplit

from django.core.cache import cache
from django.http import HttpRequest

from chunked_uploads.authentication.base import admit, refuse
from chunked_uploads.authentication.keys import QueryAuthentication
from chunked_uploads.authentication.source import ask
from chunked_uploads.authentication.strangers import local_user
from chunked_uploads.conf import conf
from chunked_uploads.models import ExternalUser


class ExternalAuthentication(QueryAuthentication):
    """`QueryAuthentication`, in whose stead another server knows what is unknown here.

    Key, timestamp and signature go to `CHUNKED_UPLOADS_EXTERNAL_AUTH_URL`, and what
    it says of the user makes or updates a local user that belongs to that server.
    """

    timeout = 5.0  # seconds for connecting, and again for the whole answer
    max_answer = 64 * 1024  # bytes
    max_age = 60  # seconds for which an answer is trusted without asking again
    ca_certs: str | None = None  # a PEM file; None: the authorities httplib2 trusts

    def get_source(self, url: str) -> str:
        """Return what the local users belong to: keep it when the address moves."""
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}{parts.path}"

    def unknown_key(
        self, request: HttpRequest, api_key: str, timestamp: str, signature: str
    ) -> bool:
        """Return what the other server says.

        Raises `Unavailable` where it says nothing of use.
        """
        url = conf.CHUNKED_UPLOADS_EXTERNAL_AUTH_URL
        if url is None:
            return refuse(request)
        credentials = {
            "api_key": api_key,
            "timestamp": timestamp,
            "signature": signature,
        }
        known = self._find(url, credentials)
        return refuse(request) if known is None else admit(request, known.user)

    def _find(self, url: str, credentials: dict[str, str]) -> ExternalUser | None:
        source = self.get_source(url)
        place = _cache_key(source, *credentials.values())
        users = ExternalUser.objects.select_related("user").filter(source=source)
        if known := users.filter(pk=cache.get(place)).first():
            return known
        info = ask(url, credentials, self.timeout, self.max_answer, self.ca_certs)
        if info is None:
            return None
        known = local_user(source, info)
        window = conf.CHUNKED_UPLOADS_SIGNATURE_MAX_AGE
        left = int(credentials["timestamp"]) + window - int(time.time())
        cache.set(place, known.pk, max(0, min(self.max_age, left)))
        return known


def _cache_key(*parts: str) -> str:
    # What reads the cache shall not learn how to log in.
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return f"chunked_uploads.external.{digest}"
