"""How many unfinished uploads a user has, counted by one request at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.db import OperationalError, connections, transaction
from django.db.models import F
from django.utils.translation import ngettext

from chunked_uploads.conf import conf
from chunked_uploads.errors import TooManyUploads
from chunked_uploads.models import Upload

VISITORS = 0x6368756E6B  # the number of PostgreSQL's lock for those without a user
WAIT = 20  # seconds


@contextlib.contextmanager
def room_for_one(
    user: Any, for_form: bool, using: str, parts: Sequence[str] = ()
) -> Iterator[None]:
    """Begin an upload in this context, where the user may have one more.

    What it is made of, uploads with these UUIDs as `parts`, is not counted beside it.
    Raises `TooManyUploads`. Each kind is counted by itself: what a form left behind is
    shown by no list in the page, and must not lock its sender out elsewhere.
    """
    if conf.CHUNKED_UPLOADS_MAX_UNFINISHED is None:
        yield
        return
    with _alone(user, using):
        check_room(user, for_form, using, parts)
        yield


def check_room(
    user: Any, for_form: bool, using: str, parts: Sequence[str] = ()
) -> None:
    """Raise `TooManyUploads` where the user has as many as the site allows by now."""
    most = conf.CHUNKED_UPLOADS_MAX_UNFINISHED
    if most is None:
        return
    uploads = Upload.objects.using(using).filter(user=user, for_form=for_form)
    # A joined part is finished, and only rests.
    waiting = uploads.unfinished().exclude(role=Upload.Role.JOINED)
    if waiting.exclude(uuid__in=parts).count() >= most:
        raise TooManyUploads(
            ngettext(
                "Not more than %(count)s upload may be unfinished at a time.",
                "Not more than %(count)s uploads may be unfinished at a time.",
                most,
            )
            % {"count": most}
        )


@contextlib.contextmanager
def _alone(user: Any, using: str) -> Iterator[None]:
    """Let nobody else count this user's uploads before the transaction ends."""
    connection = connections[using]
    with contextlib.ExitStack() as stack:
        if user is None and connection.vendor == "mysql":
            # Its locks by name don't end with the transaction, so this one goes around.
            stack.enter_context(_named_lock(connection))
        stack.enter_context(transaction.atomic(using=using))
        if connection.vendor == "sqlite":
            # The first write waits for all others.
            Upload.objects.using(using).filter(pk=0).update(state=F("state"))
        elif user is not None:
            rows = get_user_model()._base_manager.using(using).filter(pk=user.pk)
            no_key = connection.features.has_select_for_no_key_update
            list(rows.select_for_update(no_key=no_key).values_list("pk"))
        elif connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [VISITORS])
        yield


@contextlib.contextmanager
def _named_lock(connection: Any) -> Iterator[None]:
    name = f"chunked_uploads {connection.settings_dict['NAME']}"[:64]
    with connection.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(%s, %s)", [name, WAIT])
        if cursor.fetchone() != (1,):
            raise OperationalError("Too many visitors begin uploads at this instant.")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT RELEASE_LOCK(%s)", [name])
