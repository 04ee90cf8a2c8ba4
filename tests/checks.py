"""Everything but pytest: format, rules, types, migrations, system checks."""

from __future__ import annotations

import subprocess
import sys

from demo.environment import CHECKOUT

MANAGE = ["-W", "error", "manage.py"]
SETTINGS = "--settings=demo.settings"
CHECKS = {
    "format": ["-m", "ruff", "format", "--check", "."],
    "rules": ["-m", "ruff", "check", "."],
    "types": ["-m", "mypy"],
    "migrations": [*MANAGE, "makemigrations", "--check", "--dry-run", SETTINGS],
    "system checks": [*MANAGE, "check", "--fail-level=WARNING", SETTINGS],
}


def passes(name: str, arguments: list[str]) -> bool:
    """Run Python with the arguments in the checkout; return whether it was content."""
    print(f"== {name}", flush=True)
    return subprocess.call([sys.executable, *arguments], cwd=CHECKOUT) == 0


def run() -> dict[str, bool]:
    """Run all checks; return by name which passed."""
    return {name: passes(name, arguments) for name, arguments in CHECKS.items()}


if __name__ == "__main__":
    sys.exit(not all(run().values()))
