"""nginx as docs/scaling.md shows it where uploads have a pool of their own."""

from __future__ import annotations

import re
from pathlib import Path

from tests.documents import blocks
from tests.servers import Gunicorn, Nginx

LOCATION = re.compile(
    r"^    location /uploads/ \{\n.*?^    \}\n", re.DOTALL | re.MULTILINE
)


class Pools(Nginx):
    """nginx that hands uploads on as they arrive, to another server than the site."""

    def __init__(self, folder: Path, site: Gunicorn, uploads: Gunicorn) -> None:
        self.uploads = uploads
        super().__init__(folder, site)

    def _site(self) -> str:
        upstream, location = blocks("nginx", "docs/scaling.md")
        shown = "/run/mysite/uploads.sock"
        assert upstream.count(shown) == 1
        upstream = upstream.replace(shown, str(self.uploads.address))
        site, found = LOCATION.subn(location, super()._site())
        assert found == 1
        return upstream + site
