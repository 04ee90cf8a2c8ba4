"""The token in an upload's URLs: good for this upload, until it ends."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chunked_uploads.core.tokens import is_valid, make_token
from chunked_uploads.models import Upload
from tests.sending import CONTENT, Uploader

HALF = len(CONTENT) // 2


@pytest.fixture
def begun(authorization: dict[str, str]) -> dict[str, Any]:
    """What the server said of Ada's upload, of which one half is there."""
    response = Uploader().send(CONTENT[:HALF], 0, headers=authorization)
    return response.json()[0]


def token_of(item: dict[str, Any]) -> str:
    return parse_qs(urlsplit(item["url"]).query)["token"][0]


def ways(item: dict[str, Any]) -> dict[str, Any]:
    """What can be tried with the URLs of an answer, by a client without credentials."""
    return {
        "state": lambda: Uploader().get(item["url"]),
        "chunk": lambda: Uploader().send(CONTENT[HALF:], HALF, url=item["url"]),
        "done": lambda: Uploader().post(item["done_url"]),
        "delete": lambda: Uploader().delete(item["delete_url"]),
        "cancel": lambda: Uploader().delete(item["url"]),
    }


def statuses(item: dict[str, Any]) -> dict[str, int]:
    return {name: attempt().status_code for name, attempt in ways(item).items()}


REFUSED = {"state": 401, "chunk": 401, "done": 401, "delete": 401, "cancel": 401}


@pytest.mark.parametrize("way", ["url", "delete_url"])
def test_token_is_the_only_credential_that_an_upload_needs(
    begun: dict[str, Any], way: str
) -> None:
    client = Uploader(enforce_csrf_checks=True)
    assert client.get(begun["url"]).json()[0]["size"] == HALF
    response = client.send(CONTENT[HALF:], HALF, url=begun["url"])
    assert response.json()[0]["size"] == len(CONTENT)
    assert client.delete(begun[way]).json() == []
    assert not Upload.objects.exists()


def test_done_by_token_repeats_its_answer(begun: dict[str, Any]) -> None:
    Uploader().send(CONTENT[HALF:], HALF, url=begun["url"])
    first = Uploader().post(begun["done_url"])
    assert first.json()[0]["state"] == "COMPLETE"
    assert Uploader().post(begun["done_url"]).json() == first.json()


def test_token_opens_nothing_else_once_the_upload_is_done(
    begun: dict[str, Any],
) -> None:
    Uploader().send(CONTENT[HALF:], HALF, url=begun["url"])
    Uploader().post(begun["done_url"])
    assert statuses(begun) == {**REFUSED, "done": 200}
    assert Upload.objects.get().is_complete


def test_token_of_an_upload_that_is_gone_asks_for_no_login(
    begun: dict[str, Any],
) -> None:
    Uploader().delete(begun["delete_url"])
    assert statuses(begun) == dict.fromkeys(REFUSED, 404)


@pytest.mark.parametrize("way", ["url", "done_url", "delete_url"])
def test_wrong_token_of_an_upload_that_is_gone_is_none(
    begun: dict[str, Any], way: str
) -> None:
    Uploader().delete(begun["delete_url"])
    wrong = begun[way][:-1] + ("a" if begun[way][-1] != "a" else "b")
    method = {"url": "get", "done_url": "post", "delete_url": "delete"}[way]
    assert getattr(Uploader(), method)(wrong).status_code == 401


def test_token_expires_with_the_upload(begun: dict[str, Any]) -> None:
    past = timezone.now() - timedelta(days=3, seconds=1)
    Upload.objects.update(modified_at=past)
    assert statuses(begun) == REFUSED


def test_each_chunk_puts_off_the_end(begun: dict[str, Any]) -> None:
    past = timezone.now() - timedelta(days=2, hours=23)
    Upload.objects.update(modified_at=past)
    assert Uploader().send(CONTENT[HALF:], HALF, url=begun["url"]).status_code == 200
    assert Upload.objects.get().modified_at > past + timedelta(days=2)


def test_token_of_another_upload_opens_nothing(
    begun: dict[str, Any], authorization: dict[str, str]
) -> None:
    other = Uploader().send(CONTENT, 0, name="other.mp4", headers=authorization)
    wrong = token_of(other.json()[0])
    right = token_of(begun)
    moved = {
        name: url.replace(right, wrong)
        for name, url in begun.items()
        if name.endswith("url")
    }
    assert statuses(moved) == REFUSED
    assert Upload.objects.count() == 2


def test_token_opens_no_list_and_begins_nothing(begun: dict[str, Any]) -> None:
    url = f"/uploads/upload/?all=1&token={token_of(begun)}"
    assert Uploader().get(url).status_code == 401
    assert Uploader().send(CONTENT, url=url).status_code == 401


@pytest.mark.parametrize(
    "token",
    ["", "x", ":", "é", "\0", "💥", "a" * 100_000, "a:b:c", "../..", "\ud800"],
)
def test_forged_token_opens_nothing(begun: dict[str, Any], token: str) -> None:
    path, _, _ = begun["url"].partition("?")
    sent = {"token": token.encode("utf-8", "surrogatepass")}
    assert Uploader().get(path, sent).status_code == 401
    assert Uploader().delete(path, query_params=sent).status_code == 401


def test_token_is_valid_for_its_upload_alone() -> None:
    mine, other = uuid.uuid4(), uuid.uuid4()
    token = make_token(mine)
    assert is_valid(token, mine)
    assert not is_valid(token, other)
    assert not is_valid(token + "x", mine)
    assert not is_valid(signing.Signer().signature(str(mine)), mine)


def test_rotating_the_secret_key_keeps_tokens_valid(
    begun: dict[str, Any], settings: Any
) -> None:
    old = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [old]
    assert Uploader().get(begun["url"]).status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert Uploader().get(begun["url"]).status_code == 401


def test_token_of_somebody_who_became_inactive_opens_nothing(
    begun: dict[str, Any],
) -> None:
    User.objects.update(is_active=False)
    assert statuses(begun) == REFUSED


def test_chunk_by_token_asks_for_no_user(begun: dict[str, Any]) -> None:
    with CaptureQueriesContext(connection) as queries:
        Uploader().send(CONTENT[HALF:], HALF, url=begun["url"])
    asked = [query["sql"] for query in queries if "auth_user" in query["sql"]]
    # One query gives the upload with its user, who may have become inactive.
    assert len(asked) == 1
    assert f"FROM {connection.ops.quote_name(Upload._meta.db_table)}" in asked[0]
    assert not any("django_session" in query["sql"] for query in queries)


def test_token_outlives_the_credentials_it_came_with(
    begun: dict[str, Any], user: User
) -> None:
    user.chunked_upload_api_key.delete()
    response = Uploader().send(CONTENT[HALF:], HALF, url=begun["url"])
    assert response.json()[0]["size"] == len(CONTENT)


def test_right_credentials_help_where_the_token_does_not(
    begun: dict[str, Any], authorization: dict[str, str]
) -> None:
    url = begun["url"].replace(token_of(begun), "wrong")
    assert Uploader().get(url, headers=authorization).status_code == 200
