"""The demo site, started by its command."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from demo.environment import CHECKOUT
from tests.servers import HOST, Server, free_port

pytestmark = pytest.mark.once


class Demo(Server):
    """`python3 demo`, with its data in the folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        data = {"CHUNKED_UPLOADS_DEMO_DATA": str(folder / "data")}
        self.popen = {"cwd": CHECKOUT, "env": {**os.environ, **data}}

    @property
    def command(self) -> list[str]:
        return [sys.executable, "demo", f"--port={self.port}"]

    @property
    def address(self) -> tuple[str, int]:
        return HOST, self.port


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

    home.get_by_label("Choose files").set_input_files(tmp_path / "hello.txt")
    link = home.locator("#files").get_by_role("link", name="hello.txt")

    answer = home.request.get(str(link.evaluate("link => link.href")))
    assert answer.body() == b"Hello, world!"
    assert answer.headers["content-security-policy"] == "sandbox"


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


def test_example_of_curl_works_as_it_is_printed(demo: Demo) -> None:
    match = re.search(
        r'^ +done_url=.*"\$done_url"$', demo.log, re.MULTILINE | re.DOTALL
    )
    assert match

    result = subprocess.run(
        ["sh", "-ec", textwrap.dedent(match[0])], capture_output=True, text=True
    )

    assert '"state": "COMPLETE"' in result.stdout, result.stderr


def test_second_start_keeps_user_and_key(demo: Demo) -> None:
    demo.restart()

    first, second = re.findall(r"Your API key: +(\w+)", demo.log)
    assert first == second


def test_taken_port_ends_with_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        demo = Demo(tmp_path)
        demo.port = other.getsockname()[1]

        result = subprocess.run(demo.command, **demo.popen, capture_output=True)

    assert result.returncode == 1
    assert result.stderr.decode().strip().endswith("Choose another with --port.")
