"""tus-js-client with `parallelUploads`: parts of one file over several connections."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chunked_uploads.models import Upload
from tests.clients import Client
from tests.polling import wait_until
from tests.servers import Gunicorn
from tests.tus.files import CHUNK, METADATA, SIZE, arrived_at, digest
from tests.tus.node import TusJs, tus_js
from tests.tus.talking import upload_at
from tests.weather import Weather

PARALLEL: dict[str, Any] = {"parallelUploads": 4, "metadata": METADATA}


def test_parts_become_one_file(
    js: TusJs, server: Gunicorn, authorization: dict[str, str], file: Path
) -> None:
    own = {"endpoint": f"{server.url}/files/", "headers": authorization, **PARALLEL}
    wanted: dict[str, dict[str, Any]] = {
        "plain": {},
        "bytes at creation": {"uploadDataDuringCreation": True},
        "chunks": {"chunkSize": CHUNK // 4},
        "override": {"overridePatchMethod": True},
    }
    for name, options in wanted.items():
        js.begin(name, file=file, options={**own, **options})

    ends = [js.await_event("success", "error") for _ in wanted]

    assert [end.get("why", "") for end in ends] == [""] * len(wanted)
    for end in ends:
        assert arrived_at(end["url"]) == digest(file.read_bytes())
        assert upload_at(end["url"]).filename == METADATA["filename"]
        assert upload_at(end["url"]).metadata == METADATA
    files = Upload.objects.exclude(role=Upload.Role.JOINED)
    assert files.count() == len(wanted)
    client = Client(server.url, authorization)
    listed = client.ask("GET", f"{server.url}/uploads/upload/?all=1")
    assert listed.body == b"[]"


@pytest.mark.parametrize("size", [0, 1, 5])
def test_parts_may_be_empty(
    js: TusJs, server: Gunicorn, authorization: dict[str, str], file: Path, size: int
) -> None:
    own = {"endpoint": f"{server.url}/files/", "headers": authorization, **PARALLEL}
    content = file.read_bytes()[:size]
    file.write_bytes(content)

    end = js.upload("it", file=file, kind="buffer", options=own)

    assert end["event"] == "success", end
    assert arrived_at(end["url"]) == digest(content)


def test_answer_to_the_joining_may_get_lost(
    js: TusJs,
    server: Gunicorn,
    authorization: dict[str, str],
    file: Path,
    tmp_path: Path,
) -> None:
    own = {"endpoint": f"{server.url}/files/", "headers": authorization, **PARALLEL}
    storage = tmp_path / "urls.json"
    storage.write_text("{}")
    line = {"file": file, "storage": storage, "options": own}

    # The client gives this request up at once, and leaves trying again to its user.
    assert js.upload("it", loses="final", **line)["event"] == "error"
    end = js.upload("again", **line)

    assert end["event"] == "success", end
    assert arrived_at(end["url"]) == digest(file.read_bytes())
    assert Upload.objects.filter(role=Upload.Role.FINAL).count() == 1
    # It found all parts whole, and the file that they had become.
    heads = [each[:2] for each in js.answers("again")]
    assert heads == [("HEAD", 200)] * 4 + [("POST", 201)]


@pytest.mark.parametrize("is_killed", [True, False], ids=["kill", "cut"])
def test_parts_go_on_where_they_were(
    server: Gunicorn,
    weather: Weather,
    authorization: dict[str, str],
    file: Path,
    tmp_path: Path,
    is_killed: bool,
) -> None:
    own = {"endpoint": f"{weather.url}/files/", "headers": authorization, **PARALLEL}
    storage = tmp_path / "urls.json"
    storage.write_text("{}")
    line = {
        "file": file,
        "storage": storage,
        "options": {**own, "chunkSize": CHUNK // 16},
    }
    weather.stall(after=SIZE // 2)
    with tus_js() as first:
        first.begin("it", creations=4, **line)
        wait_until(lambda: weather.is_stalled)
        wait_until(lambda: "parallelUploadUrls" in storage.read_text())
        if is_killed:
            server.kill()
        first.kill()
    weather.cut()
    weather.clear()
    if is_killed:
        server.restart()

    with tus_js() as second:
        end = second.upload("it", **line)

    assert end["event"] == "success", end
    assert arrived_at(end["url"]) == digest(file.read_bytes())
    creations = [each for each in second.answers("it") if each[0] == "POST"]
    assert creations == [("POST", 201, SIZE)]
