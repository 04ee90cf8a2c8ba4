"""Where the command gets credentials from; no secret is ever told or shown."""

from __future__ import annotations

import argparse
import getpass
import netrc
import os
import subprocess
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from chunked_uploads.client.credentials import ApiKey, Basic, Credentials, Signature
from chunked_uploads.client.errors import UploadFailed

KINDS: dict[str, Callable[[str, str], Credentials]] = {
    "api-key": ApiKey,
    "signature": Signature,
    "basic": Basic,
}


@dataclass(frozen=True)
class HeadersCommand:
    """Credentials that a command prints: headers, a line each."""

    command: tuple[str, ...]  # its words

    def __call__(self) -> dict[str, str]:
        lines = filter(str.strip, _output_of(self.command).splitlines())
        pairs = [line.partition(":") for line in lines]
        return {name.strip(): value.strip() for name, _, value in pairs}


class NoSecret(UploadFailed):
    """A secret is needed, and nobody gives one."""

    code = "no_secret"


class NoName(UploadFailed):
    """A secret is given, and nobody says whose."""

    code = "no_name"


def find_credentials(options: argparse.Namespace) -> Credentials | None:
    """Return what the options, the environment, netrc or a prompt give.

    Raises `NoSecret` and `NoName`.
    """
    if options.headers_command:
        return HeadersCommand(options.headers_command)
    try:
        host = urlsplit(options.url).hostname or ""
    except ValueError:  # which the client says better
        return None
    user = options.user or os.environ.get("CHUNKED_UPLOAD_USER")
    secret = _given_secret(options)
    if not (user and secret):
        login, password = _netrc_of(host)
        user = user or login
        secret = secret or (password if user == login else "")
    if not user:
        if options.secret_file or options.secret_command:
            raise NoName("Whose secret that is has to be said: by --user NAME.")
        return None
    return KINDS[options.auth](user, secret or _prompt(f"Secret of {user} at {host}: "))


def _given_secret(options: argparse.Namespace) -> str:
    if options.secret_file:
        try:
            text = Path(options.secret_file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            message = f"{options.secret_file} can't be read: {error}."
            raise NoSecret(message) from None
        return _first_line(text, options.secret_file)
    if options.secret_command:
        command = options.secret_command
        return _first_line(_output_of(command), command[0])
    return os.environ.get("CHUNKED_UPLOAD_SECRET", "")


def _first_line(text: str, source: str) -> str:
    if not text.strip():
        raise NoSecret(f"{source} gives no secret.")
    return text.splitlines()[0].strip()


def _netrc_of(host: str) -> tuple[str, str]:
    try:
        path = Path(os.environ.get("NETRC") or "~/.netrc").expanduser()
        found = netrc.netrc(str(path)).authenticators(host)
    except (OSError, RuntimeError):  # no file, no home
        return "", ""
    except (netrc.NetrcParseError, UnicodeDecodeError) as error:
        line = getattr(error, "lineno", None)  # its text may have a secret in it
        where = f"line {line} of {path}" if line else path
        raise NoSecret(f"What {where} says is not understood.") from None
    return (found[0], found[2] or "") if found else ("", "")


def _output_of(command: tuple[str, ...]) -> str:
    try:
        run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        reason = getattr(error, "strerror", None) or "it failed"
        raise NoSecret(f"{command[0]} gives nothing: {reason}.") from None
    return run.stdout


def _prompt(question: str) -> str:
    with warnings.catch_warnings():
        # Without a terminal it would read, and show, what stands in standard input.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(question)
        except (getpass.GetPassWarning, EOFError):
            message = "A secret is needed: see --help for the ways to give one."
            raise NoSecret(message) from None
