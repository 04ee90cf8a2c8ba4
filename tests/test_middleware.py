"""Cross-origin answers: who gets which headers, and where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync, iscoroutinefunction
from django.core.checks import CheckMessage, run_checks
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import include, path

from chunked_uploads.middleware import CrossDomainMiddleware
from tests.documents import block, module
from tests.sending import UPLOAD
from tests.tus.talking import CREATE, TUS

SITE = "https://www.example.com"
OURS = "chunked_uploads.middleware.CrossDomainMiddleware"
ALLOW = "Access-Control-Allow-Origin"
PREFLIGHT = {"Origin": SITE, "Access-Control-Request-Method": "POST"}

# --- what stands on some sites between the middleware and the app ---

GetResponse = Callable[[HttpRequest], HttpResponse]


def refuse(get_response: GetResponse) -> GetResponse:
    return lambda request: HttpResponse("Under maintenance", status=503)


def fail(get_response: GetResponse) -> GetResponse:
    def raise_error(request: HttpRequest) -> HttpResponse:
        raise RuntimeError

    return raise_error


def choose_urls(get_response: GetResponse) -> GetResponse:
    def choose(request: HttpRequest) -> HttpResponse:
        request.urlconf = __name__  # type: ignore[attr-defined]
        return get_response(request)

    return choose


Subdomains = module(block("python", "is_allowed", "docs/cross-origin.md")).Subdomains


class Everybody(CrossDomainMiddleware):
    def is_allowed(self, origin: str) -> bool:
        return True


urlpatterns = [path("nested/", include("chunked_uploads.urls"))]


@pytest.fixture(autouse=True)
def allowed(settings: Any) -> None:
    """A site that lets one other origin in."""
    settings.CROSS_DOMAIN_ALLOWED_ORIGINS = SITE


def asked_by(origin: str, *, url: str = UPLOAD, **headers: str) -> HttpResponse:
    """Return the answer to a preflight."""
    asked = {**PREFLIGHT, "Origin": origin, **headers}
    return Client().options(url, headers=asked)  # type: ignore[return-value]


def listed(response: Any, name: str) -> list[str]:
    return response[f"Access-Control-Allow-{name}"].split(", ")


# --- which answers ---


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "url", "status"),
    [
        ("GET", UPLOAD, 401),
        ("PUT", UPLOAD, 405),
        ("GET", "/uploads/upload/done/00000000-0000-0000-0000-000000000000/", 405),
        ("DELETE", "/uploads/7/delete/", 401),
        ("OPTIONS", UPLOAD, 200),
    ],
)
def test_every_answer_has_the_headers(method: str, url: str, status: int) -> None:
    response = Client().generic(method, url, headers={"Origin": SITE})
    assert response.status_code == status
    assert response[ALLOW] == SITE
    assert response["Access-Control-Allow-Credentials"] == "true"
    exposed = response["Access-Control-Expose-Headers"]
    assert exposed == "Range, Retry-After, WWW-Authenticate"
    assert "Origin" in response["Vary"]
    assert not response.has_header("Access-Control-Allow-Methods")


def test_missing_upload_has_the_headers(authorization: dict[str, str]) -> None:
    headers = {"Origin": SITE, **authorization}
    response = Client().get(f"{UPLOAD}{uuid4()}/", headers=headers)
    assert (response.status_code, response[ALLOW]) == (404, SITE)


@pytest.mark.parametrize(("other", "status"), [("refuse", 503), ("fail", 500)])
def test_answers_of_other_middleware_have_the_headers(
    settings: Any, other: str, status: int
) -> None:
    settings.MIDDLEWARE = [OURS, f"{__name__}.{other}"]
    client = Client(raise_request_exception=False)
    response = client.get(UPLOAD, headers={"Origin": SITE})
    assert (response.status_code, response[ALLOW]) == (status, SITE)


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["/", "/uploads/", "/nowhere", "/admin/login/"])
def test_other_urls_are_left_alone(url: str) -> None:
    for ask in (Client().get, Client().options):
        response = ask(url, headers=PREFLIGHT)
        assert not any(name.startswith("Access-") for name in response.headers)
        assert "Origin" not in response.get("Vary", "")


def test_urls_that_another_middleware_chose_are_found(settings: Any) -> None:
    settings.MIDDLEWARE = [OURS, f"{__name__}.choose_urls"]
    for headers in (PREFLIGHT, {"Origin": SITE}):
        response = Client().options("/nested/upload/", headers=headers)
        assert (response.status_code, response[ALLOW]) == (200, SITE)


@pytest.mark.django_db
@pytest.mark.parametrize("headers", [{}, {"Origin": SITE}, {"Origin": "https://b"}])
def test_answers_vary_by_origin_for_whoever_asks(headers: dict[str, str]) -> None:
    response = Client().get(UPLOAD, headers=headers)
    assert "Origin" in response["Vary"].split(", ")
    assert response.has_header(ALLOW) == (headers.get("Origin") == SITE)


def test_asynchronous_site_stays_asynchronous() -> None:
    async def get_response(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=418)

    middleware = CrossDomainMiddleware(get_response)
    assert iscoroutinefunction(middleware)
    factory = RequestFactory()
    for request, status in [
        (factory.get(UPLOAD, headers={"Origin": SITE}), 418),
        (factory.options(UPLOAD, headers=PREFLIGHT), 200),
    ]:
        response = async_to_sync(middleware)(request)  # type: ignore[arg-type]
        assert (response.status_code, response[ALLOW]) == (status, SITE)


# --- preflights ---


def test_preflight_is_told_what_is_allowed() -> None:
    response = asked_by(SITE)
    assert (response.status_code, response.content) == (200, b"[]")
    assert response["Cache-Control"] == "no-store"
    assert response[ALLOW] == SITE
    assert listed(response, "Methods") == ["POST", "GET", "OPTIONS", "DELETE"]
    assert listed(response, "Headers") == [
        *("Content-Type", "Content-Range", "Content-Disposition"),
        *("Content-Description", "username", "api_key", "Content-Digest"),
        *("Authorization", "Api-Key", "timestamp", "signature", "X-CSRFToken"),
    ]
    assert int(response["Access-Control-Max-Age"]) >= 7200
    assert not response.has_header("Access-Control-Allow-Private-Network")


@pytest.mark.parametrize(
    ("between", "url"),
    [
        ("django.middleware.security.SecurityMiddleware", UPLOAD),
        ("django.contrib.auth.middleware.LoginRequiredMiddleware", UPLOAD),
        ("django.middleware.common.CommonMiddleware", UPLOAD.rstrip("/")),
        (f"{__name__}.refuse", UPLOAD),
        (f"{__name__}.fail", UPLOAD),
    ],
)
def test_preflight_is_answered_before(settings: Any, between: str, url: str) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.MIDDLEWARE = [OURS, *settings.MIDDLEWARE[1:], between]
    response = Client().options(url, headers=PREFLIGHT)
    assert (response.status_code, response[ALLOW]) == (200, SITE)
    assert "Authorization" in listed(response, "Headers")


def test_redirect_to_the_slash_has_the_headers() -> None:
    response = Client().get(UPLOAD.rstrip("/"), headers={"Origin": SITE})
    assert (response.status_code, response[ALLOW]) == (301, SITE)


def test_url_without_slash_is_nobodys_where_none_is_appended(settings: Any) -> None:
    settings.APPEND_SLASH = False
    response = Client().get(UPLOAD.rstrip("/"), headers={"Origin": SITE})
    assert response.status_code == 404
    assert not response.has_header(ALLOW)


def test_private_network_may_be_reached() -> None:
    name = "Access-Control-{}-Private-Network"
    asked = {name.format("Request"): "true"}
    assert asked_by(SITE, **asked)[name.format("Allow")] == "true"
    assert not asked_by("https://b", **asked).has_header(name.format("Allow"))


TUS_UPLOAD = f"{CREATE}00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize("url", [CREATE, CREATE.rstrip("/"), TUS_UPLOAD])
@pytest.mark.parametrize("method", ["POST", "PATCH", "HEAD", "DELETE"])
def test_tus_client_is_told_what_it_may_send(url: str, method: str) -> None:
    asked = {"Access-Control-Request-Method": method}
    response = asked_by(SITE, url=url, **asked)

    assert response[ALLOW] == SITE
    methods = ["POST", "GET", "OPTIONS", "DELETE", "PATCH", "HEAD"]
    assert listed(response, "Methods") == methods
    assert {
        *("Content-Type", "Tus-Resumable", "Upload-Length", "Upload-Defer-Length"),
        *("Upload-Metadata", "Upload-Offset", "Upload-Concat", "Upload-Checksum"),
        *("X-HTTP-Method-Override", "X-Requested-With", "X-Request-ID"),
        *("Authorization", "username", "api_key", "Api-Key", "X-CSRFToken"),
    } <= set(listed(response, "Headers"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "url", "status"), [("POST", CREATE, 401), ("HEAD", TUS_UPLOAD, 401)]
)
def test_tus_client_may_read_what_it_is_told(
    method: str, url: str, status: int
) -> None:
    headers = {"Origin": SITE, **TUS, "Upload-Length": "3"}
    response = Client().generic(method, url, headers=headers)

    assert (response.status_code, response[ALLOW]) == (status, SITE)
    assert set(response["Access-Control-Expose-Headers"].split(", ")) == {
        *("Location", "Upload-Offset", "Upload-Length", "Upload-Defer-Length"),
        *("Upload-Metadata", "Upload-Concat", "Upload-Expires", "Tus-Resumable"),
        *("Tus-Version", "Tus-Max-Size", "Tus-Extension", "Tus-Checksum-Algorithm"),
        *("Retry-After", "WWW-Authenticate"),
    }


def test_tus_client_may_not_append_where_nobody_may_post(settings: Any) -> None:
    settings.CROSS_DOMAIN_ALLOWED_METHODS = "GET"
    for method in ("POST", "PATCH", "HEAD"):
        asked = {"Access-Control-Request-Method": method}
        assert not asked_by(SITE, url=CREATE, **asked).has_header(ALLOW)


def test_classic_urls_are_not_patched() -> None:
    asked = {"Access-Control-Request-Method": "PATCH"}
    assert not asked_by(SITE, **asked).has_header(ALLOW)


@pytest.mark.parametrize("value", ["get, delete", ["GET", "DELETE"], "GET\nDELETE"])
def test_methods_are_those_of_the_setting(settings: Any, value: Any) -> None:
    settings.CROSS_DOMAIN_ALLOWED_METHODS = value
    response = asked_by(SITE, **{"Access-Control-Request-Method": "DELETE"})
    assert listed(response, "Methods") == ["GET", "DELETE"]
    # To a browser POST needs no entry in the list.
    assert not asked_by(SITE).has_header(ALLOW)


@pytest.mark.parametrize("value", ["X-Mine, AUTHORIZATION", ["X-Mine AUTHORIZATION"]])
def test_headers_are_those_of_the_setting_and_the_apps(
    settings: Any, value: Any
) -> None:
    settings.CROSS_DOMAIN_ALLOWED_HEADERS = value
    names = listed(asked_by(SITE), "Headers")
    assert names[:3] == ["X-Mine", "AUTHORIZATION", "Content-Type"]
    assert {"Content-Range", "Content-Disposition", "Api-Key"} < set(names)
    assert len(names) == len({name.lower() for name in names})


@pytest.mark.parametrize(
    ("value", "is_told"),
    [("true", True), ("True", True), (True, True), ("false", False), (False, False)],
)
def test_credentials_are_as_the_setting_says(
    settings: Any, value: Any, is_told: bool
) -> None:
    settings.CROSS_DOMAIN_ALLOWED_CREDENTIALS = value
    response = asked_by(SITE)
    assert response[ALLOW] == SITE
    assert response.has_header("Access-Control-Allow-Credentials") == is_told


# --- which origins ---

SAME = [  # in the setting, from the asker
    ("https://a.example", "https://a.example"),
    ("https://a.example", "https://a.example:443"),
    ("https://a.example:443", "https://a.example"),
    ("http://a.example:80", "http://a.example"),
    ("HTTPS://A.Example", "https://a.example"),
    ("https://a.example", "HTTPS://A.EXAMPLE"),
    ("http://localhost:8000", "http://localhost:8000"),
    ("http://[::1]:8000", "http://[::1]:8000"),
    ("http://[0:0:0:0:0:0:0:1]", "http://[::1]"),
    ("http://[::FFFF:127.0.0.1]", "http://[::ffff:7f00:1]"),
    ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    ("https://my_site.a.example", "https://my_site.a.example"),
    ("chrome-extension://abcdefgh", "chrome-extension://abcdefgh"),
    ("null", "null"),
    ("https://a.example, https://b.example", "https://b.example"),
    ("https://a.example https://b.example", "https://b.example"),
    (" https://a.example ,\n https://b.example,", "https://b.example"),
    (["https://a.example", "https://b.example"], "https://b.example"),
    (("https://a.example", " https://b.example "), "https://b.example"),
    (["https://a.example, https://b.example"], "https://b.example"),
    (["rubbish", None, "http://a:99999", "https://b.example"], "https://b.example"),
]


@pytest.mark.parametrize(("setting", "origin"), SAME)
def test_listed_origin_is_echoed_as_it_was_spelt(
    settings: Any, setting: Any, origin: str
) -> None:
    settings.CROSS_DOMAIN_ALLOWED_ORIGINS = setting
    assert asked_by(origin)[ALLOW] == origin


@pytest.mark.parametrize("origin", ["http://localhost", "http://localhost:80"])
def test_default_is_localhost(settings: Any, origin: str) -> None:
    del settings.CROSS_DOMAIN_ALLOWED_ORIGINS
    assert asked_by(origin)[ALLOW] == origin
    assert not asked_by("http://localhost:8000").has_header(ALLOW)


HOSTILE = [
    *("", " ", "*", "null", "NULL", "undefined", "file://", "https://", "://", "//"),
    *("www.example.com", "//www.example.com", "https:www.example.com"),
    *("http://www.example.com", "ws://www.example.com", "wss://www.example.com"),
    *("https://example.com", "https://a.www.example.com", "https://www.example.co"),
    *("https://wwwxexample.com", "https://www.example.com.evil.example"),
    *("https://www.example.comevil.example", "https://evilwww.example.com"),
    *("https://evil.example/https://www.example.com", "https://www.example.com."),
    *("https://www.example.com/", "https://www.example.com/path"),
    *("https://www.example.com?", "https://www.example.com#"),
    *("https://www.example.com\\.evil.example", "https://www.example.com%00"),
    *("https://www.example.com@evil.example", "https://ada@www.example.com"),
    *("https://ada:key@www.example.com", "https://@www.example.com"),
    *("https://www.example.com:", "https://www.example.com:0"),
    *("https://www.example.com:8443", "https://www.example.com:80"),
    *("https://www.example.com:65536", "https://www.example.com:99999999999"),
    *("https://www.example.com:-443", "https://www.example.com:+443"),
    *("https://www.example.com:44_3", "https://www.example.com:port"),
    *("https://www.example.com:443:443", "https://www.example.com:４４３"),
    *("https://www.example.com https://evil.example", f"{SITE},{SITE}"),
    *("https://www. example.com", " https://www.example.com"),
    *("https://www.example.com\n", "https://www.example.com\r\nSet-Cookie: a=b"),
    *("https://www.example.com\0", "https://www.example.com\t", "\n".join([SITE] * 2)),
    *(
        "https://www.exämple.com",
        "https://www。example。com",
        "httpſ://www.example.com",
    ),
    *("https://www.example.com\u200b", "https://www.example.com\ud800"),
    *("https://[", "https://]", "https://[]", "https://[::1", "https://::1"),
    *("https://[::1]evil", "https://[1:2]", "https://[::1%25eth0]", "https://[v1.a]"),
    *("https://[www.example.com]", "https://" + "a" * 100_000),
]


@pytest.mark.parametrize("origin", HOSTILE)
def test_other_origin_is_told_nothing(origin: str) -> None:
    response = asked_by(origin)
    assert response.status_code == 200
    assert not any(name.startswith("Access-") for name in response.headers)
    assert "Origin" in response["Vary"]


@pytest.mark.parametrize(
    "setting",
    [
        *HOSTILE,
        [],
        [None],
        ["*"],
        "https://*.test",
        ["https://evil.test/"],
        "evil.test",
    ],
)
def test_wrong_setting_lets_nobody_in(settings: Any, setting: Any) -> None:
    settings.CROSS_DOMAIN_ALLOWED_ORIGINS = setting
    for origin in ("https://evil.test", "https://*.test", "*", "evil.test"):
        assert not asked_by(origin).has_header(ALLOW)


def test_site_decides_by_its_own_rule(settings: Any) -> None:
    settings.MIDDLEWARE = [f"{__name__}.Subdomains"]
    settings.CROSS_DOMAIN_ALLOWED_ORIGINS = "https://b.test"
    assert asked_by("https://a.example.com")[ALLOW] == "https://a.example.com"
    for origin in ("https://b.test", "https://a.b.example.com", "https://example.com"):
        assert not asked_by(origin).has_header(ALLOW)


def test_rule_is_asked_about_origins_alone(settings: Any) -> None:
    settings.MIDDLEWARE = [f"{__name__}.Everybody"]
    assert asked_by("https://a.test")[ALLOW] == "https://a.test"
    for origin in ("", "*", "https://a.test\n", "https://a.test/", "a.test"):
        assert not asked_by(origin).has_header(ALLOW)


def test_settings_of_the_documentation_are_right(settings: Any) -> None:
    names = {"MIDDLEWARE": settings.MIDDLEWARE}
    exec(block("python", "MIDDLEWARE =", "docs/cross-origin.md"), names)
    assert names["MIDDLEWARE"][0] == OURS
    for name in ("ORIGINS", "CREDENTIALS"):
        name = f"CROSS_DOMAIN_ALLOWED_{name}"
        setattr(settings, name, names[name])
    assert messages() == []
    response = asked_by("http://localhost:8000")
    assert response[ALLOW] == "http://localhost:8000"
    assert not response.has_header("Access-Control-Allow-Credentials")


# --- checks ---


def messages() -> list[CheckMessage]:
    return [each for each in run_checks() if (each.id or "").startswith("chunked_")]


WRONG = [
    ("ORIGINS", "*", "E007"),
    ("ORIGINS", "https://*.example.com", "E007"),
    ("ORIGINS", "https://a.example/", "E007"),
    ("ORIGINS", "https://ada@a.example", "E007"),
    ("ORIGINS", ["https://a.example", "https://b.example:65536"], "E007"),
    ("ORIGINS", "https://bücher.example", "E007"),
    ("ORIGINS", "NULL", "E007"),
    ("ORIGINS", "https://a.example, null", "W003"),
    ("METHODS", "*", "E009"),
    ("METHODS", None, "E009"),
    ("METHODS", [7], "E009"),
    ("HEADERS", "Content-Type, *", "E009"),
    ("HEADERS", ["X-Mine: 1"], "E009"),
    ("HEADERS", ["X-M\0ine"], "E009"),
    ("HEADERS", "X-Größe", "E009"),
    ("CREDENTIALS", "yes", "E010"),
    ("CREDENTIALS", None, "E010"),
    ("CREDENTIALS", 1, "E010"),
]


@pytest.mark.parametrize(("name", "value", "expected"), WRONG)
def test_wrong_setting_is_a_message(
    settings: Any, name: str, value: Any, expected: str
) -> None:
    setattr(settings, f"CROSS_DOMAIN_ALLOWED_{name}", value)
    [message] = messages()
    assert message.id == f"chunked_uploads.{expected}"
    assert message.msg.startswith(f"CROSS_DOMAIN_ALLOWED_{name}")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ORIGINS", "https://a.example, http://[::1]:8000, app://here"),
        ("METHODS", ["GET", "POST"]),
        ("METHODS", ""),
        ("HEADERS", "X-Mine,\n  x_other"),
        ("CREDENTIALS", False),
        ("CREDENTIALS", "True"),
    ],
)
def test_right_setting_is_no_message(settings: Any, name: str, value: Any) -> None:
    setattr(settings, f"CROSS_DOMAIN_ALLOWED_{name}", value)
    assert messages() == []
