"""A short torture of each way to receive. `python -m tests.torture` is the long one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from chunked_uploads.models import ApiKey
from tests.servers import Gunicorn
from tests.torture.places import Folder, Place
from tests.torture.run import make_scenario, make_site, run

OPERATIONS = 150
CLIENTS = 5
SERVERS = 3

Torture = Callable[..., None]


@pytest.fixture
def torture(
    make_server: Callable[..., Gunicorn], authorization: dict[str, str]
) -> Torture:
    """Return what tortures so many servers, and finds no violation."""
    bob = ApiKey.objects.create(user=User.objects.create_user("bob"))
    senders = [authorization, {"Authorization": f"ApiKey bob:{bob.key}"}]

    def torture(seed: int, number: int = 1, place: Place | None = None) -> None:
        scenario = make_scenario(seed, place)
        servers = [make_server(**scenario.server) for _ in range(number)]
        site = make_site(servers, scenario, seed, senders, place)

        run(site, CLIENTS, site.figures.fewer_operations_than(OPERATIONS))

        again = f"--seed {seed} --operations {OPERATIONS} --clients {CLIENTS}"
        print(f"python -m tests.torture {again} --servers {number}")
        print(f"{scenario.name}: {site.figures}")
        assert site.figures.violations == []

    return torture


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_server_under_torture_keeps_every_promise(torture: Torture, seed: int) -> None:
    torture(seed)


def test_servers_over_one_folder_keep_every_promise(
    torture: Torture, tmp_path: Path
) -> None:
    torture(2, SERVERS, Folder(tmp_path / "shared"))
