"""Every way in, and no other."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import tastypie.models
from django.conf import settings as django_settings
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.signals import user_login_failed
from django.core import exceptions
from django.core.checks import run_checks
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from chunked_uploads import errors
from chunked_uploads.authentication import (
    ApiKeyAuthentication,
    Authentication,
    BasicAuthentication,
    MultiAuthentication,
    QueryAuthentication,
    SessionAuthentication,
)
from chunked_uploads.models import ApiKey, Upload
from demo.environment import CHECKOUT
from tests.sending import (
    BOUNDARY,
    CONTENT,
    FORM,
    UPLOAD,
    Uploader,
    assert_error,
    assert_finishes,
    state_in,
)

NOW = 1_800_000_000  # Unix seconds
OURS = "chunked_uploads.authentication"


class Door(Authentication):
    """A site's own class, which answers what the test says."""

    answer: Any = True

    def is_authenticated(self, request: HttpRequest, **kwargs: Any) -> Any:
        return self.answer


class HttpUnauthorized(HttpResponse):
    """As in tastypie.http."""

    status_code = 401


class TastypieBasic:
    """What tastypie 0.15's BasicAuthentication does: a 401 of its own, not False."""

    def is_authenticated(self, request: HttpRequest, **kwargs: Any) -> Any:
        if request.headers.get("Authorization") != "Basic b3BlbiBzZXNhbWU=":
            response = HttpUnauthorized()
            response["WWW-Authenticate"] = 'Basic Realm="django-tastypie"'
            return response
        request.user = User.objects.get(username="ada")
        return True

    def get_identifier(self, request: HttpRequest) -> str:
        return "a tastypie user"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: float(NOW))


@pytest.fixture
def failures() -> Iterator[list[dict[str, Any]]]:
    """What receivers of user_login_failed are told."""
    told: list[dict[str, Any]] = []

    def note(*, credentials: dict[str, Any], **kwargs: Any) -> None:
        told.append(credentials)

    user_login_failed.connect(note)
    yield told
    user_login_failed.disconnect(note)


def sign(secret: str, timestamp: str) -> str:
    return hmac.new(secret.encode(), timestamp.encode(), hashlib.sha256).hexdigest()


def basic(credentials: str, charset: str = "utf-8") -> dict[str, str]:
    return {
        "Authorization": "Basic "
        + base64.b64encode(credentials.encode(charset)).decode()
    }


def query(known: ApiKey, /, timestamp: Any = NOW, **changed: str) -> dict[str, Any]:
    signature = sign(known.secret, str(timestamp))
    values = {"api_key": known.key, "timestamp": str(timestamp)}
    return {**values, "signature": signature, **changed}


def knock(
    authentication: Any, headers: dict[str, str] | None = None, **data: str
) -> tuple[Any, Any]:
    """Return the answer to a request, and whose the request is then."""
    request = RequestFactory().get(UPLOAD, data, headers=headers)
    request.user = AnonymousUser()
    return authentication.is_authenticated(request), request.user


def admits(user: User, authentication: Any, headers: Any = None, **data: str) -> bool:
    return knock(authentication, headers, **data) == (True, user)


def refuses(authentication: Any, headers: Any = None, **data: str) -> bool:
    answer, found = knock(authentication, headers, **data)
    return answer is False and found == AnonymousUser()


# Basic


@pytest.mark.parametrize("charset", ["utf-8", "latin-1"])
@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("ada", "secret"),
        ("ada", "pass:with:colons"),
        ("ada", "pässwörd"),
        ("adèle", "secret"),
        ("ada@example.com", " spaces "),
    ],
)
def test_basic_admits(db: None, username: str, password: str, charset: str) -> None:
    user = User.objects.create_user(username, password=password)
    headers = basic(f"{username}:{password}", charset)
    assert admits(user, BasicAuthentication(), headers)


def test_scheme_is_read_in_any_case(user: User, api_key: ApiKey) -> None:
    headers = {"Authorization": f"APIKEY ada:{api_key.key}"}
    assert admits(user, ApiKeyAuthentication(), headers)


