"""Nobody else can see, change or finish anything."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from chunked_uploads.models import ApiKey, Upload
from tests.sending import CONTENT, UPLOAD, Uploader

HALF = len(CONTENT) // 2
GONE = [{"error": "not_found", "detail": "There is no such upload."}]


@pytest.fixture
def upload(user: User) -> Upload:
    """Ada's upload, of which one half is there."""
    client = Uploader()
    client.force_login(user)
    client.send(CONTENT[:HALF], 0)
    return Upload.objects.get()


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob")


@pytest.fixture(params=["session", "key", "superuser"])
def stranger(request: pytest.FixtureRequest, bob: User) -> Uploader:
    """Bob, who came by one way or the other."""
    if request.param == "key":
        key = ApiKey.objects.create(user=bob).key
        return Uploader(headers={"Authorization": f"ApiKey bob:{key}"})
    if request.param == "superuser":
        User.objects.update(is_staff=True, is_superuser=True)
    client = Uploader()
    client.force_login(bob)
    return client


def urls(upload: Upload) -> dict[str, str]:
    by_uuid = {"uuid": upload.uuid}
    return {
        "detail": reverse("chunked_uploads:upload_detail", kwargs=by_uuid),
        "done": reverse("chunked_uploads:upload_done", kwargs=by_uuid),
        "delete": reverse("chunked_uploads:upload_delete", kwargs={"pk": upload.pk}),
    }


def attempts(client: Uploader, upload: Upload) -> dict[str, Any]:
    """Return the answers to everything that can be tried on the upload."""
    at = urls(upload)
    return {
        "detail": client.get(at["detail"]),
        "chunk": client.send(CONTENT[HALF:], HALF, url=at["detail"]),
        "done": client.post(at["done"]),
        "cancel": client.delete(at["detail"]),
        "delete": client.delete(at["delete"]),
    }


def listed(client: Uploader, query: str = "all=1") -> list[str]:
    return [item["upload_uuid"] for item in client.get(f"{UPLOAD}?{query}").json()]


def held(upload: Upload) -> tuple[int, int]:
    upload.refresh_from_db()
    return upload.state, upload.received


@pytest.mark.parametrize("is_complete", [False, True])
def test_upload_of_somebody_else_does_not_exist(
    upload: Upload, stranger: Uploader, is_complete: bool
) -> None:
    if is_complete:
        Upload.objects.update(state=Upload.State.COMPLETE)
    before = held(upload)
    for name, answer in attempts(stranger, upload).items():
        assert (name, answer.status_code, answer.json()) == (name, 404, GONE)
    assert held(upload) == before


def test_upload_of_somebody_else_answers_like_one_that_never_was(
    upload: Upload, stranger: Uploader
) -> None:
    never = Upload(pk=upload.pk + 1)
    for name, answer in attempts(stranger, never).items():
        twin = attempts(stranger, upload)[name]
        assert (answer.status_code, answer.content) == (404, twin.content)
        assert answer.headers == twin.headers


@pytest.mark.parametrize(
    "query",
    ["", "all=1", f"filename=film.mp4&filesize={len(CONTENT)}"],
)
def test_list_is_of_ones_own(upload: Upload, stranger: Uploader, query: str) -> None:
    assert listed(stranger, query) == []


def test_same_file_of_another_user_is_another_upload(
    upload: Upload, stranger: Uploader
) -> None:
    answer = stranger.send(CONTENT[HALF:], HALF)
    assert answer.status_code == 409
    assert answer.json()[0]["error"] == "nothing_to_continue"
    stranger.send(CONTENT[:HALF], 0)
    assert Upload.objects.count() == 2
    assert held(upload) == (Upload.State.UPLOADING, HALF)


def test_nobody_without_credentials_gets_anywhere(upload: Upload) -> None:
    for name, answer in attempts(Uploader(), upload).items():
        assert (name, answer.status_code) == (name, 401)


def test_inactive_owner_is_refused(upload: Upload, api_key: ApiKey) -> None:
    session = Uploader()
    session.force_login(api_key.user)
    key = Uploader(headers={"Authorization": f"ApiKey ada:{api_key.key}"})
    User.objects.update(is_active=False)
    for client in (session, key):
        for name, answer in attempts(client, upload).items():
            assert (name, answer.status_code) == (name, 401)


