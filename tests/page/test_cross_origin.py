"""The page on one site and the app on another, in Chromium.

The page is at 127.0.0.1 and the app at localhost, so to the browser each is a third
party to the other. No test here uses `page.route`: Playwright answers all preflights
itself where it is used.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path
from playwright.sync_api import BrowserContext, Page

from chunked_uploads.models import ApiKey, Upload
from tests import browsers, urls
from tests.documents import EXAMPLE, block
from tests.page.conftest import file
from tests.page.driving import (
    CHUNK_SIZE,
    assert_arrived,
    cancel,
    choose,
    expect_message,
    expect_states,
    expect_status,
    note_requests,
    press,
    ranges_of,
)
from tests.servers import Gunicorn

__all__ = ["file"]  # a fixture

NIL = "00000000-0000-0000-0000-000000000000"
CLASSES = [
    "chunked_uploads.authentication.ApiKeyAuthentication",
    "chunked_uploads.authentication.QueryAuthentication",
    "chunked_uploads.authentication.SessionAuthentication",
]
BLOCKED = 1  # third-party cookies, as Chromium's preferences have it
OPEN = 0

# --- the page's site ---


def show_page(request: HttpRequest) -> HttpResponse:
    """Show the uploader, under the strictest policy that lets it reach the app."""
    response = render(request, "page.html", {"ranges_in_flight": 1})
    policy = "default-src 'self'; connect-src 'self' http://localhost:*"
    response.headers["Content-Security-Policy"] = policy
    return response


@login_required
def give_signature(request: HttpRequest) -> HttpResponse:
    """Give whoever is logged in here the credentials for the other site."""
    api_key = ApiKey.objects.get(user__username=request.user.get_username())
    return JsonResponse(signed(api_key, int(time.time())))


def signed(api_key: ApiKey, seconds: int) -> dict[str, str]:
    timestamp = str(seconds)
    digest = hmac.new(api_key.secret.encode(), timestamp.encode(), hashlib.sha256)
    signature = digest.hexdigest()
    return {"api_key": api_key.key, "timestamp": timestamp, "signature": signature}


urlpatterns = [
    path("", show_page),
    path("signature/", give_signature),
    *urls.urlpatterns,
]

# --- the two sites, and who visits them ---


@pytest.fixture
def host(make_server: Callable[..., Gunicorn]) -> Gunicorn:
    """The site that has the page."""
    settings = {"ROOT_URLCONF": __name__, "CHUNKED_UPLOADS_CHUNK_SIZE": CHUNK_SIZE}
    return make_server(settings=settings, workers=1)


@pytest.fixture
def make_app(
    make_server: Callable[..., Gunicorn], host: Gunicorn
) -> Callable[..., Gunicorn]:
    """Return what starts the site that takes the files, given further settings."""

    def make(**settings: Any) -> Gunicorn:
        own = {
            "CHUNKED_UPLOADS_AUTHENTICATION": CLASSES,
            "CHUNKED_UPLOADS_CHUNK_SIZE": CHUNK_SIZE,
            "CROSS_DOMAIN_ALLOWED_ORIGINS": host.url,
        }
        return make_server(settings={**own, **settings}, workers=1)

    return make


@pytest.fixture
def app(make_app: Callable[..., Gunicorn]) -> Gunicorn:
    """The site that takes the files."""
    return make_app()


@pytest.fixture
def open_browser(
    open_profile: Callable[[], BrowserContext], tmp_path: Path
) -> Callable[[int], BrowserContext]:
    """Return what opens Chromium with third-party cookies `BLOCKED` or `OPEN`."""

    def launch(mode: int) -> BrowserContext:
        preferences = tmp_path / "profile" / "Default" / "Preferences"
        preferences.parent.mkdir(parents=True)
        preferences.write_text(json.dumps({"profile": {"cookie_controls_mode": mode}}))
        return open_profile()

    return launch


@pytest.fixture
def visitor(open_browser: Callable[[int], BrowserContext]) -> BrowserContext:
    """Chromium with third-party cookies blocked."""
    return open_browser(BLOCKED)


@pytest.fixture
def open_page(
    visitor: BrowserContext, host: Gunicorn
) -> Iterator[Callable[[Gunicorn, str], Page]]:
    """Return what opens the page, given the app and the script that names it.

    No script may fail in it, and no policy be broken.
    """
    mishaps: list[list[str]] = []

    def open_new(app: Gunicorn, script: str) -> Page:
        page = visitor.new_page()
        mishaps.append(browsers.watch(page))
        page.add_init_script(script.replace(EXAMPLE, url_of(app)))
        page.goto(host.url)
        return page

    yield open_new
    assert not any(mishaps)


@pytest.fixture(params=["key", "signature"])
def script(
    request: pytest.FixtureRequest,
    visitor: BrowserContext,
    host: Gunicorn,
    api_key: ApiKey,
) -> str:
    """The page's own script; Ada is logged in to the page's site."""
    browsers.log_in(visitor, host.url, api_key.user)
    if request.param == "key":
        return by_key(api_key)
    return block("js", "/signature/", "docs/cross-origin.md")


def by_key(api_key: ApiKey) -> str:
    return endpoints(username=api_key.user.get_username(), api_key=api_key.key)


def endpoints(**credentials: str) -> str:
    """Return a script that names the app, and gives it the same credentials always."""
    upload_url = f"{EXAMPLE}/uploads/upload/"
    urls = {"upload_url": upload_url, "done_url": f"{upload_url}done/{NIL}/"}
    return f"chunked_uploads_endpoints = {json.dumps({**urls, **credentials})}"


def url_of(app: Gunicorn) -> str:
    return f"http://localhost:{app.port}"


def pause_at(page: Page, size: int) -> None:
    """Press Pause as soon as the server has this much of the file."""
    page.evaluate(
        """(size) => addEventListener("chunkeduploads:progress", function pause(event) {
            if (event.detail.size < size) return;
            removeEventListener("chunkeduploads:progress", pause);
            event.target.querySelector("[data-action=pause]").click();
        })""",
        size,
    )


def start_and_pause(page: Page, file: Path) -> None:
    pause_at(page, 3 * CHUNK_SIZE)
    choose(page, file)
    expect_status(page, "Paused")


def ask(page: Page, url: str, **options: Any) -> Any:
    """Return the status that a script sees, or the failure's name."""
    return page.evaluate(
        """([url, options]) => fetch(url, options).then(
            (answer) => answer.status, (failure) => failure.name)""",
        [url, options],
    )


