"""The site's own rules: what docs/validators.md shows, and whose sentence is told."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import User
from django.core import exceptions
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.signals import pre_save
from django.http import HttpRequest, JsonResponse
from django.utils import translation

from chunked_uploads import errors
from chunked_uploads.authentication import SessionAuthentication
from chunked_uploads.forms import ChunkedFileField
from chunked_uploads.models import Upload
from demo.services.server import free_port
from tests.clamd import EICAR, VIRUS, Clamd
from tests.documents import block, module
from tests.forms.claiming import attached
from tests.sending import (
    CONTENT,
    Uploader,
    assert_error,
    assert_finishes,
    files_in,
    finished,
    state_in,
)
from tests.tus.talking import Tus, path_of, upload_at

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "docs/validators.md"
Receiver = Callable[..., None]


@pytest.fixture
def rule() -> Iterator[Callable[[Receiver], None]]:
    """Connects a rule to uploads that are about to be saved, for one test."""
    receivers: list[Receiver] = []

    def connect(receiver: Receiver) -> None:
        receivers.append(receiver)
        pre_save.connect(receiver, sender=Upload)

    yield connect
    for receiver in receivers:
        pre_save.disconnect(receiver, sender=Upload)


@pytest.fixture
def mysite(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Makes a module of `mysite` of the block of the docs that begins with its name."""
    monkeypatch.setitem(sys.modules, "mysite", ModuleType("mysite"))

    def make(name: str) -> Any:
        made = module(block("python", f"# mysite/{name}.py", PAGE), f"mysite.{name}")
        monkeypatch.setitem(sys.modules, f"mysite.{name}", made)
        return made

    return make


def detail_of(response: Any) -> str:
    return state_in(response)["detail"]


# Before a byte is sent


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.PermissionDenied, 403, "permission_denied"),
        (exceptions.PermissionDenied, 403, "permission_denied"),
        (errors.TooLarge, 413, "too_large"),
        (errors.TypeRefused, 415, "type_refused"),
        (errors.TooManyUploads, 429, "too_many_uploads"),
    ],
)
@pytest.mark.parametrize("most", [None, 5])
def test_sites_rule_refuses_with_its_own_sentence(
    uploader: Uploader,
    rule: Any,
    settings: Any,
    media_root: Path,
    error: Any,
    status: int,
    code: str,
    most: int | None,
) -> None:
    settings.CHUNKED_UPLOADS_MAX_UNFINISHED = most

    def refuse(instance: Upload, **kwargs: Any) -> None:
        raise error(f"{instance.user}'s plan has no room for {instance.filename}.")

    rule(refuse)

    response = uploader.send(CONTENT)

    assert_error(response, status, code)
    assert detail_of(response) == "ada's plan has no room for film.mp4."
    assert not Upload.objects.exists()
    assert files_in(media_root) == []


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "You may not upload this here."),
        ("fr", "Vous n’êtes pas autorisé à envoyer ceci ici."),
    ],
)
def test_rule_without_a_sentence_is_a_refusal_in_the_visitors_language(
    uploader: Uploader, rule: Any, language: str, sentence: str
) -> None:
    def refuse(**kwargs: Any) -> None:
        raise exceptions.PermissionDenied

    rule(refuse)

    with translation.override(language):
        response = uploader.send(CONTENT)

    assert_error(response, 403, "permission_denied")
    assert detail_of(response) == sentence


class Plans(SessionAuthentication):
    """Lets in who has a plan; the others are told in the site's own words."""

    def check(self, request: HttpRequest, **kwargs: Any) -> bool:
        raise exceptions.PermissionDenied("Your plan is over. Renew it.")


class Throttle(SessionAuthentication):
    """Answers by itself, as a class that was written for tastypie may."""

    def is_authenticated(self, request: HttpRequest, **kwargs: Any) -> JsonResponse:
        item = {"error": "throttled", "detail": "Too fast. Wait a minute."}
        return JsonResponse([item], status=429, safe=False)


@pytest.mark.parametrize(
    ("name", "status", "detail"),
    [
        ("Plans", 403, "Your plan is over. Renew it."),
        ("Throttle", 429, "Too fast. Wait a minute."),
    ],
)
def test_who_asks_for_the_sender_refuses_with_a_sentence_too(
    browser_session: Uploader, settings: Any, name: str, status: int, detail: str
) -> None:
    settings.CHUNKED_UPLOADS_AUTHENTICATION = f"{__name__}.{name}"

    response = browser_session.send(CONTENT)

    assert (response.status_code, detail_of(response)) == (status, detail)