def test_one_browser_with_two_users_in_turn_mixes_nothing(
    user: User, bob: User
) -> None:
    browser = Uploader()
    for each in (user, bob):
        browser.force_login(each)
        browser.send(CONTENT[:HALF], 0)
        assert listed(browser, "") == listed(browser)
        assert len(listed(browser)) == 1
        browser.logout()
        assert browser.get(UPLOAD).status_code == 401
    browser.force_login(user)
    answer = browser.send(CONTENT[HALF:], HALF)
    own = Upload.objects.get(user=user)
    assert answer.json()[0]["upload_uuid"] == str(own.uuid)
    assert listed(browser) == [str(own.uuid)]


def test_key_in_a_browser_of_another_user_mixes_nothing(
    bob: User, authorization: dict[str, str]
) -> None:
    browser = Uploader()
    browser.force_login(bob)
    browser.send(CONTENT[:HALF], 0, headers=authorization)
    assert listed(browser, "") == listed(browser) == []
    answer = browser.send(CONTENT[HALF:], HALF)
    assert answer.status_code == 409


def test_sessions_where_anybody_may_upload_are_apart(db: None, settings: Any) -> None:
    kind = "chunked_uploads.authentication.Authentication"
    settings.CHUNKED_UPLOADS_AUTHENTICATION = kind
    first, second = Uploader(), Uploader()
    first.send(CONTENT[:HALF], 0)
    upload = Upload.objects.get()
    for name, answer in attempts(second, upload).items():
        assert (name, answer.status_code) == (name, 404)
    assert listed(second) == []
    assert listed(first) == [str(upload.uuid)]


def test_upload_of_nobody_is_not_a_users(bob: User, settings: Any) -> None:
    upload = Upload.objects.create(filename="a", filesize=1)
    client = Uploader()
    client.force_login(bob)
    assert listed(client) == []
    assert client.get(urls(upload)["detail"]).status_code == 404


@pytest.mark.parametrize("model", ["upload", "apikey"])
def test_admin_without_permission_shows_nothing(
    upload: Upload, api_key: ApiKey, bob: User, model: str
) -> None:
    User.objects.filter(pk=bob.pk).update(is_staff=True)
    bob.user_permissions.add(Permission.objects.get(codename="view_user"))
    client = Uploader()
    client.force_login(bob)
    targets: dict[str, Any] = {"upload": upload, "apikey": api_key}
    target = targets[model]
    base = f"/admin/chunked_uploads/{model}"
    for url in (f"{base}/", f"{base}/{target.pk}/change/"):
        assert client.get(url).status_code == 403
    client.post(f"{base}/{target.pk}/delete/", {"post": "yes"})
    assert type(target).objects.filter(pk=target.pk).exists()


# Limits


@pytest.mark.parametrize(
    ("name", "value", "status", "error"),
    [
        ("MAX_SIZE", len(CONTENT) - 1, 413, "too_large"),
        ("ALLOWED_EXTENSIONS", ["mov"], 415, "type_refused"),
        ("ALLOWED_EXTENSIONS", [], 415, "type_refused"),
        ("MAX_UNFINISHED", 1, 429, "too_many_uploads"),
    ],
)
@pytest.mark.parametrize("start", [0, None])
def test_limits_are_kept_before_a_byte_is_stored(
    authorization: dict[str, str],
    media_root: Any,
    settings: Any,
    name: str,
    value: Any,
    status: int,
    error: str,
    start: int | None,
) -> None:
    user = User.objects.get()
    Upload.objects.create(user=user, filename="other.mp4", filesize=5)
    setattr(settings, f"CHUNKED_UPLOADS_{name}", value)
    piece = CONTENT if start is None else CONTENT[:HALF]
    answer = Uploader().send(piece, start, headers=authorization)
    assert (answer.status_code, answer.json()[0]["error"]) == (status, error)
    assert Upload.objects.count() == 1
    assert not media_root.exists()


def test_limit_is_told_before_the_body_is_read(
    authorization: dict[str, str], settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_MAX_SIZE = 10**12

    class Unread:
        def read(self, *args: Any) -> bytes:
            raise AssertionError("the body was read")

        readline = read

    length = 10**13
    span = f"bytes 0-{length - 1}/{length}"
    environ: dict[str, Any] = {"wsgi.input": Unread(), "CONTENT_LENGTH": str(length)}
    headers = {**authorization, "Content-Range": span}
    answer = Uploader().send(b"", headers=headers, **environ)
    assert answer.status_code == 413


def test_users_do_not_share_a_quota(
    upload: Upload, stranger: Uploader, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_MAX_UNFINISHED = 1
    assert stranger.send(CONTENT[:HALF], 0).status_code == 200