# --- what works ---


def test_upload_goes_on_in_a_page_opened_again(
    open_page: Any, app: Gunicorn, api_key: ApiKey, script: str, file: Path
) -> None:
    page = open_page(app, script)
    start_and_pause(page, file)
    page.close()
    page = open_page(app, script)
    requests = note_requests(page)
    expect_status(page, "Unfinished")
    choose(page, file)
    expect_status(page, "Complete")
    assert assert_arrived(file).user == api_key.user
    pairs = ranges_of(requests)
    first = pairs[0][0]
    assert first >= 3 * CHUNK_SIZE
    sent = sum(last + 1 - start for start, last in pairs)
    assert sent == file.stat().st_size - first


def test_paused_upload_is_cancelled(
    open_page: Any, app: Gunicorn, api_key: ApiKey, file: Path
) -> None:
    page = open_page(app, by_key(api_key))
    start_and_pause(page, file)
    cancel(page)
    expect_states(page)
    assert not Upload.objects.exists()


def test_credentials_that_expire_meanwhile_do_no_harm(
    open_page: Any, app: Gunicorn, api_key: ApiKey, file: Path
) -> None:
    values = signed(api_key, int(time.time()) - 100)
    query = "&".join(f"{name}={value}" for name, value in values.items())
    page = open_page(app, endpoints(**values))
    start_and_pause(page, file)
    restart(app, CHUNKED_UPLOADS_SIGNATURE_MAX_AGE=60)
    assert ask(page, f"{url_of(app)}/uploads/upload/?{query}") == 401
    press(page, "Resume")
    expect_status(page, "Complete")
    assert_arrived(file)


