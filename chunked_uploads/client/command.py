"""The command `chunked-upload`: what its line asks for, and how it ends."""

from __future__ import annotations

import argparse
import json
import logging
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, BinaryIO

from chunked_uploads.client.answers import State
from chunked_uploads.client.asking import NoSecret, find_credentials
from chunked_uploads.client.client import Client
from chunked_uploads.client.errors import (
    AlreadySending,
    FileUnreadable,
    NotAuthenticated,
    UploadFailed,
)
from chunked_uploads.client.options import STDIN
from chunked_uploads.client.progress import Display, make_display
from chunked_uploads.client.source import PathOrFile

# How it ends; wrong usage, which argparse finds, is 2.
DONE, REFUSED, TRY_LATER, NOT_LET_IN, NO_FILE, PAUSED = 0, 1, 3, 4, 5, 130
UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
COPIED = 2**20  # bytes of standard input at once


def act(options: argparse.Namespace) -> int:
    """Do what the options ask for; return the exit status."""
    display = make_display(sys.stderr, is_quiet=options.quiet)
    with _logged_to(display):
        try:
            with Client(
                options.url,
                find_credentials(options),
                parallel=options.parallel,
                digests=options.digests,
                timeout=options.timeout,
                patience=options.patience,
                ca_file=options.ca_file,
            ) as client:
                return _do_all(client, options, display)
        except NoSecret as error:
            display.say(str(error))
            return NOT_LET_IN
        except UploadFailed as failure:
            display.say(f"{failure} ({failure.code})")
            return _status_of(failure)
        except KeyboardInterrupt:
            return PAUSED


def _do_all(client: Client, options: argparse.Namespace, display: Display) -> int:
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
    if UUID.fullmatch(name):  # as `--list` tells it
        found = [state for state in client.unfinished() if state.uuid == name]
    else:
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


def _status_of(failure: UploadFailed) -> int:
    if isinstance(failure, NotAuthenticated):
        return NOT_LET_IN
    if isinstance(failure, FileUnreadable | AlreadySending):
        return NO_FILE
    return TRY_LATER if failure.is_curable else REFUSED


def _print_state(state: State, options: argparse.Namespace) -> None:
    if options.json:
        _print_json(
            name=state.name,
            uuid=state.uuid,
            received=state.received,
            total_size=state.total_size,
        )
    else:
        total = "?" if state.total_size is None else state.total_size
        print(f"{state.uuid}  {state.received}/{total}  {state.name}")


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
