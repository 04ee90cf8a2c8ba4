"""Claims: what a form says of the upload that is its file."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import QueryDict
from django.utils import timezone, translation

from chunked_uploads.core.tokens import make_token
from chunked_uploads.forms import FinishedUpload
from chunked_uploads.models import Upload
from tests.forms.claiming import (
    FOR_FORM,
    Form,
    OptionalForm,
    claim_of,
    claims_in,
    errors_of,
    send_for_form,
)
from tests.sending import CONTENT, UNKNOWN, Uploader, state_in, upload_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def upload(uploader: Uploader) -> Upload:
    """Ada's film, which waits for its form."""
    return send_for_form(uploader)


def test_claimed_upload_is_the_cleaned_value(upload: Upload) -> None:
    form = Form({"file-upload": claim_of(upload)})

    assert form.is_valid()
    value = form.cleaned_data["file"]
    assert isinstance(value, FinishedUpload)
    assert value.upload == upload
    assert value.read() == CONTENT


@pytest.mark.parametrize(
    "claim",
    [
        "x",
        ":",
        "\0",
        "💥",
        "\ud800",
        "null",
        UNKNOWN,
        f"{UNKNOWN}:",
        f":{UNKNOWN}",
        f"{UNKNOWN}:\0",
        f"{UNKNOWN}:é",
        f"{UNKNOWN}:\ud800",
        f"{UNKNOWN}:a:b",
        f"{UNKNOWN}:a b",
        f"{{{UNKNOWN}}}:a",
        f"urn:uuid:{UNKNOWN}:a",
        f"{UNKNOWN.replace('-', '')}:a",
        f"{UNKNOWN}:a\n",
        f"{UNKNOWN}:" + "a" * 100_000,
        "../../etc/passwd",
        "%(x)s",
        "<script>",
        "' OR 1=1 --",
        5,
        b"x",
        ["x", "y"],
    ],
    ids=lambda claim: ascii(claim)[:60],
)
def test_malformed_claim_is_an_error_and_not_shown(claim: Any) -> None:
    form = Form({"file-upload": claim})

    assert errors_of(form) == ["malformed"]
    assert claims_in(form.as_p()) == []
    assert "is uploaded already" not in str(form)


@pytest.mark.parametrize("claim", ["", None])
def test_empty_claim_is_none(claim: str | None) -> None:
    assert errors_of(Form({"file-upload": claim})) == ["required"]
    assert not OptionalForm({"file-upload": claim}).has_changed()


def test_claim_with_a_token_that_was_not_made_for_it_is_refused(
    upload: Upload, uploader: Uploader
) -> None:
    other = send_for_form(uploader, name="other.mp4")
    right = make_token(upload.uuid)
    for token in (make_token(other.uuid), right[:-1], right.lower(), f"{right}a", "a"):
        form = Form({"file-upload": f"{upload.uuid}:{token}"})
        assert errors_of(form) == ["gone"]
        assert claims_in(form.as_p()) == []


def test_upload_that_is_not_finished_is_refused(uploader: Uploader) -> None:
    unfinished = upload_of(uploader.send(CONTENT[:4], 0, url=FOR_FORM))

    assert errors_of(Form({"file-upload": claim_of(unfinished)})) == ["unfinished"]


def test_upload_that_is_gone_is_refused(upload: Upload) -> None:
    claim = claim_of(upload)
    upload.delete()

    assert errors_of(Form({"file-upload": claim})) == ["gone"]


@pytest.mark.parametrize(("age", "codes"), [(3.9, []), (4.1, ["gone"])])
def test_upload_that_waited_for_too_long_is_refused(
    upload: Upload, settings: Any, age: float, codes: list[str]
) -> None:
    settings.CHUNKED_UPLOADS_EXPIRE_DAYS = 4
    Upload.objects.update(modified_at=timezone.now() - datetime.timedelta(days=age))

    assert errors_of(Form({"file-upload": claim_of(upload)})) == codes


def test_upload_of_somebody_who_became_inactive_is_refused(upload: Upload) -> None:
    User.objects.update(is_active=False)

    assert errors_of(Form({"file-upload": claim_of(upload)})) == ["gone"]


def test_upload_that_was_not_sent_for_a_form_is_refused(uploader: Uploader) -> None:
    sent = uploader.send(CONTENT)
    uploader.done(state_in(sent))

    assert errors_of(Form({"file-upload": claim_of(upload_of(sent))})) == ["gone"]


def test_errors_are_sentences_in_the_language_of_the_page() -> None:
    with translation.override("en"):
        told = Form({"file-upload": "x"}).errors["file"]

    assert told == ["The form does not say which file was uploaded. Choose it again."]


def test_last_of_several_claims_counts(upload: Upload) -> None:
    data = QueryDict(mutable=True)
    data.setlist("file-upload", ["x", claim_of(upload)])

    assert Form(data).is_valid()
