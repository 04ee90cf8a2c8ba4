"""An upload goes on where it was, whoever died, and sends little twice."""

from __future__ import annotations

import contextlib
import fcntl
import io
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chunked_uploads.client import (
    AlreadySending,
    Client,
    FileChanged,
    Unreachable,
    uploading,
)
from chunked_uploads.client.fingerprint import fingerprint_of
from chunked_uploads.client.remembering import Memory
from chunked_uploads.client.source import Source
from chunked_uploads.models import ApiKey, Upload
from demo.environment import CHECKOUT
from tests.client.conftest import CONTENT, PATH, SIZE
from tests.client.faults import Faults, Loss, Request, Told
from tests.polling import wait_until
from tests.sending import Uploader, finished
from tests.servers import Gunicorn
from tests.weather import Weather

pytestmark = pytest.mark.once

CHUNK = 256 * 1024  # bytes, as the site suggests
SLOW = 2_000_000  # bytes per second


@pytest.fixture
def weather(small_chunks: Gunicorn) -> Iterator[Weather]:
    """The network between the client and the site."""
    with Weather(small_chunks.port) as weather:
        yield weather


@pytest.fixture
def send(
    weather: Weather, film: Path, api_key: ApiKey
) -> Callable[..., subprocess.Popen]:
    """Return what starts the command, for Ada's film."""

    def send() -> subprocess.Popen[str]:
        words = ["--user", "ada", "--parallel", "1", str(film), weather.url + PATH]
        return subprocess.Popen(
            [sys.executable, "-m", "chunked_uploads.client", *words],
            env={**os.environ, "CHUNKED_UPLOAD_SECRET": api_key.key},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return send


def is_sent(upload: Upload) -> bool:
    return upload.is_complete and finished(upload) == CONTENT


@pytest.mark.parametrize("is_remembered", [True, False])
def test_killed_client_goes_on(
    weather: Weather, send: Callable[..., subprocess.Popen], is_remembered: bool
) -> None:
    weather.slow(SLOW)
    killed = send()
    wait_until(lambda: weather.sent > SIZE // 2)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    weather.clear()
    if not is_remembered:
        shutil.rmtree(Path(os.environ["XDG_STATE_HOME"]))

    said, _ = send().communicate()

    upload = Upload.objects.get()
    assert is_sent(upload)
    assert said.strip().endswith(upload.url)
    assert weather.sent <= SIZE + CHUNK


def test_interrupted_client_says_how_to_go_on(
    weather: Weather, send: Callable[..., subprocess.Popen]
) -> None:
    weather.slow(SLOW)
    paused = send()
    wait_until(lambda: weather.sent > SIZE // 2)
    paused.send_signal(signal.SIGINT)

    _, said = paused.communicate()

    assert paused.returncode == 130
    assert "run the same again to go on" in said
    assert "Traceback" not in said
    weather.clear()
    send().communicate()
    assert is_sent(Upload.objects.get())
    assert weather.sent <= SIZE + CHUNK


def test_cut_connection_costs_a_chunk_at_most(
    weather: Weather, make_client: Callable[..., Client], film: Path
) -> None:
    weather.cut(after=SIZE // 2)

    make_client(weather.url, parallel=1).upload(film)

    assert is_sent(Upload.objects.get())
    assert weather.sent <= SIZE + CHUNK  # nothing, where the server is not slow to read


def test_silent_connection_is_given_up_and_another_one_made(
    weather: Weather,
    make_client: Callable[..., Client],
    film: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = make_client(weather.url, timeout=0.3)
    with ThreadPoolExecutor() as threads:
        weather.stall(after=SIZE // 2)
        sent = threads.submit(client.upload, film)
        wait_until(lambda: "silent for too long" in caplog.text)
        weather.clear()
        sent.result()

    assert is_sent(Upload.objects.get())
    assert weather.sent <= SIZE + 3 * CHUNK


def test_killed_server_costs_the_chunks_in_flight_at_most(
    weather: Weather,
    small_chunks: Gunicorn,
    make_client: Callable[..., Client],
    film: Path,
) -> None:
    client = make_client(weather.url, parallel=2)
    weather.slow(SLOW)
    with ThreadPoolExecutor() as threads:
        sent = threads.submit(client.upload, film)
        wait_until(lambda: weather.sent > SIZE // 2)
        small_chunks.kill()
        small_chunks.restart()
        weather.clear()
        sent.result()

    assert is_sent(Upload.objects.get())
    assert weather.sent <= SIZE + 2 * CHUNK


def test_finished_upload_whose_answer_was_lost_is_not_sent_again(
    faults: Faults, make_client: Callable[..., Client], film: Path
) -> None:
    faults.rule = lambda request: Loss() if request.is_done else None
    with pytest.raises(Unreachable):
        make_client(faults.url, patience=0).upload(film)
    gone = Told(404, {"error": "not_found", "detail": "Gone."})
    faults.rule = lambda request: gone if "wait=" in request.path else None
    seen: list[int] = []

    result = make_client(faults.url).upload(
        film, progress=lambda sent, total: seen.append(sent)
    )

    assert seen == [SIZE]
    upload = Upload.objects.get()
    assert result.uuid == str(upload.uuid)
    assert is_sent(upload)
    assert faults.sent == SIZE


def test_gaps_are_filled_and_nothing_else_is_sent(
    client: Client, faults: Faults, film: Path, uploader: Uploader
) -> None:
    fingerprint = fingerprint_of(Source(io.BytesIO(CONTENT), "film.mp4"))
    begun = uploader.send(
        CONTENT[:CHUNK], 0, SIZE, url=f"{PATH}?fingerprint={fingerprint}"
    )
    url = begun.json()[0]["url"]
    for start in (2 * CHUNK, 4 * CHUNK):
        uploader.send(CONTENT[start : start + CHUNK], start, SIZE, url=url)

    client.upload(film)

    assert is_sent(Upload.objects.get())
    assert faults.sent == SIZE - 3 * CHUNK


def test_what_may_be_of_another_file_is_not_continued(
    client: Client, film: Path, uploader: Uploader
) -> None:
    uploader.send(b"another", 0, SIZE)
    other = Upload.objects.get()

    result = client.upload(film)

    assert result.uuid != str(other.uuid)
    assert is_sent(Upload.objects.get(uuid=result.uuid))


def test_new_upload_is_begun_where_none_is_to_be_resumed(
    client: Client, faults: Faults, film: Path
) -> None:
    def stop(sent: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        client.upload(film, progress=stop)
    [begun] = Upload.objects.all()

    result = client.upload(film, resume=False)

    assert result.uuid != str(begun.uuid)
    assert is_sent(Upload.objects.get(uuid=result.uuid))


def test_file_that_another_process_sends_is_left_to_it(
    weather: Weather, make_client: Callable[..., Client], film: Path
) -> None:
    client = make_client(weather.url)
    with ThreadPoolExecutor() as threads:
        weather.stall(after=CHUNK)
        sent = threads.submit(client.upload, film)
        wait_until(lambda: weather.is_stalled)

        with pytest.raises(AlreadySending):
            make_client(weather.url).upload(film)

        weather.clear()
        sent.result()
    assert Upload.objects.count() == 1


def test_uploads_work_where_nothing_can_be_kept(
    client: Client, faults: Faults, make_client: Callable[..., Client], film: Path
) -> None:
    for folder in ("/dev/null/state", None):
        result = make_client(faults.url, state_folder=folder).upload(film)

        assert is_sent(Upload.objects.get(uuid=result.uuid))


def test_what_is_kept_is_for_its_owner_alone_and_goes_at_the_end(
    client: Client, film: Path
) -> None:
    folder = Path(os.environ["XDG_STATE_HOME"]) / "chunked-upload"
    modes: set[int] = set()

    def look(sent: int, total: int) -> None:
        modes.update(path.stat().st_mode & 0o777 for path in folder.iterdir())
        modes.add(folder.stat().st_mode & 0o777)

    client.upload(film, progress=look)

    assert modes == {0o600, 0o700}
    assert list(folder.iterdir()) == []


LOOK = """
const { readFileSync } = require("node:fs");
global.window = globalThis;
require("node:vm").runInThisContext(readFileSync(process.argv[1], "utf8"));
window.ChunkedUploads.look(new Blob([readFileSync(0)])).then((found) =>
  process.stdout.write(found.fingerprint));
"""


@pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed")
def test_fingerprint_is_that_of_the_page() -> None:
    scripts = CHECKOUT / "chunked_uploads/static/chunked_uploads/js/src"
    command = ["node", "-e", LOOK, str(scripts / "fingerprint.js")]
    for size in (0, 5, 2**20, 2**20 + 1, SIZE):
        content = CONTENT[:size]
        run = subprocess.run(command, input=content, capture_output=True, check=True)

        source = Source(io.BytesIO(content), "film.mp4")

        assert fingerprint_of(source) == run.stdout.decode()


def begin(client: Client, film: Path) -> Upload:
    """Send a part of the film; return the upload."""

    def stop(sent: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        client.upload(film, progress=stop)
    return Upload.objects.get()


def change_between_samples(film: Path) -> None:
    """Change the file so that its fingerprint stays what it was."""
    with open(film, "r+b") as file:
        file.seek(40_000)
        file.write(bytes(1000))
    os.utime(film, ns=(1, 1))


def test_file_changed_meanwhile_is_begun_anew(
    client: Client, faults: Faults, film: Path
) -> None:
    def rule(request: Request) -> None:
        if len(faults.chunks) == 3:
            change_between_samples(film)

    faults.rule = rule
    with pytest.raises(FileChanged):
        client.upload(film)
    assert not Upload.objects.exists()
    faults.rule = lambda request: None

    client.upload(film)

    assert finished(Upload.objects.get()) == film.read_bytes()


@pytest.mark.parametrize("is_away", [True, False])
def test_file_changed_since_is_begun_anew(
    client: Client, faults: Faults, film: Path, is_away: bool
) -> None:
    begin(client, film)
    change_between_samples(film)
    if is_away:
        numbers = itertools.count()
        faults.rule = lambda request: None if next(numbers) else Told(503)

    client.upload(film)

    upload = Upload.objects.get()  # the other one was cancelled
    assert finished(upload) == film.read_bytes()


def test_finished_upload_of_what_the_file_was_stays(
    faults: Faults, make_client: Callable[..., Client], film: Path
) -> None:
    faults.rule = lambda request: Loss() if request.is_done else None
    with pytest.raises(Unreachable):
        make_client(faults.url, patience=0).upload(film)
    faults.rule = lambda request: None
    change_between_samples(film)

    result = make_client(faults.url).upload(film)

    assert finished(Upload.objects.get(uuid=result.uuid)) == film.read_bytes()
    assert is_sent(Upload.objects.exclude(uuid=result.uuid).get())


def test_file_changed_after_it_was_sent_is_done(
    client: Client, faults: Faults, film: Path
) -> None:
    asked: list[Request] = []

    def rule(request: Request) -> Told | None:
        if not request.is_done or asked:
            return None
        asked.append(request)
        change_between_samples(film)
        return Told(503)

    faults.rule = rule

    client.upload(film)

    assert is_sent(Upload.objects.get())


def test_copy_of_standard_input_goes_on_where_it_is_the_same(
    client: Client, faults: Faults
) -> None:
    def stop(sent: int, total: int) -> None:
        raise InterruptedError

    changed = CONTENT[:40_000] + bytes(1000) + CONTENT[41_000:]
    for content, progress in ((CONTENT, stop), (CONTENT, None), (changed, None)):
        with tempfile.TemporaryFile() as file:
            file.write(content)
            file.flush()
            with contextlib.suppress(InterruptedError):
                client.upload(file, filename="film.mp4", progress=progress)

    assert faults.sent == 2 * SIZE
    contents = [finished(upload) for upload in Upload.objects.order_by("pk")]
    assert contents == [CONTENT, changed]


def test_growing_file_is_given_up_at_once(
    faults: Faults, make_client: Callable[..., Client], film: Path
) -> None:
    def rule(request: Request) -> None:
        if len(faults.chunks) == 2:
            with open(film, "ab") as file:
                file.write(b"line")

    faults.rule = rule

    with pytest.raises(FileChanged):
        make_client(faults.url, parallel=1).upload(film)

    assert len(faults.chunks) == 2


def test_upload_that_goes_while_it_is_asked_for_is_begun_anew(
    faults: Faults, make_client: Callable[..., Client], film: Path
) -> None:
    client = make_client(faults.url, state_folder=None)
    begun = begin(client, film)

    def rule(request: Request) -> None:
        if "wait=" in request.path:
            Upload.objects.filter(uuid=begun.uuid).delete()

    faults.rule = rule

    client.upload(film)

    assert is_sent(Upload.objects.get())


def test_others_who_send_are_told_of(
    client: Client,
    film: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    begin(client, film)
    monkeypatch.setattr(uploading, "WAIT", 0)  # so that nobody is ever at rest
    seen: list[int] = []

    client.upload(film, progress=lambda sent, total: seen.append(sent))

    assert caplog.text.count("Somebody sends") == 1
    assert seen[: uploading.MOST_WAITS] == [CHUNK] * uploading.MOST_WAITS


def test_files_of_others_in_the_state_folder_stay(
    faults: Faults, make_client: Callable[..., Client], film: Path, tmp_path: Path
) -> None:
    theirs = [tmp_path / "settings.json", tmp_path / f"{'a' * 64}.json"]
    ours = tmp_path / f"{'a' * 64}.upload"
    for path in (*theirs, ours):
        path.write_bytes(b"{}")
        os.utime(path, (1, 1))

    make_client(faults.url, state_folder=tmp_path).upload(film)

    assert all(path.exists() for path in theirs)
    assert not ours.exists()


def test_one_who_opened_what_is_removed_has_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Memory(tmp_path, "film").__enter__()
    lock = fcntl.flock

    def end_first(file: int, operation: int) -> None:
        monkeypatch.setattr(fcntl, "flock", lock)
        first.__exit__()
        lock(file, operation)

    monkeypatch.setattr(fcntl, "flock", end_first)

    with (
        Memory(tmp_path, "film"),
        pytest.raises(AlreadySending),
        Memory(tmp_path, "film"),
    ):
        pass


def test_links_and_modes_that_others_made_are_no_way_in(tmp_path: Path) -> None:
    folder, victim = tmp_path / "state", tmp_path / "victim"
    with Memory(folder, "film") as memory:
        memory.keep({"url": "secret"})
    [path] = folder.iterdir()
    path.chmod(0o644)
    with Memory(folder, "film") as memory:
        assert memory.recall() == {"url": "secret"}
    assert path.stat().st_mode & 0o777 == 0o600
    victim.write_bytes(b"theirs")
    path.unlink()
    path.symlink_to(victim)

    with Memory(folder, "film") as memory:
        assert memory.recall() == {}
        memory.keep({"url": "secret"})

    assert victim.read_bytes() == b"theirs"


def test_newest_upload_of_a_file_is_found_first(client: Client, film: Path) -> None:
    older = begin(client, film)

    def stop(sent: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        client.upload(film, progress=stop, resume=False)

    newer, old = client.find(film)
    assert old.uuid == str(older.uuid) != newer.uuid
