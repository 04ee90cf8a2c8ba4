"""What comes over the servers meanwhile: kills, restarts, clean-ups."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
from typing import Any

from tests.torture.site import Site

DAY = 86400  # seconds


def disturb(site: Site) -> None:
    """Disturb until the run is over, by its seed."""
    chance = random.Random(f"{site.seed}/disturbances")
    kinds: list[str] = []
    while _pass(site, chance.randint(*site.place.between)):
        kinds = kinds or chance.sample(site.place.kinds, len(site.place.kinds))
        kind = kinds.pop()
        try:
            if kind == "clean-up":
                clean_up(site, chance.choice([4, 30] if site.expires else [3 * DAY]))
            elif site.kills and kind == "worker":
                _kill_worker(site, chance)
            elif site.kills and kind == "server":
                _kill_server(site, chance)
            elif site.kills:
                site.place.restart()
                site.figures.count(site.figures.events, "restarted engines")
        except Exception as error:  # noqa: BLE001 - told with all others
            site.figures.violate("disturbances", kind, repr(error))
            site.is_over.wait(1)


def _pass(site: Site, operations: int) -> bool:
    """Let so many operations pass; return whether the run goes on."""
    until = site.figures.operations.total() + operations
    while site.figures.operations.total() < until:
        if site.is_over.wait(0.05):
            return False
    return True


def clean_up(site: Site, seconds: float, **settings: Any) -> None:
    """Run the clean-up in a process of its own, which ends well."""
    popen = random.choice(site.servers).popen
    name = "CHUNKED_UPLOADS_TEST_SETTINGS"
    changed = json.dumps({**json.loads(popen["env"][name]), **settings})
    popen = {**popen, "env": {**popen["env"], name: changed}}
    command = [sys.executable, "-m", "django", "clean_uploads"]
    command.append(f"--days={seconds / DAY:.9f}")
    with site.cleaning_up(seconds):
        ended = subprocess.run(
            command, capture_output=True, text=True, check=False, **popen
        )
    site.figures.count(site.figures.events, "clean-ups")
    if ended.returncode:
        site.figures.violate("disturbances", "clean-up", ended.stderr + ended.stdout)


def _kill_worker(site: Site, chance: random.Random) -> None:
    workers = chance.choice(site.servers).workers
    if workers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(chance.choice(workers), signal.SIGKILL)
            site.figures.count(site.figures.events, "killed workers")


def _kill_server(site: Site, chance: random.Random) -> None:
    server = chance.choice(site.servers)
    server.kill()
    site.figures.count(site.figures.events, "killed servers")
    server.start()
