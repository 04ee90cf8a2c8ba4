"""A bare WSGI application: from the request to the file, with no framework."""

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

BLOCK = 512 * 1024  # bytes


class Readable(Protocol):
    """What a body is read from."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes."""


def store(body: Readable, span: str, path: Path) -> int:
    """Write a body of the `Content-Range` given to its place; return where it ends."""
    match = re.fullmatch(r"bytes (\d+)-(\d+)/\d+", span)
    assert match
    start, stop = int(match[1]), int(match[2]) + 1
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while start < stop and (block := body.read(min(BLOCK, stop - start))):
            start += os.pwrite(file, block, start)
    finally:
        os.close(file)
    return start


def application(
    environ: dict[str, Any], start_response: Callable[..., Any]
) -> Iterable[bytes]:
    """Store whatever comes."""
    path = Path(os.environ["BENCHMARK_FOLDER"]) / environ["QUERY_STRING"]
    store(environ["wsgi.input"], environ["HTTP_CONTENT_RANGE"], path)
    start_response("200 OK", [("Content-Length", "0")])
    return []