@pytest.mark.parametrize(
    "value",
    [
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic YWRh",  # no colon
        "Basic YWRhOnNlY3JldA",  # no padding
        "Basic YWRhOnNlY3JldA== more",
        "Basic é",
        "Basic 💥",
        "Basic \x00",
        "Bearer YWRhOnNlY3JldA==",
    ],
)
def test_malformed_basic_is_as_good_as_none(
    user: User, failures: list[Any], value: str
) -> None:
    request = RequestFactory().get(UPLOAD)
    request.META["HTTP_AUTHORIZATION"] = value
    assert BasicAuthentication().is_authenticated(request) is False
    assert failures == []


@pytest.mark.parametrize("username", ["ada\0", "\0", "a" * 5000, "", "nobody"])
def test_basic_refuses_without_failing(user: User, username: str) -> None:
    assert refuses(BasicAuthentication(), basic(f"{username}:secret"))


def test_basic_refuses_the_inactive_whatever_the_backend_says(db: None) -> None:
    user = User.objects.create_user("ada", password="secret", is_active=False)

    class Careless(BaseBackend):
        def authenticate(self, request: Any, **credentials: Any) -> Any:
            return user

    assert refuses(BasicAuthentication(), basic("ada:secret"))
    assert refuses(BasicAuthentication(Careless()), basic("ada:secret"))


def test_basic_asks_the_backend_it_was_given(user: User) -> None:
    class Tokens(BaseBackend):
        def authenticate(self, request: Any, **credentials: Any) -> Any:
            if credentials == {"username": "ada", "password": "token"}:
                return user
            raise exceptions.PermissionDenied

    authentication = BasicAuthentication(Tokens())
    assert admits(user, authentication, basic("ada:token"))
    assert refuses(authentication, basic("ada:other"))


@pytest.mark.parametrize(
    ("realm", "shown"),
    [
        ("uploads", "uploads"),
        ('the "inner" circle', r"the \"inner\" circle"),
        ("back\\slash", r"back\\slash"),
        ("new\r\nSet-Cookie: line", "new  Set-Cookie: line"),
        ("Größe", "GrÃ¶Ã\x9fe"),  # UTF-8, as headers carry it
    ],
)
def test_realm_cannot_leave_its_quotes(realm: str, shown: str) -> None:
    challenge = BasicAuthentication(realm=realm).challenge
    assert challenge == f'Basic realm="{shown}", charset="UTF-8"'
    response = HttpResponse(headers={"WWW-Authenticate": challenge})
    assert response["WWW-Authenticate"] == challenge


# API key


def test_key_is_taken_from_everywhere(user: User, api_key: ApiKey) -> None:
    key = api_key.key
    ways: list[tuple[dict[str, str], dict[str, str]]] = [
        ({"username": "ada", "api_key": key}, {}),
        ({"username": "ada", "Api-Key": key}, {}),
        ({"Authorization": f"ApiKey ada:{key}"}, {}),
        ({}, {"username": "ada", "api_key": key}),
    ]
    for headers, data in ways:
        assert admits(user, ApiKeyAuthentication(), headers, **data)


@pytest.mark.parametrize("username", ["ада", "a:b", "a@b", "with space", "日本"])
def test_user_names_of_all_kinds_have_keys(db: None, username: str) -> None:
    user = User.objects.create_user(username)
    key = ApiKey.objects.create(user=user).key
    sent = username.encode().decode("latin-1")
    header = {"Authorization": f"ApiKey {sent}:{key}"}
    assert admits(user, ApiKeyAuthentication(), header)
    assert admits(user, ApiKeyAuthentication(), username=username, api_key=key)


