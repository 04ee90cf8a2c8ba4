"""What a token opens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from chunked_uploads.models import Upload
from tests.sending import (
    CONTENT,
    UPLOAD,
    Uploader,
    assert_finishes,
    finished,
    state_in,
)


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
