"""Finished uploads that wait for a form, and what a form says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict

from chunked_uploads.core.tokens import make_token
from chunked_uploads.models import Upload
from tests.sending import CONTENT, UPLOAD, Uploader, state_in, upload_of

FOR_FORM = UPLOAD + "?for_form=1"


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
