"""Uploads to a real server, seen from both ends."""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from chunked_uploads.models import Upload
from tests.clients import Client, Wire
from tests.sending import part_of
from tests.servers import Gunicorn

# Keyword arguments of `make_server`.
WORKERS: dict[str, dict[str, Any]] = {
    "gthread": {"worker_class": "gthread", "workers": 2, "threads": 8},
    "sync": {"worker_class": "sync", "workers": 4, "threads": 1},
}
PLAIN: dict[str, Any] = {"settings": {"CHUNKED_UPLOADS_FAST_PATH": False}}
CUTS: dict[str, Callable[[Wire], None]] = {
    "FIN": Wire.close,
    "RST": Wire.reset,
    "half-close": Wire.end,
}


def part_file(server: Gunicorn, upload: Upload) -> Path:
    """Return where the upload's bytes lie until it is done."""
    return part_of(upload, server.media_root)


def arrived(server: Gunicorn, upload: Upload) -> int:
    """Return how many bytes are on disk, recorded or not."""
    part = part_file(server, upload)
    return part.stat().st_size if part.exists() else 0


def finished_file(upload: Upload) -> Path:
    """Return where the finished file lies."""
    upload.refresh_from_db()
    return Path(upload.upload.path)


def writers(server: Gunicorn, upload: Upload) -> list[int]:
    """Return the workers that have the upload's part file open."""
    part = str(part_file(server, upload))
    return [pid for pid in server.workers if part in _open_files(pid)]


def _open_files(pid: int) -> list[str]:
    try:
        return [os.readlink(file) for file in Path(f"/proc/{pid}/fd").iterdir()]
    except FileNotFoundError:
        return []


def assert_finished(client: Client, upload: Upload, content: bytes) -> None:
    """Send what is missing, and find the same file at the other end."""
    assert client.finish(upload, content).status == 200
    found = finished_file(upload).read_bytes()
    assert sha256(found).digest() == sha256(content).digest()
