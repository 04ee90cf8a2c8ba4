"""Fixtures of the tests with real servers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from chunked_uploads.models import ApiKey
from tests.servers import Gunicorn
from tests.torture.places import Place
from tests.torture.run import make_scenario, make_site, run

CLIENTS = 5


@pytest.fixture
def torture(
    make_server: Callable[..., Gunicorn], authorization: dict[str, str]
) -> Callable[..., None]:
    """Return what tortures servers, which share the place, and finds no violation."""
    bob = ApiKey.objects.create(user=User.objects.create_user("bob"))
    senders = [authorization, {"Authorization": f"ApiKey bob:{bob.key}"}]

    def torture(
        seed: int, operations: int, *, number: int = 1, place: Place | None = None
    ) -> None:
        scenario = make_scenario(seed, place)
        servers = [make_server(**scenario.server) for _ in range(number)]
        site = make_site(servers, scenario, seed, senders, place)

        run(site, CLIENTS, site.figures.fewer_operations_than(operations))

        again = [f"--seed {seed} --operations {operations} --clients {CLIENTS}"]
        again += [f"--servers {number}", site.place.option]
        print("python -m tests.torture", *again)
        print(f"{scenario.name}: {site.figures}")
        assert site.figures.violations == []

    return torture
