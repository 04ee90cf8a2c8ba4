"""The bodies of chunk requests: raw and in forms, whole files, digests, names."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse

from chunked_uploads.core import intake
from chunked_uploads.http import bodies
from chunked_uploads.models import ApiKey, Upload
from tests.sending import (
    BOUNDARY,
    CONTENT,
    FORM,
    TAKES_PIECES,
    Uploader,
    assert_error,
    assert_finishes,
    files_in,
    from_stream,
    make_form,
    part_of,
    spans,
    state_in,
    upload_of,
)

# Whole files


@TAKES_PIECES
@pytest.mark.parametrize("content", [b"", b"0", CONTENT, bytes(300_000)])
def test_body_without_a_range_is_the_whole_file(
    uploader: Uploader, send: str, content: bytes
) -> None:
    response = getattr(uploader, send)(content)

    assert state_in(response)["size"] == len(content)
    assert state_in(response)["total_size"] == len(content)
    assert_finishes(uploader, response, content)


def test_form_names_the_file_where_no_header_does(uploader: Uploader) -> None:
    response = uploader.send_form(CONTENT, name=None)

    assert state_in(response)["name"] == "film.mp4"


def test_header_names_the_file_before_the_form_does(uploader: Uploader) -> None:
    response = uploader.send_form(CONTENT, name="named.mp4")

    assert state_in(response)["name"] == "named.mp4"


ENDINGS = {
    "without a line break": b"",
    "with an epilogue": b"\r\nand so on",
    "with another field": f"""\r