def restart(server: Gunicorn, **settings: Any) -> None:
    variables, name = server.popen["env"], "CHUNKED_UPLOADS_TEST_SETTINGS"
    variables[name] = json.dumps({**json.loads(variables[name]), **settings})
    server.restart()


def test_page_uploads_where_the_app_bars_cookies(
    open_page: Any, make_app: Callable[..., Gunicorn], api_key: ApiKey, file: Path
) -> None:
    app = make_app(CROSS_DOMAIN_ALLOWED_CREDENTIALS="false")
    page = open_page(app, by_key(api_key))
    choose(page, file)
    expect_status(page, "Complete")
    assert_arrived(file)


def test_refusal_is_read_by_the_page(
    open_page: Any, make_app: Callable[..., Gunicorn], api_key: ApiKey, file: Path
) -> None:
    app = make_app(CHUNKED_UPLOADS_ALLOWED_EXTENSIONS=["mp4"])
    page = open_page(app, by_key(api_key))
    choose(page, file)
    expect_status(page, "Failed")
    expect_message(page, "Only these are taken: .mp4.")


def test_script_reads_exposed_headers(
    open_page: Any, app: Gunicorn, authorization: dict[str, str]
) -> None:
    page = open_page(app, endpoints())
    disposition = 'attachment; filename="film.bin"'
    headers = {"Content-Range": "bytes 0-4/9", "Content-Disposition": disposition}
    read = """([url, options, name]) => fetch(url, options).then(
        (answer) => answer.headers.get(name))"""
    url = f"{url_of(app)}/uploads/upload/"
    known = {"method": "POST", "body": "bytes", "headers": {**headers, **authorization}}
    assert page.evaluate(read, [url, known, "Range"]) == "bytes=0-4"
    unknown = {"method": "POST", "body": "bytes", "headers": headers}
    challenge = page.evaluate(read, [url, unknown, "WWW-Authenticate"])
    assert challenge.startswith("ApiKey ")


# --- what does not ---


def test_other_origins_see_and_change_nothing(
    open_page: Any, make_app: Callable[..., Gunicorn], api_key: ApiKey, file: Path
) -> None:
    app = make_app(CROSS_DOMAIN_ALLOWED_ORIGINS="http://localhost, null")
    page = open_page(app, by_key(api_key))
    choose(page, file)
    expect_status(page, "Interrupted")
    url = f"{url_of(app)}/uploads/upload/"
    assert ask(page, f"{url}?username=ada&api_key={api_key.key}") == "TypeError"
    assert ask(page, url, method="POST", body="bytes") == "TypeError"
    assert ask(page, url, mode="no-cors") == 0
    assert not Upload.objects.exists()


@pytest.mark.parametrize(("mode", "status"), [(OPEN, 200), (BLOCKED, 401)])
def test_third_party_cookies_are_blocked_in_these_tests(
    open_browser: Callable[[int], BrowserContext],
    host: Gunicorn,
    app: Gunicorn,
    user: User,
    mode: int,
    status: int,
) -> None:
    context = open_browser(mode)
    browsers.log_in(context, url_of(app), user)
    [cookie] = context.cookies()
    context.clear_cookies()
    context.add_cookies([{**cookie, "sameSite": "None", "secure": True}])  # type: ignore[typeddict-item]
    page = context.pages[0]
    url = f"{url_of(app)}/uploads/upload/"
    page.goto(url_of(app))
    assert ask(page, url) == 200
    page.goto(host.url)
    assert ask(page, url, credentials="include") == status
