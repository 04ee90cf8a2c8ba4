"""Set up and serve the demo site: `python3 demo [--port PORT]`."""

import argparse
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from demo import environment  # noqa: E402

parser = argparse.ArgumentParser(prog="python3 demo", description=__doc__)
parser.add_argument("--port", type=int, default=8000)
arguments = parser.parse_args()

environment.enter("demo")

from demo import start  # noqa: E402

start.serve(arguments.port)