HOSTILE = ["\0", "a\0b", "é", "💥", "\ud800", "\xff\xfe", "a" * 100_000, "' OR 1=1 --"]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("name", ["username", "api_key", "timestamp", "signature"])
def test_hostile_values_are_refused(
    client: Client, settings: Any, api_key: ApiKey, name: str, value: str
) -> None:
    settings.CHUNKED_UPLOADS_AUTHENTICATION = [
        f"{OURS}.{kind}Authentication" for kind in ("Basic", "ApiKey", "Query")
    ]
    good = {**query(api_key), "username": "ada"}
    if name == "api_key":
        good["username"] = ""
    if name == "username":
        good["signature"] = ""
    if name in ("timestamp", "signature"):
        good["username"] = ""
    sent = {**good, name: value}
    raw = {key: text.encode("utf-8", "surrogatepass") for key, text in sent.items()}
    assert client.get(UPLOAD, {**raw, "all": "1"}).status_code == 401
    # As a server passes a header on: its bytes, read as latin-1; or worse.
    headers: dict[str, Any] = {
        f"HTTP_{key.upper()}": text.decode("latin-1") for key, text in raw.items()
    }
    assert client.get(UPLOAD, **headers).status_code == 401
    headers[f"HTTP_{name.upper()}"] = value
    assert client.get(UPLOAD, **headers).status_code == 401


@pytest.mark.parametrize("scheme", ["Basic", "ApiKey", "Query", "Uploads", ""])
@pytest.mark.parametrize("value", [*HOSTILE, "", ":", "::", ":::::", " : : "])
def test_hostile_authorization_is_refused(
    client: Client, settings: Any, api_key: ApiKey, scheme: str, value: str
) -> None:
    settings.CHUNKED_UPLOADS_AUTHENTICATION = [
        f"{OURS}.{kind}Authentication" for kind in ("Basic", "ApiKey", "Query")
    ]
    for text in (value, f"ada:{value}", f"{api_key.key}:{NOW}:{value}"):
        response = client.get(UPLOAD, HTTP_AUTHORIZATION=f"{scheme} {text}")
        assert response.status_code == 401


@pytest.mark.parametrize("value", ["%2B2AA-", "%2BAAA-", "%ff"])
def test_surrogates_by_another_charset_are_refused(
    client: Client, db: None, value: str
) -> None:
    url = f"{UPLOAD}?username={value}&api_key={value}"
    content_type = "text/plain; charset=utf-7"
    assert client.get(url, CONTENT_TYPE=content_type).status_code == 401


def test_charset_of_a_body_is_not_the_querys(uploader: Uploader) -> None:
    url = state_in(uploader.send(CONTENT[:4], 0))["url"]
    told = Client().get(url, CONTENT_TYPE="text/plain; charset=cp037")
    assert told.status_code == 200


def test_form_of_another_charset_is_no_error_of_the_servers(db: None) -> None:
    url = f"{UPLOAD}done/{uuid.uuid4()}/"
    form = "application/x-www-form-urlencoded; charset=latin-1"
    assert Client().post(url, b"a=b", content_type=form).status_code == 401


def test_done_takes_no_files_of_strangers(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[object] = []
    monkeypatch.setattr(FileUploadHandler, "new_file", lambda *args: taken.append(args))
    url = f"{UPLOAD}done/{uuid.uuid4()}/"
    response = Client().post(url, {"file": SimpleUploadedFile("a", b"large")})
    assert response.status_code == 401
    assert taken == []


def test_fields_before_the_file_are_credentials(api_key: ApiKey) -> None:
    fields = {"username": "ada", "api_key": api_key.key}
    response = Uploader().send(CONTENT, name=None, **form(fields))
    assert response.json()[0]["state"] == "UPLOADING"
    assert Upload.objects.get().user == api_key.user


def test_nothing_of_the_file_is_stored_before_the_sender_is_known(
    db: None, media_root: Any
) -> None:
    fields = {"username": "ada", "api_key": "wrong"}
    assert Uploader().send(CONTENT, name=None, **form(fields)).status_code == 401
    assert not Upload.objects.exists()
    assert not media_root.exists()


def form(fields: dict[str, str]) -> dict[str, Any]:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}'
        for name, value in fields.items()
    ]
    file = 'Content-Disposition: form-data; name="file"; filename="film.mp4"\r\n\r\n'
    body = "\r\n".join([*parts, f"--{BOUNDARY}\r\n{file}"]).encode() + CONTENT
    return {"body": body + f"\r\n--{BOUNDARY}--\r\n".encode(), "content_type": FORM}


# Signature


