"""What a form gets: the finished upload as a file, which nothing loses."""

from __future__ import annotations

import errno
import gc
import io
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import IntegrityError, connection, transaction

from chunked_uploads.core.removing import give_away
from chunked_uploads.core.sweeping import clean_uploads
from chunked_uploads.forms import ChunkedFileField
from chunked_uploads.forms.files import FinishedUpload
from chunked_uploads.models import Upload
from chunked_uploads.signals import upload_cancelled
from tests.films.forms import FilmForm, RecordingForm
from tests.films.models import Film, Recording
from tests.forms.claiming import (
    claim_of,
    errors_of,
    heard,
    inode,
    send_for_form,
)
from tests.polling import wait_until
from tests.sending import CONTENT, Uploader, files_in, finished

WAITING = {  # by vendor: what finds connections that wait for a lock
    "postgresql": "SELECT 1 FROM pg_locks WHERE NOT granted",
    "mysql": """
        SELECT 1 FROM information_schema.global_status WHERE variable_value > 0
        AND variable_name = 'innodb_row_lock_current_waits'
    """,
}

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def upload(uploader: Uploader) -> Upload:
    """Ada's film, which waits for its form."""
    return send_for_form(uploader)


@pytest.fixture
def cancelled() -> Iterator[list[Upload]]:
    """The uploads that were told to be cancelled."""
    yield from heard(upload_cancelled)


def film_form(upload: Upload, title: str = "A film") -> FilmForm:
    """Return the form that is sent with the upload."""
    return FilmForm({"title": title, "file-upload": claim_of(upload)})


def take_over(upload: Upload, title: str = "A film") -> Film:
    """Make a film of the upload."""
    form = film_form(upload, title)
    assert form.is_valid(), form.errors
    return form.save()


# The way to the model


def test_model_gets_the_bytes_that_were_uploaded_and_no_copy(upload: Upload) -> None:
    film = take_over(upload)

    assert film.file.name == "films/film.mp4"
    assert Path(film.file.path).read_bytes() == CONTENT
    assert inode(film.file.path) == inode(upload.upload.path)


def test_upload_goes_when_the_transaction_is_committed(
    upload: Upload, media_root: Path, cancelled: list[Upload]
) -> None:
    before = inode(upload.upload.path)

    with transaction.atomic():
        film = take_over(upload)
        assert finished(upload) == CONTENT

    assert not Upload.objects.exists()
    assert files_in(media_root) == [Path(film.file.path)]
    assert inode(film.file.path) == before
    assert Path(film.file.path).stat().st_nlink == 1
    assert not cancelled


def test_nothing_is_lost_where_the_transaction_is_rolled_back(upload: Upload) -> None:
    with transaction.atomic():
        take_over(upload)
        transaction.set_rollback(True)

    assert not Film.objects.exists()
    assert finished(upload) == CONTENT
    with transaction.atomic():
        film = take_over(upload)
    assert film.file.read() == CONTENT
    film.file.close()


def test_nothing_is_lost_where_the_row_cannot_be_saved(upload: Upload) -> None:
    form = film_form(upload, "Taken")
    assert form.is_valid()
    Film.objects.create(title="Taken")

    with pytest.raises(IntegrityError):
        form.save()

    assert take_over(upload, "Free").file.size == len(CONTENT)


def test_nothing_is_lost_where_only_the_savepoint_is_rolled_back(
    upload: Upload,
) -> None:
    with transaction.atomic():
        form = film_form(upload)
        assert form.is_valid()
        assert Path(form.cleaned_data["file"].temporary_file_path()).exists()
        with transaction.atomic():
            form.save()
            transaction.set_rollback(True)

    assert finished(upload) == CONTENT


