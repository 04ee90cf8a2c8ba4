"""Join the page's scripts into those that it loads: `python -m tests.scripts`.

They are written as files of one purpose each, in `js/src`, and are sent as one file
without comments, since each file more is a round trip for a visitor far away.
"""

from __future__ import annotations

from pathlib import Path

import rjsmin

import chunked_uploads

FOLDER = Path(chunked_uploads.__file__).parent / "static" / "chunked_uploads" / "js"
JOINED = FOLDER / "jquery.chunked_uploads.js"
WORKER = FOLDER / "pictures.worker.js"
# Each uses those before it.
ORDER = [
    *("fingerprint", "digests", "formatting", "progress", "failures", "source"),
    *("server", "sizing", "sending", "finding", "cancelling", "retrying"),
    *("advancing", "reloading", "upload", "register", "naming", "queue"),
    *("types", "accepting", "gathering", "dropping", "picking", "handles"),
    *("describing", "choosing", "elsewhere", "icons", "pictures", "texts"),
    *("row", "folds", "sections", "list", "summary", "speaking", "above"),
    *("view", "withdrawing", "notices", "partial", "visitor", "uploader"),
    *("connecting", "guard", "former", "field"),
]
# What makes pictures of files, in a worker.
ORDER_OF_WORKER = ["peeking", "images", "mp4", "matroska", "films", "thumbnails"]
BANNER = "/*! django-chunked-uploads, BSD-3-Clause. Made from js/src; don't edit. */\n"


def made() -> dict[Path, str]:
    """Return what the sources make, by the file that it belongs in."""
    return {
        JOINED: BANNER + join(ORDER),
        WORKER: BANNER + "self.window = self;\n" + join(ORDER_OF_WORKER),
    }


def join(names: list[str]) -> str:
    """Return the sources of these names as one."""
    sources = [FOLDER / "src" / f"{name}.js" for name in names]
    texts = [source.read_text(encoding="utf-8") for source in sources]
    return "\n".join(rjsmin.jsmin(text) for text in texts) + "\n"


if __name__ == "__main__":
    for path, text in made().items():
        path.write_text(text, encoding="utf-8")
