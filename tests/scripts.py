"""Make what pages load of the scripts' sources: `python -m tests.scripts`.

They are written as files of one purpose each, in `js/src`, and are sent as one file
without comments, since each file more is a round trip for a visitor far away. The same
sources make a module, which has jQuery and jQuery File Upload in it.
"""

from __future__ import annotations

from pathlib import Path

import rjsmin

import chunked_uploads

FOLDER = Path(chunked_uploads.__file__).parent / "static" / "chunked_uploads" / "js"
JOINED = FOLDER / "jquery.chunked_uploads.js"
MODULE = FOLDER / "chunked_uploads.mjs"
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
ORDER_OF_CLASSIC = [*ORDER, "classic"]
# What makes pictures of files, in a worker.
ORDER_OF_WORKER = ["peeking", "images", "mp4", "matroska", "films", "thumbnails"]
BANNER = "/*! django-chunked-uploads, BSD-3-Clause. Made from js/src; don't edit. */\n"


# The module's own: nothing of it is the page's, and a server may import it, too.
SCOPE = """\
function make() {
let ChunkedUploads = { jQuery: bring() };
%s
return ChunkedUploads;
}
"""
# As CommonJS would load them, where they set nothing of the page's.
VENDORED = """\
function bring() {
const module = { exports: {} }, require = () => module.exports;
let define, exports = module.exports;
%s
return module.exports;
}
"""
EXPORTED = ["Uploader", "mount", "observe", "typeOf", "unmount", "uploaders"]


def made() -> dict[Path, str]:
    """Return what the sources make, by the file that it belongs in."""
    return {
        JOINED: BANNER + join(ORDER_OF_CLASSIC),
        MODULE: BANNER + module(),
        WORKER: BANNER + "self.window = self;\n" + join(ORDER_OF_WORKER),
    }


def module() -> str:
    """Return all of it as an ES module."""
    names = ["jquery.min", "jquery.ui.widget", "jquery.fileupload"]
    files = [FOLDER / "vendor" / f"{name}.js" for name in names]
    texts = [file.read_text(encoding="utf-8") for file in files]
    vendored = "\n".join(rjsmin.jsmin(text, keep_bang_comments=True) for text in texts)
    own = join(ORDER).replace("window.ChunkedUploads", "ChunkedUploads")
    return (
        VENDORED % vendored
        + SCOPE % own
        + 'const made = typeof document === "undefined" ? {} : make();\n'
        + f"export const {{ {', '.join(EXPORTED)} }} = made;\n"
    )


def join(names: list[str]) -> str:
    """Return the sources of these names as one."""
    sources = [FOLDER / "src" / f"{name}.js" for name in names]
    texts = [source.read_text(encoding="utf-8") for source in sources]
    return "\n".join(rjsmin.jsmin(text) for text in texts) + "\n"


if __name__ == "__main__":
    for path, text in made().items():
        path.write_text(text, encoding="utf-8")
