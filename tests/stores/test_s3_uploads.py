"""Uploads through a bucket, from the first chunk to the end, by the public door."""

from __future__ import annotations

import random
from typing import Any

import pytest

from chunked_uploads.conf import MIB
from chunked_uploads.models import Chunk
from tests.sending import Uploader, state_in, upload_of
from tests.stores.buckets import CELL, Site, site

__all__ = ["site"]

pytestmark = pytest.mark.django_db(transaction=True)

CONTENT = random.Random(12).randbytes(2 * CELL + MIB)
EDGES = [0, CELL, 2 * CELL, len(CONTENT)]


def send(uploader: Uploader, start: int, stop: int, url: str | None = None) -> Any:
    """Send these bytes of CONTENT; return the answer."""
    options = {} if url is None else {"url": url}
    return uploader.send(CONTENT[start:stop], start, len(CONTENT), **options)


def send_all(uploader: Uploader, edges: list[int] = EDGES) -> Any:
    """Send CONTENT, cut at these bytes; return the last answer."""
    url = None
    for start, stop in zip(edges, edges[1:], strict=False):
        answer = send(uploader, start, stop, url)
        assert answer.status_code == 200, answer.content
        url = state_in(answer)["url"]
    return answer


def test_cells_are_sent_once_and_the_end_moves_no_byte(
    uploader: Uploader, site: Site
) -> None:
    answer = send_all(uploader)

    assert site.traffic.put - len(CONTENT) < 500  # the marker
    assert site.traffic.requests["UploadPart"] == 3
    site.traffic.clear()
    assert uploader.done(state_in(answer)).status_code == 200
    assert site.traffic.requests["CompleteMultipartUpload"] == 1
    assert site.traffic.put == site.traffic.requests["GetObject"] == 0
    assert site.read(upload_of(answer)) == CONTENT
    assert site.left == []


def test_pieces_in_any_order_are_put_twice_and_read_once_at_most(
    uploader: Uploader, site: Site
) -> None:
    answer = send(uploader, 0, MIB)
    url = state_in(answer)["url"]
    starts = [*range(MIB, len(CONTENT), MIB)]
    random.Random(3).shuffle(starts)
    for start in starts:
        assert send(uploader, start, start + MIB, url).status_code == 200

    assert site.traffic.put <= 2.01 * len(CONTENT)
    assert Chunk.objects.count() == 3
    site.traffic.clear()
    assert uploader.done(state_in(answer)).status_code == 200
    assert site.traffic.put == 0
    assert site.read(upload_of(answer)) == CONTENT
    assert site.left == []
