"""What a client of tus does to get its bytes over."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from tests.live.sites import CUTS
from tests.torture import chunks
from tests.torture.chunks import PAUSE
from tests.torture.jobs import CLASSIC, Job
from tests.torture.model import Model, require
from tests.torture.spans import Spans
from tests.torture.tus.answers import Told
from tests.torture.tus.pieces import ALONE, Way, append, learn, make_piece, take
from tests.torture.tus.sending import Piece, ask
from tests.tus.talking import encode


def begin(job: Job) -> None:
    """Create the upload, with none, some or all of its bytes."""
    chance = job.chance
    stop = chance.choice([0, 0, chance.randint(0, job.size), job.size])
    is_deferred = chance.random() < 0.25
    model, begun = Model(job.size), time.monotonic()
    model.begin(0, stop)
    piece = creation(job, stop, is_deferred)
    luck = chance.random()
    if luck < 0.15 and stop:
        length = chance.randint(0, stop)
        told = piece.send_cut(length, chance.choice(list(CUTS)), PAUSE)
    elif luck < 0.25:
        told = piece.send_slowly(3, PAUSE)
    else:
        told = piece.send()
    if told is None:
        job.site.lost_creations.add(job.number)
    elif told.status == 201:
        job.model = model
        enter(job, told, is_deferred)
        job.model.acknowledge(0, stop, begun)
        require(told.offset == stop, f"offset {stop}", told)
        held = Spans()
        held.add(0, stop)
        learn(job, told, held)
    elif told.code != "body_cut":
        require(told.is_again, "201", told)
        job.pause()


def creation(job: Job, stop: int, is_deferred: bool) -> Piece:
    """Return the request that creates the upload, with the bytes up to `stop`."""
    job.attempts += 1
    own = {"job": str(job.number), "attempt": str(job.attempts)}
    if job.spans:
        own["spans"] = job.spans
    job.metadata = {"filename": job.name, **own}
    headers = {"Upload-Metadata": encode(**job.metadata)}
    if job.is_part:
        headers["Upload-Concat"] = "partial"
    headers |= (
        {"Upload-Defer-Length": "1"}
        if is_deferred
        else {"Upload-Length": str(job.size)}
    )
    data = job.content[:stop]
    checksum_of = data if data and job.chance.random() < 0.3 else None
    url = f"{job.site.client.site}/files/"
    return Piece(job, url, data, headers, "POST", checksum_of)


def enter(job: Job, told: Told, is_deferred: bool) -> None:
    """Take in where the upload is that was created."""
    location = urlsplit(told.headers["Location"])
    uuid = location.path.rpartition("/")[2]
    require(location.path == f"/files/{uuid}", "a URL of tus", location.path)
    require(location.query.startswith("token="), "a token", location.query)
    job.site.claim(uuid, job.number)
    site = f"{job.site.client.site}/uploads/upload"
    url = f"{site}/{uuid}/?{location.query}"
    job.state = {
        "upload_uuid": uuid,
        "size": 0,
        "gap": None,
        "url": url,
        "done_url": f"{site}/done/{uuid}/?{location.query}",
        "delete_url": url,
    }
    job.is_of_tus, job.may_lack_length = True, is_deferred


def go_on(job: Job) -> None:
    """Append the next bytes; once more where the answer is lost."""
    start, way = job.position, _way(job)
    stop = _stop(job, start)
    told = append(job, start, stop, way)
    if told is None and job.chance.random() < 0.5:
        append(job, start, stop, way)


def send_rest(job: Job) -> None:
    """Append all that is missing, and say how much that is."""
    append(job, job.position, job.size, Way(with_length=job.may_lack_length))


def append_at_once(job: Job) -> None:
    """Append the next bytes several times at once, and ask where they end; of who
    speaks both protocols, one request is a chunk, maybe beyond the others.
    """
    chance, start = job.chance, job.position
    stops = [_stop(job, start) for _ in range(chance.randint(2, 3))]
    job.model.begin(start, max(stops))
    beside_wrong = start < job.size and chance.random() < 0.2
    at_once = Way(at_once=True, beside_wrong=beside_wrong)
    ways = [_way(job)._replace(at_once=True, beside_wrong=beside_wrong) for _ in stops]
    requests: list[Callable[[], object]] = [
        lambda stop=stop, way=way: append(job, start, stop, way)  # type: ignore[misc]
        for stop, way in zip(stops, ways, strict=True)
    ]
    if chance.random() < 0.5:
        requests.append(lambda: ask_state(job, at_once))
    if beside_wrong:
        requests.append(lambda: _append_wrongly(job, start, max(stops)))
    elif CLASSIC in job.protocols:
        first = chance.choice([start, start, min(stops)])
        last = max(first, *stops) + chance.choice([0, 1000])
        last = min(last, job.size)
        if first < last:
            job.model.begin(first, last)
            requests.append(lambda: chunks.send(job, first, last, chunks.Way()))
    chance.shuffle(requests)
    with ThreadPoolExecutor(len(requests)) as pool:
        list(pool.map(lambda request: request(), requests))


def cut(job: Job) -> None:
    """Break the connection in the middle of a piece."""
    chance, start = job.chance, job.position
    stop = _stop(job, start)
    length = chance.randint(0, stop - start)
    before, begun = job.model.snapshot(), time.monotonic()
    sent = job.model.begin(start, start + length)
    piece = make_piece(job, start, stop, _way(job))
    pause = chance.choice([0, PAUSE])
    told = piece.send_cut(length, chance.choice(list(CUTS)), pause)
    if told is None or job.is_gone(told):
        return
    if told.status == 204:
        is_all = length == stop - start and take(job, told, start, stop, begun)
        require(is_all or sent.touch(start, stop), "body_cut", told)
        before.add(start, stop if is_all else start)
        learn(job, told, before)
    elif told.code in ("body_cut", "offset_conflict", "range_conflict"):
        if told.code != "body_cut":
            require(sent.touch(start, stop), "body_cut", told)
        learn(job, told, before)
    else:
        require(told.is_again, "body_cut", told)


def fall_silent(job: Job) -> None:
    """Stop in the middle of a piece, and come back by another connection."""
    chance, start = job.chance, job.position
    stop = _stop(job, start)
    if start == stop:
        return
    length = chance.randint(0, stop - start - 1)
    job.model.begin(start, start + length)
    try:
        wire = make_piece(job, start, stop, _way(job)).begin(length)
    except OSError:
        if not job.site.kills:
            raise
        return
    time.sleep(chance.choice([0, PAUSE]))
    if chance.random() < 0.7:
        ask_state(job)
    if job.state and not job.is_lost and job.position < job.size:
        position = job.position
        append(job, position, _stop(job, position), Way(at_once=True))
    wire.reset() if chance.random() < 0.5 else wire.close()


def ask_state(job: Job, way: Way = ALONE) -> None:
    """Ask where the upload is, maybe at once with other requests."""
    before, may_lack_length = job.model.snapshot(), job.may_lack_length
    told = ask(job, "HEAD", job.tus_url, with_key=job.chance.random() < 0.5)
    if told is None or job.is_gone(told):
        return
    require(told.status == 200 or told.is_again, "200", told)
    if told.status == 200:
        check_state(job, told, may_lack_length)
        learn(job, told, before, way)


def check_state(job: Job, told: Told, may_lack_length: bool) -> None:
    """Compare what HEAD tells with what the upload is. Raises `Violation`."""
    length = told.headers["Upload-Length"]
    if length is None:
        require(may_lack_length, job.size, "no length")
        defer = told.headers["Upload-Defer-Length"]
        require(defer == "1", "Upload-Defer-Length: 1", defer)
    else:
        require(length == str(job.size), job.size, length)
        job.may_lack_length = False
    require(told.offset is not None, "an offset", told)
    if job.is_of_tus:
        metadata = told.headers["Upload-Metadata"]
        require(metadata == encode(**job.metadata), job.metadata, metadata)
    concat = told.headers["Upload-Concat"] or ""
    kind = "partial" if job.is_part else "final" if job.is_joined else ""
    require(concat.partition(";")[0] == kind, f"{kind}: as it was created", concat)


def _append_wrongly(job: Job, start: int, stop: int) -> None:
    """Append right bytes with the checksum of others, at once with other requests."""
    headers = {"Upload-Offset": str(start)}
    data = job.content[start:stop]
    piece = Piece(job, job.tus_url, data, headers, checksum_of=b"other")
    slowly = job.chance.random() < 0.5
    told = piece.send_slowly(4, PAUSE) if slowly else piece.send()
    if told is None or job.is_gone(told):
        return
    is_late = told.code in ("offset_conflict", "range_conflict", "body_cut")
    require(told.status == 460 or is_late or told.is_again, "460", told)


def _stop(job: Job, start: int) -> int:
    """Return where a piece from `start` ends, as long or short as they come."""
    most = max(1, job.size // job.chance.choice([2, 8, 40]))
    return min(start + job.chance.randint(1, most), job.size)


def _way(job: Job) -> Way:
    chance = job.chance
    return Way(
        slowly=chance.random() < 0.1,
        with_checksum=chance.random() < 0.3,
        with_length=job.may_lack_length and chance.random() < 0.3,
    )
