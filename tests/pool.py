"""Gunicorns that one test after another gets, so that few have to be started."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.servers import Gunicorn

IDLE = 6  # that wait for a test which asks for one of their kind


class Pool:
    """Starts a gunicorn where none of that kind waits.

    What a test gets is as good as new: its workers are forked anew from a process
    that has imported the site and done nothing else, and its files are gone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kinds: dict[Gunicorn, str] = {}  # of all that were started
        self._idle: list[Gunicorn] = []

    def take(self, database: dict[str, Any], **options: Any) -> Gunicorn:
        """Return a running server over the database, with `Gunicorn`'s options."""
        kind = json.dumps([database, options], sort_keys=True, default=str)
        for server in self._idle:
            if self._kinds[server] == kind:
                self._idle.remove(server)
                server.await_workers()
                return server
        folder = self._folder / f"gunicorn-{len(self._kinds)}"
        folder.mkdir()
        server = Gunicorn(folder, database, **options)
        self._kinds[server] = kind
        server.start()
        return server

    def give_back(self, server: Gunicorn) -> None:
        """Take a server that its test needs no longer, in whatever state it is."""
        if not server.renew():
            server.stop()
            return
        self._idle.append(server)
        if len(self._idle) > IDLE:
            self._idle.pop(0).stop()

    def close(self) -> None:
        """Stop all that were started."""
        for server in self._kinds:
            server.stop()
