"""Set up and run every check and test: `python3 tests [ARGUMENTS OF PYTEST]`."""

import os
import subprocess
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from demo import environment  # noqa: E402

environment.enter("test")

from tests import checks, programs  # noqa: E402

NOTHING_SELECTED = 5  # pytest's exit code
QUICK = "not browser and not once"
# All quick tests over each are tox's.
DATABASES = {
    "PostgreSQL": f"(rows or live) and {QUICK}",
    "MariaDB": f"rows and {QUICK}",
}

programs.require()
# One more than cores: browsers and servers are waited for a third of the time.
workers = [f"--numprocesses={(os.cpu_count() or 1) + 1}", "--dist=worksteal"]
pytest = [sys.executable, "-m", "pytest", *workers, *sys.argv[1:]]
results = checks.run()

for database, selected in DATABASES.items():
    name = f"tests, over {database}"
    print(f"== {name}", flush=True)
    command = [*pytest, f"--{database.lower()}", "-m", selected]
    code = subprocess.call(command, cwd=environment.CHECKOUT)
    results[name] = code in (0, NOTHING_SELECTED)

# pytest has the last word, and says there what else was found (tests/conftest.py).
print("== tests, over SQLite and in browsers", flush=True)
os.environ["CHUNKED_UPLOADS_RESULTS"] = "\n".join(
    f"{name}: {'passed' if passed else 'FAILED'}" for name, passed in results.items()
)
code = subprocess.call(pytest, cwd=environment.CHECKOUT)
sys.exit(code or not all(results.values()))
