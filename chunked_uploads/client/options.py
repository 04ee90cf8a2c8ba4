"""The command line of `chunked-upload`: options, credentials, exit statuses."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Sequence

import chunked_uploads

STDIN = "-"
ABOUT = """\
Upload files, each from where an earlier attempt got to. The URL of each finished
file goes to standard output, all else to standard error."""
SECRETS = """\
credentials:
  The secret (an API key, its secret, or a password) is never taken from the command
  line, where others see it. It comes from the first of: --secret-file,
  --secret-command, the environment's CHUNKED_UPLOAD_SECRET, ~/.netrc, a prompt. The
  name comes from --user, CHUNKED_UPLOAD_USER or ~/.netrc; without any, no credentials
  are sent.

exit status:
  0  all is done
  1  the server refused a file
  2  wrong usage
  3  the network, the server or a quota: run the same again, it goes on
  4  the credentials were refused, or there are none
  5  a file can't be read, was changed, or is being sent by another process; or
     standard output can't be written
  130  paused by Ctrl-C: run the same again, it goes on
"""


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return what the command line asks for; exit with 2 where that is wrong."""
    parser = argparse.ArgumentParser(
        prog="chunked-upload",
        usage="%(prog)s [OPTIONS] FILE... UPLOAD_URL",
        description=ABOUT,
        epilog=SECRETS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("words", nargs="+", metavar="FILE... UPLOAD_URL", help="a FILE of - is stdin")
    add("--user", metavar="NAME", help="who uploads; with --auth signature the API key")
    add("--auth", choices=("api-key", "signature", "basic"), default="api-key")
    add("--secret-file", metavar="FILE", help="whose first line is the secret")
    add(
        "--secret-command",
        type=command,
        metavar="COMMAND",
        help="which prints it, as of a keyring",
    )
    add(
        "--headers-command",
        type=command,
        metavar="COMMAND",
        help="which prints headers, a line each, and is run again after a 401",
    )
    add("--name", help="of the file at the site, for one file")
    add("--metadata", type=text, metavar="NAME=VALUE", action="append", default=[])
    add("--parallel", type=int, default=3, metavar="N", help="chunks in flight (3)")
    add(
        "--digests",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="let the server check each chunk's SHA-256",
    )
    add(
        "--resume",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="go on with what was begun before",
    )
    add("--timeout", type=float, default=60, metavar="S", help="of silence (60)")
    add("--patience", type=float, default=600, metavar="S", help="till giving up (600)")
    add("--ca-file", metavar="FILE", help="authorities to trust (PEM)")
    add("--list", action="store_true", help="instead: tell what is unfinished")
    add(
        "--cancel",
        action="store_true",
        help="instead: cancel these, or UUIDs of the list",
    )
    add("--json", action="store_true", help="results as JSON, a line each")
    add("--quiet", action="store_true", help="tell of failures alone")
    add("--version", action="version", version=chunked_uploads.__version__)
    options = parser.parse_args(arguments)
    *options.files, options.url = options.words
    if bool(options.files) == options.list:
        parser.error("--list takes no files" if options.list else "FILE is missing")
    if STDIN in options.files and not options.name:
        parser.error("standard input needs a --name")
    if options.name and len(options.files) > 1:
        parser.error("--name is for one file")
    if options.parallel < 1:
        parser.error("--parallel is at least 1")
    if not (options.timeout > 0 and options.patience >= 0):
        parser.error("--timeout is more than 0 seconds, --patience no less than 0")
    pairs = [each.partition("=") for each in options.metadata]
    if not all(equals for _, equals, _ in pairs):
        parser.error("--metadata is of the form NAME=VALUE")
    options.metadata = {name: value for name, _, value in pairs}
    return options


def command(argument: str) -> tuple[str, ...]:
    """Return the words of a command, as a shell takes them. Raises `ValueError`."""
    words = tuple(shlex.split(argument))
    if not words:
        raise ValueError("no command")
    return words


def text(argument: str) -> str:
    """Return an argument as text; what is no UTF-8 here is none anywhere."""
    return os.fsencode(argument).decode("utf-8", "replace")
