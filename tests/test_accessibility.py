"""The page for everybody: axe-core finds nothing wrong, whatever is shown."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page

from tests import browsers
from tests.accessibility import violations
from tests.servers import Gunicorn


@pytest.fixture
def site(page: Page, server: Gunicorn, user: User) -> Page:
    """The page with the uploader; Ada is logged in."""
    browsers.log_in(page.context, server.url, user)
    page.goto(server.url)
    page.locator(".chunked-uploads-drop").wait_for()
    return page


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest, site: Page) -> None:
    """The visitor prefers light or dark colours."""
    site.emulate_media(color_scheme=request.param)


@pytest.fixture(params=[320, 1280])
def width(request: pytest.FixtureRequest, site: Page) -> None:
    """The visitor's window is as narrow as a phone's, or wide (CSS pixels)."""
    site.set_viewport_size({"width": request.param, "height": 720})


@pytest.mark.usefixtures("scheme", "width")
def test_idle(site: Page) -> None:
    assert violations(site) == []


def test_what_is_wrong_is_found(site: Page) -> None:
    site.locator("html").evaluate("(html) => html.removeAttribute('lang')")

    assert violations(site) == [
        "html-has-lang (serious) at html: Fix any of the following: "
        "The <html> element does not have a lang attribute"
    ]
