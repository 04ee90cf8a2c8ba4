"""Run the torture: `python -m tests.torture --seed N --minutes M [--s3]`.

Each seed from N on has a round of a minute at most, with servers of its own; what kind
of servers, and whether they are killed, follows from the seed. With `--operations K`
there is one round, which ends after so many operations, as in the tests.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from demo.services.engine import Engine, SeaweedFS
from demo.services.postgresql import PostgreSQL
from tests import settings
from tests.ceph import Ceph
from tests.servers import Gunicorn

ROUND = 60  # seconds
SMALL = 48 * 1024  # bytes of a part, where the engine lets us choose


def main() -> int:
    """Return 1 where the server broke a promise."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--operations", type=int)
    parser.add_argument("--clients", type=int, default=6)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument(
        "--s3",
        nargs="?",
        const="seaweedfs",
        choices=["seaweedfs", "ceph"],
        help="a bucket of that engine; includes --postgresql",
    )
    parser.add_argument("--servers", type=int, help="1, or 3 with --s3")
    arguments = parser.parse_args()
    # Who is asked to end stops the servers that were started, as on Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    arguments.servers = arguments.servers or (3 if arguments.s3 else 1)
    with ExitStack() as stack:
        temporary = tempfile.TemporaryDirectory(prefix="torture-")
        folder = Path(stack.enter_context(temporary))
        database = {
            **settings.DATABASES["default"],
            "NAME": str(folder / "database.sqlite3"),
        }
        if arguments.postgresql or arguments.s3:
            database = stack.enter_context(PostgreSQL()).database
        engine = None
        if arguments.s3:
            engine = SeaweedFS() if arguments.s3 == "seaweedfs" else Ceph(SMALL)
            stack.enter_context(engine)
        return torture(folder, database, engine, arguments)


def torture(
    folder: Path,
    database: dict[str, Any],
    engine: Engine | None,
    arguments: argparse.Namespace,
) -> int:
    """Run round after round over an empty database, and tell what happened."""
    prepare(database)

    from django.db import connections

    from tests.torture.figures import Figures

    senders = make_senders()
    end = time.monotonic() + arguments.minutes * 60
    seed, all_figures = arguments.seed, Figures()
    while True:
        own = folder / str(seed)
        own.mkdir()
        place = make_place(own, engine)
        figures = run_round(own, place, database, senders, seed, end, arguments)
        all_figures.add(figures)
        seed += 1
        if arguments.operations or time.monotonic() > end:
            break
    print(f"\nseeds {arguments.seed} to {seed - 1}\n{all_figures}")
    connections.close_all()
    return 1 if all_figures.violations else 0


def prepare(database: dict[str, Any]) -> None:
    """Set Django up, and make the tables."""
    import django
    from django.core.management import call_command

    settings.DATABASES["default"] = database
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    call_command("migrate", verbosity=0)


def make_senders() -> list[dict[str, str]]:
    """Return the headers of two users."""
    from django.contrib.auth.models import User

    from chunked_uploads.models import ApiKey

    users = [User.objects.create_user(name) for name in ("ada", "bob")]
    keys = [(user, ApiKey.objects.create(user=user).key) for user in users]
    return [{"Authorization": f"ApiKey {user}:{key}"} for user, key in keys]


def make_place(folder: Path, engine: Engine | None) -> Any:
    """Return what the servers of a round share."""
    from tests.torture.bucket import Bucket
    from tests.torture.places import Folder

    return Bucket(engine, folder.name) if engine else Folder(folder / "media")


def run_round(
    folder: Path,
    place: Any,
    database: dict[str, Any],
    senders: list[dict[str, str]],
    seed: int,
    end: float,
    arguments: argparse.Namespace,
) -> Any:
    """Run one seed against servers of its own; return the figures."""
    from django.test import override_settings

    from chunked_uploads.models import Upload
    from tests.torture.run import make_scenario, make_site, run

    scenario = make_scenario(seed, place)
    servers = []
    for number in range(arguments.servers):
        own = folder / str(number)
        own.mkdir()
        servers.append(Gunicorn(own, database, **scenario.server))
    for server in servers:
        server.start()
    site = make_site(servers, scenario, seed, senders, place)
    end = min(end, time.monotonic() + ROUND)
    goes_on: Callable[[], bool] = lambda: time.monotonic() < end  # noqa: E731
    if arguments.operations:
        goes_on = site.figures.fewer_operations_than(arguments.operations)
    try:
        run(site, arguments.clients, goes_on)
    finally:
        for server in servers:
            server.stop()
    print(f"seed {seed} ({scenario.name}): {site.figures}\n", flush=True)
    with override_settings(**place.settings):
        Upload.objects.all().delete()
    return site.figures


if __name__ == "__main__":
    sys.exit(main())
