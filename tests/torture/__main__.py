"""Run the torture: `python -m tests.torture --seed N --minutes M [--postgresql]`.

Each seed from N on has a round of a minute at most, with servers of its own; what kind
of servers, and whether they are killed, follows from the seed. With `--operations K`
there is one round, which ends after so many operations, as in the tests.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from demo.services.postgresql import PostgreSQL
from tests import settings
from tests.servers import Gunicorn

ROUND = 60  # seconds


def main() -> int:
    """Return 1 where the server broke a promise."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--operations", type=int)
    parser.add_argument("--clients", type=int, default=6)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--servers", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        if not arguments.postgresql:
            sqlite = settings.DATABASES["default"]
            name = os.path.join(folder, "database.sqlite3")
            return torture(Path(folder), {**sqlite, "NAME": name}, arguments)
        postgresql = PostgreSQL()
        postgresql.start()
        try:
            return torture(Path(folder), postgresql.database, arguments)
        finally:
            postgresql.remove()


def torture(
    folder: Path, database: dict[str, Any], arguments: argparse.Namespace
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
        figures = run_round(own, database, senders, seed, end, arguments)
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


def run_round(
    folder: Path,
    database: dict[str, Any],
    senders: list[dict[str, str]],
    seed: int,
    end: float,
    arguments: argparse.Namespace,
) -> Any:
    """Run one seed against a server of its own; return the figures."""
    from chunked_uploads.models import Upload
    from tests.torture.places import Folder
    from tests.torture.run import make_scenario, make_site, run

    place = Folder(folder / "media")
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
    Upload.objects.all().delete()
    return site.figures


if __name__ == "__main__":
    sys.exit(main())
