"""The form field and its widget: claims, plain files, and forms shown again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.validators import FileExtensionValidator
from django.db import transaction
from django.template.loader import render_to_string
from django.test import Client

from chunked_uploads.forms import ChunkedFileField, FinishedUpload
from chunked_uploads.models import Upload
from demo.environment import CHECKOUT
from tests.films.forms import FilmForm
from tests.films.models import Film, Trailer
from tests.forms.claiming import (
    Form,
    OptionalForm,
    attached,
    claim_of,
    claims_in,
    errors_of,
    send_for_form,
)
from tests.sending import CONTENT, Uploader, files_in

pytestmark = pytest.mark.django_db(transaction=True)

FILMS = "/admin/films/film/"
REQUIRED = r'<input type="file" name="file"[^>]* required'


class Initial:
    """A file that a model has already, as a form needs to know it."""

    url = "/media/old.mp4"

    def __str__(self) -> str:
        return "old.mp4"


@pytest.fixture
def upload(uploader: Uploader) -> Upload:
    """Ada's film, which waits for its form."""
    return send_for_form(uploader)


def plain(content: bytes = CONTENT, name: str = "plain.mp4") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_file_that_was_chosen_after_an_upload_takes_its_place(upload: Upload) -> None:
    form = Form({"file-upload": claim_of(upload)}, attached(file=plain()))

    assert form.is_valid()
    assert form.cleaned_data["file"].name == "plain.mp4"


# As Django's own field


CASES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "a file": {"files": {"file": plain()}},
    "a file, optional": {"files": {"file": plain()}, "required": False},
    "nothing, optional": {"required": False},
    "nothing, but an initial one": {"initial": Initial()},
    "a file instead of an initial one": {
        "files": {"file": plain()},
        "initial": Initial(),
    },
    "an empty file": {"files": {"file": plain(b"")}},
    "an empty file, allowed": {"files": {"file": plain(b"")}, "allow_empty_file": True},
    "a name that is too long": {"files": {"file": plain()}, "max_length": 8},
    "a name that is long enough": {"files": {"file": plain()}, "max_length": 9},
    "no file at all": {"files": {"file": "text"}},
    "a validator that refuses": {
        "files": {"file": plain()},
        "validators": [FileExtensionValidator(["mov"])],
    },
    "a validator that accepts": {
        "files": {"file": plain()},
        "validators": [FileExtensionValidator(["mp4"])],
    },
    "clear": {
        "data": {"file-clear": "on"},
        "initial": Initial(),
        "required": False,
    },
    "clear, though required": {"data": {"file-clear": "on"}, "initial": Initial()},
    "clear and a file": {
        "data": {"file-clear": "on"},
        "files": {"file": plain()},
        "initial": Initial(),
        "required": False,
    },
    "disabled": {"files": {"file": plain()}, "disabled": True, "required": False},
    "hidden initial": {
        "data": {"initial-file": "x"},
        "files": {"file": plain()},
        "show_hidden_initial": True,
    },
}


def outcome(field: forms.FileField, case: dict[str, Any]) -> dict[str, Any]:
    """Return what a form with the field makes of the case."""
    form_class = type("Form", (forms.Form,), {"file": field})
    initial = {"file": case["initial"]} if "initial" in case else None
    form = form_class(case.get("data", {}), case.get("files", {}), initial=initial)
    value = form.cleaned_data.get("file", "none") if form.is_valid() else "none"
    widget = form.fields["file"].widget
    shown = re.sub(r"<input type=.hidden(.|\n)*", "", str(form["file"]))
    return {
        "errors": form.errors.get_json_data(),
        "value": getattr(value, "name", value),
        "size": getattr(value, "size", None),
        "changed": form.changed_data,
        "omitted": widget.value_omitted_from_data(form.data, form.files, "file"),
        "multipart": form.is_multipart(),
        "clear": re.findall(r'<input type="checkbox" name="file-clear"[^>]*>', shown),
        "link": "/media/old.mp4" in shown,
    }


@pytest.mark.parametrize("name", CASES)
def test_plain_file_is_treated_as_by_djangos_own_field(name: str) -> None:
    known = ("data", "files", "initial")
    case = CASES[name]
    options = {key: value for key, value in case.items() if key not in known}

    ours = outcome(ChunkedFileField(**options), case)

    assert ours == outcome(forms.FileField(**options), case)
    assert not Upload.objects.exists() or not ours["errors"]


