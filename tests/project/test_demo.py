"""The demo site's command, and what it prints."""

from __future__ import annotations

import re
import socket
import subprocess
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demos import Demo
from tests.servers import HOST

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    demo = Demo(tmp_path_factory.mktemp("demo"))
    demo.start()
    yield demo
    demo.stop()


def test_example_of_curl_works_as_it_is_printed(demo: Demo) -> None:
    match = re.search(
        r'^ +done_url=.*"\$done_url"$', demo.log, re.MULTILINE | re.DOTALL
    )
    assert match

    result = subprocess.run(
        ["sh", "-ec", textwrap.dedent(match[0])], capture_output=True, text=True
    )

    assert '"state": "COMPLETE"' in result.stdout, result.stderr


def test_example_of_tus_works_as_it_is_printed(demo: Demo) -> None:
    match = re.search(r"^ +curl --include.*/tus/$", demo.log, re.MULTILINE | re.DOTALL)
    assert match

    result = subprocess.run(
        ["sh", "-ec", textwrap.dedent(match[0])], capture_output=True, text=True
    )

    assert " 201 Created" in result.stdout, result.stderr
    location = re.findall(r"^Location: (\S+)", result.stdout, re.MULTILINE)[0]
    shown = subprocess.check_output(["curl", "--silent", "--include", location])
    assert shown.startswith(b"HTTP/1.1 303 ")  # to the file: it is complete


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