@pytest.mark.parametrize(
    ("most", "detail"),
    [
        (1, "Not more than 1 upload may be unfinished at a time."),
        (2, "Not more than 2 uploads may be unfinished at a time."),
    ],
)
def test_quota_says_how_many(
    uploader: Uploader, settings: Any, most: int, detail: str
) -> None:
    settings.CHUNKED_UPLOADS_MAX_UNFINISHED = most
    for number in range(most):
        uploader.send(CONTENT[:4], 0, name=f"{number}.mp4")

    with translation.override("en"):
        response = uploader.send(CONTENT, name="more.mp4")

    assert_error(response, 429, "too_many_uploads")
    assert detail_of(response) == detail


def test_docs_rule_counts_bytes_and_uploads(
    uploader: Uploader, stranger: Uploader, mysite: Any, rule: Any
) -> None:
    made = mysite("rules")
    pre_save.disconnect(made.check_plan, sender=Upload)
    rule(made.check_plan)
    half = 2_500_000_000

    first = uploader.send(b"a", 0, half, name="a")
    assert first.status_code == 200
    assert_error(uploader.send(b"a", 0, half + 1, name="b"), 403, "permission_denied")
    assert stranger.send(b"a", 0, half + 1, name="b").status_code == 200
    for name in "cd":
        assert uploader.send(CONTENT, 0, name=name).status_code == 200
    again = uploader.send(b"a", 0, url=state_in(first)["url"], total=half)
    assert again.status_code == 200
    assert_error(uploader.send(CONTENT, name="e"), 429, "too_many_uploads")


def test_plan_counts_no_file_twice_that_comes_in_parts(
    authorization: dict[str, str], mysite: Any, rule: Any
) -> None:
    tus = Tus(headers=authorization)
    made = mysite("rules")
    pre_save.disconnect(made.check_plan, sender=Upload)
    rule(made.check_plan)
    made.PLAN = len(CONTENT)
    steps = range(0, len(CONTENT), 2)
    urls = [
        path_of(tus.create(2, body=CONTENT[start : start + 2], Upload_Concat="partial"))
        for start in steps
    ]

    joined = tus.create(-1, Upload_Concat=f"final;{' '.join(urls)}")

    assert joined.status_code == 201
    assert finished(upload_at(path_of(joined))) == CONTENT
    assert tus.create(1).status_code == 403


# The first bytes


@pytest.mark.parametrize(
    ("name", "content", "is_right"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n", True),
        ("a.PNG", b"\x89PNG\r\n\x1a\nand more of it", True),
        ("a.png", b"\xff\xd8\xff", False),
        ("a.png", b"\x89PNG", False),
        ("a.png", b"", False),
        ("a.jpg", b"\xff\xd8\xff\xe0", True),
        ("a.webp", b"RIFF\0\0\0\0WEBP", True),
        ("a.webp", b"RIFF\0\0\0\0WAVE", False),
        ("a.mp4", b"\0\0\0\x20ftypisom", True),
        ("a.mov", b"\0\0\0\x08wide", True),
        ("a.mp4", b"MZ\x90\0", False),
        ("a.pdf", b"%PDF-1.7", True),
        ("a.docx", b"PK\x03\x04", True),
        ("a.txt", b"MZ\x90\0", True),
        ("a", b"", True),
    ],
)
def test_docs_validator_compares_the_first_bytes_with_the_extension(
    uploader: Uploader,
    settings: Any,
    mysite: Any,
    name: str,
    content: bytes,
    is_right: bool,
) -> None:
    mysite("signatures")
    settings.CHUNKED_UPLOADS_VALIDATORS = ["mysite.signatures.check_first_bytes"]
    sent = uploader.send(content, name=name)

    if is_right:
        assert_finishes(uploader, sent, content)
        return
    response = uploader.done(state_in(sent))
    assert_error(response, 422, "file_refused")
    kind = name.partition(".")[2].upper()
    told = f"This is no {kind} file: what is in it is something else."
    assert detail_of(response) == told
    assert not Upload.objects.exists()


# The virus scanner


