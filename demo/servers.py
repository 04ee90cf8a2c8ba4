"""Serve the demo site by several servers that share a database and a bucket alone."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command
from django.db import connections

from demo.environment import CHECKOUT
from demo.services import programs
from demo.services.engine import SeaweedFS
from demo.services.nginx import Balancer
from demo.services.postgresql import PostgreSQL
from demo.services.server import HOST, Server, free_port
from demo.start import NAME, PASSWORD, check_port, make_user

# Ctrl-C, a request to end, a terminal that is closed.
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
PAUSE = 10  # seconds that a killed server stays away: long enough to look at the page
NO_NGINX = (
    "nginx is missing, which hands requests to the servers: please install it (on "
    "Debian and Ubuntu: sudo apt-get install nginx-light) and run this again."
)
WELCOME = """
  The demo site:     {address}/
  Log in as:         {name}, password {password}
  The admin:         {address}/admin/
  For tus clients:   {address}/tus/
  Your API key:      {key}

  nginx hands each request to the next of {number} servers (the answer's header
  X-Servers says to which). They share a database (PostgreSQL) and a bucket
  (SeaweedFS, at {endpoint}), and no disk.

  Upload a large file, and meanwhile kill one server after the other, or all of them,
  each with its workers:

{servers}

  The upload goes on. A killed server is started again after {pause} seconds.
  What the servers have on disks of their own:

    find {folder}/server-* -type f -size +0

  Stop it with Ctrl-C: everything ends, and all files are removed, uploads too. Nobody
  but this machine can reach it.
"""


class AppServer(Server):
    """The site in one gunicorn, with a private folder for whatever it may write."""

    stop_signal = signal.SIGQUIT  # waits for no idle connection of a browser's

    def __init__(self, folder: Path, number: int, port: int) -> None:
        super().__init__(folder / f"server-{number}")
        self.number = number
        self.port = port
        temporary = self.folder / "temporary"
        temporary.mkdir(parents=True)
        own = {"CHUNKED_UPLOADS_DEMO_DATA": str(self.folder), "TMPDIR": str(temporary)}
        self.popen = {"cwd": CHECKOUT, "env": {**os.environ, **own}}

    @property
    def command(self) -> list[str]:
        options = ["--workers=1", "--threads=8", "--timeout=120"]
        options += ["--log-level=warning", "--no-control-socket"]
        options += [f"--bind={HOST}:{self.port}"]
        return [sys.executable, "-m", "gunicorn", *options, "demo.wsgi"]

    @property
    def address(self) -> tuple[str, int]:
        return HOST, self.port

    @property
    def how_to_kill(self) -> str:
        """The command that ends it with its workers: a minus before the id."""
        return f"    kill -9 -{self.pid:<8} # server {self.number}, port {self.port}"

    def stop(self) -> None:
        """End it, and the workers of a gunicorn that was killed without them."""
        group = self.process and self.pid
        super().stop()
        if group:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)


def serve(number: int, port: int) -> None:
    """Serve the demo site at `port` by `number` servers until it is stopped."""
    check_port(port)
    if not programs.find("nginx"):
        sys.exit(NO_NGINX)
    for name in SIGNALS:
        signal.signal(name, _end)
    print("Starting PostgreSQL, SeaweedFS, the servers and nginx ...", flush=True)
    # All processes end before the first file goes: some disks take long to remove one.
    with suppress(KeyboardInterrupt), ExitStack() as files, ExitStack() as processes:
        temporary = tempfile.TemporaryDirectory(prefix="chunked-uploads-demo-")
        folder = Path(files.enter_context(temporary))
        ports = [free_port() for _ in range(number)]
        addresses = [f"{HOST}:{each}" for each in ports]
        balancer = Balancer(folder, port, folder / "static", addresses)
        # First of all, so that nobody else takes the port.
        processes.callback(balancer.stop)
        balancer.start()
        postgresql = files.enter_context(PostgreSQL())
        processes.callback(postgresql.stop)
        engine = files.enter_context(SeaweedFS())
        processes.callback(engine.stop)
        services = {
            "database": postgresql.database,
            "storage": engine.storage(signature_version="s3v4"),
        }
        key = _set_up(folder, services)
        servers = [AppServer(folder, place, at) for place, at in enumerate(ports, 1)]
        for server in servers:
            processes.callback(server.stop)
            server.start()
        welcome = WELCOME.format(
            address=balancer.url,
            name=NAME,
            password=PASSWORD,
            key=key,
            number=number,
            endpoint=engine.endpoint,
            servers="\n".join(server.how_to_kill for server in servers),
            pause=PAUSE,
            folder=folder,
        )
        print(welcome, flush=True)
        _keep(servers, [postgresql, engine, balancer])
    print("\nEverything has ended, and its files are removed.")


def _end(*_: object) -> None:
    # Once: a second Ctrl-C would leave behind what the first one is about to stop.
    for name in SIGNALS:
        signal.signal(name, signal.SIG_IGN)
    raise KeyboardInterrupt


def _set_up(folder: Path, services: dict[str, Any]) -> str:
    """Make tables, static files and a user; return the user's API key."""
    os.chdir(CHECKOUT)
    os.environ["DJANGO_SETTINGS_MODULE"] = "demo.settings_servers"
    os.environ["CHUNKED_UPLOADS_DEMO_SERVICES"] = json.dumps(services)
    os.environ["CHUNKED_UPLOADS_DEMO_DATA"] = str(folder)
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0)
    key = make_user().key
    connections.close_all()
    return key


def _keep(servers: list[AppServer], others: list[Server]) -> None:
    """Start again each server that was killed, a while later; never return."""
    returns: dict[AppServer, float] = {}  # when each that was killed is started again
    while True:
        for server in servers:
            if not _has_ended(server):
                continue
            if server not in returns:
                returns[server] = time.monotonic() + PAUSE
                print(f"  Server {server.number} was killed.", flush=True)
            elif time.monotonic() > returns[server]:
                del returns[server]
                server.restart()
                print(f"  Server {server.number} runs again:", flush=True)
                print(f"\n{server.how_to_kill}\n", flush=True)
        for other in others:
            if _has_ended(other):
                sys.exit(f"{type(other).__name__} has ended:\n{other.log}")
        time.sleep(0.1)


def _has_ended(server: Server) -> bool:
    return bool(server.process and server.process.poll() is not None)