@pytest.mark.parametrize("name", ["映" * 100 + ".mp4", "映" * 400 + ".mp4"], ids=len)
def test_file_with_a_long_name_is_saved_with_its_extension(
    uploader: Uploader, name: str
) -> None:
    upload = send_for_form(uploader, name=name)
    assert upload.filename.endswith("映.mp4")
    with transaction.atomic():
        film = film_form(upload).save()

    assert film.file.name.endswith("映.mp4")
    assert Path(film.file.path).read_bytes() == CONTENT


def test_upload_stays_where_its_form_is_shown_again_after_the_move(
    upload: Upload,
) -> None:
    with transaction.atomic():
        form = film_form(upload)
        assert form.is_valid()
        FileSystemStorage().save("films/film.mp4", form.cleaned_data["file"])
        form.add_error("title", "Nobody knows this film.")
        assert claim_of(upload) in form.as_div()

    assert finished(upload) == CONTENT
    assert film_form(upload).is_valid()


def test_link_that_cannot_be_looked_at_is_not_taken_for_moved(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch, transaction.atomic():
        FinishedUpload(upload).temporary_file_path()
        patch.setattr("chunked_uploads.forms.files.os.lstat", refuse)

    assert finished(upload) == CONTENT


def test_outside_of_a_transaction_the_upload_stays_for_the_sweep(
    upload: Upload, media_root: Path
) -> None:
    film = take_over(upload)

    report = clean_uploads(days=0)

    assert report.unkept == [str(upload.uuid)]
    assert report.freed == 0
    assert files_in(media_root) == [Path(film.file.path)]


def test_same_upload_may_be_sent_twice_outside_of_a_transaction(
    upload: Upload,
) -> None:
    films = [take_over(upload, "First"), take_over(upload, "Second")]

    films[0].file.delete()

    assert Path(films[1].file.path).read_bytes() == CONTENT


def test_form_that_is_sent_several_times_at_once_is_never_half_saved(
    upload: Upload,
) -> None:
    def send(title: str) -> list[str]:
        try:
            with transaction.atomic():
                form = film_form(upload, title)
                if form.is_valid():
                    form.save()
                return errors_of(form)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(send, ["One", "Two", "Three", "Four"]))

    films = Film.objects.all()
    assert {code for codes in outcomes for code in codes} <= {"gone"}
    assert len(films) == outcomes.count([]) > 0
    assert {Path(film.file.path).read_bytes() for film in films} == {CONTENT}
    assert not Upload.objects.exists()


def test_name_that_is_taken_is_changed_as_by_django(
    upload: Upload, media_root: Path
) -> None:
    (media_root / "films").mkdir()
    (media_root / "films" / "film.mp4").touch()

    with transaction.atomic():
        film = take_over(upload)

    assert str(film.file.name).startswith("films/film_")
    assert Path(film.file.path).read_bytes() == CONTENT
    assert len(files_in(media_root)) == 2


def test_mode_of_the_files_is_the_one_of_the_settings(
    upload: Upload, settings: Any
) -> None:
    settings.FILE_UPLOAD_PERMISSIONS = 0o640

    film = take_over(upload)

    assert Path(film.file.path).stat().st_mode & 0o777 == 0o640


def test_file_is_copied_to_another_file_system(
    upload: Upload, media_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: str, target: str) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr("django.core.files.move.os.rename", refuse)

    with transaction.atomic():
        film = take_over(upload)

    assert Path(film.file.path).read_bytes() == CONTENT
    assert files_in(media_root) == [Path(film.file.path)]


@pytest.mark.parametrize("code", [errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK])
def test_file_is_copied_where_it_can_have_no_second_name(
    upload: Upload, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(source: str, target: str) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("chunked_uploads.forms.files.os.link", refuse)

    with transaction.atomic():
        film = take_over(upload)

    assert Path(film.file.path).read_bytes() == CONTENT
    assert finished(upload) == CONTENT


def test_file_is_read_from_a_storage_without_paths(
    uploader: Uploader, settings: Any
) -> None:
    memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, "memory": memory}
    settings.CHUNKED_UPLOADS_STORAGE = "memory"
    upload = send_for_form(uploader)

    assert not hasattr(FinishedUpload(upload), "temporary_file_path")
    with transaction.atomic():
        film = take_over(upload)

    assert Path(film.file.path).read_bytes() == CONTENT
    assert finished(upload) == CONTENT


