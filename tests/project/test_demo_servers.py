"""The demo site on several servers, which somebody kills."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from demo import servers
from demo.services import programs
from tests.clients import Client, content_range, disposition, randbytes
from tests.demos import Demo
from tests.polling import wait_until
from tests.servers import free_port
from tests.tus.talking import TUS, TYPE

pytestmark = [pytest.mark.once, pytest.mark.timeout(600)]

SECONDS = 120  # for five servers to start, on a machine that does much else
CELL = 8 * 2**20
CONTENT = randbytes(5 * CELL + 17)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    demo = Demo(tmp_path, "--servers=3")
    try:
        demo.start()
        wait_until(lambda: "Ctrl-C" in demo.log, SECONDS)
        yield demo
    finally:
        demo.stop()


def find(demo: Demo, pattern: str) -> str:
    """Return what the pattern's group is, where it was printed once."""
    [found] = re.findall(pattern, demo.log)
    return found


def run(demo: Demo, pattern: str) -> str:
    """Run the command, as it was printed; return what it says."""
    command = find(demo, f"    ({pattern})")
    return subprocess.check_output(["sh", "-c", command], text=True)


def processes_of(pid: int) -> Iterator[Path]:
    """Yield a place in /proc for all that the process has started, and theirs."""
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield Path("/proc", child)
            yield from processes_of(int(child))


def send_by_tus(demo: Demo, client: Client) -> str:
    """Send the content in one request; return what leads to the file."""
    wanted = {**TUS, "Content-Type": TYPE, "Upload-Length": str(len(CONTENT))}
    created = client.ask("POST", find(demo, r"\S+/tus/"), CONTENT, wanted)
    assert created.status == 201
    assert created.headers["Upload-Offset"] == str(len(CONTENT))
    return created.headers["Location"]


def test_uploads_arrive_also_while_each_server_is_killed(demo: Demo) -> None:
    key = find(demo, r"Your API key: +(\w+)")
    client = Client(demo.url, {"Authorization": f"ApiKey demo:{key}"})
    by_tus = send_by_tus(demo, client)
    url, asked = f"{demo.url}/uploads/upload/", set()
    for number, start in enumerate(range(0, len(CONTENT), CELL)):
        data = CONTENT[start : start + CELL]
        span = content_range(start, start + len(data), len(CONTENT))
        answer = client.ask("POST", url, data, {**disposition("film.mp4"), **span})
        assert answer.status == 200
        asked.add(answer.headers["X-Servers"].rpartition(", ")[2])
        url = answer.item["url"]
        if number in (0, 1):
            run(demo, f"kill .*# server {number + 1},.*")
        if number == 2:
            wait_until(lambda: "Server 1 runs again" in demo.log, SECONDS)
            run(demo, "kill .*# server 3,.*")

    done = client.ask("POST", answer.item["done_url"]).item

    assert done["state"] == "COMPLETE"
    for file in (done["url"], by_tus):  # signed: nobody asks for a login
        with urlopen(file) as arrived:
            assert arrived.read() == CONTENT
    assert len(asked) == 3
    left = run(demo, "find .*").split()
    assert {Path(file).name for file in left} <= {"log"}


def test_interrupt_ends_all_that_was_started(demo: Demo) -> None:
    started = list(processes_of(demo.pid))
    folder = Path(find(demo, r"find (/\S+)/"))
    assert folder.exists()
    # Without its worker, which is nobody's child then.
    os.kill(int(find(demo, r"kill -9 -(\d+) +# server 2")), signal.SIGKILL)

    demo.stop()

    assert started
    # Who is nobody's child is buried by the system a moment later.
    wait_until(lambda: not any(process.exists() for process in started))
    assert not folder.exists()


def test_missing_nginx_ends_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "find", lambda name: None)

    with pytest.raises(SystemExit, match="apt-get install nginx-light"):
        servers.serve(3, free_port())
