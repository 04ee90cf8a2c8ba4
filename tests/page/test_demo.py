"""The demo site's pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.demos import Demo
from tests.page.driving import choose

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    demo = Demo(tmp_path_factory.mktemp("demo"))
    demo.start()
    yield demo
    demo.stop()


@pytest.fixture
def home(demo: Demo, page: Page) -> Page:
    """The demo's page, logged in with what the command printed."""
    match = re.search(r"Log in as: +(\w+), password (\w+)", demo.log)
    assert match
    page.goto(f"{demo.url}/")
    page.get_by_label("User name").fill(match[1])
    page.get_by_label("Password").fill(match[2])
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{demo.url}/")
    return page


def test_file_goes_from_the_page_into_the_list(home: Page, tmp_path: Path) -> None:
    (tmp_path / "hello.txt").write_text("Hello, world!")

    choose(home, tmp_path / "hello.txt")
    link = home.locator("#files").get_by_role("link", name="hello.txt")

    answer = home.request.get(str(link.evaluate("link => link.href")))
    assert answer.body() == b"Hello, world!"
    assert answer.headers["content-security-policy"] == "sandbox"
    home.reload()
    expect(home.locator("#files").get_by_role("link", name="hello.txt")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_page_fits_its_window(home: Page, scheme: Any, width: int) -> None:
    home.emulate_media(color_scheme=scheme)
    home.set_viewport_size({"width": width, "height": 720})

    wide = home.evaluate("document.documentElement.scrollWidth")

    assert wide <= width


def test_admin_is_there_for_the_same_user(home: Page) -> None:
    home.get_by_role("link", name="Admin").click()

    home.get_by_role("link", name="API keys").first.wait_for()
