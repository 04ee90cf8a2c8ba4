"""One file on its way, to its end: ask where to go on, send what is missing, done.

Whatever fails, the next round begins with the question, so that nothing is sent that
the server holds already.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chunked_uploads.client.answers import Answer, State
from chunked_uploads.client.errors import (
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
        self._url = self._done_url = ""  # the upload's own

    def resume(self, kept: Mapping[str, str]) -> None:
        """Go on with what was begun: by the URLs that are `kept`, else by its name."""
        self._may_be_known = True
        self._url = kept.get("url", "")
        self._done_url = kept.get("done_url", "")

    def run(self) -> Result:
        """Return when the file is done. Raises an `UploadFailed`."""
        while True:
            try:
                return self._advance()
            except TooLargeForProxy as refusal:
                if not self._sizing.note_refusal(refusal.size):
                    raise
            except UploadFailed as failure:
                self._source.check_unchanged()
                if failure.code == "range_busy":
                    self._parallel = 1  # some servers let one request write at a time
                self._retrying.recover(failure)
            self._is_sure = False

    def _advance(self) -> Result:
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
        self._source.check_unchanged()
        return self._result_in(self._server.finish(self._done_url))

    def _begin(self) -> None:
        stop = min(self._source.size, self._sizing.largest)
        self._may_be_known = True  # from here on, whatever becomes of the answer
        begun = time.monotonic()
        self._learn(
            self._server.begin(
                self._source,
                stop,
                self._fingerprint,
                self._options.metadata,
                digest=self._options.digests,
                note=lambda size: None,
            )
        )
        self._sizing.note_success(stop, time.monotonic() - begun)

    def _ask_where_to_go_on(self) -> Answer | None:
        """Learn what the server holds; return the answer of `done` where it is done."""
        self._state = None
        if self._url:
            try:
                self._learn(self._ask_at_rest(self._url))
                return None
            except (UploadGone, NotAuthenticated):
                # Its token opens a finished upload for `done` alone.
                if finished := self._ask_whether_done():
                    return finished
                if self._is_begun:
                    raise
            self._url = self._done_url = ""
            self._memory.forget()
        found = self._server.matching(self._source, self._fingerprint)
        if found:
            best = max(found, key=lambda state: state.received)
            self._learn(self._ask_at_rest(best.url))
        return None

    def _ask_whether_done(self) -> Answer | None:
        try:
            return self._server.finish(self._done_url)
        except (UploadGone, NotAuthenticated, OutOfStep):
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
            received = state.received
            if is_at_rest or waits > MOST_WAITS:
                return state

    def _learn(self, state: State) -> None:
        is_new = state.url != self._url
        self._state, self._is_sure, self._is_begun = state, True, True
        self._url, self._done_url = state.url, state.done_url
        self._retrying.note(state.received)
        if is_new:
            self._memory.keep(
                {
                    "url": state.url,
                    "done_url": state.done_url,
                    "fingerprint": self._fingerprint,
                }
            )

    def _report(self, sent: int) -> None:
        self._options.progress(sent, self._source.size)

    def _result_in(self, finished: Answer) -> Result:
        item = finished.item
        if item.get("state") != "COMPLETE":
            raise Unreachable("What answers to `done` is not this app.")
        digests = [f"{name}:{item[name]}" for name in ALGORITHMS if item.get(name)]
        self._memory.forget()
        return Result(
            url=str(item.get("url", "")),
            uuid=str(item.get("upload_uuid", "")),
            size=self._source.size,
            digest="".join(digests),
        )
