"""nginx, out of the system, with sites as the docs show them."""

from __future__ import annotations

import os
import pwd
from abc import abstractmethod
from pathlib import Path

from demo.environment import CHECKOUT
from demo.services import programs
from demo.services.server import HOST, Server


def fill_in(path: Path, names: dict[str, str]) -> str:
    """Return the file's text with each shown name, which it has once, replaced."""
    text = path.read_text(encoding="utf-8")
    for shown, here in names.items():
        assert text.count(shown) == 1, shown
        text = text.replace(shown, here)
    return text


class Nginx(Server):
    """nginx that serves one site at a port of the loopback address."""

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(folder)
        self.port = port
        (folder / "site.conf").write_text(self._site())
        (folder / "nginx.conf").write_text(self._main())

    @abstractmethod
    def _site(self) -> str:
        """Return what stands within `http`."""

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
                    image/svg+xml svg;
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


class Balancer(Nginx):
    """nginx in front of several servers, as docs/balancer.conf has it."""

    SITE = CHECKOUT / "docs" / "balancer.conf"
    SHOWN = ["10.0.0.1:8000", "10.0.0.2:8000", "10.0.0.3:8000"]

    def __init__(self, folder: Path, port: int, static: Path, servers: list[str]):
        """Hand requests on to the `servers`, each given as HOST:PORT."""
        self.static = static
        self.servers = servers
        super().__init__(folder, port)

    def _site(self) -> str:
        site = fill_in(
            self.SITE,
            {
                _upstreams(self.SHOWN): _upstreams(self.servers),
                "listen 80;": f"listen {HOST}:{self.port};",
                "/srv/mysite/incoming": f"{self.folder}/incoming",
                "location /files/": "location /tus/",  # where the demo has tus
                "/srv/mysite/static/": f"{self.static}/",
            },
        )
        # So that a visitor sees in the network tab who answered, after whom.
        return f"add_header X-Servers $upstream_addr always;\n{site}"


def _upstreams(servers: list[str]) -> str:
    return "\n".join(f"    server {server} fail_timeout=5s;" for server in servers)
