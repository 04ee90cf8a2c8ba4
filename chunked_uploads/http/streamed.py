"""Bodies of unknown length, in the chunked transfer coding (RFC 9112, section 7.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest

from chunked_uploads.errors import BadRequest
from chunked_uploads.http.gunicorn import Patience, find_chunks, give_up

MALFORMED = "The body's chunks are malformed."


class StreamedBody:
    """The request's body as it is, of a length that nobody knows before its end."""

    is_exact = True
    length = None
    filename = None

    def __init__(self, request: HttpRequest) -> None:
        self.content_type = request.META.get("CONTENT_TYPE", "")
        self.is_cut = False  # whether the connection ended before the body did
        self._request = request
        self._chunks = find_chunks(request.META)
        self._patience = Patience(request.META)
        # Of such a body Django gives nothing.
        self._stream: Any = self._chunks or request.META["wsgi.input"]

    def watch_waiters(self, has_waiters: Callable[[], bool]) -> None:
        """End as if cut when nothing comes and `has_waiters` says that others wait."""
        self._patience.watch(has_waiters)

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, none at the body's end or a cut.

        Raises `BadRequest` where what comes is no chunk.
        """
        try:
            return self._stream.read(size)
        except OSError:
            self.is_cut = True
        except Exception:  # noqa: BLE001 - each server has errors of its own
            give_up(self._request)
            raise BadRequest(MALFORMED) from None
        give_up(self._request)
        # Servers that keep what they had read when the connection broke give it now.
        try:
            return self._stream.read(size)
        except OSError:
            return b""

    @property
    def may_have_trailers(self) -> bool:
        """Whether the server gives the fields behind the body's end."""
        return self._chunks is not None

    def trailers(self) -> Mapping[str, str]:
        """Return the fields behind the body's end, by their lower-case names.

        None of them where the body did not end yet, or the server does not give them.
        """
        return {} if self._chunks is None else self._chunks.trailers()

    def finish(self, missing: int) -> None:
        """Accept any end: nobody said how long the body is."""

    def close(self) -> None:
        """Leave the connection as it was."""
        self._patience.end()


def is_streamed(request: HttpRequest) -> bool:
    """Whether the body's end shows only when it comes, and the server sees to it."""
    coding = request.META.get("HTTP_TRANSFER_ENCODING", "")
    is_chunked = coding.strip().lower() == "chunked"
    is_open = is_chunked or (is_without_coding(request) and not coding)
    return is_open and bool(request.META.get("wsgi.input_terminated"))


def is_without_coding(request: HttpRequest) -> bool:
    """Whether bodies of unknown length come without saying so, as from HTTP/2 on."""
    return not request.META.get("SERVER_PROTOCOL", "HTTP/1").startswith("HTTP/1")
