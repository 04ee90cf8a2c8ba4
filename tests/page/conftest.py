"""Fixtures of the page's tests: browsers, a site with small chunks, a visitor's page.

`page` and `browser` give Chromium, or Firefox where a mark of `tests.browsers` says
so; `open_profile` gives Chromium.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from tests import browsers
from tests.page.driving import CHUNK_SIZE, NAME, make_file
from tests.servers import Gunicorn

# Playwright has hands for inputs, and none for Chromium's picker of files.
NO_PICKER = "delete window.showOpenFilePicker"

expect.set_options(timeout=20_000)  # milliseconds: machines that test are busy


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """What launches browsers. Of the package, since its event loop bars others."""
    with browsers.playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def browser(
    request: pytest.FixtureRequest,
    playwright: Playwright,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Browser]:
    """A running Chromium (or see `tests.browsers`); each context starts empty."""
    name = getattr(request, "param", "Chromium")
    options = browsers.launch_options(name, tmp_path_factory.mktemp("home"))
    browser = browsers.browser_type(playwright, name).launch(**options)
    yield browser
    browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page, in which no script may fail and no policy be broken."""
    context = browser.new_context()
    context.add_init_script(NO_PICKER)
    page = context.new_page()
    mishaps = browsers.watch(page)
    yield page
    context.close()
    assert mishaps == []


@pytest.fixture
def open_profile(
    playwright: Playwright, tmp_path: Path
) -> Iterator[Callable[[], BrowserContext]]:
    """Return what opens Chromium with the test's profile, as often as it is closed.

    Closing the context quits the browser; its profile stays for the next.
    """
    contexts: list[BrowserContext] = []

    def launch() -> BrowserContext:
        profile = tmp_path / "profile"
        options = browsers.launch_options("Chromium", tmp_path)
        context = playwright.chromium.launch_persistent_context(profile, **options)
        context.add_init_script(NO_PICKER)
        contexts.append(context)
        return context

    yield launch
    for context in contexts:
        context.close()


@pytest.fixture
def server(make_server: Callable[..., Gunicorn]) -> Gunicorn:
    """The tests' site, which wants small chunks."""
    return make_server(settings={"CHUNKED_UPLOADS_CHUNK_SIZE": CHUNK_SIZE})


@pytest.fixture
def visitor(page: Page, server: Gunicorn, user: User) -> Page:
    """An empty page of Ada's, who is logged in."""
    browsers.log_in(page.context, server.url, user)
    return page


@pytest.fixture
def site(visitor: Page, server: Gunicorn) -> Page:
    """The page with the uploader."""
    visitor.goto(server.url)
    return visitor


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of ten chunks and a bit."""
    return make_file(tmp_path / NAME, 10 * CHUNK_SIZE + 17)


@pytest.fixture
def host(make_server: Callable[..., Gunicorn]) -> Gunicorn:
    """The site of another origin that has the page."""
    return make_server(settings={"CHUNKED_UPLOADS_CHUNK_SIZE": CHUNK_SIZE})


@pytest.fixture
def api(make_server: Callable[..., Gunicorn], host: Gunicorn) -> Gunicorn:
    """The site that takes the files; it lets the other one's pages in."""
    settings = {
        "CHUNKED_UPLOADS_CHUNK_SIZE": CHUNK_SIZE,
        "CROSS_DOMAIN_ALLOWED_ORIGINS": host.url,
    }
    return make_server(settings=settings)


@pytest.fixture
def foreign(browser: Browser) -> Iterator[Page]:
    """An empty page for the other origin."""
    # The policy of the tests' page allows no connection to elsewhere.
    context = browser.new_context(bypass_csp=True)
    yield context.new_page()
    context.close()
