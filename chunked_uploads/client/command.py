"""The command `chunked-upload`: what its line asks for, and how it ends."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

import chunked_uploads

if TYPE_CHECKING:
    from chunked_uploads.client.answers import State
    from chunked_uploads.client.client import Client
    from chunked_uploads.client.progress import Display
    from chunked_uploads.client.source import PathOrFile

DONE, REFUSED, USAGE, TRY_LATER, NOT_LET_IN, NO_FILE, PAUSED = 0, 1, 2, 3, 4, 5, 130
STDIN = "-"
COPIED = 2**20  # bytes of standard input at once
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
  4  the credentials were refused
  5  a file can't be read, was changed, or is being sent by another process
  130  paused by Ctrl-C: run the same again, it goes on
"""


def run(arguments: list[str] | None = None) -> int:
    """Do what the command line asks for; return the exit status."""
    options = _parse(arguments)
    # From here on it may take time, as loading what follows does.
    from chunked_uploads.client import asking
    from chunked_uploads.client.client import Client
    from chunked_uploads.client.errors import UploadFailed
    from chunked_uploads.client.progress import make_display

    display = make_display(sys.stderr, is_quiet=options.quiet)
    with _logged_to(display):
        try:
            with Client(
                options.url,
                asking.find_credentials(options),
                parallel=options.parallel,
                digests=options.digests,
                timeout=options.timeout,
                patience=options.patience,
                ca_file=options.ca_file,
            ) as client:
                return _act(client, options, display)
        except asking.NoSecret as error:
            display.say(str(error))
            return NOT_LET_IN
        except UploadFailed as failure:
            display.say(f"{failure} ({failure.code})")
            return _status_of(failure)
        except KeyboardInterrupt:
            return PAUSED


def _parse(arguments: list[str] | None) -> argparse.Namespace:
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
    add("--secret-command", metavar="COMMAND", help="which prints it, as of a keyring")
    add(
        "--headers-command",
        metavar="COMMAND",
        help="which prints headers, a line each, and is run again after a 401",
    )
    add("--name", help="of the file at the site, for one file")
    add("--metadata", metavar="NAME=VALUE", action="append", default=[])
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
    add("--cancel", action="store_true", help="instead: cancel these files' uploads")
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
    pairs = [each.partition("=") for each in options.metadata]
    if not all(equals for _, equals, _ in pairs):
        parser.error("--metadata is of the form NAME=VALUE")
    options.metadata = {name: value for name, _, value in pairs}
    return options


def _act(client: Client, options: argparse.Namespace, display: Display) -> int:
    if options.list:
        for state in client.unfinished():
            _print_state(state, options)
        return DONE
    status = DONE
    for name in options.files:
        do = _cancel if options.cancel else _upload
        status = do(client, name, options, display) or status
    return status


def _upload(
    client: Client, name: str, options: argparse.Namespace, display: Display
) -> int:
    from chunked_uploads.client.errors import UploadFailed

    display.begin(options.name or name)
    try:
        with _opened(name, display) as file:
            result = client.upload(
                file,
                filename=options.name,
                metadata=options.metadata,
                progress=display.show,
                resume=options.resume,
            )
    except UploadFailed as failure:
        display.fail(f"{failure} ({failure.code})")
        if failure.is_curable:
            display.say("What arrived is kept: run the same again to go on.")
        if options.json:
            _print_json(file=name, error=failure.code, detail=str(failure))
        return _status_of(failure)
    except KeyboardInterrupt:
        display.fail("Paused. What arrived is kept: run the same again to go on.")
        raise
    display.end()
    if options.json:
        _print_json(file=name, **vars(result))
    else:
        print(result.url or result.uuid, flush=True)
    return DONE


def _cancel(
    client: Client, name: str, options: argparse.Namespace, display: Display
) -> int:
    found = client.find(name, filename=options.name)
    if not found:
        display.say(f"{name}: nothing of it is unfinished.")
    for state in found:
        client.cancel(state)
        _print_state(state, options)
    return DONE


@contextmanager
def _opened(name: str, display: Display) -> Iterator[PathOrFile]:
    """Enter with what is to be sent.

    Standard input that has no size is read to its end first, into a temporary file:
    each chunk says how many bytes there are in all.
    """
    if name != STDIN:
        yield name
    elif sys.stdin.seekable():
        yield sys.stdin.buffer
    else:
        display.say("Standard input is read to its end first, into a temporary file.")
        with closing(_spool(sys.stdin.buffer)) as file:
            yield file


def _spool(source: BinaryIO) -> Any:
    from chunked_uploads.client.errors import FileUnreadable

    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by who gets it
    try:
        while block := source.read(COPIED):
            file.write(block)
        file.flush()
    except OSError as error:
        file.close()
        message = f"Standard input can't be kept: {error.strerror}."
        raise FileUnreadable(message) from None
    return file


def _status_of(failure: Exception) -> int:
    from chunked_uploads.client import errors

    if isinstance(failure, errors.NotAuthenticated):
        return NOT_LET_IN
    if isinstance(failure, errors.FileUnreadable | errors.AlreadySending):
        return NO_FILE
    return TRY_LATER if getattr(failure, "is_curable", False) else REFUSED


def _print_state(state: State, options: argparse.Namespace) -> None:
    if options.json:
        _print_json(
            name=state.name,
            uuid=state.uuid,
            received=state.received,
            total_size=state.total_size,
        )
    else:
        print(f"{state.uuid}  {state.received}/{state.total_size}  {state.name}")


def _print_json(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


@contextmanager
def _logged_to(display: Display) -> Iterator[None]:
    """Show the client's warnings between what is shown of the files."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            display.say(record.getMessage())

    logger = logging.getLogger("chunked_uploads.client")
    handler = Handler()
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
