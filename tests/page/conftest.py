"""Fixtures of the page's tests: a site with small chunks, and a visitor's page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page

from tests import browsers
from tests.page.driving import CHUNK_SIZE, NAME, make_file
from tests.servers import Gunicorn


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
