"""The pages' servers: one nginx before gunicorn with Django, and Node."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page

from benchmarks.pages.npm import BUNDLES, SITE
from benchmarks.pages.uploaders import ALL, OURS, Uploader
from chunked_uploads.models import Upload
from demo.environment import CHECKOUT
from tests.servers import HOST, Gunicorn, Nginx, Server, free_port

PATHS = ["/uploads/", "/files", "/form/", "/pond/"]  # where bytes go
RETRY_AFTER = 10  # seconds, that a busy server tells
SMALL_LIMIT = 1024 * 1024  # bytes; what nginx takes where it is told nothing


class Node(Server):
    """What Uppy and FilePond upload to."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.uploads = folder / "uploads"
        self.uploads.mkdir()

    @property
    def command(self) -> list[str]:
        node = shutil.which("node")
        assert node
        return [node, str(SITE / "server.js"), str(self.address), str(self.uploads)]

    @property
    def address(self) -> str:
        return str(self.folder / "node.sock")


class Front(Nginx):
    """One nginx for all pages, each at a port of its own, alike but for the way in.

    Each page has a second port, whose bodies may not be larger than `SMALL_LIMIT`.
    """

    def __init__(self, folder: Path, gunicorn: Gunicorn, node: Node) -> None:
        Server.__init__(self, folder)
        self.ports = {uploader.name: free_port() for uploader in ALL}
        self.small_ports = {uploader.name: free_port() for uploader in ALL}
        self.port = self.ports[OURS.name]
        blocks = [self._upstream(gunicorn, node)]
        for uploader in ALL:
            name = uploader.name
            blocks.append(self._block(name, self.ports[name], 0))
            blocks.append(self._block(name, self.small_ports[name], SMALL_LIMIT))
        (folder / "site.conf").write_text("\n".join(blocks))
        (folder / "nginx.conf").write_text(self._main())

    def _upstream(self, gunicorn: Gunicorn, node: Node) -> str:
        return f"""
            gzip on;
            gzip_comp_level 6;
            gzip_proxied any;
            gzip_types text/css text/javascript application/json;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Connection "";
            log_format told escape=json '{{"end": $msec, "seconds": $request_time,'
                ' "method": "$request_method", "path": "$uri", "status": $status,'
                ' "bytes": $request_length, "range": "$http_content_range",'
                ' "offset": "$http_upload_offset"}}';
            upstream django {{ server unix:{gunicorn.address} fail_timeout=0; }}
            upstream node {{ server unix:{node.address} fail_timeout=0; }}
        """

    def _block(self, name: str, port: int, limit: int) -> str:
        ours = name == OURS.name
        statics = f"{CHECKOUT}/chunked_uploads/static" if ours else str(BUNDLES)
        # The tests' page sends one chunk at a time; this one what a site's does.
        page = (
            "rewrite ^/$ /?ranges_in_flight= break; proxy_pass http://django;"
            if ours
            else f"root {BUNDLES}; index {name}.html;"
        )
        uploads = "\n".join(
            f"""
            location {path} {{
                if (-f {self.busy_file(name)}) {{ return 503; }}
                client_max_body_size {limit};
                proxy_request_buffering off;
                proxy_pass http://{"django" if ours else "node"};
            }}
            """
            for path in PATHS
        )
        return f"""
            server {{
                listen {HOST}:{port};
                access_log {self.folder}/{name}.log told;
                error_page 503 @busy;
                location @busy {{
                    add_header Retry-After {RETRY_AFTER} always;
                    return 503;
                }}
                location /static/ {{ alias {statics}/; }}
                location / {{ {page} }}
                {uploads}
            }}
        """

    def busy_file(self, name: str) -> Path:
        """While it exists, the page's uploads are answered with 503."""
        return self.folder / f"{name}.busy"

    def requests(self, name: str, since: float) -> list[dict[str, Any]]:
        """Return the ended requests for uploads that began since then, in order.

        Those too that the browser repeats without telling its page.
        """
        log = (self.folder / f"{name}.log").read_text().splitlines()
        requests = [json.loads(line) for line in log]
        for each in requests:
            each["begin"] = each["end"] - each["seconds"]
        return sorted(
            (
                each
                for each in requests
                if each["begin"] >= since and each["path"].startswith(tuple(PATHS))
            ),
            key=lambda each: each["begin"],
        )

    def log_size(self, name: str) -> int:
        """Return how many bytes the log of the page's requests has."""
        return (self.folder / f"{name}.log").stat().st_size

    def count_since(self, name: str, size: int) -> int:
        """Return how many requests ended since the log had that many bytes."""
        with open(self.folder / f"{name}.log", "rb") as log:
            log.seek(size)
            return log.read().count(b"\n")

    def url_of(self, name: str) -> str:
        """Return the address of a page, without a slash at its end."""
        return f"http://{HOST}:{self.ports[name]}"


class Site:
    """All servers, and a visitor's session. `with` starts and stops them."""

    def __init__(self, folder: Path, database: dict[str, Any], session: str) -> None:
        self.session = session
        for name in ("gunicorn", "node", "nginx"):
            (folder / name).mkdir()
        # As the README advises.
        kept = {**database, "CONN_MAX_AGE": None}
        self.gunicorn = Gunicorn(folder / "gunicorn", kept, threads=8, unix=True)
        self.node = Node(folder / "node")
        self.front = Front(folder / "nginx", self.gunicorn, self.node)

    def __enter__(self) -> Site:
        try:
            for server in (self.gunicorn, self.node, self.front):
                server.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        for server in (self.front, self.node, self.gunicorn):
            server.stop()

    def clean(self) -> None:
        """Remove what was uploaded."""
        Upload.objects.all().delete()
        for folder in (self.node.uploads, self.gunicorn.media_root):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()

    @asynccontextmanager
    async def visit(
        self, browser: Browser, uploader: Uploader, script: str = "", **options: Any
    ) -> AsyncIterator[Page]:
        """Enter with an empty page of the visitor's, in which the script runs first.

        What she uploaded is removed in the end.
        """
        context = await browser.new_context(**options)
        try:
            await self.log_in(context, self.front.url_of(uploader.name))
            await context.add_init_script(script)
            yield await context.new_page()
        finally:
            await context.close()
            self.clean()

    async def open(self, page: Page, uploader: Uploader) -> None:
        """Load the page, and wait until the uploader is there."""
        await page.goto(self.front.url_of(uploader.name))
        await page.wait_for_selector(uploader.input, state="attached")
        await page.wait_for_timeout(1000)

    async def log_in(self, context: BrowserContext, url: str) -> None:
        """Let the context's pages at `url` be those of who is logged in."""
        await context.add_cookies(
            [{"name": "sessionid", "value": self.session, "url": url}]
        )
