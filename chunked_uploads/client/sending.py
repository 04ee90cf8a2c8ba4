"""The missing bytes of one upload on their way: cut into chunks, several in flight."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from chunked_uploads.client.answers import State
from chunked_uploads.client.errors import OutOfStep, Unreachable
from chunked_uploads.client.server import Note, Server
from chunked_uploads.client.sizing import Sizing
from chunked_uploads.client.source import Source

TICK = 0.2  # seconds between two looks at how many bytes have left


@dataclass(eq=False)
class Chunk:
    """A range on its way, in a thread of its own, and what became of it."""

    start: int
    stop: int
    sent: int = 0  # bytes
    seconds: float = 0.0
    outcome: State | BaseException | None = None  # None while it is on its way
    thread: threading.Thread | None = None
    is_given_up: bool = False

    def note(self, size: int) -> None:
        """Take note that as many bytes more have left."""
        if self.is_given_up:
            raise Unreachable("The upload was stopped.")
        self.sent = min(self.sent + size, self.stop - self.start)  # some leave twice


class Sending:
    """Sends what the server lacks of an upload, `parallel` chunks at once.

    `learn` is called with each answer that says more than the last one, `report` with
    the bytes that are held or on their way; both from the thread that calls `run`.
    Memory holds one block of each chunk in flight (`source.BLOCK`) where there is TLS
    or a digest, and nothing else of the file.
    """

    def __init__(
        self,
        server: Server,
        source: Source,
        state: State,
        sizing: Sizing,
        *,
        parallel: int,
        digests: bool,
        learn: Callable[[State], object],
        report: Callable[[int], object],
    ) -> None:
        self._server = server
        self._source = source
        self._state = state
        self._sizing = sizing
        self._parallel = parallel
        self._digests = digests
        self._learn = learn
        self._report = report
        self._in_flight: set[Chunk] = set()
        self._news = threading.Event()  # one of them has an outcome
        self._told = 0.0  # when `report` was called
        self._arrived = state.received  # bytes, by the answers
        self._go_on()

    def run(self) -> None:
        """Return when the server holds all bytes. Raises the first failure."""
        try:
            while self._has_more() or self._in_flight:
                while self._has_more() and len(self._in_flight) < self._most:
                    self._start()
                self._await_news()
        except BaseException:
            self._give_up()
            raise

    def _go_on(self) -> None:
        """Go on where the server said, up to the next bytes that it holds, if any."""
        state = self._state
        self._cursor = state.size
        self._bound = state.size + state.gap if state.gap else self._source.size

    def _has_more(self) -> bool:
        return self._cursor < self._bound

    @property
    def _is_serial(self) -> bool:
        """Whether one chunk after another is fastest.

        Ranges that come in order cost the server least; where the line is no hindrance
        and nothing is hashed meanwhile, others in flight only take time.
        """
        return self._sizing.is_fast and not self._digests

    @property
    def _most(self) -> int:
        """How many chunks may be in flight."""
        return 1 if self._is_serial else self._parallel

    def _start(self) -> None:
        # Up to a multiple of what the server suggests: to some stores others cost more.
        step = max(1, self._state.chunk_size)
        edge = (self._cursor // step + 1) * step
        stop = min(self._cursor + self._sizing.largest, edge, self._bound)
        chunk = Chunk(self._cursor, stop)
        self._cursor = stop
        self._in_flight.add(chunk)
        if self._is_serial:
            self._send_here(chunk)
        else:
            send = threading.Thread(
                target=self._send, args=[chunk, chunk.note], daemon=True
            )
            chunk.thread = send
            send.start()

    def _send_here(self, chunk: Chunk) -> None:
        """Send in the caller's thread, and report meanwhile."""
        raised: list[BaseException] = []

        def note(size: int) -> None:
            chunk.note(size)
            if time.monotonic() - self._told < TICK:
                return
            try:
                self._tell()
            except BaseException as error:  # noqa: BLE001 - raised where all has ended
                raised.append(error)
                raise Unreachable("The upload was stopped.") from None

        self._send(chunk, note)
        if raised:
            raise raised[0]

    def _send(self, chunk: Chunk, note: Note) -> None:
        """Run in a thread of the chunk's own, where others are in flight."""
        begun = time.monotonic()
        outcome: State | BaseException
        try:
            chunk.note(0)  # or it was given up before it began
            outcome = self._server.go_on(
                self._state.url,
                self._source,
                (chunk.start, chunk.stop),
                digest=self._digests,
                note=note,
            )
        except BaseException as error:  # noqa: BLE001 - raised where `run` was called
            outcome = error
        chunk.seconds = time.monotonic() - begun
        chunk.outcome = outcome
        self._news.set()

    def _await_news(self) -> None:
        self._news.wait(TICK)
        self._news.clear()
        for chunk in list(self._in_flight):
            outcome = chunk.outcome
            if outcome is None:
                continue
            self._in_flight.discard(chunk)
            if isinstance(outcome, State):
                self._take(chunk, outcome)
            else:
                self._fail(outcome)
        self._tell()

    def _take(self, chunk: Chunk, state: State) -> None:
        self._source.check_unchanged()
        size, in_flight = chunk.stop - chunk.start, len(self._in_flight) + 1
        self._sizing.note_success(size, chunk.seconds, in_flight)
        self._arrived += size
        # Answers may come in another order than they were given.
        if state.received >= self._state.received:
            self._state = state
            self._learn(state)
        if self._in_flight:
            return
        self._arrived = self._state.received
        if self._state.size < self._cursor:
            raise OutOfStep("The server lacks bytes that it had.")
        self._go_on()  # beyond the gap, or where somebody else was

    def _fail(self, failure: BaseException) -> None:
        """Let the others arrive, and raise the failure."""
        if isinstance(failure, Unreachable):
            self._sizing.note_cut()
        self._await_all()
        raise failure

    def _give_up(self) -> None:
        """End what is in flight; it may not read the file when that is closed."""
        for chunk in self._in_flight:
            chunk.is_given_up = True
        self._server.abort({chunk.thread for chunk in self._in_flight})
        self._await_all()

    def _await_all(self) -> None:
        for chunk in self._in_flight:
            if chunk.thread and chunk.thread.ident:  # or it could not be started
                chunk.thread.join()
        self._in_flight.clear()

    def _tell(self) -> None:
        self._told = time.monotonic()
        on_their_way = sum(chunk.sent for chunk in self._in_flight)
        self._report(self._arrived + on_their_way)
