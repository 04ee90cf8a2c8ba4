"""Make what pages load of the scripts' sources: `python -m tests.scripts`.

They are written as files of one purpose each, in `js/src`. A page loads them as one
file with jQuery and jQuery File Upload, all as short as terser makes them, since each
file more is a round trip for a visitor far away; forms load a second one. The same
sources make a script for pages that bring their own jQuery, and a module.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import rcssmin
import rjsmin

import chunked_uploads

STATIC = Path(chunked_uploads.__file__).parent / "static" / "chunked_uploads"
FOLDER = STATIC / "js"
JOINED = FOLDER / "jquery.chunked_uploads.js"
PAGE = FOLDER / "chunked_uploads.min.js"
FORMS = FOLDER / "chunked_uploads.forms.min.js"
MODULE = FOLDER / "chunked_uploads.mjs"
WORKER = FOLDER / "pictures.worker.js"
STYLE = STATIC / "css" / "chunked_uploads.min.css"
# Each uses those before it.
ORDER = [
    *("fingerprint", "digests", "formatting", "progress", "failures", "source"),
    *("server", "sizing", "sending", "finding", "cancelling", "retrying"),
    *("advancing", "reloading", "upload", "register", "naming", "queue"),
    *("types", "accepting", "gathering", "dropping", "picking", "handles"),
    *("describing", "choosing", "elsewhere", "icons", "pictures", "texts"),
    *("row", "folds", "sections", "arranging", "list", "summary"),
    *("speaking", "above"),
    *("view", "withdrawing", "notices", "partial", "visitor", "uploader"),
    "connecting",
]
ORDER_OF_FORMS = ["guard", "former", "field"]
ORDER_OF_CLASSIC = [*ORDER, *ORDER_OF_FORMS, "classic"]
# What makes pictures of files, in a worker.
ORDER_OF_WORKER = ["peeking", "images", "mp4", "matroska", "films", "thumbnails"]
# Of whom the vendored files are: not all of them say so in what is kept of them.
CREDITS = (
    "/*! Has in it jQuery 3.7.1 (OpenJS Foundation), jQuery UI's widget factory, and"
    " jQuery File Upload 10.32.0 (Sebastian Tschan), all MIT: see vendor/. */\n"
)
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
JQUERY = "jquery.min"
PLUGINS = ["jquery.ui.widget", "jquery.fileupload"]
EXPORTED = ["Uploader", "mount", "observe", "typeOf", "unmount", "uploaders"]


def module() -> str:
    """Return all of it as an ES module."""
    texts = [vendor(name) for name in (JQUERY, *PLUGINS)]
    vendored = "\n".join(rjsmin.jsmin(text, keep_bang_comments=True) for text in texts)
    own = join([*ORDER, *ORDER_OF_FORMS]).replace(
        "window.ChunkedUploads", "ChunkedUploads"
    )
    return (
        VENDORED % vendored
        + SCOPE % own
        + 'const made = typeof document === "undefined" ? {} : make();\n'
        + f"export const {{ {', '.join(EXPORTED)} }} = made;\n"
    )


def page() -> str:
    """Return what the partial loads."""
    plugins = minify("\n".join(vendor(name) for name in PLUGINS))
    return (
        CREDITS + vendor(JQUERY) + plugins + BANNER + minify(join([*ORDER, "classic"]))
    )


def vendor(name: str) -> str:
    """Return one of the files that come as their authors ship them."""
    return (FOLDER / "vendor" / f"{name}.js").read_text(encoding="utf-8")


def join(names: list[str]) -> str:
    """Return the sources of these names as one."""
    sources = [FOLDER / "src" / f"{name}.js" for name in names]
    texts = [source.read_text(encoding="utf-8") for source in sources]
    return "\n".join(rjsmin.jsmin(text) for text in texts) + "\n"


@cache
def minify(text: str) -> str:
    """Return the script with short names; what has to be read of its licence stays."""
    from tests.packages import install

    terser = install() / ".bin" / "terser"
    options = ["--compress", "passes=2", "--mangle", "--comments", "/^!/"]
    run = [str(terser), *options]
    done = subprocess.run(
        run, input=text, capture_output=True, check=True, encoding="utf-8"
    )
    return done.stdout


def style() -> str:
    """Return the style sheet without comments."""
    source = STYLE.with_name("chunked_uploads.css").read_text(encoding="utf-8")
    return str(rcssmin.cssmin(source)) + "\n"


# What the sources make, by the file that it belongs in.
MADE: dict[Path, Callable[[], str]] = {
    JOINED: lambda: BANNER + join(ORDER_OF_CLASSIC),
    PAGE: lambda: page(),
    FORMS: lambda: BANNER + minify(join(ORDER_OF_FORMS)),
    MODULE: lambda: BANNER + CREDITS + module(),
    WORKER: lambda: BANNER + "self.window = self;\n" + join(ORDER_OF_WORKER),
    STYLE: style,
}


if __name__ == "__main__":
    for path, make in MADE.items():
        path.write_text(make(), encoding="utf-8")
