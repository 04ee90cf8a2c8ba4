"""A short torture of each way to receive. `python -m tests.torture` is the long one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from chunked_uploads.models import ApiKey
from tests.servers import Gunicorn
from tests.torture.run import make_scenario, make_site, run

OPERATIONS = 150
CLIENTS = 5


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_server_under_torture_keeps_every_promise(
    make_server: Callable[..., Gunicorn],
    authorization: dict[str, str],
    seed: int,
) -> None:
    bob = ApiKey.objects.create(user=User.objects.create_user("bob"))
    senders = [authorization, {"Authorization": f"ApiKey bob:{bob.key}"}]
    scenario = make_scenario(seed)
    site = make_site(make_server(**scenario.server), scenario, seed, senders)
    again = f"--seed {seed} --operations {OPERATIONS} --clients {CLIENTS}"

    run(site, CLIENTS, site.figures.fewer_operations_than(OPERATIONS))

    print(f"python -m tests.torture {again}\n{scenario.name}: {site.figures}")
    assert site.figures.violations == []
