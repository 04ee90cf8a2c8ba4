"""A file that is sent into a bucket, in the pieces that a test wants."""

from __future__ import annotations

import io
import itertools
import random
from typing import Any

from chunked_uploads.conf import MIB
from chunked_uploads.models import Upload
from tests.sending import (
    UPLOAD,
    Uploader,
    state_in,
)
from tests.stores.buckets import CELL, Site

CONTENT = random.Random(12).randbytes(CELL + MIB)
EDGES = [0, CELL, len(CONTENT)]


def send(uploader: Uploader, start: int, stop: int, url: str | None = None) -> Any:
    """Send these bytes of CONTENT; return the answer."""
    piece = CONTENT[start:stop]
    return uploader.send(piece, start, len(CONTENT), url=url or UPLOAD)


def send_all(uploader: Uploader, edges: list[int] = EDGES) -> Any:
    """Send CONTENT, cut at these bytes; return the last answer."""
    url = None
    for start, stop in itertools.pairwise(edges):
        answer = send(uploader, start, stop, url)
        assert answer.status_code == 200, answer.content
        url = state_in(answer)["url"]
    return answer


def first_url(uploader: Uploader) -> str:
    """Begin an upload of CONTENT that holds nothing; return its URL."""
    answer = uploader.send_cut(io.BytesIO(), 0, CELL, total=len(CONTENT))
    return state_in(answer)["url"]


def assert_finishes(uploader: Uploader, site: Site, url: str) -> None:
    answer = uploader.done(state_in(uploader.get(url)))
    assert answer.status_code == 200, answer.content
    assert site.read(Upload.objects.get()) == CONTENT
    assert site.left == []
