"""What tus-js-client does with its options, in good weather and bad."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chunked_uploads.models import Upload
from tests.clients import randbytes
from tests.live.sites import arrived, writers
from tests.polling import wait_until
from tests.servers import Gunicorn, Nginx
from tests.tus.files import CHUNK, METADATA, SIZE, arrived_at, digest
from tests.tus.node import TusJs, tus_js
from tests.tus.talking import upload_at
from tests.weather import Weather

MIB = 2**20
WHOLE = 8 * MIB

# Options of tus-js-client, by a name.
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "chunks": {"chunkSize": CHUNK},
    "bytes at creation": {"chunkSize": CHUNK, "uploadDataDuringCreation": True},
    "all at creation": {"uploadDataDuringCreation": True},
    "override": {"chunkSize": CHUNK, "overridePatchMethod": True},
    "no metadata": {"metadata": {}},
    "request ids": {"addRequestId": True},
}
STREAMS: dict[str, dict[str, Any]] = {
    "stream": {"chunkSize": CHUNK},
    "stream at creation": {"chunkSize": CHUNK, "uploadDataDuringCreation": True},
}


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """What is uploaded in bad weather."""
    file = tmp_path / "large.bin"
    file.write_bytes(randbytes(WHOLE, seed=1))
    return file


def test_every_option_brings_the_file(
    js: TusJs, server: Gunicorn, authorization: dict[str, str], file: Path
) -> None:
    empty = file.with_name("empty.bin")
    empty.touch()
    own = {"endpoint": f"{server.url}/files/", "headers": authorization}
    wanted: dict[str, Path] = {}
    for name, options in OPTIONS.items():
        wanted[name] = file
        js.begin(name, file=file, options={"metadata": METADATA, **own, **options})
    for name, options in STREAMS.items():
        wanted[name] = file
        both = {**own, "uploadLengthDeferred": True, **options}
        js.begin(name, file=file, kind="stream", options=both)
    for kind, during in [("file", False), ("buffer", False), ("buffer", True)]:
        name = f"empty {kind} {during}"
        wanted[name] = empty
        both = {**own, "uploadDataDuringCreation": during}
        js.begin(name, file=empty, kind=kind, options=both)

    ends = [js.await_event("success", "error") for _ in wanted]

    assert {end["name"]: end.get("why", "") for end in ends} == dict.fromkeys(
        wanted, ""
    )
    found = {end["name"]: arrived_at(end["url"]) for end in ends}
    assert found == {name: digest(path.read_bytes()) for name, path in wanted.items()}
    (plain,) = [end["url"] for end in ends if end["name"] == "plain"]
    assert upload_at(plain).filename == METADATA["filename"]
    assert upload_at(plain).metadata == METADATA


def test_clients_that_send_the_same_file_to_one_upload_help_each_other(
    js: TusJs, server: Gunicorn, authorization: dict[str, str], file: Path
) -> None:
    own = {"endpoint": f"{server.url}/files/", "headers": authorization}
    options = {**own, "chunkSize": CHUNK // 16}
    js.begin("first", file=file, options=options)
    url = js.await_event("url")["url"]
    for name in ("second", "third"):
        js.begin(name, file=file, options={**options, "uploadUrl": url})

    ends = [js.await_event("success", "error") for _ in range(3)]

    assert [end.get("why", "") for end in ends] == [""] * 3
    assert {end["url"] for end in ends} == {url}
    assert arrived_at(url) == digest(file.read_bytes())


# --- weather ---


@pytest.mark.parametrize("is_killed", [True, False], ids=["kill", "cut"])
def test_upload_goes_on_where_it_was_when_the_server_is_back(
    js: TusJs,
    server: Gunicorn,
    weather: Weather,
    authorization: dict[str, str],
    large: Path,
    is_killed: bool,
) -> None:
    own = {"endpoint": f"{weather.url}/files/", "headers": authorization}
    # What dies with the server is the request that it was in the middle of.
    options = {"chunkSize": CHUNK} if is_killed else {}
    weather.stall(after=3 * MIB)
    js.begin("it", file=large, options={**own, **options})
    wait_until(lambda: weather.is_stalled)
    upload = Upload.objects.get()
    wait_until(lambda: arrived(server, upload) > 2 * MIB)

    if is_killed:
        server.kill()
    weather.cut()
    weather.clear()
    if is_killed:
        server.restart()

    end = js.await_event("success", "error")
    assert end["event"] == "success", end
    assert upload_at(end["url"]) == upload
    assert arrived_at(end["url"]) == digest(large.read_bytes())
    heads = [each for each in js.answers("it") if each[0] == "HEAD"]
    assert heads[-1][2] > 2 * MIB


def test_answer_to_the_last_byte_may_get_lost(
    js: TusJs, weather: Weather, authorization: dict[str, str], file: Path
) -> None:
    own = {"endpoint": f"{weather.url}/files/", "headers": authorization}
    weather.stall(after=SIZE)
    js.begin("it", file=file, options={**own, "chunkSize": CHUNK})
    wait_until(lambda: Upload.objects.filter(state=Upload.State.COMPLETE).exists())
    weather.cut()
    weather.clear()

    end = js.await_event("success", "error")

    assert end["event"] == "success", end
    assert js.answers("it")[-1] == ("HEAD", 200, SIZE)
    assert weather.sent == SIZE
    assert arrived_at(end["url"]) == digest(file.read_bytes())


def test_client_that_comes_back_takes_the_place_of_its_silent_connection(
    js: TusJs,
    server: Gunicorn,
    weather: Weather,
    authorization: dict[str, str],
    large: Path,
) -> None:
    own = {"endpoint": f"{weather.url}/files/", "headers": authorization}
    weather.stall(after=3 * MIB)
    js.begin("it", file=large, options=own)
    wait_until(lambda: weather.is_stalled)
    upload = Upload.objects.get()
    wait_until(lambda: arrived(server, upload) > 2 * MIB)
    assert writers(server, upload)
    url = js.await_event("url")["url"].replace(weather.url, server.url)

    with tus_js() as again:
        end = again.upload("it", file=large, options={"uploadUrl": url})

    assert end["event"] == "success", end
    assert upload_at(end["url"]) == upload
    assert arrived_at(end["url"]) == digest(large.read_bytes())
    head, patch = again.answers("it")
    assert head[:2] == ("HEAD", 200)
    assert head[2] > 2 * MIB
    assert patch == ("PATCH", 204, WHOLE)


def test_upload_goes_on_when_its_program_was_killed(
    server: Gunicorn,
    weather: Weather,
    authorization: dict[str, str],
    file: Path,
    tmp_path: Path,
) -> None:
    own = {"endpoint": f"{weather.url}/files/", "headers": authorization}
    storage = tmp_path / "urls.json"
    storage.write_text("{}")
    line = {"file": file, "storage": storage, "options": {**own, "chunkSize": CHUNK}}
    weather.stall(after=3 * CHUNK + 1)
    with tus_js() as first:
        first.begin("it", **line)
        wait_until(lambda: weather.is_stalled)
        first.kill()
    weather.clear()

    with tus_js() as second:
        end = second.upload("it", **line)

    assert end["event"] == "success", end
    assert Upload.objects.count() == 1
    assert arrived_at(end["url"]) == digest(file.read_bytes())
    head, *_patches = second.answers("it")
    assert head[:2] == ("HEAD", 200)
    assert head[2] >= 3 * CHUNK


def test_upload_goes_on_when_nginx_finds_its_server_again(
    js: TusJs, nginx: Nginx, authorization: dict[str, str], file: Path
) -> None:
    with Weather(nginx.port) as weather:
        own = {"endpoint": f"{weather.url}/files/", "headers": authorization}
        weather.stall(after=2 * CHUNK + 1)
        options = {**own, "chunkSize": CHUNK}
        js.begin("it", file=file, isPatient=True, options=options)
        wait_until(lambda: weather.is_stalled)
        nginx.gunicorn.kill()
        weather.cut()
        weather.clear()
        while js.await_event("answer")["status"] != 502:
            pass
        nginx.gunicorn.restart()

        end = js.await_event("success", "error")

    assert end["event"] == "success", end
    assert arrived_at(end["url"]) == digest(file.read_bytes())
    assert [each[0] for each in js.answers("it")].count("POST") == 1


# --- the end of an upload ---


def test_upload_is_terminated(
    js: TusJs, weather: Weather, authorization: dict[str, str], file: Path
) -> None:
    own = {"endpoint": f"{weather.url}/files/", "headers": authorization}
    weather.stall(after=CHUNK)
    js.begin("it", file=file, options={**own, "chunkSize": CHUNK, "retryDelays": None})
    url = js.await_event("url")["url"]
    wait_until(lambda: weather.is_stalled)
    weather.cut()
    weather.clear()
    js.await_event("error")

    end = js.upload("end", terminate=url)

    assert end["event"] == "success", end
    assert not Upload.objects.exists()
    again = js.upload("again", file=file, options={**own, "uploadUrl": url})
    assert again["event"] == "success"
    assert js.answers("again")[:2] == [("HEAD", 404, -1), ("POST", 201, 0)]


def test_refusal_reaches_the_client_in_the_middle_of_its_bytes(
    js: TusJs,
    make_server: Callable[..., Gunicorn],
    authorization: dict[str, str],
    file: Path,
    large: Path,
) -> None:
    limits = {"ALLOWED_EXTENSIONS": ["mp4"], "MAX_SIZE": WHOLE - 1}
    server = make_server(
        settings={f"CHUNKED_UPLOADS_{name}": value for name, value in limits.items()}
    )
    own = {
        "endpoint": f"{server.url}/files/",
        "headers": authorization,
        "uploadDataDuringCreation": True,
    }

    def upload(file: Path, **options: Any) -> str:
        name = str(options)
        end = js.upload(name, file=file, options={**own, **options})
        assert len(js.answers(name)) == 1  # nothing is tried again
        return end["why"]

    assert "response code: 413" in upload(large, metadata={"filename": "a.mp4"})
    why = upload(file, metadata={"filename": "a.exe"})
    assert "response code: 415" in why
    assert "Only these are taken: .mp4." in why
    stranger = {"Authorization": "ApiKey ada:wrong"}
    assert "response code: 401" in upload(large, headers=stranger)
    assert not Upload.objects.exists()
