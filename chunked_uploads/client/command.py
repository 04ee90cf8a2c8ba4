"""The command `chunked-upload`: what its line asks for, and how it ends."""

from __future__ import annotations

import argparse
import io
import json
import logging
import os
import re
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any, BinaryIO

from chunked_uploads.client.answers import State
from chunked_uploads.client.asking import NoName, NoSecret, find_credentials
from chunked_uploads.client.client import Client
from chunked_uploads.client.errors import (
    AlreadySending,
    FileUnreadable,
    NotAuthenticated,
    UploadFailed,
    WrongAddress,
)
from chunked_uploads.client.options import STDIN
from chunked_uploads.client.progress import Display, make_display
from chunked_uploads.client.source import PathOrFile

# How it ends.
DONE, REFUSED, WRONG_USAGE, TRY_LATER, NOT_LET_IN, NO_FILE = range(6)
PAUSED = 130
UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
COPIED = 2**20  # bytes of standard input at once


def act(options: argparse.Namespace) -> int:
    """Do what the options ask for; return the exit status."""
    # A stream that was closed before is None.
    display = make_display(sys.stderr or io.StringIO(), is_quiet=options.quiet)
    with _logged_to(display):
        try:
            with _make_client(options) as client:
                return _do_all(client, options, display)
        except UploadFailed as failure:
            display.say(f"{failure} ({failure.code})")
            _print_failure(failure, options.files, options)
            return _status_of(failure)
        except _NoOutput as error:
            display.say(f"Standard output can't be written: {error}.")
            return NO_FILE
        except KeyboardInterrupt:
            return PAUSED


def _make_client(options: argparse.Namespace) -> Client:
    try:
        return Client(
            options.url,
            find_credentials(options),
            parallel=options.parallel,
            digests=options.digests,
            timeout=options.timeout,
            patience=options.patience,
            ca_file=options.ca_file,
        )
    except WrongAddress as failure:
        raise _WrongUsage(str(failure)) from None


class _WrongUsage(WrongAddress):
    """That an address, or its proxy, is none was found before anything was asked."""


class _NoOutput(Exception):
    """Standard output takes nothing any more."""


def _do_all(client: Client, options: argparse.Namespace, display: Display) -> int:
    if options.list:
        for state in client.unfinished():
            _print_state(state, options)
    status = DONE
    do = _cancel if options.cancel else _upload
    for name in options.files:
        display.begin(options.name or name)
        try:
            do(client, name, options, display)
        except UploadFailed as failure:
            display.fail(f"{failure} ({failure.code})")
            if failure.is_curable and not options.cancel:
                display.say("What arrived is kept: run the same again to go on.")
            _print_failure(failure, [name], options)
            status = _status_of(failure)
    return status


def _upload(
    client: Client, name: str, options: argparse.Namespace, display: Display
) -> None:
    try:
        with _opened(name, display) as file:
            result = client.upload(
                file,
                filename=options.name,
                metadata=options.metadata,
                progress=display.show,
                resume=options.resume,
            )
    except KeyboardInterrupt:
        display.fail("Paused. What arrived is kept: run the same again to go on.")
        raise
    display.end()
    if options.json:
        _print_json(file=name, **vars(result))
    else:
        _print(result.url or result.uuid)


def _cancel(
    client: Client, name: str, options: argparse.Namespace, display: Display
) -> None:
    if UUID.fullmatch(name):  # as `--list` tells it
        found = [state for state in client.unfinished() if state.uuid == name]
    else:
        found = client.find(name, filename=options.name)
    if not found:
        display.mention(f"{name}: nothing of it is unfinished.")
    for state in found:
        client.cancel(state)
        _print_state(state, options)


@contextmanager
def _opened(name: str, display: Display) -> Iterator[PathOrFile]:
    """Enter with what is to be sent.

    What comes through a pipe is read to its end first, into a temporary file: each
    chunk says how many bytes there are in all.
    """
    if name != STDIN:
        yield name
        return
    if sys.stdin is None:
        raise FileUnreadable("Standard input is closed.")
    mode = os.fstat(sys.stdin.fileno()).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        sentence = "Standard input is read to its end first, into a temporary file."
        display.mention(sentence)
        with closing(_spool(sys.stdin.buffer)) as file:
            yield file
    else:
        yield sys.stdin.buffer


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
    if isinstance(failure, _WrongUsage | NoName):
        return WRONG_USAGE
    if isinstance(failure, NotAuthenticated | NoSecret):
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
        _print(f"{state.uuid}  {state.received}/{total}  {state.name}")


def _print_failure(
    failure: UploadFailed, files: Iterable[str], options: argparse.Namespace
) -> None:
    if options.json:
        for name in files:
            _print_json(file=name, error=failure.code, detail=str(failure))


def _print_json(**facts: Any) -> None:
    _print(json.dumps(facts))


def _print(line: str) -> None:
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        # Names are of any alphabet, terminals are not.
        print(line.encode(encoding, "backslashreplace").decode(encoding), flush=True)
    except OSError as error:
        # Python tries again at its end, and would tell of it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise _NoOutput(error.strerror) from None


@contextmanager
def _logged_to(display: Display) -> Iterator[None]:
    """Show what the client logs of its tries between what is shown of the files."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            display.mention(record.getMessage())

    logger = logging.getLogger("chunked_uploads.client")
    handler = Handler()
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
