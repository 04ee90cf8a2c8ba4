"""What a session remembers: the uploads that it began."""

from __future__ import annotations

import contextlib

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.http import HttpRequest

from chunked_uploads.models import Upload

SESSION_KEY = "chunked_uploads"
MOST_IN_SESSION = 50  # uploads; a session may have to fit into a cookie


def remember(request: HttpRequest, upload: Upload) -> None:
    """Note in the caller's session, where there is one, that it began the upload.

    None is made for programs, which keep no cookies; anybody's upload needs one.
    """
    session = getattr(request, "session", None)
    if session is None or str(upload.uuid) in session.get(SESSION_KEY, []):
        return
    if session.session_key or upload.user_id is None:
        uuids = [*session.get(SESSION_KEY, []), str(upload.uuid)]
        session[SESSION_KEY] = uuids[-MOST_IN_SESSION:]
        _save(request, session)


def recall(request: HttpRequest) -> list[str]:
    """Return the UUIDs of the uploads that the caller's session began."""
    session = getattr(request, "session", None)
    return [] if session is None else session.get(SESSION_KEY, [])


def has_session(request: HttpRequest) -> bool:
    """Whether the caller came with a session, as programs don't."""
    session = getattr(request, "session", None)
    return session is not None and session.session_key is not None


def _save(request: HttpRequest, session: SessionBase) -> None:
    """Save the session before the bytes come, and not again with the answer.

    They may take long, and what others write into it meanwhile has to stay. One that
    the browser does not know yet, or that lives in its cookie, goes with the answer.
    """
    cookie = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if session.session_key != cookie:
        return
    with contextlib.suppress(UpdateError):  # logged out meanwhile
        session.save()
    if session.session_key == cookie:
        session.modified = False