def test_signature_is_taken_from_everywhere(user: User, api_key: ApiKey) -> None:
    sent = query(api_key)
    dashed = {**sent, "Api-Key": sent["api_key"]}
    del dashed["api_key"]
    ways: list[tuple[dict[str, str], dict[str, str]]] = [
        (sent, {}),
        (dashed, {}),
        ({"Authorization": "Query " + ":".join(sent.values())}, {}),
        ({}, sent),
    ]
    for headers, data in ways:
        assert admits(user, QueryAuthentication(), headers, **data)


def test_signature_is_the_hmac_of_the_timestamp(user: User, api_key: ApiKey) -> None:
    ApiKey.objects.update(key="k", secret="s")
    # printf 1800000000 | openssl dgst -sha256 -hmac s
    signature = "3798949c4c5fb295aa09c79be9c99c10db4cedc9a0e509aab312679484ee36c2"
    sent = {"api_key": "k", "timestamp": "1800000000", "signature": signature}
    assert admits(user, QueryAuthentication(), **sent)


@pytest.mark.parametrize("late", [-300, -1, 0, 1, 300])
def test_signature_is_good_within_the_window(api_key: ApiKey, late: int) -> None:
    assert knock(QueryAuthentication(), **query(api_key, NOW + late))[0] is True


@pytest.mark.parametrize(
    ("late", "side"), [(301, "behind"), (-301, "ahead of"), (NOW, "behind")]
)
def test_clocks_that_differ_are_told(
    client: Client, settings: Any, api_key: ApiKey, late: int, side: str
) -> None:
    settings.CHUNKED_UPLOADS_AUTHENTICATION = [
        f"{OURS}.{kind}Authentication" for kind in ("ApiKey", "Query", "Session")
    ]
    response = client.get(UPLOAD, query(api_key, NOW - late))
    assert response.status_code == 401
    assert response.json() == [
        {
            "error": "not_authenticated",
            "detail": f"The timestamp is {abs(late)} seconds {side} this server's "
            "clock; at most 300 are allowed.",
        }
    ]
    wanted = 'ApiKey realm="uploads", Query realm="uploads", Session realm="uploads"'
    assert response["WWW-Authenticate"] == wanted


def test_window_is_a_setting(settings: Any, user: User, api_key: ApiKey) -> None:
    settings.CHUNKED_UPLOADS_SIGNATURE_MAX_AGE = 3600
    assert admits(user, QueryAuthentication(), **query(api_key, NOW - 3600))


@pytest.mark.parametrize(
    "timestamp",
    [
        "",
        "-1",
        "+1800000000",
        "1.8e9",
        "1800000000.0",
        "1_800_000_000",
        "1800000000\n1",
        "0x6b49d200",
        "NaN",
        "inf",
        "１８００００００００",
        "9" * 13,
        "9" * 5000,
    ],
)
def test_timestamps_that_are_no_seconds_are_refused(
    api_key: ApiKey, timestamp: str
) -> None:
    assert refuses(QueryAuthentication(), **query(api_key, timestamp))


def test_wrong_signatures_are_refused(user: User, api_key: ApiKey) -> None:
    right = sign(api_key.secret, str(NOW))
    for wrong in (
        right.upper(),
        right[:-1],
        right + "0",
        " ",
        sign(api_key.key, str(NOW)),
        sign("", str(NOW)),
        sign(api_key.secret, str(NOW - 1)),
        hashlib.sha256(f"{api_key.secret}{NOW}".encode()).hexdigest(),
    ):
        assert refuses(QueryAuthentication(), **query(api_key, signature=wrong))


def test_key_of_another_case_is_another_key(api_key: ApiKey) -> None:
    ApiKey.objects.update(key="abc")
    api_key.refresh_from_db()
    assert refuses(QueryAuthentication(), **query(api_key, api_key="ABC"))


@pytest.mark.parametrize("kind", [ApiKeyAuthentication, QueryAuthentication])
def test_keys_of_the_inactive_are_refused(
    user: User, api_key: ApiKey, kind: type[Authentication]
) -> None:
    User.objects.update(is_active=False)
    sent = {"username": "ada", **query(api_key)}
    assert refuses(kind(), **sent)


