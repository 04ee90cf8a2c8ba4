"""Real servers for the tests: gunicorn and nginx."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

from demo.environment import CHECKOUT
from demo.services import nginx
from demo.services.server import HOST, Server, free_port
from tests.polling import wait_until


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
        config: str = "",
        unix: bool = False,
        settings: dict[str, Any] | None = None,
    ) -> None:
        """Take what differs from `tests.settings` as `settings`, by name.

        `options` are further ones of gunicorn's command line, `config` is the text of
        its configuration file. With `unix` it listens at a socket in its folder
        instead of a port.
        """
        super().__init__(folder)
        self.media_root = Path((settings or {}).get("MEDIA_ROOT", folder / "media"))
        self.number = workers
        (folder / "gunicorn.conf.py").write_text(config)
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
        fixed += [f"--config={self.folder}/gunicorn.conf.py"]
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

    def renew(self) -> bool:
        """Give way to what is as good as started anew; False where it has ended.

        gunicorn forks other workers in place of those that are killed here, in the
        midst of whatever they do.
        """
        if not self.process or self.process.poll() is not None:
            return False
        former = set(self.workers)
        for pid in former:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: former.isdisjoint(self.workers))
        shutil.rmtree(self.media_root, ignore_errors=True)
        return True

    def await_workers(self) -> None:
        """Return when all workers are there again, with nothing in the log."""
        wait_until(lambda: len(self.workers) == self.number)
        os.truncate(self.folder / "log", 0)

    @property
    def peak_memory(self) -> int:
        """The most memory that any of the workers ever held, in bytes."""
        return max(_peak_memory(pid) for pid in self.workers)


def _peak_memory(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


class Nginx(nginx.Nginx):
    """nginx with the configuration that the README shows, in front of gunicorn."""

    SITE = CHECKOUT / "docs" / "nginx.conf"

    def __init__(self, folder: Path, gunicorn: Gunicorn) -> None:
        self.gunicorn = gunicorn
        super().__init__(folder, free_port())

    def _site(self) -> str:
        names = {
            "listen 80;": f"listen {HOST}:{self.port};",
            "/run/mysite/gunicorn.sock": str(self.gunicorn.address),
            "/srv/mysite/media/": f"{self.gunicorn.media_root}/",
            "/srv/mysite/incoming": f"{self.folder}/incoming",
            "/srv/mysite/static/": f"{CHECKOUT}/chunked_uploads/static/",
        }
        return nginx.fill_in(self.SITE, names)
