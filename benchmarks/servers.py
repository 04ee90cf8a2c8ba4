"""The servers that are measured, each in a folder and a session of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.environment import MODULES
from demo.environment import CHECKOUT
from demo.services.postgresql import PostgreSQL
from tests import programs
from tests.servers import HOST, Server, free_port

BLOCK = 2**20  # bytes that are compared at once
SETUP = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", run_syncdb=True, verbosity=0)
from django.conf import settings
if settings.APP == "ours":
    from django.contrib.auth.models import User
    from chunked_uploads.models import ApiKey
    user, made = User.objects.get_or_create(username="ada")
    ApiKey.objects.get_or_create(user=user, defaults={"key": "key"})
"""


class Measured(Server):
    """A server at a port of the loopback address, whose cost is measured."""

    version = ""
    credentials: dict[str, str] = {}

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port = free_port()

    @property
    def address(self) -> str | tuple[str, int]:
        return HOST, self.port

    @property
    def roots(self) -> list[int]:
        """The processes from which all that take part descend."""
        return [self.pid]

    def remove(self) -> None:
        """Stop, and end what else was started for it."""
        self.stop()

    def stored(self) -> list[Path]:
        """Return the files that make up what was uploaded, in order."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        files = [path for path in files if not path.name.startswith("db.sqlite3")]
        return [max(files, key=lambda path: path.stat().st_size)]

    def read_stored(self) -> Iterator[bytes]:
        """Yield the bytes of what was uploaded, in order."""
        for path in self.stored():
            with open(path, "rb") as file:
                while block := file.read(BLOCK):
                    yield block


class Gunicorn(Measured):
    """A WSGI application of `benchmarks.sites` in gunicorn."""

    def __init__(
        self,
        folder: Path,
        application: str,
        *,
        workers: int = 1,
        environment: dict[str, str] | None = None,
    ) -> None:
        super().__init__(folder)
        self.version = f"gunicorn {version('gunicorn')}"
        self.application = application
        self.workers = workers
        folders = {"BENCHMARK_FOLDER": str(folder)}
        environment = {**os.environ, **folders, **(environment or {})}
        self.popen = {"cwd": CHECKOUT, "env": environment}

    @property
    def command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "gunicorn", self.application),
            *("--worker-class=gthread", "--threads=8", f"--workers={self.workers}"),
            *("--no-control-socket", "--log-level=warning"),
            # On a busy machine, who completes several may come after its 2 seconds.
            *("--keep-alive=60", f"--bind={HOST}:{self.port}"),
        ]


class Django(Gunicorn):
    """One of the Django packages, over SQLite or PostgreSQL."""

    def __init__(
        self,
        folder: Path,
        app: str,
        *,
        package: str = "",
        workers: int = 1,
        settings: dict[str, Any] | None = None,
        postgresql: bool = False,
    ) -> None:
        self.database = Database() if postgresql else None
        environment = {
            "DJANGO_SETTINGS_MODULE": "benchmarks.sites.settings",
            "BENCHMARK_APP": app,
            "BENCHMARK_SETTINGS": json.dumps(settings or {}),
        }
        if self.database is not None:
            self.database.start()
            environment["BENCHMARK_DATABASE"] = json.dumps(self.database.database)
        application = "django.core.wsgi:get_wsgi_application()"
        super().__init__(folder, application, workers=workers, environment=environment)
        self.version = version(package or "Django")
        self.credentials = {"Authorization": "ApiKey ada:key"}

    @property
    def roots(self) -> list[int]:
        return [self.pid, *([self.database.pid] if self.database else [])]

    def start(self) -> None:
        command = [sys.executable, "-c", SETUP]
        subprocess.run(command, check=True, **self.popen)
        super().start()

    def remove(self) -> None:
        super().remove()
        if self.database is not None:
            self.database.remove()


class Hole(Measured):
    """A server that throws everything away."""

    def __init__(self, folder: Path, workers: int = 1) -> None:
        super().__init__(folder)
        self.popen = {"cwd": CHECKOUT}

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "benchmarks.sites.hole", str(self.port)]

    def stored(self) -> list[Path]:
        return []


class Database(PostgreSQL):
    """PostgreSQL that keeps what it committed, unlike that of the tests."""

    settings = ["fsync=on", "shared_buffers=128MB"]


class Uvicorn(Measured):
    """An ASGI application of `benchmarks.sites.tus_asgi`."""

    def __init__(self, folder: Path, name: str, *, workers: int = 1) -> None:
        super().__init__(folder)
        self.version = version(name)
        self.name = name
        self.workers = workers
        environment = {**os.environ, "BENCHMARK_FOLDER": str(folder)}
        self.popen = {"cwd": CHECKOUT, "env": environment}

    @property
    def command(self) -> list[str]:
        application = f"benchmarks.sites.tus_asgi:{self.name}"
        return [
            *(sys.executable, "-m", "uvicorn", "--factory", application),
            *("--loop=uvloop", "--http=httptools"),
            *("--log-level=warning", f"--port={self.port}"),
            f"--workers={self.workers}",
        ]


class Node(Measured):
    """@tus/server, which is one process."""

    def __init__(self, folder: Path, workers: int = 1) -> None:
        super().__init__(folder)
        self.version = node_version("@tus/server")

    @property
    def command(self) -> list[str]:
        script = CHECKOUT / "benchmarks/sites/tus_node.mjs"
        folder = self.folder / "files"
        return ["node", str(script), str(MODULES), str(self.port), str(folder)]


class Nginx(Measured):
    """nginx with WebDAV's PUT: as fast as a web server writes a body to a file."""

    def __init__(self, folder: Path, workers: int = 1) -> None:
        super().__init__(folder)
        self.workers = workers
        nginx = programs.find("nginx")
        assert nginx, "nginx is missing"
        self.nginx = nginx
        asked = subprocess.run([nginx, "-v"], capture_output=True, text=True)
        self.version = asked.stderr.strip().rpartition("/")[2]
        (folder / "nginx.conf").write_text(self._configuration())

    def _configuration(self) -> str:
        # Root's nginx would give its work to a user that may not write here.
        user = "user root;" if os.geteuid() == 0 else ""
        kinds = ["proxy", "fastcgi", "uwsgi", "scgi"]
        folders = "\n".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in kinds)
        return f"""
            {user}
            daemon off;
            worker_processes {self.workers};
            pid {self.folder}/pid;
            error_log stderr warn;
            events {{ worker_connections 256; }}
            http {{
                access_log off;
                {folders}
                client_body_temp_path {self.folder}/body;
                client_body_buffer_size 1m;
                client_max_body_size 0;
                keepalive_requests 1000000;
                server {{
                    listen {HOST}:{self.port};
                    location /put/ {{
                        root {self.folder};
                        dav_methods PUT;
                        create_full_put_path on;
                    }}
                }}
            }}
        """

    @property
    def command(self) -> list[str]:
        return [self.nginx, "-e", "stderr", "-c", str(self.folder / "nginx.conf")]

    def stored(self) -> list[Path]:
        return sorted((self.folder / "put").iterdir())


def node_version(package: str) -> str:
    """Return the version of a package of Node.js that is installed."""
    about = MODULES / "node_modules" / package / "package.json"
    return json.loads(about.read_text())["version"]
