"""What this machine remembers of an upload that is not done: a file for each.

It has the upload's own URLs, which open it, so only its owner may read it. While a
process sends the file, it holds a lock there: two jobs that a clock has started one
after the other don't send the same file at once. Where nothing can be kept, as in a
container that may not write, the server is asked for all of it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import logging
import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chunked_uploads.client.errors import AlreadySending

KEPT = 30 * 24 * 3600  # seconds; sites give up what is unfinished sooner
SUFFIX = ".upload"
OURS = re.compile(f"[0-9a-f]{{64}}{re.escape(SUFFIX)}")

logger = logging.getLogger("chunked_uploads.client")


def default_folder() -> Path | None:
    """Return where programs of this user keep their state (XDG base directories).

    None where the user has no home, as in some containers.
    """
    home = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    with contextlib.suppress(RuntimeError):
        return Path(home).expanduser() / "chunked-upload"
    return None


class Memory:
    """What is remembered of one upload; in a `with` statement the file is locked.

    `what` tells it from all others: address, user, name and content. With `folder` None
    nothing is kept. Raises `AlreadySending`.
    """

    def __init__(self, folder: Path | None, *what: str) -> None:
        self._folder = folder
        self._name = (
            hashlib.sha256(
                "\n".join(what).encode("utf-8", "surrogateescape")
            ).hexdigest()
            + SUFFIX
        )
        self._file: int | None = None

    def __enter__(self) -> Memory:
        if self._folder is None:
            return self
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sweep(self._folder)
            while self._file is None:
                self._file = _lock(self._folder / self._name)
        except BlockingIOError:
            message = "Another process is sending this file to this site."
            raise AlreadySending(message) from None
        except OSError as error:  # also where the file system has no locks
            logger.info("Nothing is remembered: %s", error)
        return self

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            if not os.fstat(self._file).st_size:
                self._remove()
            os.close(self._file)

    def recall(self) -> dict[str, Any]:
        """Return what was kept, empty where nothing was."""
        if self._file is None:
            return {}
        with contextlib.suppress(OSError, ValueError):  # cut short
            kept = json.loads(os.pread(self._file, os.fstat(self._file).st_size, 0))
            return kept if isinstance(kept, dict) else {}
        return {}

    def keep(self, facts: Mapping[str, Any]) -> None:
        """Keep the facts until `forget`."""
        if self._file is None:
            return
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, json.dumps(dict(facts)).encode(), 0)

    def forget(self) -> None:
        """Keep nothing any more."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, 0)

    def _remove(self) -> None:
        assert self._folder
        with contextlib.suppress(OSError):
            (self._folder / self._name).unlink()


def _lock(path: Path) -> int | None:
    """Return the file, open and locked; None where who had the lock has removed it."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    file = os.open(path, flags, 0o600)
    try:
        if os.fstat(file).st_uid != os.geteuid():
            raise PermissionError(f"{path} is another user's")
        os.fchmod(file, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(file).st_nlink:
            return file
    except BaseException:
        os.close(file)
        raise
    os.close(file)
    return None


def _sweep(folder: Path) -> None:
    """Remove what no site knows any more, of ours alone."""
    for path in filter(lambda path: OURS.fullmatch(path.name), folder.iterdir()):
        with contextlib.suppress(OSError):
            if time.time() - path.lstat().st_mtime > KEPT:
                path.unlink()
