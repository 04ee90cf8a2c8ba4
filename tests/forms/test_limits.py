"""What a field limits: told to its page, and kept by server and form."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.validators import FileExtensionValidator
from django.test import Client

from chunked_uploads.forms import ChunkedFileField, ChunkedFileInput
from chunked_uploads.models import Upload
from tests.films.forms import FilmForm
from tests.films.limits import PosterForm
from tests.films.models import Film
from tests.forms.claiming import (
    attached,
    claim_of,
    claims_in,
    errors_of,
    send_for_form,
)
from tests.sending import CONTENT, UPLOAD, Uploader, state_in

pytestmark = pytest.mark.django_db(transaction=True)

BYTES = "\N{NO-BREAK SPACE}bytes"
REQUIRED = r'<input type="file" name="file"[^>]* required'


def form_class(**options: Any) -> type[forms.Form]:
    return type("Form", (forms.Form,), {"file": ChunkedFileField(**options)})


def attribute(html: str, name: str) -> str:
    found = re.search(rf' {name}="([^"]*)"', html)
    assert found is not None, html
    return unescape(found[1])


def told(html: str) -> tuple[str, str, str]:
    """Return what the plain input, the uploader and its first request are told."""
    plain = re.search(r'<input type="file" name="[^"]*"[^>]*>', html)
    assert plain is not None
    accept = attribute(plain[0], "accept") if " accept=" in plain[0] else ""
    page = html[plain.end() :]
    return accept, attribute(page, "data-max-size"), attribute(page, "data-query")


def status_of(uploader: Uploader, html: str, name: str) -> int:
    """Return the answer to a file that goes where the field's page sends it."""
    _, _, query = told(html)
    return uploader.send(CONTENT, url=f"{UPLOAD}?{query}", name=name).status_code


# Told


def test_field_without_limits_tells_none() -> None:
    assert told(str(form_class()()["file"])) == ("", "", "for_form=1")


def test_page_is_told_what_the_field_takes(uploader: Uploader) -> None:
    html = str(form_class(accept=".txt,image/*", max_size=10)()["file"])

    accept, max_size, query = told(html)

    assert (accept, max_size) == (".txt,image/*", "10")
    assert list(parse_qs(query)) == ["for_form", "limits"]
    assert status_of(uploader, html, "a.txt") == 200
    assert status_of(uploader, html, "a.exe") == 415


def test_fields_of_the_docs_take_what_they_say(uploader: Uploader) -> None:
    form = PosterForm()
    poster, subtitles = str(form["poster"]), str(form["subtitles"])

    assert status_of(uploader, poster, "a.PDF") == 200
    assert status_of(uploader, poster, "a.png") == 200
    assert status_of(uploader, poster, "a.srt") == 415
    assert status_of(uploader, subtitles, "a.srt") == 200
    assert status_of(uploader, subtitles, "a.pdf") == 415


def test_page_is_told_what_settings_and_field_take_both(settings: Any) -> None:
    settings.CHUNKED_UPLOADS_ALLOWED_EXTENSIONS = ["png", "mp4"]
    settings.CHUNKED_UPLOADS_MAX_SIZE = 9

    html = str(form_class(accept="image/*", max_size=10)()["file"])

    assert told(html)[:2] == (".png", "9")


def test_fields_own_attribute_of_its_input_stays() -> None:
    widget = ChunkedFileInput(attrs={"accept": "video/mp4"})

    html = str(form_class(accept="video/*", widget=widget)()["file"])

    assert told(html)[0] == "video/mp4"


def test_page_is_told_of_a_validator_of_the_field(uploader: Uploader) -> None:
    validators = [
        FileExtensionValidator(["MOV", "mp4", "txt"]),
        FileExtensionValidator(["mp4", "mov"]),
        FileExtensionValidator(),
    ]

    html = str(form_class(accept="video/*", validators=validators)()["file"])

    assert told(html)[0] == ".mov,.mp4"
    assert status_of(uploader, html, "a.mkv") == 415


