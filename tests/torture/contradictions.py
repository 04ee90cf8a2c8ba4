"""What a client does that must change nothing."""

from __future__ import annotations

from tests.torture.chunks import PAUSE
from tests.torture.jobs import Job
from tests.torture.model import Violation, require
from tests.torture.sending import Chunk, change


def repeat(job: Job) -> None:
    """Send again what is held, with right or wrong bytes or digest."""
    found = _held_range(job)
    if found is None:
        return
    start, stop, is_known = found
    right = job.content[start:stop]
    kind = job.chance.choice(["right", "right", "bytes", "digest"])
    data = change(job, right) if kind == "bytes" else right
    digest_of = b"other" if kind == "digest" else job.chance.choice([None, data])
    chunk = Chunk(job, start, stop, data, digest_of)
    before = job.model.snapshot()
    heard = chunk.send()
    if heard is None or job.is_closed(heard):
        return
    if heard.is_again:
        job.pause()
    elif heard.code == "range_conflict" and not is_known:
        job.learn(heard.item, before)
    elif kind == "right":
        require(heard.status == 200, "200: these bytes are held", heard)
        job.learn(heard.item, before)
    elif kind == "bytes":
        require(heard.code == "content_conflict", "content_conflict", heard)
        job.learn(heard.item, before)
    else:
        require(heard.code == "digest_mismatch", "digest_mismatch", heard)


def overlap(job: Job) -> None:
    """Send bytes of which some are held and some are not."""
    before = job.model.snapshot()
    edges = [edge for span in before for edge in span if 0 < edge < job.size]
    if not edges:
        return
    edge = job.chance.choice(edges)
    start = job.chance.randint(max(0, edge - 5000), edge - 1)
    stop = job.chance.randint(edge + 1, min(job.size, edge + 5000))
    if before.cover(start, stop):
        return
    heard = Chunk(job, start, stop).send()
    if heard is None or job.is_closed(heard):
        return
    if heard.status == 200:
        # What was cut off earlier may have filled the rest meanwhile.
        require(job.model.sent.cover(start, stop), "range_conflict", heard)
        job.learn(heard.item, before)
    elif heard.code == "range_conflict":
        job.learn(heard.item, before)
    else:
        require(heard.is_again, "range_conflict", heard)
        job.pause()


def send_with_wrong_digest(job: Job) -> None:
    """Send free bytes that are not what their digest says, also slowly."""
    start = job.position
    end = job.free_from(start)
    if start >= end:
        return
    stop = job.chance.randint(start + 1, min(end, start + 50_000))
    right = job.content[start:stop]
    is_changed = job.chance.random() < 0.7
    data = change(job, right) if is_changed else right
    chunk = Chunk(job, start, stop, data, right if is_changed else b"other")
    slowly = job.chance.random() < 0.4
    heard = chunk.send_slowly(4, PAUSE) if slowly else chunk.send()
    if heard is None:
        # Whoever dies before the last byte can't know that the first were wrong, and
        # keeps them as those of any broken connection. So this client starts anew.
        cancel_quietly(job)
    elif not job.is_closed(heard):
        again = heard.is_again or heard.code in ("range_conflict", "body_cut")
        require(heard.code == "digest_mismatch" or again, "digest_mismatch", heard)
        if heard.code == "body_cut":
            cancel_quietly(job)
        elif heard.code == "range_conflict":
            require(job.model.sent.touch(start, stop), "digest_mismatch", heard)


def begin_with_wrong_digest(job: Job) -> None:
    """Send a file's first bytes with the digest of others."""
    stop = job.chance.randint(1, min(job.size, 50_000))
    heard = Chunk(job, 0, stop, digest_of=b"other", by_name=True).send()
    if heard is not None:
        told = heard.code == "digest_mismatch" or heard.is_again
        require(told, "digest_mismatch", heard)


def ask_too_early(job: Job) -> None:
    """Ask for the finished file before all is there."""
    before = job.model.snapshot()
    may_be_whole = job.model.sent.cover(0, job.size)
    if may_be_whole:
        return
    heard = job.ask("POST", job.state["done_url"], with_key=False)
    if heard is None or job.is_closed(heard) or heard.is_again:
        return
    require(heard.code == "incomplete", "incomplete", heard)
    size = heard.item["size"]
    require(before.prefix <= size, f"at least {before.prefix}", heard)
    require(size <= job.model.sent.prefix, f"at most {job.model.sent.prefix}", heard)


def look(job: Job) -> None:
    """Ask for the list of uploads, which has this one, and only this kind."""
    site = f"{job.site.client.site}/uploads/upload/"
    url = job.chance.choice([job.question, f"{site}?all=1", site])
    before = job.model.snapshot()
    heard = job.ask("GET", url)
    if heard is None:
        return
    require(heard.status == 200 or heard.is_again, "a list", heard)
    if heard.status != 200:
        return
    own = [each for each in heard.items if each["upload_uuid"] == job.uuid]
    if own:
        job.learn(own[0], before)
    elif not (job.may_be_expired or job.may_be_done or len(heard.items) == 1000):
        raise Violation(f"upload {job.uuid} in the list", len(heard.items))
    if url == job.question:
        for each in heard.items:
            told = each["name"], each["total_size"]
            require(told == (job.name, job.size), "uploads of this file", each)


def intrude(job: Job) -> None:
    """Try, as somebody else with a key of their own, to reach the upload."""
    url = job.state["url"].partition("?")[0]
    method = job.chance.choice(["GET", "POST", "DELETE"])
    stranger = job.site.stranger
    heard = job.site.ask(lambda: stranger.ask(method, url, b"x" * 10))
    if heard is not None:
        require(heard.status == 404 or heard.is_again, "404", heard)


def cancel_quietly(job: Job) -> None:
    """Cancel, however often it takes."""
    url = job.state["delete_url"]
    while True:
        heard = job.ask("DELETE", url)
        if heard is not None and not heard.is_again:
            break
        job.pause()
    require(heard.status in (200, 404), "200", heard)
    job.forget()


def _held_range(job: Job) -> tuple[int, int, bool] | None:
    """Return a range that is held, and whether it is certainly compared."""
    spans = list(job.model.snapshot())
    if not spans:
        return None
    if job.model.at_once and job.chance.random() < 0.5:
        return *job.chance.choice(job.model.at_once), True
    first, last = job.chance.choice(spans)
    start = job.chance.randint(first, last - 1)
    stop = job.chance.randint(start + 1, min(last, start + 100_000))
    return start, stop, job.site.place.reads_back
