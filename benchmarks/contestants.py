"""Who is measured: a server, and the protocol that it speaks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import protocols, servers

Serve = Callable[[Path, int], servers.Measured]  # in a folder, with so many workers


class Contestant(NamedTuple):
    """A server to start, and how its uploads go."""

    serve: Serve
    protocol: protocols.Make
    is_other: bool = False  # a resumable-upload server that is not ours


def _ours(
    workers: int = 1, protocol: protocols.Make = protocols.Ours, **options: Any
) -> Contestant:
    def serve(folder: Path, least: int) -> servers.Measured:
        most, package = max(workers, least), "django-chunked-uploads"
        return servers.Django(folder, "ours", package=package, workers=most, **options)

    return Contestant(serve, protocol)


def _django(app: str, protocol: protocols.Make) -> Contestant:
    def serve(folder: Path, workers: int) -> servers.Measured:
        return servers.Django(folder, app, package=app, workers=workers)

    return Contestant(serve, protocol, is_other=True)


def _uvicorn(name: str) -> Contestant:
    def serve(folder: Path, workers: int) -> servers.Measured:
        return servers.Uvicorn(folder, name, workers=workers)

    return Contestant(serve, protocols.TusWithSlash, is_other=True)


def _bare_view(folder: Path, workers: int) -> servers.Measured:
    return servers.Django(folder, "view", workers=workers)


def _bare_sink(folder: Path, workers: int) -> servers.Measured:
    application = "benchmarks.sites.sink:application"
    return servers.Gunicorn(folder, application, workers=workers)


OURS, OURS_TUS = "ours", "ours, tus"
CONTESTANTS = {
    OURS: _ours(),
    OURS_TUS: _ours(protocol=protocols.TusWithSlash),
    "ours, plain": _ours(settings={"CHUNKED_UPLOADS_FAST_PATH": False}),
    "ours, SHA-256": _ours(settings={"CHUNKED_UPLOADS_DIGEST": "sha256"}),
    "ours, 2 workers": _ours(workers=2),
    "ours, PostgreSQL": _ours(postgresql=True),
    "django-chunked-upload": _django(
        "django-chunked-upload", protocols.DjangoChunkedUpload
    ),
    "drf-chunked-upload": _django("drf-chunked-upload", protocols.DrfChunkedUpload),
    "drf-tus": _django("drf-tus", protocols.TusWithSlash),
    "tussi": _uvicorn("tussi"),
    "tuspyserver": _uvicorn("tuspyserver"),
    "@tus/server": Contestant(servers.Node, protocols.Tus, is_other=True),
    "nginx PUT": Contestant(servers.Nginx, protocols.Put),
    "bare Django view": Contestant(_bare_view, protocols.Sink),
    "bare WSGI sink": Contestant(_bare_sink, protocols.Sink),
}
HOLE = Contestant(servers.Hole, protocols.Sink)
