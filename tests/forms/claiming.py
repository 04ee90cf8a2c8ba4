"""Finished uploads that wait for a form, and what a form says of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.dispatch import Signal
from django.utils.datastructures import MultiValueDict

from chunked_uploads.core.tokens import make_token
from chunked_uploads.forms import ChunkedFileField
from chunked_uploads.models import Upload
from tests.sending import CONTENT, UPLOAD, Uploader, state_in, upload_of

FOR_FORM = UPLOAD + "?for_form=1"


class Form(forms.Form):
    """A form with nothing but a file that has to be there."""

    file = ChunkedFileField()


class OptionalForm(forms.Form):
    """A form with a file that may be missing."""

    file = ChunkedFileField(required=False)


def send_for_form(
    uploader: Uploader, content: bytes = CONTENT, name: str = "film.mp4"
) -> Upload:
    """Send a whole file for a form; return the finished upload."""
    sent = uploader.send(content, url=FOR_FORM, name=name)
    uploader.done(state_in(sent))
    return upload_of(sent)


def claim_of(upload: Upload) -> str:
    """Return what a form sends to get the upload."""
    return f"{upload.uuid}:{make_token(upload.uuid)}"


def attached(**files: UploadedFile) -> MultiValueDict[str, UploadedFile]:
    """Return files by field as a form gets them."""
    return MultiValueDict({name: [file] for name, file in files.items()})


def errors_of(form: Any, name: str = "file") -> list[str]:
    """Return the codes of what is wrong with a form's field."""
    return [error.code for error in form.errors.as_data().get(name, ())]


def inode(path: str | Path) -> int:
    """Return which bytes of the disk a path is a name of."""
    return Path(path).stat().st_ino


def claims_in(html: str) -> list[str]:
    """Return the claims that a form would send as it stands."""
    shown = re.findall(r"<input [^>]*>", html)
    return [
        match[1]
        for each in shown
        if re.search(r'name="[^"]*-upload"', each) and " checked" in each
        for match in [re.search(r'value="([^"]*)"', each)]
        if match
    ]


def heard(signal: Signal) -> Iterator[list[Upload]]:
    """Yield the list of the uploads that a signal tells of, for a fixture."""
    uploads: list[Upload] = []

    def note(upload: Upload, **kwargs: Any) -> None:
        uploads.append(upload)

    signal.connect(note)
    yield uploads
    signal.disconnect(note)