@pytest.mark.parametrize("name", [name for name in CASES if "files" in CASES[name]])
def test_claim_is_treated_as_a_file(name: str, uploader: Uploader) -> None:
    known = ("data", "files", "initial")
    case = CASES[name]
    options = {key: value for key, value in case.items() if key not in known}
    file = case["files"]["file"]
    if isinstance(file, str):
        return
    upload = send_for_form(uploader, file.open().read(), file.name)
    data = {**case.get("data", {}), "file-upload": claim_of(upload)}

    ours = outcome(ChunkedFileField(**options), {**case, "data": data, "files": {}})

    assert ours == outcome(forms.FileField(**options), case)


def test_form_with_a_prefix_finds_its_claim(upload: Upload) -> None:
    form = Form({"a-file-upload": claim_of(upload)}, prefix="a")

    assert form.is_valid()
    assert claims_in(form.as_p()) == [claim_of(upload)]
    assert 'name="a-file-upload"' in form.as_p()


def test_formset_takes_claims_and_leaves_empty_forms_alone(upload: Upload) -> None:
    data = {
        "form-TOTAL_FORMS": "3",
        "form-INITIAL_FORMS": "0",
        "form-1-file-upload": claim_of(upload),
    }

    formset = forms.formset_factory(Form, extra=3)(data)

    assert formset.is_valid()
    found = [form.cleaned_data.get("file") for form in formset]
    assert [file and file.upload for file in found] == [None, upload, None]
    assert claims_in(str(formset)) == [claim_of(upload)]


def test_inline_formset_saves_claims_and_plain_files(upload: Upload) -> None:
    film = Film.objects.create(title="A film")
    formset_class = forms.inlineformset_factory(
        Film, Trailer, fields=["file"], field_classes={"file": ChunkedFileField}
    )
    data = {
        "trailers-TOTAL_FORMS": "2",
        "trailers-INITIAL_FORMS": "0",
        "trailers-0-file-upload": claim_of(upload),
    }

    formset = formset_class(
        data, attached(**{"trailers-1-file": plain(b"plain")}), instance=film
    )
    assert formset.is_valid()
    formset.save()

    trailers = film.trailers.order_by("pk")
    names = [trailer.file.name for trailer in trailers]
    assert names == ["trailers/film.mp4", "trailers/plain.mp4"]
    contents = [Path(trailer.file.path).read_bytes() for trailer in trailers]
    assert contents == [CONTENT, b"plain"]


def test_another_file_input_takes_plain_files(media_root: Path) -> None:
    class AnotherForm(forms.Form):
        file = ChunkedFileField(widget=forms.FileInput)

    form = AnotherForm({}, attached(file=plain()))

    assert form.is_valid()
    assert isinstance(form.cleaned_data["file"], FinishedUpload)
    assert '<input type="file" name="file"' in form.as_p()


# Limits


def test_plain_file_over_the_limit_is_refused(settings: Any, media_root: Path) -> None:
    settings.CHUNKED_UPLOADS_MAX_SIZE = 9

    form = Form({}, attached(file=plain()))

    assert form.errors["file"] == ["The file is larger than 9\N{NO-BREAK SPACE}bytes."]
    assert errors_of(form) == ["too_large"]
    assert not media_root.exists()


def test_plain_file_of_a_type_that_is_not_taken_is_refused(settings: Any) -> None:
    settings.CHUNKED_UPLOADS_ALLOWED_EXTENSIONS = ["mov", "avi"]

    form = Form({}, attached(file=plain()))

    assert form.errors["file"] == ["Only these are taken: .mov, .avi."]
    assert errors_of(form) == ["type_refused"]


# The form shown again


def test_form_that_is_shown_again_has_the_finished_upload(upload: Upload) -> None:
    form = FilmForm({"title": "", "file-upload": claim_of(upload)})

    html = form.as_div()

    assert claims_in(html) == [claim_of(upload)]
    assert "Use film.mp4 (10\N{NO-BREAK SPACE}bytes), which is uploaded already" in html
    assert re.search(r'<input type="file" name="file"[^>]*>', html)
    assert not re.search(REQUIRED, str(form["file"]))


def test_form_that_is_shown_again_keeps_a_plain_file(user: User) -> None:
    form = FilmForm({"title": ""}, attached(file=plain()))
    form.fields["file"].user = user  # type: ignore[attr-defined]
    assert not form.is_valid()

    [claim] = claims_in(form.as_div())
    again = FilmForm({"title": "A film", "file-upload": claim})

    assert claim == claim_of(Upload.objects.get(user=user))
    assert Path(again.save().file.path).read_bytes() == CONTENT
    assert again.instance.file.name == "films/plain.mp4"


