"""The harness itself: what the other tests stand on."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, BrowserContext, Error, Page

from tests import browsers
from tests.polling import wait_until
from tests.servers import Database, Gunicorn, MariaDB, Nginx, PostgreSQL


def status(url: str, **headers: str) -> int:
    """Return the status of the answer to a GET request."""
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, headers=headers)
        ) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_server_shares_the_database_of_the_test(
    server: Gunicorn, authorization: dict[str, str]
) -> None:
    url = f"{server.url}/uploads/upload/?all=1"

    assert status(url) == 401
    assert status(url, **authorization) == 200


def test_server_is_gone_when_killed_and_comes_back_at_the_same_url(
    server: Gunicorn,
) -> None:
    server.kill()
    with pytest.raises(urllib.error.URLError):
        status(server.url)

    server.restart()

    assert status(server.url) == 200


def test_server_takes_settings_and_workers(
    make_server: Callable[..., Gunicorn],
) -> None:
    server = make_server(workers=3, settings={"ALLOWED_HOSTS": ["example.com"]})

    assert status(server.url) == 400
    wait_until(lambda: len(server.workers) == 3)
    assert server.peak_memory > 2**20


def test_page_has_the_uploader_without_offending_the_policy(
    server: Gunicorn, page: Page, user: User
) -> None:
    browsers.log_in(page.context, server.url, user)

    page.goto(server.url)

    assert page.locator("[data-chunked-uploads]").count() == 1


@browsers.IN_BOTH
def test_mishaps_in_a_page_are_noticed(server: Gunicorn, browser: Browser) -> None:
    page = browser.new_page()
    mishaps = browsers.watch(page)
    page.goto(server.url)

    page.evaluate("""() => {
        document.body.append(Object.assign(new Image(), { src: "data:," }));
        setTimeout(() => { throw new Error("lost"); });
    }""")

    # Playwright hears of nothing unless the page is asked for something.
    wait_until(lambda: page.title() and len(mishaps) == 2)
    policy, error = sorted(mishaps)
    assert "default-src 'self'" in policy
    assert error == "lost"
    page.context.close()


@browsers.IN_BOTH
def test_browser_finds_no_other_machine(browser: Browser) -> None:
    page = browser.new_page()

    with pytest.raises(Error, match=r"ERR_NAME_NOT_RESOLVED|CONNECTION_REFUSED"):
        page.goto("http://example.com/")

    page.context.close()


def test_profile_outlives_the_browser(
    server: Gunicorn, open_profile: Callable[[], BrowserContext]
) -> None:
    first = open_profile().new_page()
    first.goto(server.url)
    first.evaluate("localStorage.setItem('kept', 'yes')")
    first.context.close()

    second = open_profile().new_page()
    second.goto(server.url)

    assert second.evaluate("localStorage.getItem('kept')") == "yes"


def test_nginx_is_in_front_of_the_server(nginx: Nginx) -> None:
    with urllib.request.urlopen(nginx.url) as answer:
        assert answer.headers["Server"].startswith("nginx")


@pytest.mark.once
@pytest.mark.parametrize("kind", [PostgreSQL, MariaDB])
def test_database_leaves_nothing_behind(kind: Callable[[], Database]) -> None:
    server = kind()
    server.start()
    assert server.address

    server.remove()

    assert not server.folder.exists()
