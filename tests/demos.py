"""The demo site, started by its command."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from demo.environment import CHECKOUT
from tests.servers import HOST, Server, free_port


class Demo(Server):
    """`python3 demo`, with its data in the folder, and maybe options."""

    stop_signal = signal.SIGINT  # Ctrl-C
    patience = 120  # it may have files to remove

    def __init__(self, folder: Path, *options: str) -> None:
        super().__init__(folder)
        self.options = options
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        data = {"CHUNKED_UPLOADS_DEMO_DATA": str(folder / "data")}
        self.popen = {"cwd": CHECKOUT, "env": {**os.environ, **data}}

    @property
    def command(self) -> list[str]:
        return [sys.executable, "demo", f"--port={self.port}", *self.options]

    @property
    def address(self) -> tuple[str, int]:
        return HOST, self.port