def test_identifiers_name_the_sender_and_no_secret(api_key: ApiKey) -> None:
    request = RequestFactory().get(UPLOAD, {"username": "ada", **query(api_key)})
    request.user = api_key.user
    for kind in (ApiKeyAuthentication, QueryAuthentication, SessionAuthentication):
        assert kind().get_identifier(request) == "ada"
    assert Authentication().get_identifier(request).startswith("127.0.0.1_")


# Session


CSRF = {"OPTIONS": {}, "HTTPONLY": {"CSRF_COOKIE_HTTPONLY": True}}
CSRF["SESSIONS"] = {"CSRF_USE_SESSIONS": True}


@pytest.fixture(params=CSRF)
def browser_like(request: Any, settings: Any, user: User) -> tuple[Uploader, str]:
    """A logged-in client and the CSRF token that the partial puts into the page."""
    for name, value in CSRF[request.param].items():
        setattr(settings, name, value)
    client = Uploader(enforce_csrf_checks=True)
    client.force_login(user)
    page = client.get("/").content.decode()
    token = page.partition('data-csrf-token="')[2].partition('"')[0]
    return client, token


def test_session_uploads_with_the_token_that_the_page_has(
    browser_like: tuple[Uploader, str],
) -> None:
    client, token = browser_like
    response = client.send(CONTENT, headers={"X-CSRFToken": token})
    assert response.json()[0]["size"] == len(CONTENT)


@pytest.mark.parametrize("token", [None, "", "x" * 32, "x" * 64, "é", "\0"])
def test_session_without_the_token_is_refused(
    browser_like: tuple[Uploader, str], token: str | None
) -> None:
    client, _token = browser_like
    headers = {} if token is None else {"X-CSRFToken": token}
    response = client.send(CONTENT, headers=headers)
    assert response.status_code == 403
    assert response.json()[0]["error"] == "csrf_failed"
    assert response.json()[0]["detail"].startswith("CSRF: ")
    assert not Upload.objects.exists()


def test_session_of_a_foreign_page_is_refused(
    browser_like: tuple[Uploader, str],
) -> None:
    client, token = browser_like
    headers = {"X-CSRFToken": token, "Origin": "https://evil.example"}
    assert client.send(CONTENT, headers=headers).status_code == 403


def test_reading_needs_no_csrf_token(browser_like: tuple[Uploader, str]) -> None:
    client, _token = browser_like
    assert client.get(UPLOAD).json() == []


def test_key_needs_no_csrf_token(authorization: dict[str, str]) -> None:
    client = Uploader(enforce_csrf_checks=True)
    assert client.send(CONTENT, headers=authorization).status_code == 200


def test_session_of_somebody_who_became_inactive_is_refused(user: User) -> None:
    client = Client()
    client.force_login(user)
    User.objects.update(is_active=False)
    assert client.get(UPLOAD).status_code == 401


# Several


def test_default_is_key_then_session(client: Client, db: None) -> None:
    response = client.get(UPLOAD)
    assert response.status_code == 401
    assert response.json() == [
        {"error": "not_authenticated", "detail": "Credentials are needed."}
    ]
    wanted = 'ApiKey realm="uploads", Session realm="uploads"'
    assert response["WWW-Authenticate"] == wanted


def test_key_wins_over_the_session(user: User, authorization: dict[str, str]) -> None:
    client = Uploader()
    client.force_login(User.objects.create_user("bob"))
    client.send(CONTENT, headers=authorization)
    assert Upload.objects.get().user == user


def test_session_is_tried_where_the_key_is_wrong(user: User) -> None:
    client = Client(headers={"Authorization": "ApiKey ada:wrong"})
    client.force_login(user)
    assert client.get(UPLOAD).status_code == 200


def test_a_401_of_one_class_stops_no_other(user: User, api_key: ApiKey) -> None:
    several = MultiAuthentication(TastypieBasic(), ApiKeyAuthentication())
    headers = {"Authorization": f"ApiKey ada:{api_key.key}"}
    assert admits(user, several, headers)


