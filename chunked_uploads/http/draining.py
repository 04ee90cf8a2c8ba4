"""What is left of the body of a request that was answered early.

A server that closes a connection with bytes unread resets it, and a client that sends
on before it looks would see a network error instead of the answer. So the rest is read,
but only once the answer is out: whoever looks need not send it (RFC 9112, section 9.6).

That is so with gunicorn, uWSGI, granian and `runserver`. waitress, and every server
under ASGI, has read all of a body before Django is called.
"""

from __future__ import annotations

import contextlib
import re
from typing import Any

from django.http import HttpRequest

from chunked_uploads.conf import MIB, conf
from chunked_uploads.http.gunicorn import give_up, stalls_noticed

MOST = 64 * MIB  # bytes that are read in vain; a chunk and its form fit in any case
SILENCE = 10  # seconds without a byte after which nobody sends any more


def drain_after_answer(request: HttpRequest) -> None:
    """Have the rest of the request's body read as soon as its answer is sent."""
    body = _body_of(request)
    if body is None:
        return
    close = request.close

    def drain_and_close() -> None:
        vars(request).pop("close", None)  # or the request would hold itself
        try:
            _drain(request, body)
        finally:
            close()

    # Django lets whichever response comes out of the middleware close the request, and
    # the server closes that response when it has sent it (PEP 3333).
    request.close = drain_and_close  # type: ignore[method-assign]


def _body_of(request: HttpRequest) -> Any:
    """Return what to read, None where nothing can be left."""
    stream = request.META.get("wsgi.input")
    if stream is None:
        return None  # under ASGI Django has read it all before any view was called
    length = request.META.get("CONTENT_LENGTH") or ""
    if re.fullmatch("[0-9]{1,18}", length):
        return request if int(length) else None
    # Of a body of unknown length Django gives nothing, and not every server an end.
    is_chunked = not length and "HTTP_TRANSFER_ENCODING" in request.META
    return stream if is_chunked and request.META.get("wsgi.input_terminated") else None


def _drain(request: HttpRequest, body: Any) -> None:
    left = max(MOST, 2 * conf.CHUNKED_UPLOADS_CHUNK_SIZE)
    # Broken, silent, malformed, or closed by somebody.
    with stalls_noticed(request, SILENCE), contextlib.suppress(OSError, ValueError):
        while left > 0:
            block = body.read(min(MIB, left))
            if not block:
                return
            left -= len(block)
    give_up(request)  # nor shall the server wait for more
