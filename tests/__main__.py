"""Set up and run every check and test: `python3 tests [ARGUMENTS OF PYTEST]`."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from demo import environment  # noqa: E402

environment.enter("test-all")

from tests import everything, programs  # noqa: E402

programs.require()
sys.exit(everything.run(sys.argv[1:]))
