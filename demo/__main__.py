"""Set up and serve the demo site: `python3 demo [--port PORT] [--servers NUMBER]`."""

import argparse
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from demo import environment  # noqa: E402

parser = argparse.ArgumentParser(prog="python3 demo", description=__doc__)
parser.add_argument("--port", type=int, default=8000)
parser.add_argument(
    "--servers",
    type=int,
    metavar="NUMBER",
    help="serve it by several servers that share a database and a bucket, and no disk",
)
arguments = parser.parse_args()
if arguments.servers is not None and arguments.servers < 1:
    parser.error("--servers: at least one is needed")

environment.enter("demo-servers" if arguments.servers else "demo")

if arguments.servers:
    from demo import servers

    servers.serve(arguments.servers, arguments.port)
else:
    from demo import start

    start.serve(arguments.port)
