"""The programs that the tests need beside Python's packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from demo.services import programs

# Names to look for, and the Debian package that brings the program.
PROGRAMS = {
    "Chromium": (
        ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
        "chromium",
    ),
    "Firefox": (["firefox-esr", "firefox"], "firefox-esr"),
    "nginx": (["nginx"], "nginx-light"),
    "curl": (["curl"], "curl"),
    "gettext": (["xgettext"], "gettext"),
    "Node.js": (["node", "nodejs"], "nodejs"),
    "npm": (["npm"], "npm"),  # which some packages of Node.js bring
    # Without the package `mariadb-server`, which starts a server for all.
    "MariaDB": (["mariadbd"], "mariadb-server-core"),
    "MariaDB's installer": (["mariadb-install-db"], "mariadb-server-core"),
    "MariaDB's tools": (["my_print_defaults"], "mariadb-client-core"),
}


def find(program: str) -> str | None:
    """Return the path of the program, or None."""
    names, _package = PROGRAMS[program]
    return programs.find(*names)


def require() -> None:
    """Install what is missing where that is possible; else exit with a sentence."""
    if _missing() and os.geteuid() == 0 and shutil.which("apt-get"):
        _install(_packages())
    if missing := _missing():
        packages = " ".join(_packages())
        sys.exit(
            f"The tests need {' and '.join(missing)}: please install them "
            f"(on Debian: sudo apt-get install {packages}) and run this again."
        )


def _missing() -> list[str]:
    return [program for program in PROGRAMS if not find(program)]


def _packages() -> list[str]:
    return [*dict.fromkeys(PROGRAMS[program][1] for program in _missing())]


def _install(packages: list[str]) -> None:
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], install):
        subprocess.run(command, env=environment, stdin=subprocess.DEVNULL)
