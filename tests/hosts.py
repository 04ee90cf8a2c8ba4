"""The servers in which a site may run, each over the tests' site."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from tests.servers import HOST, Gunicorn

WSGI = "django.core.wsgi:get_wsgi_application"  # what makes the application
ASGI = "django.core.asgi:get_asgi_application"


class Runserver(Gunicorn):
    """Django's development server."""

    @property
    def command(self) -> list[str]:
        options = ["--noreload", "--skip-checks", f"{HOST}:{self.port}"]
        return [sys.executable, "-m", "django", "runserver", *options]


class Gevent(Gunicorn):
    """gunicorn, where greenlets wait for clients."""

    def __init__(self, folder: Path, database: dict[str, Any], **options: Any) -> None:
        super().__init__(folder, database, worker_class="gevent", **options)

    @property
    def command(self) -> list[str]:
        # Django must be imported by each worker, after gevent has made it fit.
        return [word for word in super().command if word != "--preload"]


class Uvicorn(Gunicorn):
    """The site over ASGI."""

    @property
    def command(self) -> list[str]:
        options = [f"--host={HOST}", f"--port={self.port}"]
        return [sys.executable, "-m", "uvicorn", "--factory", ASGI, *options]


class Daphne(Gunicorn):
    """The site over ASGI, in the server of Django's Channels."""

    @property
    def command(self) -> list[str]:
        options = [f"--bind={HOST}", f"--port={self.port}"]
        return [sys.executable, "-m", "daphne", *options, "tests.asgi:application"]


class Granian(Gunicorn):
    """A server written in Rust, over WSGI."""

    @property
    def command(self) -> list[str]:
        options = [f"--host={HOST}", f"--port={self.port}", "--workers=2"]
        kind = ["--interface=wsgi", "--blocking-threads=4", "--factory"]
        return [sys.executable, "-m", "granian", *options, *kind, WSGI]


class Uwsgi(Gunicorn):
    """uWSGI, speaking HTTP itself."""

    @property
    def command(self) -> list[str]:
        program = [
            sys.executable,
            "-c",
            "import sys, pyuwsgi; pyuwsgi.run(sys.argv[1:])",
        ]
        processes = ["--master", "--processes=2", "--threads=4", "--die-on-term"]
        site = ["--need-app", f"--module={WSGI}()"]
        return [*program, f"--http-socket={self.url[7:]}", *processes, *site]


class Waitress(Gunicorn):
    """A server for Windows, too."""

    @property
    def command(self) -> list[str]:
        site = ["--call", WSGI]
        return [sys.executable, "-m", "waitress", f"--listen={self.url[7:]}", *site]


# As the README calls them.
HOSTS: dict[str, type[Gunicorn]] = {
    "runserver": Runserver,
    "gunicorn": Gunicorn,
    "gevent": Gevent,
    "uWSGI": Uwsgi,
    "granian": Granian,
    "waitress": Waitress,
    "uvicorn": Uvicorn,
    "daphne": Daphne,
}
