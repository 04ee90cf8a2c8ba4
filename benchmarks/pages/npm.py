"""What is compared with, from npm, and bundled as its users do."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

SITE = Path(__file__).resolve().parent / "site"
MODULES = SITE / "node_modules"  # ignored by git, as all that is made here
BUNDLES = MODULES / ".bundles"
SHOWN = ["@uppy/core", "@uppy/dashboard", "@uppy/tus", "@uppy/xhr-upload"]
SHOWN += ["@uppy/golden-retriever", "filepond", "@tus/server", "esbuild"]


def install() -> None:
    """Install what package.json names, where it is not installed yet."""
    if not shutil.which("npm"):
        sys.exit("npm is missing: install Node.js 20 or newer, and run this again.")
    stamp = MODULES / ".installed"
    wanted = (SITE / "package.json").read_text()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print("Installing from npm ...", file=sys.stderr)
    options = ["--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
    subprocess.run(["npm", "install", *options], cwd=SITE, check=True)
    stamp.write_text(wanted)


def bundle(names: list[str]) -> None:
    """Make of each page's script and style one minified file each."""
    sources = [f"{name}.js" for name in names]
    options = ["--bundle", "--minify", "--format=iife", "--log-level=warning"]
    options += [f"--outdir={BUNDLES}", '--define:process.env.NODE_ENV="production"']
    esbuild = MODULES / ".bin" / "esbuild"
    subprocess.run([esbuild, *sources, *options], cwd=SITE, check=True)
    page = (SITE / "page.html").read_text()
    for name in names:
        (BUNDLES / f"{name}.html").write_text(page.replace("NAME", name))


def versions() -> dict[str, str]:
    """Return what is installed, by name."""
    return {
        name: json.loads((MODULES / name / "package.json").read_text())["version"]
        for name in SHOWN
    }
