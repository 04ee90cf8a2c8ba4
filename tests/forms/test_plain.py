"""A file that came with its form, as without JavaScript: an upload when asked."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import (
    InMemoryUploadedFile,
    SimpleUploadedFile,
    TemporaryUploadedFile,
)
from django.db import transaction
from django.template import Context, Template

from chunked_uploads.core.sweeping import clean_uploads
from chunked_uploads.errors import BadRequest, StoreFull
from chunked_uploads.forms.plain import PlainUpload
from chunked_uploads.models import Upload
from chunked_uploads.signals import upload_completed
from tests.films.forms import FilmForm
from tests.forms.claiming import attached, heard, inode
from tests.sending import CONTENT, files_in, finished

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def completed() -> Iterator[list[Upload]]:
    """The uploads that were told to be complete."""
    yield from heard(upload_completed)


def temporary_file(content: bytes) -> TemporaryUploadedFile:
    """Return a plain file that Django put into its folder of temporary files."""
    file = TemporaryUploadedFile("film.mp4", "video/mp4", len(content), None)
    file.write(content)
    file.flush()
    file.seek(0)
    return file


def plain(content: bytes = CONTENT, name: str = "film.mp4") -> PlainUpload:
    return PlainUpload(SimpleUploadedFile(name, content, "video/x"), None)


def test_plain_file_is_no_upload_until_somebody_asks(media_root: Path) -> None:
    file = plain()

    assert (file.name, file.size, file.content_type) == ("film.mp4", 10, "video/x")
    assert b"".join(file.chunks()) == CONTENT
    assert not hasattr(file, "temporary_file_path")
    assert not Upload.objects.exists()
    assert not media_root.exists()


@pytest.mark.parametrize("name", ["is_claimable", "may_wait", "claim", "upload.pk"])
def test_looking_at_a_plain_file_stores_nothing(
    user: User, media_root: Path, name: str
) -> None:
    file = PlainUpload(SimpleUploadedFile("film.mp4", CONTENT), user)

    shown = Template("{{ file." + name + " }}").render(Context({"file": file}))

    assert shown == ("" if name in ("claim", "upload.pk") else str(name == "may_wait"))
    assert not Upload.objects.exists()
    assert not media_root.exists()
    file.store()
    assert file.is_claimable


@pytest.mark.parametrize("content", [CONTENT, b"", os.urandom(3_000_000)], ids=len)
def test_plain_file_becomes_an_upload(content: bytes, completed: list[Upload]) -> None:
    file = plain(content)
    file.read(1)

    upload = file.store()

    assert upload.is_complete
    assert finished(upload) == content
    assert (upload.filename, upload.filesize) == ("film.mp4", len(content))
    assert (upload.user, upload.for_form) == (None, True)
    assert file.read() == content
    assert file.upload is file.store() is upload
    assert completed == [upload]


def test_plain_file_is_an_upload_once_the_transaction_is_committed() -> None:
    with transaction.atomic():
        upload = plain().keep()
        assert not upload.is_complete

    assert finished(upload) == CONTENT
    assert (upload.state, upload.for_form) == (Upload.State.COMPLETE, False)


def test_plain_file_that_cannot_be_finished_fails_no_commit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(upload: Upload, **options: Any) -> None:
        raise StoreFull("The disk is full.")

    later: list[int] = []
    with monkeypatch.context() as patch:
        patch.setattr("chunked_uploads.forms.plain.complete", refuse)
        with transaction.atomic():
            plain().keep()
            transaction.on_commit(lambda: later.append(1))
        with pytest.raises(StoreFull):  # where somebody can hear it
            plain().store()

    assert later == [1]


def test_plain_file_whose_transaction_is_rolled_back_is_swept_away(
    media_root: Path, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_EXPIRE_DAYS = 0
    with transaction.atomic():
        assert plain().store()
        transaction.set_rollback(True)

    [part] = files_in(media_root)
    assert clean_uploads(days=0).stray == [str(part)]


def test_temporary_file_of_django_goes_its_usual_way(media_root: Path) -> None:
    file = temporary_file(CONTENT)
    before = inode(file.temporary_file_path())
    form = FilmForm({"title": "A film"}, attached(file=file))

    film = form.save()

    assert inode(film.file.path) == before
    assert files_in(media_root) == [Path(film.file.path)]
    assert not Upload.objects.exists()
    file.close()


@pytest.mark.parametrize(
    "make", [plain, lambda: PlainUpload(temporary_file(b""), None)]
)
def test_plain_file_that_was_closed_can_be_kept_no_more(make: Any) -> None:
    file = make()
    file.close()

    with pytest.raises(BadRequest):
        file.store()
    with pytest.raises(ValueError, match=r"closed|reopened"):
        file.open()


def test_plain_file_without_a_name_is_refused() -> None:
    nameless = InMemoryUploadedFile(io.BytesIO(), None, "\x01", None, 0, None)

    with pytest.raises(ValueError, match="empty"):
        PlainUpload(nameless, None)
