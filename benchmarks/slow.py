"""What others wait for a page while slow visitors upload: ways to serve, side by side.

Run by `python3 benchmarks --slow`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import processes, visitors
from benchmarks.client import Connection
from benchmarks.environment import DATA
from benchmarks.measuring import MIB, make_source
from benchmarks.protocols import Ours
from benchmarks.visitors import Crowd, Seen
from tests.proxies import Pools
from tests.servers import Gunicorn, Nginx, Server

SITE: dict[str, Any] = {"workers": 2, "threads": 16}  # as the README has it
UPLOADS: dict[str, Any] = {"workers": 1, "threads": 256}  # as docs/scaling.md has it
FAST = 256 * MIB  # bytes of a file that somebody with a fast line sends in the calm
CHUNK = 8 * MIB
KEY = "key"
PREPARE = f"""
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.contrib.auth.models import User
from chunked_uploads.models import ApiKey
ApiKey.objects.create(user=User.objects.create_user("ada"), key="{KEY}")
"""
HEADERS = {"Authorization": f"ApiKey ada:{KEY}"}
OPTIONS = {
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    "transaction_mode": "IMMEDIATE",
    "timeout": 30,  # seconds
}


class Unbuffered(Nginx):
    """nginx as recommended, but for handing on what comes as it comes."""

    def _site(self) -> str:
        buffered = "proxy_request_buffering on;"
        site = super()._site()
        assert site.count(buffered) == 1
        return site.replace(buffered, "proxy_request_buffering off;")


class Uvicorn(Gunicorn):
    """The same site under ASGI."""

    @property
    def command(self) -> list[str]:
        site = "django.core.asgi:get_asgi_application"
        return [
            *(sys.executable, "-m", "uvicorn", "--factory", site),
            *("--loop=uvloop", "--http=httptools", "--lifespan=off"),
            *("--log-level=error", "--timeout-graceful-shutdown=1"),
            *(f"--workers={SITE['workers']}", f"--uds={self.address}"),
        ]


class Way(NamedTuple):
    """A way to serve: what stands in front, and what behind."""

    front: type[Nginx]
    site: type[Gunicorn] = Gunicorn


WAYS = {
    "nginx collects chunks (recommended)": Way(Nginx),
    "bytes as they come": Way(Unbuffered),
    "as they come, a pool for uploads": Way(Pools),
    "as they come, uvicorn": Way(Unbuffered, Uvicorn),
}


class Measured(NamedTuple):
    """What one way to serve did."""

    seen: Seen
    fast: float  # bytes per second, of who has a fast line
    cpu: float  # seconds for each GiB of that
    memory: int  # bytes, of which the servers' peak grew under the crowd


TIMES = ("calm", "median", "99 %", "worst", "client")
COLUMNS = (*TIMES, "sent", "memory +", "fast MB/s", "CPU s/GiB")


def run(crowd: Crowd) -> None:
    """Measure each way and print the table.

    Milliseconds for a page while nobody sends and while the crowd does; how late the
    client itself was in 99 % of its turns; how many of the crowd sent all; by how many
    MiB the servers' memory grew. Ahead of the crowd, somebody with a fast line uploads:
    how fast, and how much of all servers' processor time that took.
    """
    size, rate = crowd.size // MIB, crowd.rate // 1024
    print(f"{crowd.number} visitors within {crowd.arriving:g} s", end=", ")
    print(f"each of them sends {size} MiB at {rate} KiB/s\n\n{_row('', *COLUMNS)}")
    for name, way in WAYS.items():
        print(_row(name, *_cells(_measure(way, crowd))), flush=True)


def _row(name: str, *cells: str) -> str:
    width = max(map(len, WAYS))
    return "  ".join([name.ljust(width), *(cell.rjust(9) for cell in cells)])


def _cells(measured: Measured) -> list[str]:
    seen, busy = measured.seen, sorted(measured.seen.busy)
    seconds = [statistics.median(seen.calm), statistics.median(busy)]
    seconds += [percentile(busy, 0.99), busy[-1]]
    seconds += [percentile(sorted(seen.late), 0.99)]
    return [
        *(f"{each * 1e3:,.1f}" for each in seconds),
        str(seen.finished),
        f"{measured.memory / MIB:,.0f}",
        f"{measured.fast / 1e6:,.0f}",
        f"{measured.cpu:.2f}",
    ]


def percentile(ordered: list[float], share: float) -> float:
    """Return the value that `share` of the others do not pass."""
    return ordered[int(share * (len(ordered) - 1))]


def _measure(way: Way, crowd: Crowd) -> Measured:
    with _serving(way) as (front, servers):
        host, port = front.address
        roots = [server.pid for server in servers]
        before = processes.cost(roots).cpu
        fast = _upload_fast(host, port)
        cpu = (processes.cost(roots).cpu - before) / FAST * 2**30
        held = processes.forget_peaks(roots)
        seen = asyncio.run(visitors.visit(host, port, crowd, HEADERS))
        grown = max(0, processes.peaks(roots) - held)
        return Measured(seen, fast, cpu, grown)


def _upload_fast(host: str, port: int) -> float:
    """Return the bytes per second of an upload by somebody with a fast line."""
    source = make_source(DATA, FAST)
    upload = Ours(Connection(host, port), source, HEADERS)
    begun = time.perf_counter()
    for start in range(0, FAST, CHUNK):
        upload.send(start, start + CHUNK)
    speed = FAST / (time.perf_counter() - begun)
    upload.complete()
    upload.connection.close()
    os.close(source.file)
    return speed


@contextmanager
def _serving(way: Way) -> Iterator[tuple[Nginx, list[Server]]]:
    """Enter with nginx and all servers, started in an empty folder."""
    folder = Path(tempfile.mkdtemp(dir=DATA, prefix="run-"))
    with ExitStack() as stack:
        stack.callback(os.sync)  # so that nobody writes what another left
        stack.callback(shutil.rmtree, folder)
        options = _options(folder)
        site = way.site(_folder(folder, "site"), **options, **SITE)
        servers: list[Server] = [site]
        front: Nginx
        if issubclass(way.front, Pools):
            uploads = Gunicorn(_folder(folder, "uploads"), **options, **UPLOADS)
            servers.append(uploads)
            front = way.front(_folder(folder, "nginx"), site, uploads)
        else:
            front = way.front(_folder(folder, "nginx"), site)
        servers.append(front)
        prepare = [sys.executable, "-c", PREPARE]
        subprocess.run(prepare, check=True, **site.popen)
        for server in servers:
            server.start()
            stack.callback(server.stop)
        yield front, servers


def _options(folder: Path) -> dict[str, Any]:
    """Return what all servers of the site have in common."""
    database = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(folder / "db.sqlite3"),
        "OPTIONS": OPTIONS,
    }
    settings = {"MEDIA_ROOT": str(folder / "media")}
    return {"database": database, "settings": settings, "unix": True}


def _folder(above: Path, name: str) -> Path:
    (above / name).mkdir()
    return above / name
