"""Run the command: `python -m chunked_uploads.client`, or `chunked-upload`."""

import sys
from collections.abc import Sequence

from chunked_uploads.client.options import parse


def run(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks for; return the exit status."""
    options = parse(arguments)
    # What does the work takes longer to load than the help to show.
    from chunked_uploads.client.command import act

    return act(options)


if __name__ == "__main__":
    sys.exit(run())
