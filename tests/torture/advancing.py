"""What a client does to get its bytes over."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from tests.live.sites import CUTS
from tests.torture.chunks import PAUSE, Way, accept, send
from tests.torture.jobs import Job
from tests.torture.model import Model, require
from tests.torture.sending import Chunk
from tests.torture.spans import Spans

SHORTEST = 16  # bytes; fewer don't tell whose they are
REST = 5  # seconds; longer than the impatient ones of the clean-ups wait


def begin(job: Job) -> None:
    """Send the file's first bytes, by its name, in one of many ways."""
    chance = job.chance
    is_whole = job.size <= SHORTEST or chance.random() < 0.2
    shortest = min(SHORTEST, job.size)
    stop = chance.randint(shortest, max(shortest, job.size // 3))
    if is_whole or job.is_by_name:
        stop = job.size if is_whole else _usual_length(job)
    with_range = bool(job.size) and not (is_whole and chance.random() < 0.7)
    content = job.content[:stop] if chance.random() < 0.3 else None
    model = Model(job.size)
    begun = time.monotonic()
    chunk = Chunk(job, 0, stop, b"", content, True, with_range)
    model.begin(0, stop)
    luck = chance.random()
    if luck < 0.15 and stop:
        heard = chunk.send_cut(
            chance.randint(0, stop),
            chance.choice(list(CUTS)),
            chance.choice([0, PAUSE]),
        )
    elif luck < 0.3:
        heard = chunk.send_slowly(3, PAUSE)
    else:
        heard = chunk.send()
    if heard is None:
        return
    job.model = model
    if heard.status == 200:
        accept(job, heard, 0, stop, Spans(), begun)
    elif heard.code == "body_cut":
        told = heard.item
        if told["received"]:
            job.site.claim(told["upload_uuid"], job.number)
            job.learn(told, Spans())
    else:
        require(heard.is_again, "200", heard)
        job.pause()


def go_on(job: Job) -> None:
    """Send the next bytes, or some further on."""
    chance = job.chance
    start = job.position
    if chance.random() < 0.25:
        start = min(start + chance.randint(0, job.size // 2), job.size - 1)
        if job.model.held.touch(start, start + 1):
            return
    send(job, start, _stop(job, start), _way(job))


def go_on_by_name(job: Job) -> None:
    """Send the next bytes, saying only which file they are of."""
    start = job.position
    if start < SHORTEST:
        return go_on(job)
    stop = _stop(job, start)
    heard = send(job, start, stop, Way(by_name=True))
    if heard is not None and heard.code in ("ambiguous", "nothing_to_continue"):
        ask_state(job)
        if job.state and job.position == start:
            send(job, start, stop, Way())
    return None


def send_at_once(job: Job) -> None:
    """Send several ranges at the same time."""
    start, ranges = job.position, []
    for _ in range(job.chance.randint(2, 4)):
        stop = _stop(job, start)
        if start >= stop or job.model.held.touch(start, stop):
            break
        ranges.append((start, stop, _way(job)))
        start = stop
    job.chance.shuffle(ranges)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda each: send(job, *each), ranges))


def cut(job: Job) -> None:
    """Break the connection in the middle of a chunk."""
    chance = job.chance
    start = job.position
    stop = _stop(job, start)
    length = chance.randint(0, stop - start)
    before = job.model.snapshot()
    sent = job.model.begin(start, start + length)
    chunk = Chunk(job, start, stop)
    pause = chance.choice([0, PAUSE])
    heard = chunk.send_cut(length, chance.choice(list(CUTS)), pause)
    if heard is None or job.is_closed(heard):
        return
    if heard.status == 200:  # all of it arrived, or was there before
        job.model.acknowledge(start, stop, time.monotonic() - PAUSE)
        require(length == stop - start or sent.cover(start, stop), "body_cut", heard)
        job.learn(heard.item, before)
    elif heard.code in ("body_cut", "range_conflict"):
        if heard.code == "range_conflict":
            require(sent.touch(start, stop), "body_cut", heard)
        job.learn(heard.item, before)
    else:
        require(heard.is_again, "body_cut", heard)


def ask_state(job: Job) -> None:
    """Ask what is held."""
    wait = job.chance.choice(["", "&wait=0", "&wait=1"])
    before = job.model.snapshot()
    with_key = job.chance.random() < 0.5
    heard = job.ask("GET", job.state["url"] + wait, with_key=with_key)
    if heard is None or job.is_closed(heard):
        return
    require(heard.status == 200 or heard.is_again, "the state", heard)
    if heard.status == 200:
        job.learn(heard.item, before)


def rest(job: Job) -> None:
    """Do nothing for so long that a clean-up may give the upload up."""
    if job.site.expires:
        time.sleep(REST)


def send_rest(job: Job) -> None:
    """Send all that is missing from where to go on."""
    send(job, job.position, job.free_from(job.position), Way())


def _stop(job: Job, start: int) -> int:
    """Return where a chunk from `start` ends, before what is held already."""
    if job.is_by_name:
        # At the same places as those of its twins.
        usual = _usual_length(job)
        stop = start // usual * usual + usual
    else:
        most = max(1, job.size // job.chance.choice([2, 8, 40]))
        stop = start + job.chance.randint(1, most)
    return min(stop, job.free_from(start))


def _usual_length(job: Job) -> int:
    return max(SHORTEST, job.size // 6)


def _way(job: Job) -> Way:
    chance = job.chance
    return Way(slowly=chance.random() < 0.1, with_digest=chance.random() < 0.3)