@pytest.mark.parametrize("user", [None, AnonymousUser()], ids=str)
def test_plain_file_of_somebody_unknown_is_not_kept(
    user: Any, media_root: Path
) -> None:
    form = FilmForm({"title": ""}, attached(file=plain()))
    form.fields["file"].user = user  # type: ignore[attr-defined]

    html = form.as_div()

    assert claims_in(html) == []
    assert re.search(REQUIRED, html)
    assert not Upload.objects.exists()
    assert not media_root.exists()


def test_upload_of_somebody_unknown_belongs_to_nobody() -> None:
    form = Form({}, attached(file=plain()))
    form.fields["file"].user = AnonymousUser()  # type: ignore[attr-defined]
    assert form.is_valid()

    assert form.cleaned_data["file"].keep().user is None


def test_form_that_is_shown_twice_keeps_a_plain_file_once(user: User) -> None:
    form = FilmForm({"title": ""}, attached(file=plain()))
    form.fields["file"].user = user  # type: ignore[attr-defined]

    assert claims_in(form.as_div()) == claims_in(form.as_p())
    assert Upload.objects.count() == 1


def test_file_that_was_refused_is_not_shown_again(upload: Upload) -> None:
    class StrictForm(forms.Form):
        file = ChunkedFileField(validators=[FileExtensionValidator(["mov"])])

    for form in (
        StrictForm({"file-upload": claim_of(upload)}),
        StrictForm({}, attached(file=plain())),
    ):
        assert claims_in(form.as_div()) == []
        assert re.search(REQUIRED, str(form["file"]))
    assert Upload.objects.get() == upload


def test_form_that_contradicts_itself_is_shown_with_the_upload(upload: Upload) -> None:
    data = {"file-clear": "on", "file-upload": claim_of(upload)}
    form = OptionalForm(data, initial={"file": Initial()})

    assert errors_of(form) == ["contradiction"]
    assert claims_in(form.as_p()) == [claim_of(upload)]
    assert "/media/old.mp4" in form.as_p()


def test_plain_file_that_cannot_be_kept_has_to_be_chosen_again(
    settings: Any, user: User
) -> None:
    settings.CHUNKED_UPLOADS_MAX_UNFINISHED = 0
    closed = plain()
    closed.close()

    for file in (plain(), closed):
        form = FilmForm({"title": ""}, attached(file=file))
        form.fields["file"].user = user  # type: ignore[attr-defined]
        assert claims_in(form.as_div()) == []
    assert not Upload.objects.exists()


def test_form_that_was_saved_does_not_show_what_it_took(upload: Upload) -> None:
    form = FilmForm({"title": "A film", "file-upload": claim_of(upload)})
    with transaction.atomic():
        form.save()

    assert not Upload.objects.exists()
    assert claims_in(form.as_div()) == []


def test_form_does_not_show_what_a_rollback_took(user: User) -> None:
    form = Form({}, attached(file=plain()))
    form.fields["file"].user = user  # type: ignore[attr-defined]
    with transaction.atomic():
        assert form.is_valid()
        assert form.cleaned_data["file"].store().pk
        transaction.set_rollback(True)

    assert claims_in(form.as_div()) == []


def test_form_that_is_shown_again_before_the_rollback_has_what_outlives_it(
    upload: Upload, user: User
) -> None:
    with transaction.atomic():
        claimed = FilmForm({"title": "A film", "file-upload": claim_of(upload)})
        claimed.save()
        brought = Form({}, attached(file=plain()))
        brought.fields["file"].user = user  # type: ignore[attr-defined]
        transaction.set_rollback(True)

        assert claims_in(claimed.as_div()) == [claim_of(upload)]
        assert claims_in(brought.as_div()) == []

    assert Form({"file-upload": claim_of(upload)}).is_valid()


def test_form_does_not_show_what_was_kept(upload: Upload) -> None:
    form = Form({"file-upload": claim_of(upload)})
    assert form.is_valid()
    form.cleaned_data["file"].keep()

    assert claims_in(form.as_div()) == []


def test_names_are_text(uploader: Uploader) -> None:
    upload = send_for_form(uploader, name='<img src=x>"&{{ 7 }}.mp4')

    html = FilmForm({"title": "", "file-upload": claim_of(upload)}).as_div()

    assert "Use &lt;img src=x&gt;&quot;&amp;{{ 7 }}.mp4 (" in html
    assert "<img" not in html


