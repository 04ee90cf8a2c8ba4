"""Join the page's scripts into the one that it loads: `python -m tests.scripts`.

They are written as files of one purpose each, in `js/src`, and are sent as one file
without comments, since each file more is a round trip for a visitor far away.
"""

from __future__ import annotations

from pathlib import Path

import rjsmin

import chunked_uploads

FOLDER = Path(chunked_uploads.__file__).parent / "static" / "chunked_uploads" / "js"
JOINED = FOLDER / "jquery.chunked_uploads.js"
# Each uses those before it.
ORDER = [
    *("fingerprint", "digests", "formatting", "progress", "failures", "source"),
    *("server", "sizing", "sending", "finding", "cancelling", "retrying"),
    *("advancing", "reloading", "upload", "register", "naming", "queue"),
    *("types", "accepting", "gathering", "dropping", "picking", "handles"),
    *("describing", "choosing", "elsewhere", "icons", "pictures", "texts"),
    *("row", "folds", "sections", "list", "summary", "speaking", "above"),
    *("view", "withdrawing", "notices", "partial", "visitor", "uploader"),
    *("connecting", "guard", "field"),
]
BANNER = "/*! django-chunked-uploads, BSD-3-Clause. Made from js/src; don't edit. */\n"


def join() -> str:
    """Return the scripts as one."""
    sources = [FOLDER / "src" / f"{name}.js" for name in ORDER]
    texts = [source.read_text(encoding="utf-8") for source in sources]
    return BANNER + "\n".join(rjsmin.jsmin(text) for text in texts) + "\n"


if __name__ == "__main__":
    JOINED.write_text(join(), encoding="utf-8")
