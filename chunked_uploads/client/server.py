"""What the client says to the server: each request of the classic protocol."""

from __future__ import annotations

import contextlib
import json
import threading
from base64 import b64encode
from collections.abc import Callable, Container, Iterator, Mapping
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from chunked_uploads.client.answers import Answer, State, parse_state
from chunked_uploads.client.credentials import Credentials
from chunked_uploads.client.errors import (
    NotAuthenticated,
    Refused,
    TooLargeForProxy,
    Unreachable,
    Untrusted,
    UploadGone,
    WrongAddress,
    failure_of,
)
from chunked_uploads.client.site import Site
from chunked_uploads.client.source import Source
from chunked_uploads.client.transport import Line

# Seconds; where the server can't rename, it copies. Well below the patience of most, so
# that on a connection which is lost it is asked again: the server goes on meanwhile.
TIMEOUT_OF_DONE = 120.0
NO_FINGERPRINT = "-"  # no file has it: what it finds was begun without any
AGENT = "django-chunked-uploads"
RAW = {"Content-Type": "application/octet-stream"}

Note = Callable[[int], object]


class Server:
    """A site, the credentials for it, and the connections to it.

    Every method raises an `UploadFailed` where the answer is no success. May be used by
    several threads.
    """

    def __init__(self, site: Site, credentials: Credentials | None) -> None:
        self._site = site
        self._credentials = credentials
        self._headers: dict[str, str] | None = None  # that the credentials gave
        self._asking = threading.Lock()  # for credentials
        self._idle: list[Line] = []
        self._busy: dict[Line, threading.Thread] = {}
        self._lock = threading.Lock()
        self._has_answered = False

    def matching(self, source: Source, fingerprint: str) -> list[State]:
        """Return the caller's unfinished uploads of just this file, newest first."""
        file = {"filename": source.filename, "filesize": str(source.size)}
        found = self._list({**file, "fingerprint": fingerprint})
        if not found:
            return []
        # What was begun without a fingerprint may be of any file of this name and size.
        without = self._list({**file, "fingerprint": NO_FINGERPRINT})
        unknown = {state.uuid for state in without}
        return [state for state in found if state.uuid not in unknown]

    def unfinished(self) -> list[State]:
        """Return all unfinished uploads of the caller, newest first."""
        return self._list({"all": "1"})

    def state(self, url: str, wait: int) -> State:
        """Return an upload's state by its own URL.

        As soon as nobody writes to it any more, or after `wait` seconds.
        """
        url = with_query(url, {"wait": str(wait)})
        timeout = self._site.timeout + wait
        answer = self._ask("GET", url, is_open=True, timeout=timeout)
        return self._state_in(answer, url)

    def begin(
        self,
        source: Source,
        stop: int,
        fingerprint: str,
        metadata: Mapping[str, str],
        *,
        digest: bool,
        note: Note,
    ) -> State:
        """Send the first `stop` bytes of a new upload."""
        query = {"fingerprint": fingerprint}
        if metadata:
            query["metadata"] = json.dumps(dict(metadata), ensure_ascii=False)
        url = with_query(self._site.upload_url, query)
        # As JavaScript's encodeURI has it, but for what ends the quoted string.
        name = quote(source.filename, safe=";,/?:@&=+$-_.!~*'()#")
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return self._send(url, headers, source, (0, stop), digest, note, is_open=False)

    def go_on(
        self,
        url: str,
        source: Source,
        span: tuple[int, int],
        *,
        digest: bool,
        note: Note,
    ) -> State:
        """Send the bytes of `span` (start, stop) to an upload's own URL."""
        return self._send(url, {}, source, span, digest, note, is_open=True)

    def finish(self, done_url: str) -> Answer:
        """Ask for the finished file; the same answer each time."""
        timeout = max(TIMEOUT_OF_DONE, self._site.timeout)
        return self._ask("POST", done_url, is_open=True, timeout=timeout)

    def remove(self, delete_url: str) -> None:
        """Cancel an upload, unless it is gone already."""
        with contextlib.suppress(UploadGone):  # as where the answer was lost
            self._ask("DELETE", delete_url, is_open=True)

    def remove_unfinished(self, delete_url: str) -> None:
        """Cancel an upload, unless it is gone or finished.

        The URL's token opens no finished one, as its owner's credentials would.
        """
        with contextlib.suppress(UploadGone, NotAuthenticated):
            self._ask("DELETE", delete_url, is_open=True, is_alone=True)

    def abort(self, threads: Container[threading.Thread | None]) -> None:
        """End what these threads are asking or sending just now."""
        with self._lock:
            for line, thread in self._busy.items():
                if thread in threads:
                    line.abort()

    def close(self) -> None:
        """Close the connections that nobody uses."""
        with self._lock:
            while self._idle:
                self._idle.pop().close()

    def _list(self, question: Mapping[str, str]) -> list[State]:
        # Files that wait for a form are no business of a program's.
        question = {"for_form": "0", **question}
        url = with_query(self._site.upload_url, question)
        answer = self._ask("GET", url, is_open=False)
        try:
            return [parse_state(item) for item in answer.items or []]
        except ValueError:
            address = self._site.address_of(url)
            raise WrongAddress(f"What answers at {address} is not this app.") from None

    def _ask(
        self,
        method: str,
        url: str,
        *,
        is_open: bool,
        is_alone: bool = False,
        timeout: float | None = None,
    ) -> Answer:
        return self._request(
            lambda line, headers: line.ask(method, url, headers, timeout),
            url,
            is_open=is_open,
            is_alone=is_alone,
        )

    def _send(
        self,
        url: str,
        headers: dict[str, str],
        source: Source,
        span: tuple[int, int],
        digest: bool,
        note: Note,
        *,
        is_open: bool,
    ) -> State:
        start, stop = span
        headers = {**RAW, **headers}
        if source.size:
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{source.size}"
        if digest:
            encoded = b64encode(source.digest(start, stop)).decode()
            headers["Content-Digest"] = f"sha-256=:{encoded}:"  # RFC 9530
        try:
            answer = self._request(
                lambda line, more: line.send(
                    url, {**headers, **more}, source, span, note
                ),
                url,
                is_open=is_open,
            )
        except TooLargeForProxy as refusal:
            refusal.size = stop - start
            raise
        return self._state_in(answer, url)

    def _request(
        self,
        request: Callable[[Line, dict[str, str]], Answer],
        url: str,
        *,
        is_open: bool,
        is_alone: bool = False,
    ) -> Answer:
        """Return the answer; `is_open` says that the URL has a token in it.

        With `is_alone` no credentials are shown, whatever becomes of it.
        """
        agent = {"User-Agent": AGENT}
        with self._line() as line:
            known = self._headers if is_open else self.headers()
            shown = {} if is_open else known or {}
            try:
                answer = request(line, {**agent, **shown})
                if answer.status == 401 and self._credentials and not is_alone:
                    answer = request(line, {**agent, **self.headers(known)})
            except Untrusted as error:
                if self._has_answered:
                    raise Unreachable(str(error)) from None
                raise
        if answer.is_success:
            self._has_answered = True
            return answer
        failure = failure_of(answer, self._site.address_of(url))
        # Somebody on the way, as a captive portal or a proxy that has lost the app.
        is_foreign = isinstance(failure, WrongAddress) or (
            type(failure) is Refused and not answer.code and answer.status in (403, 407)
        )
        if is_foreign and self._has_answered:
            raise Unreachable(str(failure), answer)
        raise failure

    def headers(self, outdated: dict[str, str] | None = None) -> dict[str, str]:
        """Return the credentials' headers; asked for once, and anew where `outdated`.

        Of several requests that are refused at once the first one asks.
        """
        if self._credentials is None:
            return {}
        with self._asking:
            if self._headers is outdated or self._headers is None:
                self._headers = dict(self._credentials())
                if "Cookie" in self._headers:
                    # Over TLS Django's check of the CSRF token wants to know.
                    self._headers.setdefault("Referer", self._site.origin + "/")
            return self._headers

    @contextlib.contextmanager
    def _line(self) -> Iterator[Line]:
        with self._lock:
            line = self._idle.pop() if self._idle else Line(self._site)
            self._busy[line] = threading.current_thread()
        try:
            yield line
        finally:
            with self._lock:
                del self._busy[line]
                self._idle.append(line)

    def _state_in(self, answer: Answer, url: str) -> State:
        try:
            return parse_state(answer.item)
        except ValueError:
            address = self._site.address_of(url)
            raise Unreachable(f"What answers at {address} is not this app.") from None


def with_query(url: str, parameters: Mapping[str, str]) -> str:
    """Return the URL with these parameters beside those that it has."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return urlunsplit(parts._replace(query=urlencode({**query, **parameters})))