def test_file_is_read_where_its_storage_changes_bytes(
    uploader: Uploader, settings: Any
) -> None:
    storage = {"BACKEND": "tests.forms.test_files.UpsideDown"}
    settings.STORAGES = {**settings.STORAGES, "changing": storage}
    settings.CHUNKED_UPLOADS_STORAGE = "changing"

    upload = send_for_form(uploader)
    assert Path(upload.upload.path).read_bytes() != CONTENT

    film = take_over(upload)

    assert Path(film.file.path).read_bytes() == CONTENT


class UpsideDown(FileSystemStorage):
    """Stores every byte as its complement."""

    def _save(self, name: str, content: Any) -> str:
        turned = bytes(255 - byte for byte in content.read())
        return super()._save(name, ContentFile(turned))  # type: ignore[misc]

    def _open(self, name: str, mode: str = "rb") -> Any:
        with super()._open(name, mode) as file:  # type: ignore[misc]
            return ContentFile(bytes(255 - byte for byte in file.read()))


# The path


def test_path_is_good_for_whoever_only_looks_at_the_file(
    upload: Upload, media_root: Path
) -> None:
    before = files_in(media_root)
    with transaction.atomic():
        file = FinishedUpload(upload)
        paths = [Path(file.temporary_file_path()) for _ in range(2)]
        assert [path.read_bytes() for path in paths] == [CONTENT, CONTENT]
        assert paths[0] != paths[1]
        assert {path.suffix for path in paths} == {".mp4"}

    assert finished(upload) == CONTENT
    del file
    gc.collect()
    assert files_in(media_root) == before