# The widget


def test_fresh_form_has_a_plain_input_and_the_uploader() -> None:
    html = str(Form()["file"])

    assert '<input type="file" name="file" required id="id_file">' in html
    assert (
        '<input type="hidden" name="file-upload" autocomplete="off" disabled>' in html
    )
    assert 'data-query="for_form=1"' in html
    assert 'data-multiple="false"' in html
    assert 'data-upload-url="/uploads/upload/"' in html
    assert "noscript" not in html
    assert claims_in(html) == []


def test_initial_file_is_shown_as_by_django() -> None:
    ours = OptionalForm(initial={"file": Initial()})["file"].as_widget()

    theirs = forms.ClearableFileInput().render("file", Initial(), {"id": "id_file"})
    assert theirs in ours


def former_of(html: str) -> list[dict[str, str]]:
    """Return what the page is told of the files that there are."""
    found = re.findall(r'<span class="chunked-uploads-field-former"([^>]*)>', html)
    return [dict(re.findall(r'data-(\w+)="([^"]*)"', each)) for each in found]


def test_page_is_told_of_the_files_that_there_are(upload: Upload) -> None:
    film = Film.objects.create(title="A film", file=plain(b"x" * 1500, "old.mp4"))
    url, data = film.file.url, {"title": "", "file-upload": claim_of(upload)}

    html = FilmForm(data, instance=film).as_div()

    model, kept = former_of(html)
    assert model == {"name": "old.mp4", "bytes": "1500", "url": url, "claim": ""}
    assert kept == {
        "name": "film.mp4",
        "bytes": "10",
        "url": upload.url,
        "claim": claim_of(upload),
    }
    assert "(10\N{NO-BREAK SPACE}bytes)" in html


def test_file_that_nobody_can_measure_is_told_without_its_size() -> None:
    html = OptionalForm(initial={"file": Initial()}).as_div()

    [former] = former_of(html)
    assert (former["name"], former["bytes"]) == ("old.mp4", "")


@pytest.mark.parametrize(
    ("form", "is_told"),
    [
        (Form(), True),
        (Form(use_required_attribute=False), False),
        (OptionalForm(), False),
    ],
)
def test_page_asks_for_a_file_where_the_browser_would(
    form: forms.Form, is_told: bool
) -> None:
    assert (" data-required" in str(form["file"])) is is_told


def test_uploader_is_named_as_its_field_is() -> None:
    class Named(forms.Form):
        file = ChunkedFileField(label='The "film"')

    html = str(Named()["file"])

    assert 'aria-label="The &quot;film&quot;"' in html
    assert 'class="chunked-uploads chunked-uploads-compact"' in html


@pytest.mark.parametrize(
    ("visitor", "is_told"),
    [(None, False), (AnonymousUser(), True), (User(username="ada"), False)],
    ids=str,
)
def test_field_of_a_user_who_is_not_logged_in_says_so(
    visitor: Any, is_told: bool
) -> None:
    form = FilmForm()
    form.fields["file"].user = visitor  # type: ignore[attr-defined]

    [(is_hidden, url)] = re.findall(
        '<p class="chunked-uploads-login"( hidden)?>.*?<a href="(.*?)">', str(form)
    )

    assert (not is_hidden, url) == (is_told, "/accounts/login/")


def test_disabled_field_has_no_uploader() -> None:
    form = type("Form", (forms.Form,), {"file": ChunkedFileField(disabled=True)})()

    html = str(form["file"])

    assert re.search(r'<input type="file" name="file"[^>]* disabled', html)
    assert "data-chunked-uploads>" not in html
    assert 'type="hidden"' not in html


def test_widget_needs_nothing_inline(upload: Upload) -> None:
    html = FilmForm({"title": "", "file-upload": claim_of(upload)}).as_div()

    assert not re.search(r"<script|<style|\son\w+=|\sstyle=|javascript:", html)


def test_labels_belong_to_inputs_with_ids_of_their_own(upload: Upload) -> None:
    data = {"title": "", "file-upload": claim_of(upload)}
    html = FilmForm(data, initial={"file": Initial()}).as_div()

    ids = re.findall(r'\sid="([^"]+)"', html)

    assert len(ids) == len(set(ids))
    assert set(re.findall(r'<label for="([^"]+)"', html)) <= set(ids)


