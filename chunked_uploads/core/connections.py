"""The database's connection: deadlocks that are lost, and work that takes long."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connections, transaction

from chunked_uploads.models import Upload, database_of

TRIES = 5
IDLE = 5  # seconds after which a connection to the database is made anew
# MariaDB's and MySQL's number; PostgreSQL's code (SQLSTATE, class 40).
NUMBER = 1213
CODE = "40P01"

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def retry_deadlocks(
    function: Callable[Parameters, Result],
) -> Callable[Parameters, Result]:
    """Call `function`, which is one transaction, again where it lost a deadlock.

    Within a transaction of the caller's it is called once: all of that is lost then.
    """

    @functools.wraps(function)
    def retried(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        connection = transaction.get_connection(database_of())
        for _ in range(TRIES - 1):
            try:
                return function(*args, **kwargs)
            except OperationalError as error:
                if connection.in_atomic_block or not is_deadlock(error):
                    raise
        return function(*args, **kwargs)

    return retried


def is_deadlock(error: OperationalError) -> bool:
    """Whether the transaction that `error` ended may succeed when it is repeated."""
    is_numbered = error.args[:1] == (NUMBER,)
    return is_numbered or getattr(error.__cause__, "sqlstate", None) == CODE


@contextlib.contextmanager
def long_work(upload: Upload) -> Iterator[None]:
    """Do without the database for as long as it takes.

    A connection that was idle for long may be dead: a new one is made when it is over.
    """
    begun = time.monotonic()
    try:
        yield
    finally:
        connection = connections[database_of(upload)]
        is_idle = time.monotonic() - begun >= IDLE
        # Whoever commits by hand has something to commit, maybe.
        if is_idle and connection.autocommit and not connection.in_atomic_block:
            connection.close()
