"""One upload, begun in one protocol and carried on in the other."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User

from chunked_uploads.models import Upload
from tests.clients import Client
from tests.polling import wait_until
from tests.servers import Gunicorn
from tests.tus.files import CHUNK, SIZE, arrived_at, digest
from tests.tus.node import TusJs, tus_js
from tests.weather import Weather


@pytest.fixture
def begun(weather: Weather, authorization: dict[str, str], file: Path) -> Upload:
    """What tus-js-client began, and was killed in the midst of."""
    options = {
        "endpoint": f"{weather.url}/files/",
        "headers": authorization,
        "chunkSize": CHUNK,
        "metadata": {"filename": file.name, "title": "Film"},
    }
    weather.stall(after=2 * CHUNK + 1)
    with tus_js() as client:
        client.begin("it", file=file, options=options)
        wait_until(lambda: weather.is_stalled)
        client.kill()
    weather.cut()
    weather.clear()
    return Upload.objects.get()


def test_upload_begun_by_tus_is_listed_and_finished_in_chunks(
    begun: Upload, server: Gunicorn, authorization: dict[str, str], file: Path
) -> None:
    client = Client(server.url, authorization)
    content = file.read_bytes()

    state = client.ask("GET", f"{server.url}/uploads/upload/?all=1").item

    assert state["upload_uuid"] == str(begun.uuid)
    assert (state["name"], state["total_size"]) == (file.name, SIZE)
    assert state["size"] >= 2 * CHUNK
    # The last bytes first, as our own page may send them.
    assert client.send(begun, content[-CHUNK:], SIZE - CHUNK).status == 200
    size = client.size(begun)
    assert client.send(begun, content[size:-CHUNK], size).status == 200
    done = client.done(begun).item
    assert done["state"] == "COMPLETE"
    begun.refresh_from_db()
    with begun.upload.open() as arrived:
        assert digest(arrived.read()) == digest(content)
    assert begun.metadata == {"filename": file.name, "title": "Film"}


def test_upload_begun_by_tus_is_cancelled_by_the_classic_protocol(
    begun: Upload, server: Gunicorn, authorization: dict[str, str]
) -> None:
    client = Client(server.url, authorization)
    state = client.ask("GET", f"{server.url}/uploads/upload/?all=1").item

    # Its URL has a token of its own.
    answer = Client(server.url, {}).ask("DELETE", state["delete_url"])

    assert answer.status == 200
    assert not Upload.objects.exists()


def test_upload_begun_in_chunks_is_finished_by_tus(
    js: TusJs, server: Gunicorn, user: User, authorization: dict[str, str], file: Path
) -> None:
    content = file.read_bytes()
    client = Client(server.url, authorization)
    upload = Upload.objects.create(user=user, filename=file.name, filesize=SIZE)
    # With a hole, as parallel chunks leave it.
    client.send(upload, content[:CHUNK])
    client.send(upload, content[2 * CHUNK : 3 * CHUNK], 2 * CHUNK)
    token = urlsplit(client.state(upload)["url"]).query
    url = f"{server.url}/files/{upload.uuid}?{token}"

    end = js.upload("it", file=file, options={"uploadUrl": url, "chunkSize": CHUNK})

    assert end["event"] == "success", end
    assert js.answers("it")[0] == ("HEAD", 200, CHUNK)
    assert arrived_at(end["url"]) == digest(content)
    assert client.done(upload).item["state"] == "COMPLETE"
