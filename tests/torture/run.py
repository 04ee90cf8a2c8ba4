"""A run: clients and disturbances at the same time, then a look at what is left."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from threading import Lock, Thread
from typing import Any, NamedTuple

from tests.live import sites
from tests.servers import Gunicorn
from tests.torture.disturbances import disturb
from tests.torture.inspection import inspect
from tests.torture.lives import Life
from tests.torture.places import Folder, Place
from tests.torture.site import Site, Visitor

# Of workers with one thread there are as many as the clients' requests, or nearly.
WORKERS = [sites.WORKERS["gthread"], {**sites.WORKERS["sync"], "workers": 6}]
# Records are made, and silence is noticed, so often that short runs meet all of it.
CONFIG = """
def post_worker_init(worker):
    from chunked_uploads.core import intake
    from chunked_uploads.http import gunicorn

    intake.CHECKPOINT_SECONDS = 0.1
    gunicorn.STALL = 10
"""


# And workers die where they complete an upload.
KILLS = """
    from tests.torture.dying import die_now_and_then

    die_now_and_then()
"""


class Scenario(NamedTuple):
    """What a run of a seed is like; `server` are keyword arguments of `make_server`."""

    name: str
    server: dict[str, Any]
    kills: bool  # whether workers and servers are killed
    expires: bool  # whether clean-ups give up what is idle for some seconds


def make_scenario(seed: int, place: Place | None = None) -> Scenario:
    """Return what the seed says, for servers that keep bytes in a folder of theirs, or
    in a place that they share.
    """
    workers = WORKERS[seed % 2]
    is_fast = seed % 4 < 2
    settings = {
        "CHUNKED_UPLOADS_DIGEST": "sha256",
        "CHUNKED_UPLOADS_FAST_PATH": is_fast,
        **(place.settings if place else {}),
    }
    kills, expires = seed % 3 > 0, seed % 5 < 2
    config = CONFIG + (KILLS if kills else "") + (place.config if place else "")
    server = {**workers, "settings": settings, "config": config}
    told = [workers["worker_class"], "" if is_fast else "plain"]
    told += ["" if kills else "no kills", "expiring" if expires else ""]
    return Scenario(", ".join(filter(None, told)), server, kills, expires)


def make_site(
    servers: list[Gunicorn],
    scenario: Scenario,
    seed: int,
    senders: list[dict[str, str]],
    place: Place | None = None,
) -> Site:
    """Return what a run needs; `senders` are the headers of two users."""
    client, stranger = (Visitor(servers, headers) for headers in senders)
    return Site(
        servers,
        place or Folder(servers[0].media_root),
        client,
        stranger,
        seed,
        kills=scenario.kills,
        expires=scenario.expires,
    )


def run(site: Site, clients: int, goes_on: Callable[[], bool]) -> None:
    """Let `clients` live as long as `goes_on()` says, and finish what they began.

    It is asked before each operation. What happened is in the site's figures.
    """
    numbers, lock = itertools.count(), Lock()

    def next_number() -> int:
        with lock:
            return next(numbers)

    lives = [Life(site, next_number, goes_on) for _ in range(clients)]
    threads = [Thread(target=life.run, daemon=True) for life in lives]
    disturber = Thread(target=disturb, args=[site], daemon=True)
    for thread in (*threads, disturber):
        thread.start()
    for thread in threads:
        thread.join()
    site.is_over.set()
    disturber.join()
    for server in site.servers:
        server.stop()
    inspect(site, next(numbers), [job for life in lives for job in life.finished])