@pytest.fixture
def movs_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model of films takes files of one extension."""
    field: Any = Film._meta.get_field("file")
    validators = [*field.validators, FileExtensionValidator(["mov"])]
    monkeypatch.setitem(vars(field), "validators", validators)


@pytest.mark.usefixtures("movs_only")
def test_page_is_told_of_a_validator_of_the_models_field(uploader: Uploader) -> None:
    html = str(FilmForm()["file"])

    assert told(html)[0] == ".mov"
    assert status_of(uploader, html, "a.mp4") == 415


@pytest.mark.usefixtures("movs_only")
def test_admin_is_told_of_a_validator_of_the_models_field(admin_client: Client) -> None:
    page = admin_client.get("/admin/films/film/add/").content.decode()

    assert re.search(r'<input type="file" name="file"[^>]* accept="\.mov"', page)


def test_admin_says_what_its_field_takes_beside_its_class() -> None:
    field: Any = Film._meta.get_field("file")

    made = field.formfield(form_class=ChunkedFileField, accept="video/*", max_size=9)

    form = type("Form", (forms.Form,), {"file": made})()
    assert told(str(form["file"]))[:2] == ("video/*", "9")


# Kept


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (
            {"accept": ".txt,image/*"},
            "type_refused",
            "Only these are taken: .txt, images.",
        ),
        ({"max_size": 9}, "too_large", f"The file is larger than 9{BYTES}."),
        (
            {"validators": [FileExtensionValidator(["mov"])]},
            "invalid_extension",
            "File extension “mp4” is not allowed. Allowed extensions are: mov.",
        ),
    ],
)
@pytest.mark.parametrize("is_plain", [False, True])
def test_form_keeps_what_its_page_was_told(
    uploader: Uploader,
    options: dict[str, Any],
    code: str,
    sentence: str,
    is_plain: bool,
) -> None:
    plain = attached(file=SimpleUploadedFile("film.mp4", CONTENT))
    data = {} if is_plain else {"file-upload": claim_of(send_for_form(uploader))}

    form = form_class(**options)(data, plain if is_plain else None)

    assert errors_of(form) == [code]
    assert form.errors["file"] == [sentence]
    assert claims_in(form.as_div()) == []


@pytest.mark.parametrize("options", [{"accept": "video/*"}, {"max_size": 10}])
@pytest.mark.parametrize("is_plain", [False, True])
def test_form_takes_what_is_within_its_limits(
    uploader: Uploader, options: dict[str, Any], is_plain: bool
) -> None:
    plain = attached(file=SimpleUploadedFile("film.mp4", CONTENT))
    data = {} if is_plain else {"file-upload": claim_of(send_for_form(uploader))}

    assert form_class(**options)(data, plain if is_plain else None).is_valid()


def test_field_s_sentences_can_be_replaced(uploader: Uploader) -> None:
    messages = {"too_large": "Up to %(largest)s!", "type_refused": "%(types)s!"}
    claim = claim_of(send_for_form(uploader))

    small = form_class(max_size=9, error_messages=messages)({"file-upload": claim})
    texts = form_class(accept="txt", error_messages=messages)({"file-upload": claim})

    assert small.errors["file"] == [f"Up to 9{BYTES}!"]
    assert texts.errors["file"] == [".txt!"]


@pytest.mark.usefixtures("movs_only")
def test_file_that_the_model_refuses_does_not_come_back(
    uploader: Uploader,
) -> None:
    claim = claim_of(send_for_form(uploader))

    form = FilmForm({"title": "A film", "file-upload": claim})
    html = form.as_div()

    assert errors_of(form) == ["invalid_extension"]
    assert claims_in(html) == []
    assert " data-invalid" in html
    assert re.search(REQUIRED, str(form["file"]))


def test_file_that_the_form_itself_refuses_does_not_come_back(
    uploader: Uploader,
) -> None:
    form = FilmForm(
        {"title": "A film", "file-upload": claim_of(send_for_form(uploader))}
    )
    form.add_error("file", "Nobody can play this film.")

    assert claims_in(form.as_div()) == []


def test_file_that_is_right_comes_back_beside_what_is_wrong(uploader: Uploader) -> None:
    claim = claim_of(send_for_form(uploader))

    html = FilmForm({"title": "", "file-upload": claim}).as_div()

    assert claims_in(html) == [claim]
    assert " data-invalid" not in html


def test_file_whose_name_tells_no_type_is_the_senders_word(uploader: Uploader) -> None:
    html = str(form_class(accept="image/*")()["file"])
    _, _, query = told(html)

    sent = uploader.send(
        CONTENT, url=f"{UPLOAD}?{query}", name="scan", content_type="image/png"
    )
    uploader.done(state_in(sent))

    upload = Upload.objects.get()
    assert form_class(accept="image/*")({"file-upload": claim_of(upload)}).is_valid()
