"""What every URL of the app does alike, around its view."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

from django.core import exceptions
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError, connections, transaction
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from chunked_uploads.errors import (
    AWAY,
    FULL,
    Answered,
    BadRequest,
    BodyCut,
    MethodNotAllowed,
    ServerError,
    StoreFull,
    Unavailable,
    UploadError,
)
from chunked_uploads.http.answers import OWN_ARGUMENTS, answer, error_response
from chunked_uploads.http.draining import drain_after_answer
from chunked_uploads.http.gunicorn import stalls_noticed

logger = logging.getLogger("chunked_uploads")

View = Callable[..., HttpResponse]
MALFORMED = (
    exceptions.BadRequest,
    exceptions.SuspiciousOperation,
    MultiPartParserError,
    UnreadablePostError,
)
UTF8 = (None, "utf-8", "UTF-8")


def endpoint(*methods: str) -> Callable[[View], View]:
    """Make a view of a function that answers these methods, HEAD and OPTIONS aside.

    Errors become JSON here and nowhere else. No transaction is open around the view,
    not even under `ATOMIC_REQUESTS`; who is asking, and CSRF, is asked within.
    """
    allowed = ", ".join([*methods, "OPTIONS"])

    def decorate(function: View) -> View:
        @functools.wraps(function)
        def view(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            with stalls_noticed(request):
                try:
                    request.get_host()  # refused now, not once an answer tells of URLs
                    if request.encoding not in UTF8:
                        # A body's charset says nothing of the query, as Django has it.
                        request.encoding = "utf-8"
                    own = {key: kwargs[key] for key in OWN_ARGUMENTS if key in kwargs}
                    response = _dispatch(function, methods, request, own)
                except BodyCut as error:
                    return _answer_to(request, error)  # there is nothing left to read
                except Exception as error:  # noqa: BLE001 - the edge: told or logged
                    response = _answer_to(request, error)
            drain_after_answer(request)
            if request.method not in methods:
                response["Allow"] = allowed
            return response

        return _unguarded(view)

    return decorate


def _dispatch(
    function: View, methods: tuple[str, ...], request: HttpRequest, kwargs: Any
) -> HttpResponse:
    if request.method == "OPTIONS":
        return answer([])
    if request.method not in methods:
        raise MethodNotAllowed(f"This URL does not answer {request.method}.")
    try:
        return function(request, **kwargs)
    except Answered as answered:
        answered.response["Cache-Control"] = "no-store"
        return answered.response


def _answer_to(request: HttpRequest, error: Exception) -> HttpResponse:
    told = _told(request, error)
    try:
        response = error_response(request, told)
    except Exception as another:  # noqa: BLE001 - the edge: told or logged
        # Of an upload's state, which goes along: it needs a database and a host.
        told = _told(request, another)
        told.upload = None
        response = error_response(request, told)
    if told.is_logged:
        # Django's own mark. Where no file can be opened, its logging fails, too: at its
        # first line it looks for a codec.
        response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _told(request: HttpRequest, error: Exception) -> UploadError:
    """Return the error that tells the client of `error`."""
    if isinstance(error, UploadError):
        return error
    if isinstance(error, exceptions.DisallowedHost):
        return BadRequest("The site does not answer to this host name.")
    if isinstance(error, MALFORMED):
        return BadRequest("The request is malformed.")
    if isinstance(error, OSError) and error.errno in FULL:
        return StoreFull("The disk is full.")
    if isinstance(error, OSError) and error.errno in AWAY:
        return _away("store", request, error)
    if isinstance(error, OperationalError | InterfaceError):
        return _away("database", request, error)
    logger.exception("Unexpected error at %s", request.path)
    # The site's error reporting hears of it as of any other.
    got_request_exception.send(sender=None, request=request)
    return ServerError("The server failed; its operator can find out why.")


def _away(what: str, request: HttpRequest, error: Exception) -> Unavailable:
    # The one line that tells it: no traceback helps, and there will be many.
    logger.error("The %s does not answer at %s: %s", what, request.path, error)
    told = Unavailable(f"The {what} does not answer; try again.")
    told.is_logged = True
    return told


def _unguarded(view: View) -> View:
    for alias in connections:
        view = transaction.non_atomic_requests(using=alias)(view)
    view.login_required = False  # type: ignore[attr-defined]  # Django's middleware
    return csrf_exempt(view)
