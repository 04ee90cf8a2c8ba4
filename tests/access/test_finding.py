"""Who may reach an upload, by credentials or as the session that began it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client

from chunked_uploads.models import ApiKey, Chunk, Upload
from tests.sending import (
    CONTENT,
    TAKES_PIECES,
    UNKNOWN,
    UPLOAD,
    Uploader,
    assert_error,
    names_in,
    state_in,
    upload_of,
)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "upload/"),
        ("POST", "upload/"),
        ("GET", f"upload/{UNKNOWN}/"),
        ("POST", f"upload/{UNKNOWN}/"),
        ("DELETE", f"upload/{UNKNOWN}/"),
        ("POST", f"upload/done/{UNKNOWN}/"),
        ("DELETE", "1/delete/"),
        ("GET", "upload/?username=%00&api_key=%00"),
        ("GET", "upload/?username=ada&api_key=wrong"),
    ],
)
def test_nobody_without_credentials_is_let_in(
    api_key: ApiKey, method: str, path: str
) -> None:
    response = Uploader().generic(method, f"/uploads/{path}", CONTENT_LENGTH="0")

    assert_error(response, 401, "not_authenticated")
    assert response["WWW-Authenticate"].startswith('ApiKey realm="uploads"')


@TAKES_PIECES
def test_nothing_of_a_file_is_taken_before_the_sender_is_known(
    db: None, media_root: Path, send: str
) -> None:
    response = getattr(Uploader(), send)(CONTENT)

    assert_error(response, 401, "not_authenticated")
    assert not Upload.objects.exists()
    assert not media_root.exists()


def test_session_without_a_csrf_token_gets_403(user: User) -> None:
    uploader = Uploader(enforce_csrf_checks=True)
    uploader.force_login(user)

    assert_error(uploader.send(CONTENT), 403, "csrf_failed")
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "upload/{uuid}/"),
        ("POST", "upload/{uuid}/"),
        ("DELETE", "upload/{uuid}/"),
        ("POST", "upload/done/{uuid}/"),
        ("DELETE", "{pk}/delete/"),
    ],
)
def test_upload_of_somebody_else_looks_like_none(
    uploader: Uploader, stranger: Uploader, method: str, path: str
) -> None:
    upload = upload_of(uploader.send(CONTENT, 0))
    none = path.format(uuid=UNKNOWN, pk=10**20)
    headers = {"Content-Range": "bytes 0-0/10"}

    theirs = stranger.generic(
        method,
        "/uploads/" + path.format(uuid=upload.uuid, pk=upload.pk),
        b"0",
        headers=headers,
    )
    missing = stranger.generic(method, "/uploads/" + none, b"0", headers=headers)

    assert_error(theirs, 404, "not_found")
    assert theirs.content == missing.content
    assert Upload.objects.filter(pk=upload.pk).exists()


def test_upload_of_somebody_else_is_not_continued(
    uploader: Uploader, stranger: Uploader
) -> None:
    uploader.send(CONTENT[:4], 0)

    assert_error(stranger.send(CONTENT[4:], 4), 409, "nothing_to_continue")


def test_anybody_has_the_uploads_of_their_session_where_the_site_lets_them(
    db: None, settings: Any
) -> None:
    everybody = "chunked_uploads.authentication.Authentication"
    settings.CHUNKED_UPLOADS_AUTHENTICATION = everybody
    uploader, other = Uploader(), Uploader()

    begun = uploader.send(CONTENT[:4], 0)

    assert upload_of(begun).user is None
    assert state_in(uploader.send(CONTENT[4:6], 4))["size"] == 6
    assert names_in(uploader.get(UPLOAD)) == ["film.mp4"]
    assert names_in(other.get(UPLOAD + "?all=1")) == []
    assert_error(other.send(CONTENT[6:], 6), 409, "nothing_to_continue")


class Replica:
    """A router to a database for reading which has heard of no upload yet."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        """Return a database that is not there, to be found out."""
        return "replica" if model in (Upload, Chunk) else None

    def db_for_write(self, model: type[Model], **hints: Any) -> str:
        """Return the only one there is."""
        return "default"


def test_uploads_are_not_looked_for_in_a_replica(
    uploader: Uploader, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_MAX_UNFINISHED = 5
    settings.DATABASE_ROUTERS = [Replica()]
    sent = uploader.send(CONTENT[:4], 0)
    url = state_in(sent)["url"]

    assert uploader.send(CONTENT[4:], 4).status_code == 200
    assert Client().get(url).status_code == 200
    assert state_in(uploader.get(UPLOAD + "?all=1"))["size"] == 10
