"""Who may reach an upload, with credentials or with its token."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from chunked_uploads.models import ApiKey, Upload
from tests.sending import (
    CONTENT,
    TAKES_PIECES,
    UNKNOWN,
    UPLOAD,
    Uploader,
    assert_error,
    assert_finishes,
    finished,
    names_in,
    state_in,
    upload_of,
)

# Who may


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

    assert_error(uploader.send(CONTENT), 403, "permission_denied")
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


# Tokens


def test_token_is_all_that_an_upload_needs(uploader: Uploader) -> None:
    state = state_in(uploader.send(CONTENT[:4], 0))
    nobody = Uploader()

    assert nobody.get(state["url"]).json() == [state]
    response = nobody.send(CONTENT[4:], 4, url=state["url"], name=None)
    assert_finishes(nobody, response, CONTENT)


def test_token_cancels(uploader: Uploader) -> None:
    state = state_in(uploader.send(CONTENT[:4], 0))

    assert Uploader().delete(state["delete_url"]).status_code == 200
    assert not Upload.objects.exists()


def test_token_opens_no_other_upload(uploader: Uploader) -> None:
    states = [state_in(uploader.send(CONTENT[:4], 0, name=name)) for name in "ab"]
    token = states[0]["url"].partition("?")[2]
    nobody = Uploader()
    for name in ("url", "done_url", "delete_url"):
        url = states[1][name].partition("?")[0] + "?" + token
        for method in ("GET", "POST", "DELETE"):
            response = nobody.generic(method, url, CONTENT[4:])
            assert response.status_code in (401, 405)

    assert nobody.get(f"{UPLOAD}?{token}").status_code == 401
    assert nobody.send(CONTENT, url=f"{UPLOAD}?{token}").status_code == 401
    assert Upload.objects.count() == 2


@pytest.mark.parametrize("token", ["", "x", ":", "%00", "映", "x" * 5000])
def test_token_that_was_made_up_opens_nothing(uploader: Uploader, token: str) -> None:
    url = state_in(uploader.send(CONTENT[:4], 0))["url"].partition("?")[0]

    assert Uploader().get(f"{url}?token={token}").status_code == 401


def test_token_only_repeats_done_once_the_upload_is_done(uploader: Uploader) -> None:
    state = state_in(uploader.send(CONTENT))
    nobody = Uploader()

    done = nobody.done(state)

    assert nobody.done(state).json() == done.json()
    assert nobody.get(state["url"]).status_code == 401
    assert nobody.send(CONTENT, 0, url=state["url"]).status_code == 401
    assert nobody.delete(state["url"]).status_code == 401
    assert nobody.delete(state["delete_url"]).status_code == 401
    assert finished(Upload.objects.get()) == CONTENT


def test_token_expires_with_its_upload(uploader: Uploader, settings: Any) -> None:
    state = state_in(uploader.send(CONTENT[:4], 0))
    Upload.objects.update(modified_at=timezone.now() - timedelta(days=3, seconds=1))

    assert Uploader().get(state["url"]).status_code == 401
    settings.CHUNKED_UPLOADS_EXPIRE_DAYS = 4
    assert Uploader().get(state["url"]).status_code == 200


def test_token_of_a_user_who_was_shut_out_opens_nothing(
    uploader: Uploader, user: User
) -> None:
    state = state_in(uploader.send(CONTENT[:4], 0))

    User.objects.filter(pk=user.pk).update(is_active=False)

    assert Uploader().get(state["url"]).status_code == 401
