"""What every URL of the app does alike, around its view, in any protocol."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core import exceptions
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError, connections, transaction
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt

from chunked_uploads.errors import (
    AWAY,
    FULL,
    BadRequest,
    BodyCut,
    PermissionDenied,
    ServerError,
    StoreFull,
    Unavailable,
    UploadError,
)
from chunked_uploads.http.draining import drain_after_answer
from chunked_uploads.http.errors import Answered, MethodNotAllowed
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


@dataclass(frozen=True)
class Protocol:
    """How a protocol answers where its views don't."""

    error: Callable[[HttpRequest, UploadError], HttpResponse]
    options: Callable[[HttpRequest], HttpResponse]
    finish: Callable[[HttpResponse], None]  # called with every answer, for its headers
    # Called before all else; may change the request's method, and raise a fact.
    begin: Callable[[HttpRequest], None] = lambda request: None


def endpoint(protocol: Protocol, *methods: str) -> Callable[[View], View]:
    """Make a view of a function that answers these methods; OPTIONS comes with them.

    Errors become answers here and nowhere else. No transaction is open around the view,
    not even under `ATOMIC_REQUESTS`; who is asking, and CSRF, is asked within.
    """
    allowed = ", ".join([*methods, "OPTIONS"])

    def decorate(function: View) -> View:
        @functools.wraps(function)
        def view(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            is_cut = False
            with stalls_noticed(request):
                try:
                    response = _dispatch(function, protocol, methods, request, kwargs)
                except Answered as answered:
                    response = answered.response
                except Exception as error:  # noqa: BLE001 - the edge: answered or logged
                    response = _answer_to(protocol, request, error)
                    is_cut = isinstance(error, BodyCut)
            if not is_cut:  # else there is nothing left to read
                drain_after_answer(request)
            if request.method not in methods:
                response["Allow"] = allowed
            protocol.finish(response)
            return response

        view.own_arguments = own_arguments(function)  # type: ignore[attr-defined]
        return _unguarded(view)

    return decorate


def _dispatch(
    function: View,
    protocol: Protocol,
    methods: tuple[str, ...],
    request: HttpRequest,
    kwargs: dict[str, Any],
) -> HttpResponse:
    protocol.begin(request)
    request.get_host()  # refused now, not once an answer has URLs
    if request.encoding not in UTF8:
        # A body's charset says nothing of the query, as Django has it.
        request.encoding = "utf-8"
    if request.method == "OPTIONS":
        return protocol.options(request)
    if request.method not in methods:
        raise MethodNotAllowed(f"This URL does not answer {request.method}.")
    # The others are of a prefix that the site chose.
    own = {key: kwargs[key] for key in own_arguments(function)}
    return function(request, **own)


@functools.cache
def own_arguments(function: View) -> tuple[str, ...]:
    """Return what a view takes of its URL."""
    _, *names = inspect.signature(function).parameters
    return tuple(names)


def _answer_to(
    protocol: Protocol, request: HttpRequest, error: Exception
) -> HttpResponse:
    fact = _fact_of(request, error)
    try:
        response = protocol.error(request, fact)
    except Exception as another:  # noqa: BLE001 - the edge: answered or logged
        # Of an upload's state, which goes along: it needs a database and a host.
        fact = _fact_of(request, another)
        fact.upload = None
        response = protocol.error(request, fact)
    if fact.is_logged:
        # Django's own mark. Where no file can be opened, its logging fails, too: at its
        # first line it looks for a codec.
        response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _fact_of(request: HttpRequest, error: Exception) -> UploadError:
    """Return what the client may know of `error`."""
    if isinstance(error, UploadError):
        return error
    if isinstance(error, exceptions.PermissionDenied):  # as any view may raise it
        # A site that gives no reason of its own gets the page's, for the visitor.
        return PermissionDenied(str(error) or gettext("You may not upload this here."))
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
    # The log's only line of it: no traceback helps, and there will be many.
    logger.error("The %s does not answer at %s: %s", what, request.path, error)
    fact = Unavailable(f"The {what} does not answer; try again.")
    fact.is_logged = True
    return fact


def _unguarded(view: View) -> View:
    for alias in connections:
        view = transaction.non_atomic_requests(using=alias)(view)
    view.login_required = False  # type: ignore[attr-defined]  # Django's middleware
    return csrf_exempt(view)
