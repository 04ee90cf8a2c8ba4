"""A chunk of right bytes, and the answers that fit it."""

from __future__ import annotations

import time
from typing import NamedTuple

from tests.torture.answers import Heard
from tests.torture.jobs import Job
from tests.torture.model import Violation, require
from tests.torture.sending import Chunk
from tests.torture.spans import Spans

PAUSE = 0.15  # seconds; longer than what the run lets pass between checkpoints


class Way(NamedTuple):
    """How a chunk of right bytes is sent."""

    slowly: bool = False
    with_digest: bool = False
    by_name: bool = False


def send(job: Job, start: int, stop: int, way: Way) -> Heard | None:
    """Send right bytes that the server may take, and judge the answer."""
    content = job.content[start:stop] if way.with_digest else None
    chunk = Chunk(job, start, stop, digest_of=content, by_name=way.by_name)
    before, begun = job.model.snapshot(), time.monotonic()
    sent = job.model.begin(start, stop)
    heard = chunk.send_slowly(4, PAUSE) if way.slowly else chunk.send()
    if heard is None or job.is_closed(heard):
        return heard
    if way.by_name:
        return judge_by_name(job, heard, start, stop, before, begun)
    if heard.status == 200:
        accept(job, heard, start, stop, before, begun)
    elif heard.code == "range_conflict":
        # A store that can't read back knows no other ranges than those that came.
        is_held = before.cover(start, stop) and job.site.place.reads_back
        require(
            sent.touch(start, stop) and not is_held,
            "200: nothing of the range was ever sent",
            heard,
        )
        job.learn(heard.item, before)
    elif heard.code == "body_cut" and way.slowly:
        job.learn(heard.item, before)
    else:
        require(heard.is_again, "200", heard)
        job.pause()
    return heard


def accept(
    job: Job, heard: Heard, start: int, stop: int, before: Spans, begun: float
) -> None:
    """Take in that the range is held now."""
    job.site.claim(heard.item["upload_uuid"], job.number)
    job.model.acknowledge(start, stop, begun)
    now = before.copy()
    now.add(start, stop)
    job.learn(heard.item, now)
    size = heard.item["size"]
    told = f"bytes=0-{size - 1}" if size > 1 else None
    require(heard.headers["Range"] == told, told, heard.headers["Range"])


def judge_by_name(
    job: Job, heard: Heard, start: int, stop: int, before: Spans, begun: float
) -> Heard:
    """Judge the answer to a chunk that named its file alone, beyond the first."""
    if heard.code == "ambiguous":
        candidates = heard.item["candidates"]
        uuids = {each["upload_uuid"] for each in candidates}
        require(len(uuids) > 1, "several candidates", heard.item)
        for each in candidates:
            fits = each["size"] >= start and each["total_size"] == job.size
            require(fits and each["name"] == job.name, "candidates that fit", each)
        return heard
    if heard.code == "nothing_to_continue":
        sure = before.prefix == start == job.model.sent.prefix
        require(not sure, f"to continue at {start}", heard)
        return heard
    told = heard.items[0].get("upload_uuid", "")
    if told and job.site.is_anothers(told, job.number):
        raise Violation("never another's upload", f"{heard} of {told}")
    if told and told != job.uuid:
        # One of the job's own, of which it never heard.
        job.forget()
        job.model.begin(0, job.size)
        before = Spans()
    if heard.status == 200:
        accept(job, heard, start, stop, before, begun)
    elif heard.code == "range_conflict":
        job.learn(heard.item, before)
    else:
        require(heard.is_again, "200 or a conflict", heard)
        job.pause()
    return heard