def test_media_are_those_of_the_page_and_what_joins_it_with_a_form() -> None:
    page = render_to_string("chunked_upload.html")
    brought = re.findall(r'<(?:script|link) [^>]*(?:src|href)="([^"]+)"', page)

    media = str(Form().media)

    of_form = re.findall(r'(?:src|href)="([^"]+)"', media)
    app = "/static/chunked_uploads"
    own = [f"{app}/css/field.css", f"{app}/js/chunked_uploads.forms.min.js"]
    assert [name for name in of_form if name not in own] == brought
    assert [name for name in of_form if name not in brought] == own
    assert media.count("<script ") == media.count(" defer></script>") == 2


@pytest.mark.parametrize(("page", "count"), [("docs/forms.md", 10), ("README.md", 2)])
def test_docs_show_the_forms_of_these_tests(page: str, count: int) -> None:
    folder = CHECKOUT / "tests"
    files = [*folder.glob("films/*.py"), folder / "templates" / "film_form.html"]
    ours = "".join(file.read_text(encoding="utf-8") for file in files)
    ours = ours.replace("tests.films", "films")
    ours = re.sub(r"  # type: ignore\[.*?\]", "", ours)

    text = (CHECKOUT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```(?:python|django)\n(.*?)^```$", text, re.M | re.S)
    of_forms = [block for block in blocks if "form" in block.lower()]
    parts = [part for block in of_forms for part in block.split("\n\n\n")]

    assert [part for part in parts if part not in ours] == []
    assert len(parts) == count


# The admin


def film_data(**data: str) -> dict[str, Any]:
    return {
        "title": "A film",
        "trailers-TOTAL_FORMS": "1",
        "trailers-INITIAL_FORMS": "0",
        "trailers-0-id": "",
        "trailers-0-film": "",
        **data,
    }


def test_admin_takes_uploads_also_in_inlines(
    admin_client: Client, upload: Upload, uploader: Uploader, media_root: Path
) -> None:
    trailer = send_for_form(uploader, b"trailer", "trailer.mp4")
    claims = {
        "file-upload": claim_of(upload),
        "trailers-0-file-upload": claim_of(trailer),
    }

    answer = admin_client.post(f"{FILMS}add/", film_data(**claims))

    assert answer.status_code == 302
    film = Film.objects.get()
    assert Path(film.file.path).read_bytes() == CONTENT
    assert Path(film.trailers.get().file.path).read_bytes() == b"trailer"
    assert not Upload.objects.exists()
    assert len(files_in(media_root)) == 2


def test_admin_keeps_what_was_uploaded_for_a_form_that_has_errors(
    admin_client: Client, upload: Upload, uploader: Uploader
) -> None:
    trailer = send_for_form(uploader, b"trailer", "trailer.mp4")
    claims = {
        "file-upload": claim_of(upload),
        "trailers-0-file-upload": claim_of(trailer),
    }

    data = film_data(**claims, title="")
    shown = admin_client.post(f"{FILMS}add/", data).content.decode()

    assert claims_in(shown) == list(claims.values())
    admin_client.post(f"{FILMS}add/", film_data(**claims))
    film = Film.objects.get()
    assert Path(film.file.path).read_bytes() == CONTENT
    assert Path(film.trailers.get().file.path).read_bytes() == b"trailer"
    assert not Upload.objects.exists()


def test_admin_replaces_and_clears_files(admin_client: Client, upload: Upload) -> None:
    film = Film.objects.create(title="A film", file=plain())
    trailer = Trailer.objects.create(film=film, file=plain())
    data = film_data(
        **{
            "file-upload": claim_of(upload),
            "trailers-INITIAL_FORMS": "1",
            "trailers-0-id": str(trailer.pk),
            "trailers-0-film": str(film.pk),
            "trailers-0-file-clear": "on",
        }
    )

    shown = admin_client.get(f"{FILMS}{film.pk}/change/").content.decode()
    admin_client.post(f"{FILMS}{film.pk}/change/", data)

    assert 'name="trailers-0-file-clear"' in shown
    assert 'name="file-clear"' not in shown
    film.refresh_from_db()
    trailer.refresh_from_db()
    assert Path(film.file.path).read_bytes() == CONTENT
    assert trailer.file.name == ""


def test_admin_shows_an_upload_of_a_form_as_such(
    admin_client: Client, upload: Upload
) -> None:
    url = f"/admin/chunked_uploads/upload/{upload.pk}/change/"

    assert "For a form" in admin_client.get(url).content.decode()
