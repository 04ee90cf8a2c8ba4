"""Everything but pytest: format, rules, types, migrations, system checks."""

from __future__ import annotations

import subprocess
import sys

from demo.environment import CHECKOUT

MANAGE = [sys.executable, "-W", "error", "manage.py"]
SETTINGS = "--settings=demo.settings"
CHECKS = {
    "format": [sys.executable, "-m", "ruff", "format", "--check", "."],
    "rules": [sys.executable, "-m", "ruff", "check", "."],
    "types": [sys.executable, "-m", "mypy"],
    "migrations": [*MANAGE, "makemigrations", "--check", "--dry-run", SETTINGS],
    "system checks": [*MANAGE, "check", "--fail-level=WARNING", SETTINGS],
}


def passes(name: str) -> bool:
    """Run a check in the checkout; return whether it was content."""
    print(f"== {name}", flush=True)
    return subprocess.call(CHECKS[name], cwd=CHECKOUT) == 0


if __name__ == "__main__":
    passed = [passes(name) for name in CHECKS]  # all of them, whatever fails
    sys.exit(not all(passed))
