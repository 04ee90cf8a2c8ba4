"""The browsers as the other tests find them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, BrowserContext, Error, Page

from tests import browsers
from tests.polling import wait_until
from tests.servers import Gunicorn


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
