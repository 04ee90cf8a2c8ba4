"""Set up and run the benchmark: `python3 benchmarks [--quick] [CONTESTANT...]`."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks import environment  # noqa: E402

environment.enter()

from benchmarks import command  # noqa: E402

command.run(sys.argv[1:])
