"""What the clients of others send, and what arrives of it."""

from __future__ import annotations

from hashlib import sha256

from tests.tus.talking import upload_at

SIZE = 2 * 2**20 + 17  # bytes
CHUNK = 500 * 1024  # as small as phones send them
METADATA = {"filename": "Grüße, 世界.bin", "filetype": "video/mp4"}


def digest(content: bytes) -> str:
    """Return what tells content from other content."""
    return sha256(content).hexdigest()


def arrived_at(url: str) -> str:
    """Return the digest of the finished file at that URL."""
    upload = upload_at(url)
    assert upload.is_complete
    with upload.upload.open() as file:
        return digest(file.read())