def test_class_of_tastypie_plugs_in(client: Client, settings: Any, user: User) -> None:
    settings.CHUNKED_UPLOADS_AUTHENTICATION = [
        "tests.authentication.test_classes.TastypieBasic",
        f"{OURS}.ApiKeyAuthentication",
    ]
    headers = {"Authorization": "Basic b3BlbiBzZXNhbWU="}
    assert client.get(UPLOAD, headers=headers).json() == []
    response = client.get(UPLOAD)
    assert response.json()[0]["error"] == "not_authenticated"
    wanted = 'Basic Realm="django-tastypie", ApiKey realm="uploads"'
    assert response["WWW-Authenticate"] == wanted


@pytest.mark.parametrize("before", [[], [f"{OURS}.ApiKeyAuthentication"]])
@pytest.mark.parametrize("kind", ["ApiKey", "Basic"])
def test_own_classes_of_tastypie_plug_in(
    settings: Any, user: User, kind: str, before: list[str]
) -> None:
    path = f"tastypie.authentication.{kind}Authentication"
    settings.CHUNKED_UPLOADS_AUTHENTICATION = [*before, path]
    user.set_password("right")
    user.save()
    key = tastypie.models.ApiKey.objects.create(user=user).key
    secret = key if kind == "ApiKey" else "right"

    def tell(secret: str) -> dict[str, str]:
        told = f"ada:{secret}"
        if kind == "Basic":
            told = base64.b64encode(told.encode()).decode()
        return {"Authorization": f"{kind} {told}"}

    for refused in ({}, tell("wrong"), {"Authorization": kind}):
        answer = Uploader().send(CONTENT, headers=refused)
        assert_error(answer, 401, "not_authenticated")
        assert answer["WWW-Authenticate"]
    begun = Uploader().send(CONTENT[:4], 0, headers=tell(secret))
    gone_on = Uploader().send(CONTENT[4:], 4, headers=tell(secret))

    assert Upload.objects.get().user == user
    assert state_in(gone_on)["upload_uuid"] == state_in(begun)["upload_uuid"]
    assert_finishes(Uploader(), gone_on, CONTENT)


def test_key_of_tastypie_is_taken_out_of_the_query_and_the_form(
    settings: Any, user: User
) -> None:
    kind = "tastypie.authentication.ApiKeyAuthentication"
    settings.CHUNKED_UPLOADS_AUTHENTICATION = kind
    key = tastypie.models.ApiKey.objects.create(user=user).key
    named = {"username": "ada", "api_key": key}

    by_query = Uploader().send(CONTENT, url=f"{UPLOAD}?{urlencode(named)}")
    by_form = Uploader().send_form(CONTENT, fields=named.items())

    assert (by_query.status_code, by_form.status_code) == (200, 200)


@pytest.mark.parametrize("status", [200, 302, 400, 403, 429, 500])
def test_any_other_response_decides(
    client: Client, monkeypatch: Any, settings: Any, status: int, user: User
) -> None:
    settings.CHUNKED_UPLOADS_AUTHENTICATION = [
        "tests.authentication.test_classes.Door",
        f"{OURS}.SessionAuthentication",
    ]
    monkeypatch.setattr(Door, "answer", HttpResponse("own", status=status))
    client.force_login(user)
    response = client.get(UPLOAD)
    assert (response.status_code, response.content) == (status, b"own")
    assert response["Cache-Control"] == "no-store"


def test_own_class_may_raise_what_ours_raise(
    client: Client, monkeypatch: Any, settings: Any, user: User
) -> None:
    class Raising(Authentication):
        scheme = "Raising"
        told: Exception = errors.NotAuthenticated("Not on Sundays.", "")

        def is_authenticated(self, request: HttpRequest, **kwargs: Any) -> Any:
            raise self.told

    monkeypatch.setattr("tests.authentication.test_classes.Door", Raising)
    settings.CHUNKED_UPLOADS_AUTHENTICATION = [
        "tests.authentication.test_classes.Door",
        f"{OURS}.SessionAuthentication",
    ]
    refused = client.get(UPLOAD)
    client.force_login(user)

    assert_error(refused, 401, "not_authenticated")
    assert refused.json()[0]["detail"] == "Not on Sundays."
    wanted = 'Raising realm="uploads", Session realm="uploads"'
    assert refused["WWW-Authenticate"] == wanted
    assert client.get(UPLOAD).status_code == 200
    Raising.told = errors.Unavailable("Not just now.")
    assert_error(client.get(UPLOAD), 503, "unavailable")


