"""Run the command: `python -m chunked_uploads.client`."""

import sys

from chunked_uploads.client.command import run

if __name__ == "__main__":
    sys.exit(run())