@pytest.mark.parametrize("is_atomic", [False, True])
def test_path_lies_beside_the_file_where_the_site_chose_the_folder(
    uploader: Uploader, settings: Any, media_root: Path, is_atomic: bool
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = lambda upload, name: f"all/{name}"
    upload = send_for_form(uploader)
    path = Path(FinishedUpload(upload).temporary_file_path())
    assert path.parent == media_root / "all" / str(upload.uuid)

    if is_atomic:
        with transaction.atomic():
            take_over(upload)
    else:
        take_over(upload)
    gc.collect()

    left = [] if is_atomic else ["film.mp4"]
    assert [each.name for each in (media_root / "all").iterdir()] == left


def test_links_of_whoever_died_go_with_the_upload(
    upload: Upload, media_root: Path
) -> None:
    left = Path(upload.upload.path).with_name("0123456789abcdef.mp4")
    left.hardlink_to(upload.upload.path)

    clean_uploads(days=0)

    assert files_in(media_root) == []


# The upload itself


def test_upload_that_is_kept_stays(upload: Upload) -> None:
    form = RecordingForm({"file-upload": claim_of(upload)})
    assert form.is_valid()

    with transaction.atomic():
        recording = form.save()
        Path(form.cleaned_data["file"].temporary_file_path()).unlink()

    assert recording.upload == upload
    clean_uploads(days=0)
    assert finished(upload) == CONTENT
    assert errors_of(RecordingForm({"file-upload": claim_of(upload)})) == ["gone"]


def test_upload_is_not_kept_where_its_row_cannot_be_saved(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**values: Any) -> None:
        raise IntegrityError

    form = RecordingForm({"file-upload": claim_of(upload)})
    assert form.is_valid()
    with monkeypatch.context() as patch:
        patch.setattr(Recording.objects, "create", refuse)
        with pytest.raises(IntegrityError):
            form.save()

    assert RecordingForm({"file-upload": claim_of(upload)}).is_valid()


def test_upload_is_not_kept_where_that_is_rolled_back(upload: Upload) -> None:
    with transaction.atomic():
        FinishedUpload(upload).keep()
        transaction.set_rollback(True)

    assert RecordingForm({"file-upload": claim_of(upload)}).is_valid()


def test_row_that_refers_to_the_upload_is_not_taken_along(upload: Upload) -> None:
    with transaction.atomic():
        take_over(upload)
        Recording.objects.create(upload=upload)

    assert Recording.objects.exists()
    assert finished(upload) == CONTENT


def test_row_that_comes_while_the_upload_is_given_away_keeps_it(
    upload: Upload,
) -> None:
    def give() -> None:
        try:
            give_away(upload)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread, transaction.atomic():
        form = RecordingForm({"file-upload": claim_of(upload)})
        assert form.is_valid()
        given = thread.submit(give)
        wait_until(is_somebody_waiting)
        Recording.objects.create(upload=form.cleaned_data["file"].upload)

    given.result()
    assert finished(Recording.objects.get().upload) == CONTENT


def is_somebody_waiting() -> bool:
    """Whether a connection waits for a lock; SQLite does not tell."""
    if connection.vendor not in WAITING:
        return True
    with connection.cursor() as cursor:
        cursor.execute(WAITING[connection.vendor])
        return cursor.fetchone() is not None


def test_each_form_puts_off_the_end_of_its_upload(upload: Upload) -> None:
    before = upload.modified_at

    assert film_form(upload).is_valid()

    upload.refresh_from_db()
    assert upload.modified_at > before


# The file


def test_finished_upload_is_a_file_as_any(upload: Upload) -> None:
    file = FinishedUpload(upload)

    assert (file.name, file.size, file.content_type) == ("film.mp4", 10, "video/mp4")
    assert (bool(file), len(file), str(file)) == (True, 10, "film.mp4")
    assert file.upload == upload
    assert b"".join(file.chunks(4)) == CONTENT
    assert list(file.chunks(4)) == [CONTENT[:4], CONTENT[4:8], CONTENT[8:]]
    assert file.open().read(3) == CONTENT[:3]
    assert file.read() == CONTENT[3:]
    with file:
        assert is_open(file)
    assert not is_open(file)
    assert file.open().read() == CONTENT


def is_open(file: Any) -> bool:
    return not file.closed


def test_file_that_nobody_opened_is_open_for_whoever_wraps_it(
    uploader: Uploader,
) -> None:
    upload = send_for_form(uploader, b"one\r\ntwo", "words.txt")

    file = FinishedUpload(upload)

    assert file.readable()
    assert file.seekable()
    assert io.TextIOWrapper(file).read() == "one\ntwo"  # type: ignore[arg-type]
    assert list(FinishedUpload(upload)) == [b"one\r\n", b"two"]


@pytest.mark.parametrize(
    ("name", "given", "stored"),
    [
        ("映画 1.mp4", "映画 1.mp4", "films/映画_1.mp4"),
        ("💥", "file", "films/file"),
        ("a" * 300 + ".mp4", "a" * 235 + ".mp4", None),
        ("<b>.mp4", "<b>.mp4", "films/b.mp4"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_name_is_the_one_of_the_visitors_file(
    uploader: Uploader, name: str, given: str, stored: str | None
) -> None:
    upload = send_for_form(uploader, name=name)

    assert FinishedUpload(upload).name == given
    if stored is None:
        assert errors_of(film_form(upload)) == ["max_length"]
    else:
        assert take_over(upload).file.name == stored


def test_validators_may_read_the_file(upload: Upload) -> None:
    seen = []

    def look(file: Any) -> None:
        with open(file.temporary_file_path(), "rb") as same:
            seen.extend([file.read(4), same.read()])
        raise ValidationError("No films.", code="no_films")

    class Form(forms.Form):
        file = ChunkedFileField(validators=[look])

    with transaction.atomic():
        form = Form({"file-upload": claim_of(upload)})
        assert errors_of(form) == ["no_films"]

    assert seen == [CONTENT[:4], CONTENT]
    assert take_over(upload).file.size == len(CONTENT)
