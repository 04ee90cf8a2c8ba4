"""A middleware that tells how many queries a request made, to whoever asks."""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponseBase

ASKED = "X-Count-Queries"
FRAMING = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")  # sent by SQLite's back end


def count_queries(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Return what counts, transactions' begin and end aside, where it is asked to."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if ASKED not in request.headers:
            return get_response(request)
        count = 0

        def wrapper(execute: Callable[..., Any], *arguments: Any) -> Any:
            nonlocal count
            count += not arguments[0].startswith(FRAMING)
            return execute(*arguments)

        with connection.execute_wrapper(wrapper):
            response = get_response(request)
        response[ASKED] = str(count)
        return response

    return middleware