# In tastypie's manner, with nobody around them


def assert_answers(answer: Any, status: int, code: str, **headers: str) -> None:
    assert isinstance(answer, HttpResponse)
    assert answer.status_code == status
    assert json.loads(answer.content)[0]["error"] == code
    assert {name: answer[name] for name in headers} == headers


def test_class_by_itself_answers_with_true_false_or_a_response(
    user: User, api_key: ApiKey
) -> None:
    several = MultiAuthentication(QueryAuthentication(), SessionAuthentication())
    late = query(api_key, NOW - 301)
    both = 'Query realm="uploads", Session realm="uploads"'

    assert admits(user, several, **query(api_key))
    assert refuses(SessionAuthentication())
    for kind, challenge in (
        (QueryAuthentication(), 'Query realm="uploads"'),
        (several, both),
    ):
        answer, found = knock(kind, **late)
        headers = {"WWW-Authenticate": challenge}
        assert_answers(answer, 401, "not_authenticated", **headers)
        assert found == AnonymousUser()
    answer, _ = knock(several)
    assert_answers(answer, 401, "not_authenticated", **{"WWW-Authenticate": both})


def test_session_by_itself_answers_a_foreign_form_with_a_response(user: User) -> None:
    request = RequestFactory(enforce_csrf_checks=True).post(UPLOAD)
    request.user = user

    answer = SessionAuthentication().is_authenticated(request)

    assert_answers(answer, 403, "csrf_failed")


def test_several_by_themselves_hand_on_a_class_s_own_response(user: User) -> None:
    own = HttpResponse("own", status=402)
    door = Door()
    door.answer = own

    assert knock(MultiAuthentication(door))[0] is own


@pytest.mark.parametrize("answer", [False, None, ""])
def test_class_that_says_no_is_asked_no_more(
    client: Client, monkeypatch: Any, settings: Any, answer: Any
) -> None:
    settings.CHUNKED_UPLOADS_AUTHENTICATION = "tests.authentication.test_classes.Door"
    monkeypatch.setattr(Door, "answer", answer)
    response = client.get(UPLOAD)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Uploads realm="uploads"'


def test_identifier_is_that_of_the_class_that_knew_the_sender(user: User) -> None:
    several = MultiAuthentication(ApiKeyAuthentication(), TastypieBasic())
    headers = {"Authorization": "Basic b3BlbiBzZXNhbWU="}
    request = RequestFactory().get(UPLOAD, headers=headers)
    assert several.get_identifier(request) == "nouser"
    several.is_authenticated(request)
    assert several.get_identifier(request) == "a tastypie user"


def test_site_without_sessions_takes_keys(
    settings: Any, authorization: dict[str, str]
) -> None:
    settings.MIDDLEWARE = []
    assert Client().get(UPLOAD).status_code == 401
    assert Uploader().send(CONTENT, headers=authorization).status_code == 200


def test_credentials_are_checked_in_one_query(
    client: Client, authorization: dict[str, str]
) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get(UPLOAD, headers=authorization)
    assert len(queries) == 2  # the other one is for the uploads
    assert sum("apikey" in query["sql"] for query in queries) == 1


# Telling the site


