"""One file on its way, to its end: ask where to go on, send what is missing, done.

Whatever fails, the next round begins with the question, so that nothing is sent that
the server holds already.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chunked_uploads.client.answers import Answer, State
from chunked_uploads.client.errors import (
    ContentConflict,
    FileChanged,
    NotAuthenticated,
    OutOfStep,
    TooLargeForProxy,
    Unreachable,
    UploadFailed,
    UploadGone,
)
from chunked_uploads.client.remembering import Memory
from chunked_uploads.client.retrying import Retrying
from chunked_uploads.client.sending import Sending
from chunked_uploads.client.server import Server
from chunked_uploads.client.sizing import FIRST, Sizing
from chunked_uploads.client.source import Source

WAIT = 5  # seconds that the server waits for others who write
MOST_WAITS = 4  # in which nothing came of them
SMALL = 2**20  # bytes; what most proxies let through, so it goes at once
ALGORITHMS = ("sha256", "md5")

logger = logging.getLogger("chunked_uploads.client")


@dataclass(frozen=True)
class Result:
    """A finished upload.

    `url` is where the site serves the file, empty where it does not; `size` is in
    bytes; `digest` is the server's, as "sha256:HEX" or "md5:HEX", empty where the site
    computes none.
    """

    url: str
    uuid: str
    size: int
    digest: str


@dataclass(frozen=True)
class Options:
    """How a file is sent; `patience` is in seconds."""

    parallel: int
    digests: bool
    patience: float
    metadata: Mapping[str, str]
    progress: Callable[[int, int], object]


class Uploading:
    """The upload of one file under one fingerprint."""

    def __init__(
        self,
        server: Server,
        source: Source,
        fingerprint: str,
        memory: Memory,
        options: Options,
    ) -> None:
        self._server = server
        self._source = source
        self._fingerprint = fingerprint
        self._memory = memory
        self._options = options
        self._parallel = options.parallel
        self._sizing = Sizing(SMALL if source.size <= SMALL else FIRST)
        self._retrying = Retrying(options.patience)
        self._state: State | None = None
        self._is_sure = False  # that the state is what the server holds
        self._may_be_known = False  # by the server, though its state is not known here
        self._is_begun = False  # or was found
        self._is_sent = False  # as the file is; what it becomes then does not matter
        self._kept: Mapping[str, Any] = {}  # of this upload
        self._outdated = ""  # where to cancel what the file was before

    def resume(self, kept: Mapping[str, Any]) -> None:
        """Go on with what was begun: by the URLs that are `kept`, else by its name.

        Where the file was written to since, begin another one: the samples of its
        fingerprint may be the same all the same.
        """
        if kept and kept.get("stamp") != self._source.stamp:
            self._outdated = kept.get("delete_url", "")
            self._fingerprint = secrets.token_hex(32)
            return
        self._may_be_known = True
        self._kept = kept
        self._fingerprint = kept.get("fingerprint", self._fingerprint)

    def run(self) -> Result:
        """Return when the file is done. Raises an `UploadFailed`."""
        try:
            while not (result := self._try()):
                self._is_sure = False
            return result
        except FileChanged:
            self._cancel()
            raise

    def _try(self) -> Result | None:
        """Return what became of it, None where it shall be tried again."""
        try:
            return self._advance()
        except TooLargeForProxy as refusal:
            if not self._sizing.note_refusal(refusal.size):
                raise
        except ContentConflict:
            self._source.check_unchanged()  # which says more
            raise
        except UploadFailed as failure:
            if failure.code == "range_busy":
                self._parallel = 1  # some servers let one request write at a time
            self._retrying.recover(failure)
            self._check_unchanged()
        return None

    def _check_unchanged(self) -> None:
        if not self._is_sent:
            self._source.check_unchanged()

    def _cancel(self) -> None:
        """Leave no mixture behind, with which the next upload would go on.

        Where the server can't be asked, the stamp that is kept tells.
        """
        if self._kept:
            with contextlib.suppress(UploadFailed):
                self._server.remove_unfinished(self._kept["delete_url"])
                self._memory.forget()

    def _cancel_outdated(self) -> None:
        try:
            self._server.remove_unfinished(self._outdated)
        except UploadFailed as failure:
            if failure.is_curable:
                raise
        self._outdated = ""

    def _advance(self) -> Result:
        if self._outdated:
            self._cancel_outdated()
        if self._may_be_known and not self._is_sure:
            finished = self._ask_where_to_go_on()
            if finished:
                return self._result_in(finished)
        if self._state is None:
            self._begin()
        assert self._state
        self._report(self._state.received)
        if not self._state.is_whole:
            Sending(
                self._server,
                self._source,
                self._state,
                self._sizing,
                parallel=self._parallel,
                digests=self._options.digests,
                learn=self._learn,
                report=self._report,
            ).run()
        self._check_unchanged()
        self._is_sent = True
        return self._result_in(self._server.finish(self._state.done_url))

    def _begin(self) -> None:
        stop = min(self._source.size, self._sizing.largest)
        self._may_be_known = True  # from here on, whatever becomes of the answer
        begun = time.monotonic()
        try:
            state = self._server.begin(
                self._source,
                stop,
                self._fingerprint,
                self._options.metadata,
                digest=self._options.digests,
                note=lambda size: None,
            )
        except Unreachable:
            self._sizing.note_cut()
            raise
        self._learn(state)
        self._sizing.note_success(stop, time.monotonic() - begun)

    def _ask_where_to_go_on(self) -> Answer | None:
        """Learn what the server holds; return the answer of `done` where it is done."""
        self._state = None
        if self._kept:
            finished = self._ask_by(self._kept["url"], self._kept["done_url"])
            if finished or self._state:
                return finished
            self._kept = {}
            self._memory.forget()
        found = self._server.matching(self._source, self._fingerprint)
        if found:
            best = max(found, key=lambda state: state.received)
            return self._ask_by(best.url, best.done_url)
        return None

    def _ask_by(self, url: str, done_url: str) -> Answer | None:
        """Do so by an upload's own URLs; learn nothing where it is gone."""
        try:
            self._learn(self._ask_at_rest(url))
        except (UploadGone, NotAuthenticated):
            # Its token opens a finished upload for `done` alone.
            with contextlib.suppress(UploadGone, NotAuthenticated, OutOfStep):
                return self._server.finish(done_url)
            if self._is_begun:
                raise
        return None

    def _ask_at_rest(self, url: str) -> State:
        """Return the state when nobody adds to the upload any more.

        A request that broke off, or that a killed process had sent, may still bring
        bytes, and none of them shall be sent again.
        """
        received, waits = -1, 0
        while True:
            asked = time.monotonic()
            state = self._server.state(url, WAIT)
            is_at_rest = time.monotonic() - asked < WAIT
            waits = 1 if state.received > received else waits + 1
            if is_at_rest or waits > MOST_WAITS:
                return state
            if received < 0:
                logger.warning("Somebody sends this upload: waiting for them.")
            received = state.received
            self._report(received)

    def _learn(self, state: State) -> None:
        self._state, self._is_sure, self._is_begun = state, True, True
        self._retrying.note(state.received)
        if state.url != self._kept.get("url"):
            self._kept = {
                "url": state.url,
                "done_url": state.done_url,
                "delete_url": state.delete_url,
                "fingerprint": self._fingerprint,
                "stamp": self._source.stamp,
            }
            self._memory.keep(self._kept)

    def _report(self, sent: int) -> None:
        self._options.progress(sent, self._source.size)

    def _result_in(self, finished: Answer) -> Result:
        item = finished.item
        if item.get("state") != "COMPLETE":
            raise Unreachable("What answers to `done` is not this app.")
        self._report(self._source.size)  # also where it was found finished
        digests = [f"{name}:{item[name]}" for name in ALGORITHMS if item.get(name)]
        self._memory.forget()
        return Result(
            url=str(item.get("url", "")),
            uuid=str(item.get("upload_uuid", "")),
            size=self._source.size,
            digest="".join(digests),
        )
