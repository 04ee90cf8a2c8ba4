"""Requests of tus, sent through Django's test client."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import urlsplit

from chunked_uploads.models import Upload
from tests.sending import CONTENT, Uploader

CREATE = "/files/"
TUS = {"Tus-Resumable": "1.0.0"}
TYPE = "application/offset+octet-stream"


class Tus(Uploader):
    """A client of tus that sends what it is told."""

    def ask(
        self,
        method: str,
        url: str,
        body: bytes = b"",
        content_type: str = "",
        *,
        tus: dict[str, str] = TUS,
        environ: dict[str, Any] | None = None,
        **headers: Any,
    ) -> Any:
        """Send a request; `headers` have underscores where theirs have hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if body and not content_type:
            content_type = TYPE
        # Django's client says neither of an empty body.
        said = {"CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": content_type}
        return self.generic(
            method,
            url,
            body,
            content_type,
            headers={**tus, **named},
            **{**said, **(environ or {})},
        )

    def create(self, length: int | None = len(CONTENT), **options: Any) -> Any:
        """Create an upload of `length` bytes; None puts the length off."""
        if length is None:
            options.setdefault("Upload_Defer_Length", "1")
        elif length >= 0:
            options.setdefault("Upload_Length", str(length))
        return self.ask("POST", CREATE, **options)

    def append(self, url: str, piece: bytes, start: int = 0, **options: Any) -> Any:
        """Append `piece`, which begins at `start`."""
        options.setdefault("content_type", TYPE)
        options.setdefault("Upload_Offset", str(start))
        return self.ask("PATCH", url, piece, **options)

    def state(self, url: str, **options: Any) -> Any:
        """Ask where the upload is."""
        return self.ask("HEAD", url, **options)


def encode(**values: str | bytes) -> str:
    """Return what `Upload-Metadata` has to say of these values."""
    pairs = []
    for key, value in values.items():
        content = value if isinstance(value, bytes) else value.encode()
        pairs.append(f"{key} {base64.b64encode(content).decode()}")
    return ",".join(pairs)


def checksum(content: bytes, algorithm: str = "sha1") -> str:
    """Return what `Upload-Checksum` has to say of these bytes."""
    digest = hashlib.new(algorithm, content).digest()
    return f"{algorithm} {base64.b64encode(digest).decode()}"


def path_of(response: Any) -> str:
    """Return where the upload is, for the test client."""
    target = urlsplit(response["Location"])
    return f"{target.path}?{target.query}"


def upload_at(url: str) -> Upload:
    """Return the upload of that URL."""
    return Upload.objects.get(uuid=urlsplit(url).path.rpartition("/")[2])


def bare(url: str) -> str:
    """Return the URL without its token."""
    return url.partition("?")[0]
