"""A piece of right bytes that is appended, and what tus tells of an upload."""

from __future__ import annotations

import time
from typing import NamedTuple

from django.db import connection

from chunked_uploads.models import Upload
from tests.torture.chunks import PAUSE
from tests.torture.jobs import Job
from tests.torture.model import Violation, require
from tests.torture.spans import Spans
from tests.torture.tus.answers import Told
from tests.torture.tus.sending import Piece


class Way(NamedTuple):
    """How a piece of right bytes is sent; `at_once` with others for the upload.

    One of these may be `beside_wrong`, which is taken back when its end is there: till
    then, its bytes may count.
    """

    slowly: bool = False
    with_checksum: bool = False
    with_length: bool = False
    at_once: bool = False
    beside_wrong: bool = False


ALONE = Way()


def append(job: Job, start: int, stop: int, way: Way) -> Told | None:
    """Send right bytes that the server takes where they are the next ones."""
    before, begun = job.model.snapshot(), time.monotonic()
    sent = job.model.begin(start, stop)
    piece = make_piece(job, start, stop, way)
    told = piece.send_slowly(4, PAUSE) if way.slowly else piece.send()
    if told is None or job.is_gone(told):
        return told
    may_be_held = way.at_once or sent.touch(start, stop)
    if told.status == 204:
        require(take(job, told, start, stop, begun) or may_be_held, "all of it", told)
        before.add(start, min(stop, told.offset or 0))
        if way.with_length:
            job.may_lack_length = False
        learn(job, told, before, way)
    elif told.code == "offset_conflict":
        require(told.offset != start or way.at_once, "204", told)
        require(may_be_held, "204: nothing of it was ever sent", told)
        learn(job, told, before, way)
    elif told.code == "range_conflict":
        require(may_be_held, "204: nothing of it was ever sent", told)
        learn(job, told, before, way)
    elif told.code == "body_cut" and (way.slowly or way.at_once):
        learn(job, told, before, way)
    else:
        require(told.is_again, "204", told)
        job.pause()
    return told


def take(job: Job, told: Told, start: int, stop: int, begun: float) -> bool:
    """Take in what a 204 says is held now; return whether it is all that was sent.

    Else it ends where another range began.
    """
    if told.offset is None:
        raise Violation("an offset", told)
    job.model.acknowledge(start, min(stop, told.offset), begun)
    return told.offset >= stop


def make_piece(job: Job, start: int, stop: int, way: Way) -> Piece:
    """Return these bytes as what is to be appended at `start`."""
    data = job.content[start:stop]
    headers = {"Upload-Offset": str(start)}
    if way.with_length:
        headers["Upload-Length"] = str(job.size)
    checksum_of = data if way.with_checksum else None
    return Piece(job, job.tus_url, data, headers, checksum_of=checksum_of)


def learn(job: Job, told: Told, before: Spans, way: Way = ALONE) -> None:
    """Take in where the server says the upload is. Raises `Violation`.

    Of requests at once, others may say how long it is.
    """
    if told.offset is None:
        return
    job.model.check_offset(told.offset, before, is_sure=not way.beside_wrong)
    job.state = {**job.state, "size": told.offset, "gap": None}
    if way.at_once:
        return
    is_whole = told.offset == job.size and not (job.may_lack_length or job.is_part)
    if is_whole and told.status in (200, 201, 204):
        check_complete(job)
    elif told.status == 204 and told.offset < job.size:
        require(told.headers["Upload-Expires"], "when it expires", told)


def check_complete(job: Job) -> None:
    """Find the upload complete, as it is with its last byte. Raises `Violation`."""
    try:
        states = list(Upload.objects.filter(uuid=job.uuid).values_list("state"))
    finally:
        connection.close()
    require(states == [(Upload.State.COMPLETE,)], "a complete upload", states)
