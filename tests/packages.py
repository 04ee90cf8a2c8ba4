"""npm's packages for pages that bring the uploader by themselves."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

from tests.scripts import FOLDER, MODULE

APPS = Path(__file__).resolve().parent / "page" / "apps"
# Where the Python packages are, too: nothing of it gets into a distribution.
CACHE = Path(sys.prefix) / "npm"
TYPES = [FOLDER / "chunked_uploads.d.ts", FOLDER / "chunked_uploads.d.mts"]


def install() -> Path:
    """Return the `node_modules` of package.json, installed where that is needed."""
    CACHE.mkdir(exist_ok=True)
    wanted = (APPS / "package.json").read_text(encoding="utf-8")
    stamp = CACHE / "installed.json"
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests of several processes want them
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
            shutil.copy(APPS / "package.json", CACHE)
            options = [
                "--no-audit",
                "--no-fund",
                "--no-package-lock",
                "--prefer-offline",
            ]
            run = ["npm", "install", *options, "--loglevel=error"]
            subprocess.run(run, cwd=CACHE, check=True, stdin=subprocess.DEVNULL)
            stamp.write_text(wanted, encoding="utf-8")
    return CACHE / "node_modules"


def lay_out(folder: Path) -> Path:
    """Put apps, packages, the module and its types into a folder; return the apps'."""
    apps = folder / "apps"
    shutil.copytree(APPS, apps)
    (folder / "node_modules").symlink_to(install())
    (apps / "chunked_uploads").mkdir()
    for file in [MODULE, *TYPES]:
        shutil.copy(file, apps / "chunked_uploads")
    return apps


def bundle(apps: Path, source: str) -> str:
    """Return what esbuild makes of an app's script and all that it imports."""
    esbuild = apps.parent / "node_modules" / ".bin" / "esbuild"
    options = ["--bundle", "--minify", "--format=esm", "--log-level=warning"]
    options += ['--define:process.env.NODE_ENV="production"']
    options += ["--alias:chunked_uploads=./chunked_uploads/chunked_uploads.mjs"]
    run = [str(esbuild), source, *options]
    result = subprocess.run(run, cwd=apps, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def type_errors(apps: Path) -> str:
    """Return what TypeScript finds wrong with the apps, or nothing."""
    tsc = apps.parent / "node_modules" / ".bin" / "tsc"
    result = subprocess.run([tsc], cwd=apps, capture_output=True, text=True)
    return result.stdout + result.stderr
