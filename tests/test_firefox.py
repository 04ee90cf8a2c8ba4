"""The page in Firefox."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from chunked_uploads.models import Upload
from tests import browsers
from tests.servers import Gunicorn
from tests.weather import Weather

pytestmark = browsers.IN_FIREFOX

CHUNK_SIZE = 64 * 1024


@pytest.fixture
def server(make_server: Callable[..., Gunicorn]) -> Gunicorn:
    """The tests' site, which wants small chunks."""
    return make_server(settings={"CHUNKED_UPLOADS_CHUNK_SIZE": CHUNK_SIZE})


@pytest.fixture
def site(page: Page, weather: Weather, user: User) -> Page:
    """The page with the uploader, through the network; Ada is logged in."""
    browsers.log_in(page.context, weather.url, user)
    page.goto(weather.url)
    return page


def send(page: Page, file: Path) -> None:
    """Choose the file, and wait until the page says that it is there."""
    page.set_input_files(".chunked-uploads-input", file)
    page.get_by_role("button", name="Start", exact=True).click()
    status = page.locator(".chunked-uploads-status")
    expect(status).to_have_text("Complete", timeout=20_000)


def content() -> bytes:
    """Return what arrived as the one upload."""
    with Upload.objects.get(state=Upload.State.COMPLETE).upload.open() as arrived:
        return arrived.read()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of three chunks and a bit."""
    file = tmp_path / "film.bin"
    file.write_bytes(os.urandom(3 * CHUNK_SIZE + 17))
    return file


def test_file_arrives(site: Page, file: Path) -> None:
    send(site, file)

    assert content() == file.read_bytes()


def test_file_arrives_though_the_network_breaks(
    site: Page, weather: Weather, file: Path
) -> None:
    weather.cut(after=CHUNK_SIZE + 1000)

    send(site, file)

    assert content() == file.read_bytes()
