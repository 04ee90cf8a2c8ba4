"""How uploads of tus end: complete by themselves, or terminated, also both at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from tests.torture.endings import MOST, check_file, check_gone
from tests.torture.jobs import Job
from tests.torture.model import Violation, require
from tests.torture.tus.advancing import check_state
from tests.torture.tus.answers import Told
from tests.torture.tus.pieces import Way, append, learn, make_piece
from tests.torture.tus.sending import Piece, ask


def finish(job: Job) -> bool:
    """Ask where the upload is, maybe several times at once; return whether its file is
    in its place.
    """
    if job.may_lack_length:
        append(job, job.size, job.size, Way(with_length=True))
        return False
    times = job.chance.choice([1, 1, 2, 4])
    before = job.model.snapshot()
    with ThreadPoolExecutor(times) as pool:
        heads = [pool.submit(ask, job, "HEAD", job.tus_url) for _ in range(times)]
        answers = [each.result() for each in heads]
    asked = [each for each in answers if each is not None]
    if any(job.is_gone(told) for told in asked):
        return False
    for told in asked:
        require(told.status == 200 or told.is_again, "200", told)
    found = [told for told in asked if told.status == 200]
    if not found:
        job.pause()
        return False
    for told in found:
        check_state(job, told, False)
        learn(job, told, before)
    check_file(job)
    return True


def use_finished(job: Job) -> None:
    """Do with a finished upload what its owner may, and what nobody may."""
    url = job.tus_url
    _expect(ask(job, "HEAD", url, with_key=False), 200, job.size)
    _expect(ask(job, "DELETE", url, with_key=False), 401)
    if told := _expect(ask(job, "GET", url), 303):
        path = urlsplit(told.headers["Location"]).path
        require(path, "where the file is", told.headers["Location"])
    nothing = {"Upload-Offset": str(job.size)}
    if job.is_joined:
        _expect(Piece(job, url, b"more", nothing).send(), 403)
        return
    _expect(Piece(job, url, b"", nothing).send(), 204, job.size)
    _expect(Piece(job, url, b"more", nothing).send(), 413)
    if job.size:
        again = {"Upload-Offset": "0"}
        _expect(Piece(job, url, job.content, again).send(), 409, job.size)


def cancel(job: Job, *, is_finished: bool = False) -> None:
    """Terminate the upload, maybe in the middle of a piece; nothing is left of it."""
    wire, start = None, job.position
    if not is_finished and start < job.size and job.chance.random() < 0.5:
        try:
            piece = make_piece(job, start, job.size, Way())
            wire = piece.begin((job.size - start) // 2)
        except OSError:
            if not job.site.kills:
                raise
    told = _insist(job, "DELETE")
    if wire is not None:
        wire.reset() if job.chance.random() < 0.5 else wire.close()
    _check_cancelled(job, told)
    _check_gone(job)


def finish_and_cancel(job: Job) -> None:
    """Ask where a whole upload is and terminate it at the same time."""
    with ThreadPoolExecutor(2) as pool:
        found = pool.submit(_insist, job, "HEAD")
        gone = pool.submit(_insist, job, "DELETE")
        require(found.result().status in (200, 404), "200 or 404", found.result())
        _check_cancelled(job, gone.result())
    _check_gone(job)


def _expect(told: Told | None, status: int, offset: int | None = None) -> Told | None:
    """Return the answer where it is the one for good. Raises `Violation`."""
    if told is None or told.is_again:
        return None
    require(told.status == status, status, told)
    require(offset is None or told.offset == offset, f"offset {offset}", told)
    return told


def _check_cancelled(job: Job, told: Told) -> None:
    # Of a request that had to be repeated, the first may have done it.
    was_gone = job.uuid in job.site.killed_cancels or job.may_be_expired
    require(told.status == 204 or (told.status == 404 and was_gone), "204", told)


def _check_gone(job: Job) -> None:
    _expect(ask(job, "HEAD", job.tus_url, with_key=False), 404)
    check_gone(job)


def _insist(job: Job, method: str) -> Told:
    """Repeat a request until it is answered for good."""
    for _ in range(MOST):
        told = ask(job, method, job.tus_url)
        if told is not None and not told.is_again:
            return told
        if told is None and method == "DELETE":
            job.site.killed_cancels.add(job.uuid)
        job.pause()
    raise Violation("an answer for good", f"{MOST} others")