@pytest.mark.parametrize(
    ("kind", "sent", "told"),
    [
        ("ApiKey", {"username": "ada", "api_key": "no"}, "ada"),
        ("ApiKey", {"username": "bob", "api_key": "no"}, "bob"),
        ("Query", {"signature": "no"}, "ada"),
        ("Query", {"api_key": "no"}, ""),
        ("Query", {"timestamp": "1"}, ""),
        ("Query", {"timestamp": "no"}, ""),
    ],
)
def test_wrong_credentials_are_told_without_secrets(
    client: Client,
    settings: Any,
    api_key: ApiKey,
    failures: list[Any],
    caplog: pytest.LogCaptureFixture,
    kind: str,
    sent: dict[str, str],
    told: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    settings.CHUNKED_UPLOADS_AUTHENTICATION = [f"{OURS}.{kind}Authentication"]
    if kind == "Query":
        sent = query(api_key, **sent)
    headers = {name.replace("_", "-"): value for name, value in sent.items()}
    client.get(UPLOAD, headers=headers)
    assert failures == [{"username": told}]
    assert api_key.key not in caplog.text
    assert sign(api_key.secret, str(NOW)) not in caplog.text


def test_wrong_password_is_told_once(user: User, failures: list[Any]) -> None:
    knock(BasicAuthentication(), basic("ada:wrong"))
    assert [each["username"] for each in failures] == ["ada"]
    assert "wrong" not in str(failures)


def test_absent_credentials_are_no_failure(
    client: Client, settings: Any, db: None, failures: list[Any]
) -> None:
    settings.CHUNKED_UPLOADS_AUTHENTICATION = [
        f"{OURS}.{kind}Authentication"
        for kind in ("Basic", "ApiKey", "Query", "External", "Session")
    ]
    assert client.get(UPLOAD).status_code == 401
    assert failures == []


def test_site_throttles_by_its_own_means(client: Client, db: None) -> None:
    def lock_out(**kwargs: Any) -> None:
        raise exceptions.PermissionDenied("Too many failures.")

    user_login_failed.connect(lock_out)
    try:
        response = client.get(UPLOAD, {"username": "ada", "api_key": "no"})
    finally:
        user_login_failed.disconnect(lock_out)
    assert response.status_code == 403
    assert response.json() == [
        {"error": "permission_denied", "detail": "Too many failures."}
    ]


# Settings


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SIGNATURE_MAX_AGE", 0, "E001"),
        ("SIGNATURE_MAX_AGE", None, "E001"),
        ("SIGNATURE_MAX_AGE", "300", "E001"),
        ("AUTHENTICATION", [f"{OURS}.ExternalAuthentication"], "E008"),
        ("AUTHENTICATION", f"{OURS}.ExternalAuthentication", "E008"),
        ("EXTERNAL_AUTH_URL", "", "E008"),
        ("EXTERNAL_AUTH_URL", "http://example.com/", "E008"),
        ("EXTERNAL_AUTH_URL", "https://", "E008"),
        ("EXTERNAL_AUTH_URL", "https://[", "E008"),
        ("EXTERNAL_AUTH_URL", b"https://example.com/", "E008"),
        ("EXTERNAL_AUTH_URL", f"https://example.com/{'x' * 200}", "E008"),
    ],
)
def test_wrong_settings_are_messages(
    db: None, settings: Any, name: str, value: Any, message: str
) -> None:
    setattr(settings, f"CHUNKED_UPLOADS_{name}", value)
    assert [each.id for each in run_checks()] == [f"chunked_uploads.{message}"]


@pytest.mark.parametrize("value", [None, "https://example.com/auth?tenant=1"])
def test_right_settings_are_no_message(
    db: None, settings: Any, value: str | None
) -> None:
    settings.CHUNKED_UPLOADS_EXTERNAL_AUTH_URL = value
    assert run_checks() == []


# Other user models


@pytest.mark.once
def test_site_with_a_user_model_of_its_own() -> None:
    classes = [f"{OURS}.{kind}Authentication" for kind in ("Basic", "ApiKey", "Query")]
    changed = {
        "AUTH_USER_MODEL": "people.Person",
        "CHUNKED_UPLOADS_AUTHENTICATION": [*classes, f"{OURS}.SessionAuthentication"],
        "INSTALLED_APPS": [*django_settings.INSTALLED_APPS, "tests.people"],
    }
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "CHUNKED_UPLOADS_TEST_SETTINGS": json.dumps(changed),
    }
    visit = [sys.executable, "-W", "error", "-m", "tests.people.visit"]
    printed = subprocess.check_output(visit, cwd=CHECKOUT, env=env, timeout=60)
    assert json.loads(printed) == {
        **dict.fromkeys(["basic", "key", "query", "session"], 200),
        **dict.fromkeys(["admin of upload", "admin of apikey"], 200),
        "external": "bob@other.example",
        "taken": "@other.example",
    }
