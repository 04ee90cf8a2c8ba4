"""What the benchmark needs, made in a folder that git does not see.

Runs before anything is installed: the standard library only.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent
DATA = HERE / "data"
VENV = DATA / "venv"
MODULES = DATA / "node"
REQUIREMENTS = HERE / "requirements.txt"
NODE_PACKAGES = ["@tus/server", "@tus/file-store", "@tus/s3-store"]
STAMP = DATA / "installed"


def enter() -> None:
    """Go on in an environment in which all contestants are installed."""
    python = VENV / "bin" / "python"
    if not STAMP.exists() or STAMP.read_text() != _recipe():
        _install(python)
    if Path(sys.prefix).resolve() != VENV:
        sys.stdout.flush()
        os.execv(python, [str(python), *sys.argv])


def _recipe() -> str:
    files = [REQUIREMENTS, CHECKOUT / "setup.py", Path(__file__)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _install(python: Path) -> None:
    print(f"Setting up {DATA}: once, and when its recipe changes ...", flush=True)
    DATA.mkdir(exist_ok=True)
    if not python.exists():
        subprocess.check_call([sys.executable, "-m", "venv", str(VENV)])
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install"]
    subprocess.check_call(
        [*pip, "--quiet", "--requirement", str(REQUIREMENTS), "--editable", CHECKOUT]
    )
    if shutil.which("npm"):
        MODULES.mkdir(exist_ok=True)
        (MODULES / "package.json").write_text('{"private": true}')
        npm = ["npm", "install", "--silent", "--no-audit", "--no-fund"]
        subprocess.check_call([*npm, *NODE_PACKAGES], cwd=MODULES)
    STAMP.write_text(_recipe())
