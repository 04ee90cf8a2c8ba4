"""docs/protocol.md is enough to write a client: one in another language was."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chunked_uploads.client import Client
from chunked_uploads.errors import OffsetConflict, UploadError
from chunked_uploads.models import ApiKey, Upload
from demo.environment import CHECKOUT
from tests.client.conftest import CONTENT, PATH, SIZE
from tests.client.faults import Damage, Faults, Loss, Request, Told
from tests.sending import finished

pytestmark = pytest.mark.once

PAGE = (CHECKOUT / "docs/protocol.md").read_text(encoding="utf-8")
SCRIPT = Path(__file__).with_name("upload.mjs")
BUSY = Told(409, {"error": "range_busy", "detail": "Busy."}, {"Retry-After": "0"})

needs_node = pytest.mark.skipif(not shutil.which("node"), reason="no Node.js")


@pytest.fixture
def upload(faults: Faults, api_key: ApiKey) -> Callable[[Path], str]:
    """Return what uploads a file by the other client, and returns what it prints."""

    def upload(path: Path) -> str:
        own = {"USERNAME": "ada", "KEY": api_key.key}
        return subprocess.check_output(
            ["node", str(SCRIPT), str(path), f"{faults.url}{PATH}"],
            env={**os.environ, **own},
            text=True,
            timeout=60,
        ).strip()

    return upload


@needs_node
def test_client_written_from_the_page_meets_every_weather(
    faults: Faults, upload: Callable[[Path], str], film: Path
) -> None:
    portal = Told(200, None, {}, b"<h1>")
    outcomes = iter([None, Told(503), Loss(), BUSY, Damage(), portal])
    faults.rule = lambda request: next(outcomes, None) if request.is_chunk else None

    url = upload(film)

    [known] = Upload.objects.all()
    assert url == faults.url + known.url
    assert finished(known) == CONTENT


@needs_node
def test_it_makes_chunks_smaller_until_a_proxy_takes_them(
    faults: Faults, upload: Callable[[Path], str], film: Path
) -> None:
    faults.rule = lambda request: Told(413) if len(request.body) > 2**17 else None
    film.write_bytes(CONTENT[: 2**19])

    upload(film)

    assert [len(chunk.body) for chunk in faults.chunks] == [2**18] + [2**17] * 4


@needs_node
@pytest.mark.parametrize("told", [Told(200, None, {}, b"<h1>"), Told(302)])
def test_it_ends_where_something_else_answers_at_first(
    faults: Faults, upload: Callable[[Path], str], film: Path, told: Told
) -> None:
    faults.rule = lambda request: told
    with pytest.raises(subprocess.CalledProcessError):
        upload(film)
    assert len(faults.requests) == 1


@needs_node
def test_it_goes_on_with_what_the_other_client_began(
    faults: Faults, upload: Callable[[Path], str], client: Client, film: Path
) -> None:
    def stop(sent: int, total: int) -> None:
        if sent > SIZE // 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        client.upload(film, progress=stop)

    upload(film)

    [known] = Upload.objects.all()
    assert finished(known) == CONTENT


@needs_node
def test_it_sends_an_empty_file_and_hears_of_refusals(
    faults: Faults, upload: Callable[[Path], str], film: Path
) -> None:
    empty = film.with_name("100 % Übung.mp4")
    empty.touch()
    upload(empty)
    assert Upload.objects.get().filename == empty.name
    refusal = Told(415, {"error": "type_refused", "detail": "No."})

    def rule(request: Request) -> Told | None:
        return refusal if request.is_chunk else None

    faults.rule = rule
    with pytest.raises(subprocess.CalledProcessError):
        upload(film)


def facts(kind: type[UploadError]) -> Iterator[type[UploadError]]:
    for each in kind.__subclasses__():
        yield each
        yield from facts(each)


def test_every_fact_of_the_server_stands_on_the_page() -> None:
    for fact in facts(UploadError):
        is_of_tus = fact is OffsetConflict or "tus" in fact.__module__
        told = f"`{fact.code}`" if fact.status == 409 else str(fact.status)
        assert is_of_tus or told in PAGE, fact