@pytest.fixture
def scanning(mysite: Any, settings: Any) -> Any:
    """The module of the docs, which asks a daemon that is not there yet."""
    made = mysite("scanning")
    settings.CHUNKED_UPLOADS_VALIDATORS = ["mysite.scanning.scan"]
    settings.CLAMD_MAX_SIZE = 10**7
    settings.CLAMD_ADDRESS = ("127.0.0.1", free_port())
    return made


@pytest.fixture(params=["tcp", "unix"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the daemon's socket is, empty for a port of loopback."""
    return str(tmp_path / "clamd.ctl") if request.param == "unix" else ""


@pytest.mark.usefixtures("scanning")
def test_clean_file_passes_the_scanner_byte_for_byte(
    uploader: Uploader, settings: Any, path: str
) -> None:
    content = CONTENT * 250_000  # more than one block
    sent = uploader.send(content)

    with Clamd(path) as clamd:
        settings.CLAMD_ADDRESS = clamd.address
        assert_finishes(uploader, sent, content)

    assert clamd.streams == [content]


@pytest.mark.usefixtures("scanning")
def test_file_with_a_virus_is_refused_and_gone(
    uploader: Uploader, settings: Any, path: str, media_root: Path
) -> None:
    sent = uploader.send(b"before" + EICAR + b"after")

    with Clamd(path) as clamd:
        settings.CLAMD_ADDRESS = clamd.address
        response = uploader.done(state_in(sent))

    assert_error(response, 422, "file_refused")
    assert detail_of(response) == f"A virus was found in this file: {VIRUS}."
    assert not Upload.objects.exists()
    assert files_in(media_root) == []


@pytest.mark.usefixtures("scanning")
@pytest.mark.parametrize(("ours", "theirs"), [(9, 10**6), (10**7, 9)])
def test_file_that_is_too_large_for_the_scanner_is_refused(
    uploader: Uploader, settings: Any, ours: int, theirs: int
) -> None:
    settings.CLAMD_MAX_SIZE = ours
    sent = uploader.send(CONTENT * 300_000)

    with Clamd(largest=theirs) as clamd:
        settings.CLAMD_ADDRESS = clamd.address
        response = uploader.done(state_in(sent))

    assert_error(response, 422, "file_refused")
    told = "This file is too large to be looked at for viruses."
    assert detail_of(response) == told
    assert clamd.streams == []


@pytest.mark.usefixtures("scanning")
@pytest.mark.parametrize("answer", ["", "stream: Can't open temporary file. ERROR"])
def test_scanner_that_is_away_lets_nothing_pass_and_loses_nothing(
    uploader: Uploader, settings: Any, answer: str
) -> None:
    uploader.raise_request_exception = False
    sent = uploader.send(CONTENT)

    response = uploader.done(state_in(sent))
    assert_error(response, 503, "unavailable")
    assert response["Retry-After"]
    with Clamd(answer=answer) as clamd:
        settings.CLAMD_ADDRESS = clamd.address
        assert_error(uploader.done(state_in(sent)), 503, "unavailable")
    with Clamd() as clamd:
        settings.CLAMD_ADDRESS = clamd.address
        assert_finishes(uploader, sent, CONTENT)


@pytest.mark.usefixtures("scanning")
def test_scanner_that_falls_silent_is_away(
    uploader: Uploader, settings: Any, scanning: Any
) -> None:
    scanning.PATIENCE = 0.2
    sent = uploader.send(CONTENT)

    with Clamd(is_silent=True) as clamd:
        settings.CLAMD_ADDRESS = clamd.address
        assert_error(uploader.done(state_in(sent)), 503, "unavailable")


@pytest.mark.usefixtures("scanning")
def test_file_that_comes_with_its_form_is_scanned_too(
    settings: Any, user: User
) -> None:
    form = type("Form", (forms.Form,), {"file": ChunkedFileField()})

    with Clamd() as clamd:
        settings.CLAMD_ADDRESS = clamd.address
        bad = form({}, attached(file=SimpleUploadedFile("film.mp4", EICAR)))
        good = form({}, attached(file=SimpleUploadedFile("film.mp4", CONTENT)))

        assert bad.errors["file"] == [f"A virus was found in this file: {VIRUS}."]
        assert good.is_valid()


def test_settings_of_the_docs_name_what_the_docs_show(mysite: Any) -> None:
    named = module(block("python", "CLAMD_ADDRESS =", PAGE)).CHUNKED_UPLOADS_VALIDATORS
    for path in named:
        package, _, function = path.rpartition(".")
        assert callable(getattr(mysite(package.removeprefix("mysite.")), function))