Content-Disposition: form-data; name="after"\r
\r
x\r
--{BOUNDARY}--\r
""".encode(),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_form_may_end_in_any_way_that_forms_may(
    uploader: Uploader, ending: str
) -> None:
    form = make_form(CONTENT).removesuffix(b"--\r\n")
    form += ENDINGS[ending] if "field" in ending else b"--" + ENDINGS[ending]

    response = uploader.send(CONTENT, content_type=FORM, body=form)

    assert state_in(response)["total_size"] == len(CONTENT)
    assert_finishes(uploader, response, CONTENT)


def test_whole_file_in_a_form_goes_to_a_temporary_file(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "SPOOLED", 1)
    assert_finishes(uploader, uploader.send_form(CONTENT), CONTENT)


def test_whole_file_in_a_form_that_was_cut_is_kept_up_to_there(
    uploader: Uploader, media_root: Path
) -> None:
    content = CONTENT * 20
    form = make_form(content)
    stream = io.BytesIO(form[: form.index(content) + 150])
    sent = {"content_type": FORM, **from_stream(stream, len(form))}

    response = uploader.send(content, body=form, **sent)

    assert_error(response, 400, "body_cut")
    state = state_in(response)
    assert state["total_size"] == len(content)
    part = part_of(Upload.objects.get(), media_root).read_bytes()
    assert 0 < state["size"] < 150
    assert part == content[: state["size"]]


@pytest.mark.parametrize("start", [None, 0])
def test_fields_before_the_file_are_not_part_of_it(
    uploader: Uploader, start: int | None
) -> None:
    fields = [("title", "映画"), ("csrfmiddlewaretoken", "x" * 64)]

    response = uploader.send_form(CONTENT, start, fields=fields)

    assert_finishes(uploader, response, CONTENT)


def test_credentials_may_stand_in_the_form_before_the_file(
    api_key: ApiKey, user: User
) -> None:
    fields = [("username", user.username), ("api_key", api_key.key)]

    response = Uploader().send_form(CONTENT, fields=fields)

    assert response.status_code == 200
    assert upload_of(response).user == user


@TAKES_PIECES
def test_memory_limit_of_forms_plays_no_part(
    uploader: Uploader, settings: Any, send: str
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1
    content = bytes(range(250)) * 1000

    response = getattr(uploader, send)(content)

    assert_finishes(uploader, response, content)


@TAKES_PIECES
def test_no_read_takes_much_of_the_body_at_once(uploader: Uploader, send: str) -> None:
    content = bytes(3 * 2**20)
    form = send == "send_form"
    body = make_form(content) if form else content
    stream = Metered(body)
    environ = from_stream(stream, len(body))

    response = uploader.send(
        content,
        content_type=FORM if form else "application/octet-stream",
        **environ,
    )

    assert response.status_code == 200
    assert 0 < stream.largest <= 2**20


class Metered(io.BytesIO):
    largest = 0

    def read(self, size: int | None = -1) -> bytes:
        block = super().read(size)
        self.largest = max(self.largest, len(block))
        return block


@pytest.mark.parametrize("content_type", ["", "text/plain", "multipart/mixed"])
@pytest.mark.parametrize("urlencoded", [True, False])
def test_any_other_content_type_is_a_raw_body(
    uploader: Uploader, content_type: str, urlencoded: bool
) -> None:
    if urlencoded:
        content_type = "application/x-www-form-urlencoded"

    assert_finishes(
        uploader, uploader.send(CONTENT, content_type=content_type), CONTENT
    )


# Bodies that contradict their headers


def content_range(value: str) -> dict[str, Any]:
    return {"headers": {"Content-Range": value}}


@pytest.mark.parametrize(
    "options",
    [
        content_range(""),
        content_range("bytes"),
        content_range("bytes 0-9/*"),
        content_range("bytes 0-8/10"),
        content_range("bytes 0-10/11"),
        content_range("bytes 0-10/10"),
        content_range("bytes 9-0/10"),
        content_range("bytes -1-8/10"),
        content_range(f"bytes 0-9/1{'0' * 30}"),
        content_range(f"bytes 0-9/1{'0' * 5000}"),
        {"name": None},
        {"name": ""},
        {"name": ".."},
        {"name": "a/"},
        {"headers": {"Content-Disposition": "attachment; filename*=x"}},
        {"headers": {"Content-Digest": "sha-256=:AAAA:"}},
        {"headers": {"Content-Digest": "nonsense"}},
        {"content_type": "multipart/form-data"},
        {"content_type": FORM},
        {"CONTENT_LENGTH": "ten"},
        {"CONTENT_LENGTH": "-1"},
        {"CONTENT_LENGTH": "1" + "0" * 30},
        {"CONTENT_LENGTH": "1" + "0" * 5000},
        {"CONTENT_LENGTH": "٣"},
        {"CONTENT_LENGTH": "²"},
    ],
    ids=lambda options: str(options)[:60],
)
def test_malformed_request_is_refused_and_begins_nothing(
    uploader: Uploader, options: dict[str, Any]
) -> None:
    assert_error(uploader.send(CONTENT, **options), 400, "bad_request")
    assert not Upload.objects.exists()


@pytest.mark.parametrize("size", [3, 5])
def test_form_whose_file_is_not_as_long_as_announced_records_nothing(
    uploader: Uploader, size: int
) -> None:
    url = state_in(uploader.send(CONTENT[:4], 0))["url"]
    form = make_form(CONTENT[4 : 4 + size])

    response = uploader.send(
        CONTENT[4:8], 4, url=url, content_type=FORM, body=form, name=None
    )

    assert_error(response, 400, "bad_request")
    assert spans(Upload.objects.get()) == [(0, 4)]


def test_length_that_is_not_known_gets_411(uploader: Uploader) -> None:
    response = uploader.send(
        b"", body=b"", HTTP_TRANSFER_ENCODING="chunked", CONTENT_LENGTH=""
    )

    assert_error(response, 411, "length_required")


def test_unread_body_is_read_once_it_is_answered(db: None) -> None:
    stream = io.BytesIO(CONTENT)

    response = Uploader().send_cut(stream, 0, 10)

    assert response.status_code == 401
    assert stream.read() == b""


def replace(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    """Make a middleware that has an answer of its own."""

    def answer(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=get_response(request).status_code)

    return answer


def test_unread_body_is_read_where_middleware_replaces_the_answer(
    db: None, settings: Any
) -> None:
    settings.MIDDLEWARE = [f"{__name__}.replace", *settings.MIDDLEWARE]
    stream = io.BytesIO(CONTENT)

    response = Uploader().send_cut(stream, 0, 10)

    assert (response.status_code, response.content) == (401, b"")
    assert stream.read() == b""


# Digests


def digest_of(content: bytes) -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    return {"Content-Digest": f"sha-256=:{digest}:"}


@TAKES_PIECES
def test_digest_that_fits_is_accepted(uploader: Uploader, send: str) -> None:
    response = getattr(uploader, send)(CONTENT, headers=digest_of(CONTENT))

    assert_finishes(uploader, response, CONTENT)


@TAKES_PIECES
def test_digest_that_does_not_fit_records_nothing(
    uploader: Uploader, send: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "CHECKPOINT", 2)
    url = state_in(uploader.send(CONTENT[:2], 0))["url"]
    send_piece = getattr(uploader, send)

    response = send_piece(
        CONTENT[2:], 2, url=url, headers=digest_of(b"else"), name=None
    )

    assert_error(response, 400, "digest_mismatch")
    assert spans(Upload.objects.get()) == [(0, 2)]
    assert state_in(uploader.get(url))["size"] == 2
    again = send_piece(CONTENT[2:], 2, url=url, headers=digest_of(CONTENT[2:]))
    assert_finishes(uploader, again, CONTENT)


def test_digest_of_another_algorithm_is_left_alone(uploader: Uploader) -> None:
    response = uploader.send(CONTENT, headers={"Content-Digest": "md5=:AAAA:"})

    assert response.status_code == 200


# File names


NAMES = {
    "映画 №1.mp4": "映画 №1.mp4",
    'a"b.mp4': 'a"b.mp4',
    "100%.mp4": "100%.mp4",
    "100%25.mp4": "100%25.mp4",
    "a=1;b,c'd&e?f#g+h.mp4": "a=1;b,c'd&e?f#g+h.mp4",
    "x" * 296 + ".mp4": "x" * 296 + ".mp4",
    "映" * 296 + ".mp4": "映" * 296 + ".mp4",
    "x" * 4996 + ".mp4": "x" * 496 + ".mp4",
    "../../../climbed.mp4": "climbed.mp4",
    "/etc/climbed.mp4": "climbed.mp4",
    r"..\..\climbed.mp4": "climbed.mp4",
    r"C:\films\film.mp4": "film.mp4",
    "nul\0.mp4": "nul.mp4",
    "line\r\nbreak.mp4": "linebreak.mp4",
    "half\ud83dpair.mp4": "half\N{REPLACEMENT CHARACTER}"
    + "\N{REPLACEMENT CHARACTER}" * 2
    + "pair.mp4",
    ".hidden": ".hidden",
    "...": "...",
    "-rf": "-rf",
    "no extension": "no extension",
    "🎬": "🎬",
    "???": "???",
    "🎬..": "🎬..",
    "<script>alert(1)</script>.mp4": "script>.mp4",
    "\N{RIGHT-TO-LEFT OVERRIDE}4pm.exe": "\N{RIGHT-TO-LEFT OVERRIDE}4pm.exe",
    "x." + "y" * 300: "x." + "y" * 300,
}


@pytest.mark.parametrize(
    ("name", "told"), NAMES.items(), ids=[ascii(name)[:40] for name in NAMES]
)
def test_any_file_name_is_told_and_its_file_stays_in_the_folder(
    uploader: Uploader, media_root: Path, name: str, told: str
) -> None:
    response = uploader.send(CONTENT, name=name)

    assert state_in(response)["name"] == told
    assert_finishes(uploader, response, CONTENT)
    path = Path(upload_of(response).upload.path)
    files = media_root / "chunked_uploads" / "files"
    assert path.resolve().parent.parent == files.resolve()
    assert files_in(media_root) == [path]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("映画.mp4", "映画.mp4"),
        ("%22100%%22.mp4", '"100%".mp4'),
        ("../../climbed.mp4", "climbed.mp4"),
        (r"C:\films\film.mp4", "film.mp4"),
        ("x" * 4996 + ".mp4", "x" * 496 + ".mp4"),
    ],
)
def test_any_file_name_may_stand_in_a_form(
    uploader: Uploader, name: str, told: str
) -> None:
    form = make_form(CONTENT, filename=name)

    response = uploader.send(CONTENT, body=form, content_type=FORM, name=None)

    assert state_in(response)["name"] == told
    assert_finishes(uploader, response, CONTENT)


def test_long_name_is_found_again(uploader: Uploader) -> None:
    name = "x" * 5000 + ".mp4"
    uploader.send(CONTENT[:4], 0, name=name)

    response = uploader.send(CONTENT[4:], 4, name=name)

    assert state_in(response)["size"] == 10
