"""What a client of tus does that must change nothing."""

from __future__ import annotations

from django.db import connection

from chunked_uploads.models import Upload
from tests.torture.chunks import PAUSE
from tests.torture.contradictions import cancel_quietly
from tests.torture.jobs import Job
from tests.torture.model import require
from tests.torture.sending import change
from tests.torture.tus.advancing import creation
from tests.torture.tus.pieces import learn
from tests.torture.tus.sending import Piece, ask

MOST = 50_000  # bytes of a wrong piece


def begin_with_wrong_checksum(job: Job) -> None:
    """Create an upload with bytes that are not what their checksum says."""
    piece = creation(job, job.chance.randint(1, min(job.size, MOST)), False)
    piece = Piece(job, piece.url, piece.data, _without(piece), "POST", b"other")
    told = piece.send()
    if told is None:
        job.site.lost_creations.add(job.number)
        return
    require(told.status == 460 or told.is_again, "460", told)
    if told.status == 460:
        try:
            begun = Upload.objects.filter(metadata=job.metadata)
            require(not begun.exists(), "no upload", "one")
        finally:
            connection.close()


def append_with_wrong_checksum(job: Job) -> None:
    """Append bytes that are not what their checksum says, also slowly."""
    chance, start = job.chance, job.position
    if start == job.size:
        return
    stop = chance.randint(start + 1, min(job.size, start + MOST))
    right = job.content[start:stop]
    is_changed = chance.random() < 0.7 and job.free_from(start) >= stop
    data = change(job, right) if is_changed else right
    headers = {"Upload-Offset": str(start)}
    checksum_of = right if is_changed else b"other"
    piece = Piece(job, job.tus_url, data, headers, checksum_of=checksum_of)
    before, sent = job.model.snapshot(), job.model.sent.copy()
    slowly = chance.random() < 0.4
    told = piece.send_slowly(4, PAUSE) if slowly else piece.send()
    if told is None:
        # As in the classic protocol: nobody knew that the first bytes were wrong.
        if is_changed:
            cancel_quietly(job)
        else:
            job.model.begin(start, stop)
    elif not job.is_gone(told):
        if told.code in ("offset_conflict", "range_conflict"):
            require(sent.touch(start, stop), "460", told)
        else:
            require(told.status == 460 or told.is_again, "460", told)
        if told.status == 460:
            learn(job, told, before)


def append_elsewhere(job: Job) -> None:
    """Append bytes where the upload does not end."""
    chance = job.chance
    before, sent = job.model.snapshot(), job.model.sent.copy()
    offset = chance.randint(0, job.size + 10)
    if before.prefix <= offset <= sent.prefix:
        return
    data = chance.randbytes(chance.choice([0, 1, 5000]))
    headers = {"Upload-Offset": str(offset)}
    told = Piece(job, job.tus_url, data, headers).send()
    if told is None or job.is_gone(told) or told.is_again:
        return
    require(told.code == "offset_conflict", "offset_conflict", told)
    learn(job, told, before)


def append_too_much(job: Job) -> None:
    """Append more bytes than are missing."""
    start = job.position
    if job.may_lack_length:
        return
    data = job.content[start:] + b"surplus"
    before, sent = job.model.snapshot(), job.model.sent.copy()
    told = Piece(job, job.tus_url, data, {"Upload-Offset": str(start)}).send()
    if told is None:
        job.model.begin(start, job.size)  # of which some may be kept
        return
    if job.is_gone(told) or told.is_again:
        return
    if told.status in (204, 409):  # up to what was held, or from elsewhere on
        require(sent.touch(start, job.size), "413", told)
        job.model.begin(start, job.size)
    else:
        require(told.status == 413, "413", told)
    learn(job, told, before)


def misspeak(job: Job) -> None:
    """Append as nobody may; nothing of it stays."""
    start = job.position
    data = job.chance.randbytes(10)
    offset = {"Upload-Offset": str(start)}
    wrong: list[tuple[int, dict[str, str]]] = [
        (412, {**offset, "Tus-Resumable": "0.2.2"}),
        (415, {**offset, "Content-Type": "application/octet-stream"}),
        (400, {**offset, "Upload-Checksum": "crc32 AAAAAA=="}),
        (400, {"Upload-Offset": "-1"}),
        (400, {}),
    ]
    if not job.may_lack_length:
        wrong.append((400, {**offset, "Upload-Length": str(job.size + 1)}))
    status, headers = job.chance.choice(wrong)
    told = Piece(job, job.tus_url, data, headers).send()
    if told is None or job.is_gone(told) or told.is_again:
        return
    if told.code == "offset_conflict":
        require(job.model.sent.touch(start, start + 1), status, told)
    else:
        require(told.status == status, status, told)


def intrude(job: Job) -> None:
    """Try, as somebody else with a key of their own, to reach the upload."""
    url = job.tus_url.partition("?")[0]
    method = job.chance.choice(["HEAD", "DELETE", "GET"])
    stranger = job.site.stranger.headers
    told = ask(job, method, url, stranger)
    if told is not None:
        require(told.status == 404 or told.is_again, "404", told)


def _without(piece: Piece) -> dict[str, str]:
    names = ("Upload-Metadata", "Upload-Length", "Upload-Concat")
    return {name: piece.headers[name] for name in names if name in piece.headers}
