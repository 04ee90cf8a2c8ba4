"""Uppy, with its Dashboard and its plugin for tus, in Chromium.

No test here uses `page.route`: Playwright answers all preflights itself where it is
used.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from playwright.sync_api import Page, expect

from chunked_uploads.models import Upload
from tests import packages, programs, urls
from tests.page.driving import (
    CHUNK_SIZE,
    assert_arrived,
    expect_status,
    give,
    make_files,
)
from tests.polling import wait_until
from tests.servers import Gunicorn
from tests.weather import Weather

# Beside what is the page's own: a picture in Dashboard's style sheet (`data:`) and
# previews of pictures (`blob:`).
POLICY = "default-src 'self'; img-src 'self' data: blob:"
STYLES = ["core", "dashboard"]


def show_page(request: HttpRequest) -> HttpResponse:
    """Show Dashboard, under the strictest policy that it bears.

    `to`, where given, is the other origin that it may reach.
    """
    response = render(request, "uppy/index.html")
    elsewhere = request.GET.get("to")
    allowed = f"; connect-src 'self' {elsewhere}" if elsewhere else ""
    response.headers["Content-Security-Policy"] = POLICY + allowed
    return response


urlpatterns = [path("uppy/", show_page), *urls.urlpatterns]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the page's script and style."""
    if not programs.find("npm"):
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("uppy")
    apps = packages.lay_out(folder)
    (folder / "uppy.js").write_text(packages.bundle(apps, "uppy/app.js"))
    modules = packages.install()
    styles = [modules / f"@uppy/{name}/dist/style.min.css" for name in STYLES]
    (folder / "uppy.css").write_text("".join(each.read_text() for each in styles))
    return folder


@pytest.fixture
def server(make_server: Callable[..., Gunicorn], bundle: Path) -> Gunicorn:
    """The tests' site, with the page."""
    server = make_server(
        settings={
            "ROOT_URLCONF": __name__,
            "CHUNKED_UPLOADS_CHUNK_SIZE": CHUNK_SIZE,
        }
    )
    server.media_root.mkdir(exist_ok=True)
    for name in ("uppy.js", "uppy.css"):
        shutil.copy(bundle / name, server.media_root)
    return server


def set_options(page: Page, **options: Any) -> None:
    """Give Uppy's plugin other options than the page's."""
    page.evaluate("(options) => uppy.getPlugin('Tus').setOptions(options)", options)


def add(page: Page, *files: Path) -> None:
    """Choose files, and press Upload."""
    page.locator("input.uppy-Dashboard-input").first.set_input_files(files)
    page.locator(".uppy-StatusBar-actionBtn--upload").click()


def expect_complete(page: Page) -> None:
    expect(page.locator(".uppy-StatusBar-statusPrimary")).to_have_text("Complete")


def note_offsets(page: Page) -> list[tuple[str, str]]:
    """Return a list that grows with method and offset of each request of tus."""
    noted: list[tuple[str, str]] = []

    def note(request: Any) -> None:
        if "tus-resumable" in request.headers:
            noted.append((request.method, request.headers.get("upload-offset", "")))

    page.on("request", note)
    return noted


@pytest.mark.parametrize(
    "options",
    [{}, {"parallelUploads": 3, "chunkSize": CHUNK_SIZE}],
    ids=["plain", "parallel"],
)
def test_dashboard_uploads(
    visitor: Page, server: Gunicorn, tmp_path: Path, options: dict[str, Any]
) -> None:
    visitor.goto(f"{server.url}/uppy/")
    set_options(visitor, **options)
    files = make_files(tmp_path / "files", "film.bin", "Grüße, 世界.bin")

    add(visitor, *files)

    expect_complete(visitor)
    for file in files:
        upload = assert_arrived(file)
        assert upload.user
        assert upload.user.username == "ada"
        # Uppy has text for what has no value: "null" for the way to a file.
        assert "relativePath" not in upload.metadata
        assert upload.metadata["name"] == file.name


def stop_in_the_middle(page: Page, weather: Weather, file: Path) -> None:
    """Begin, and let nothing pass after three chunks."""
    page.goto(f"{weather.url}/uppy/")
    set_options(page, chunkSize=CHUNK_SIZE)
    weather.stall(after=3 * CHUNK_SIZE)
    add(page, file)
    wait_until(lambda: weather.is_stalled)


def leave(page: Page, weather: Weather) -> None:
    """Leave the page while nothing passes; then let everything pass."""
    page.goto("about:blank")
    weather.cut()
    weather.clear()


def test_upload_is_paused_and_resumed_and_goes_on_in_a_page_opened_again(
    visitor: Page, weather: Weather, file: Path
) -> None:
    stop_in_the_middle(visitor, weather, file)
    visitor.get_by_role("button", name="Pause", exact=True).click()
    weather.clear()
    noted = note_offsets(visitor)
    weather.stall(after=2 * CHUNK_SIZE)
    visitor.get_by_role("button", name="Resume", exact=True).click()
    wait_until(lambda: weather.is_stalled)
    leave(visitor, weather)
    visitor.goto(f"{weather.url}/uppy/")
    set_options(visitor, chunkSize=CHUNK_SIZE)

    add(visitor, file)

    expect_complete(visitor)
    assert_arrived(file)
    assert [method for method, _ in noted].count("POST") == 0
    offsets = [int(offset) for method, offset in noted if method == "PATCH"]
    assert offsets == sorted(offsets)
    assert offsets[0] >= 2 * CHUNK_SIZE


def test_upload_that_uppy_began_is_finished_in_our_page(
    visitor: Page, weather: Weather, file: Path
) -> None:
    stop_in_the_middle(visitor, weather, file)
    leave(visitor, weather)

    visitor.goto(weather.url)
    expect_status(visitor, "Unfinished")
    give(visitor, file)

    expect_status(visitor, "Complete")
    assert assert_arrived(file) == Upload.objects.get()


def test_dashboard_uploads_to_another_origin_and_shows_what_that_refuses(
    page: Page,
    server: Gunicorn,
    make_server: Callable[..., Gunicorn],
    authorization: dict[str, str],
    tmp_path: Path,
) -> None:
    app = make_server(
        settings={
            "CROSS_DOMAIN_ALLOWED_ORIGINS": server.url,
            "CHUNKED_UPLOADS_ALLOWED_EXTENSIONS": ["bin"],
        },
    )
    origin = f"http://localhost:{app.port}"
    page.goto(f"{server.url}/uppy/?to={origin}")
    own = {"endpoint": f"{origin}/files/", "headers": authorization}
    set_options(page, **own, parallelUploads=2)
    film, program = make_files(tmp_path / "files", "film.bin", "program.exe")

    add(page, film)
    expect_complete(page)
    page.get_by_role("button", name="Done").click()
    add(page, program)

    expect(page.get_by_text("Only these are taken: .bin.").first).to_be_visible()
    assert_arrived(film)
