"""How uploads end: done or cancelled, also both at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from django.db import connection

from chunked_uploads.models import Chunk as ChunkRow
from chunked_uploads.models import Upload
from tests.torture.answers import Heard
from tests.torture.jobs import Job
from tests.torture.model import Violation, require
from tests.torture.sending import Chunk, change

MOST = 200  # times that a request is told to come again, after which it never ends


def finish(job: Job) -> bool:
    """Ask for the finished file, maybe several times at once; return whether it is."""
    times = job.chance.choice([1, 1, 2, 4])
    url = job.state["done_url"]

    def ask(_: int) -> Heard | None:
        return job.ask("POST", url, with_key=False)

    with ThreadPoolExecutor(times) as pool:
        answers = list(pool.map(ask, range(times)))
    job.is_end_unheard = job.is_end_unheard or None in answers
    asked = [each for each in answers if each is not None]
    if any(job.is_gone(heard) for heard in asked):
        return False
    for heard in asked:
        require(heard.status == 200 or heard.is_again, "200", heard)
    told = [heard.item for heard in asked if heard.status == 200]
    if not told:
        job.pause()
        return False
    for item in told:
        require(_places(item) == _places(told[0]), told[0], item)
        _check_done(job, item)
    repeated = _insist(job, "POST", url)
    require(repeated.status == 200, "the same answer", repeated)
    require(_places(repeated.item) == _places(told[0]), told[0], repeated.item)
    check_file(job)
    return True


def _places(item: dict[str, Any]) -> dict[str, Any]:
    """Return the answer as it is the same at all servers, at any time."""
    paths = {name: urlsplit(item[name]).path for name in ("url", "video_url")}
    return {**item, **paths}  # buckets sign each URL anew


def _check_done(job: Job, item: dict[str, object]) -> None:
    expected = {
        "state": "COMPLETE",
        "name": job.name,
        "total_size": job.size,
        "upload_uuid": job.uuid,
        "sha256": sha256(job.content).hexdigest(),
    }
    told = {name: item.get(name) for name in expected}
    require(told == expected, expected, told)
    require(item["url"] and item["url"] == item["video_url"], "a URL", item)


def check_file(job: Job) -> None:
    """Compare the finished file with what was sent, and look for what is left."""
    try:
        upload = Upload.objects.get(uuid=job.uuid)
        rows = ChunkRow.objects.filter(upload=upload).count()
    finally:
        connection.close()
    require(upload.is_complete and not rows, "a complete row, no chunks", rows)
    found = job.site.place.read(str(upload.upload.name))
    if found != job.content:
        pairs = enumerate(zip(found, job.content, strict=False))
        at = next((at for at, (got, sent) in pairs if got != sent), len(found))
        raise Violation("the file as it was sent", f"another from byte {at} on")
    require(upload.metadata == job.metadata, job.metadata, upload.metadata)


def use_finished(job: Job) -> None:
    """Do with a finished upload what its owner may, and what nobody may."""
    plain = job.state["url"].partition("?")[0]
    chance = job.chance
    for url in (job.state["url"], job.state["delete_url"]):
        method = "GET" if url == job.state["url"] else "DELETE"
        heard = job.ask(method, url, with_key=False)
        if heard is not None and not heard.is_again:
            require(heard.status == 401, "401: the token opens it no more", heard)
    if job.size:
        start = chance.randrange(job.size)
        stop = chance.randint(start + 1, job.size)
        right = job.content[start:stop]
        wrong = chance.random() < 0.5
        job.state["url"] = plain
        chunk = Chunk(job, start, stop, change(job, right) if wrong else right)
        chunk.is_with_key = True
        heard = chunk.send()
        if heard is not None and not heard.is_again:
            expected = (409, "content_conflict") if wrong else (200, "")
            require((heard.status, heard.code) == expected, expected, heard)
            require(heard.item["state"] == "COMPLETE", "COMPLETE", heard)
    heard = job.ask("GET", plain)
    if heard is not None and not heard.is_again:
        require(heard.status == 200, "its state", heard)
        told = heard.item["state"], heard.item["size"], heard.item["gap"]
        require(told == ("COMPLETE", job.size, None), "complete", heard)


def cancel(job: Job, *, is_finished: bool = False) -> None:
    """Cancel the upload, maybe in the middle of a chunk; nothing is left of it."""
    url, pk_url = job.state["url"], job.state["delete_url"]
    if is_finished:
        url = url.partition("?")[0]
    wire = None
    if not is_finished and job.position < job.size and job.chance.random() < 0.5:
        chunk = Chunk(job, job.position, job.size)
        try:
            wire = chunk.begin((job.size - job.position) // 2)
        except OSError:
            if not job.site.kills:
                raise
    heard = _insist(job, "DELETE", job.chance.choice([url, pk_url]), True)
    if wire is not None:
        wire.reset() if job.chance.random() < 0.5 else wire.close()
    _check_cancelled(job, heard)
    check_gone(job)


def finish_and_cancel(job: Job) -> None:
    """Ask for the finished file and cancel it at the same time."""
    with ThreadPoolExecutor(2) as pool:
        done = pool.submit(_insist, job, "POST", job.state["done_url"], True)
        gone = pool.submit(_insist, job, "DELETE", job.state["delete_url"], True)
        require(done.result().status in (200, 404), "200 or 404", done.result())
        _check_cancelled(job, gone.result())
    check_gone(job)


def _check_cancelled(job: Job, heard: Heard) -> None:
    # Of a request that had to be repeated, the first may have done it.
    was_gone = job.uuid in job.site.killed_cancels or job.may_be_expired
    require(heard.status == 200 or was_gone, "200", heard)
    require(heard.status in (200, 404), "200 or 404", heard)
    require(heard.status == 404 or heard.items == [], "[]", heard)


def check_gone(job: Job) -> None:
    """Find no answer, row or file of a cancelled upload."""
    for name, method in (
        ("url", "GET"),
        ("done_url", "POST"),
        ("delete_url", "DELETE"),
    ):
        url = job.state[name]
        if "token=" in url:
            heard = job.ask(method, url, with_key=False)
            if heard is not None and not heard.is_again:
                require(heard.status == 404, "404", heard)
    try:
        require(not Upload.objects.filter(uuid=job.uuid).exists(), "no row", "a row")
    finally:
        connection.close()


def _insist(job: Job, method: str, url: str, cancels: bool = False) -> Heard:
    """Repeat a request, maybe one that cancels, until it is answered for good."""
    for _ in range(MOST):
        heard = job.ask(method, url)
        if heard is not None and not heard.is_again:
            return heard
        if heard is None and cancels:
            job.site.killed_cancels.add(job.uuid)
        job.pause()
    raise Violation("an answer for good", f"{MOST} others")
