"""A real MariaDB for the tests, without a network."""

from __future__ import annotations

import os
import subprocess
from typing import Any

from demo.services.server import Service
from tests import programs


class MariaDB(Service):
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
