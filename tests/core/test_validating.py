"""The site's own validators: what they are shown, and what becomes of their answer."""

from __future__ import annotations

import errno
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.db import connection, transaction

from chunked_uploads.core.places import is_in_place
from chunked_uploads.core.sweeping import clean_uploads
from chunked_uploads.forms import ChunkedFileField
from chunked_uploads.models import Removal, Upload
from chunked_uploads.signals import upload_cancelled, upload_completed
from tests import storages
from tests.core.faults import make_file_old, make_old, make_removals_old
from tests.documents import block, module
from tests.films.forms import RecordingForm
from tests.films.models import Recording
from tests.forms.claiming import attached, errors_of
from tests.sending import (
    CONTENT,
    Uploader,
    assert_error,
    assert_finishes,
    files_in,
    finished,
    state_in,
    upload_of,
)
from tests.storages import simulate_file_systems

pytestmark = pytest.mark.django_db(transaction=True)

HERE = __name__
calls: list[Any] = []


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    calls.clear()
    yield
    calls.clear()


@pytest.fixture
def told() -> Iterator[list[str]]:
    """The signals that were sent, as the name of each."""
    names: list[str] = []

    def cancelled(upload: Upload, **kwargs: Any) -> None:
        names.append("cancelled")

    def completed(upload: Upload, **kwargs: Any) -> None:
        names.append("completed")

    upload_cancelled.connect(cancelled)
    upload_completed.connect(completed)
    yield names
    upload_cancelled.disconnect(cancelled)
    upload_completed.disconnect(completed)


def accept(upload: Upload) -> None:
    calls.append(upload.filename)


def refuse(upload: Upload) -> None:
    calls.append(upload.filename)
    raise ValidationError(["This is no film.", "Send another %(kind)s."], "no_film")


def refuse_with_params(upload: Upload) -> None:
    raise ValidationError("Only %(kind)s.", params={"kind": "films"})


def fail(upload: Upload) -> None:
    raise RuntimeError("the scanner does not answer")


def be_refused(upload: Upload) -> None:
    raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))


def read_in_every_way(upload: Upload) -> None:
    file = upload.upload
    calls.append((file.name, file.size, bool(file), connection.in_atomic_block))
    calls.append(file.read())
    with file.open("rb") as opened:
        calls.append(opened.read(3))
    with upload.upload.open() as opened:
        calls.append(b"".join(opened.chunks(4)))
    file.open()
    file.seek(2)
    calls.append([file.read()])
    calls.append((upload.url, upload.is_complete))
    with pytest.raises(NotImplementedError):
        assert file.path


def save_the_upload(upload: Upload) -> None:
    upload.metadata = {"looked": "yes"}
    upload.save()


def delete_the_upload(upload: Upload) -> None:
    upload.delete()


def check_zip(upload: Upload) -> None:
    module(block("python", "def check_zip", "README.md")).check_zip(upload)


def use(settings: Any, *names: str) -> None:
    settings.CHUNKED_UPLOADS_VALIDATORS = [f"{HERE}.{name}" for name in names]


# What they see


def other_file_system(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    simulate_file_systems(monkeypatch)


def copying_storage(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    storages.use(settings, storages.Copying)


def callable_path(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = lambda upload, name: f"all/{name}"


def nothing_special(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pass


PLACES = pytest.mark.parametrize(
    "place", [nothing_special, other_file_system, copying_storage, callable_path]
)


@PLACES
def test_whole_file_is_readable_as_any(
    uploader: Uploader, settings: Any, monkeypatch: pytest.MonkeyPatch, place: Any
) -> None:
    place(settings, monkeypatch)
    use(settings, "read_in_every_way", "read_in_every_way")
    uploader.send(CONTENT[:4], 0)
    sent = uploader.send(CONTENT[4:], 4)

    assert_finishes(uploader, sent, CONTENT)

    assert calls == 2 * [
        ("film.mp4", 10, True, False),
        CONTENT,
        CONTENT[:3],
        CONTENT,
        [CONTENT[2:]],
        ("", False),
    ]


def test_digest_is_known_already(uploader: Uploader, settings: Any) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"
    use(settings, "note_digest")
    sent = uploader.send(CONTENT)

    assert state_in(uploader.done(state_in(sent)))["sha256"] == calls[0]


def note_digest(upload: Upload) -> None:
    calls.append(upload.sha256)


def test_upload_that_a_validator_saves_keeps_its_place(
    uploader: Uploader, settings: Any, media_root: Path
) -> None:
    use(settings, "save_the_upload")
    sent = uploader.send(CONTENT)

    assert_finishes(uploader, sent, CONTENT)

    assert upload_of(sent).metadata == {"looked": "yes"}
    assert files_in(media_root) == [Path(upload_of(sent).upload.path)]


def test_they_are_asked_once_where_all_goes_well(
    uploader: Uploader, settings: Any
) -> None:
    use(settings, "accept")
    sent = uploader.send(CONTENT)

    for _ in range(2):
        assert uploader.done(state_in(sent)).status_code == 200

    assert calls == ["film.mp4"]


def test_they_are_not_asked_before_all_bytes_are_there(
    uploader: Uploader, settings: Any
) -> None:
    use(settings, "accept")
    sent = uploader.send(CONTENT[:4], 0)

    assert uploader.done(state_in(sent)).status_code == 409

    assert calls == []


# What becomes of their answer


@PLACES
def test_file_that_is_refused_is_gone(
    uploader: Uploader,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    media_root: Path,
    told: list[str],
    place: Any,
) -> None:
    place(settings, monkeypatch)
    use(settings, "refuse", "accept")
    sent = uploader.send(CONTENT)

    response = uploader.done(state_in(sent))

    assert response.status_code == 422
    assert response["Cache-Control"] == "no-store"
    assert response.json() == [
        {"error": "file_refused", "detail": "This is no film. Send another %(kind)s."}
    ]
    assert calls == ["film.mp4"]
    assert told == ["cancelled"]
    assert not Upload.objects.exists()
    assert not Removal.objects.exists()
    assert files_in(media_root) == []
    assert uploader.done(state_in(sent)).status_code in (401, 404)


def test_sentence_may_have_parameters(uploader: Uploader, settings: Any) -> None:
    use(settings, "refuse_with_params")

    response = uploader.done(state_in(uploader.send(CONTENT)))

    assert state_in(response)["detail"] == "Only films."


@pytest.mark.parametrize(
    ("validator", "status", "code"),
    [("fail", 500, "server_error"), ("be_refused", 503, "unavailable")],
)
def test_validator_that_fails_loses_nothing(
    uploader: Uploader,
    settings: Any,
    told: list[str],
    validator: str,
    status: int,
    code: str,
) -> None:
    use(settings, validator)
    uploader.raise_request_exception = False
    sent = uploader.send(CONTENT)

    assert_error(uploader.done(state_in(sent)), status, code)

    assert told == []
    use(settings, "accept")
    assert_finishes(uploader, sent, CONTENT)


def test_upload_that_a_row_protects_is_refused_and_stays(
    uploader: Uploader, settings: Any
) -> None:
    use(settings, "refuse")
    sent = uploader.send(CONTENT)
    Recording.objects.create(upload=upload_of(sent))

    for _ in range(2):
        assert uploader.done(state_in(sent)).status_code == 422

    assert not upload_of(sent).is_complete


def test_cancel_while_a_validator_looks_leaves_nothing(
    uploader: Uploader, settings: Any, media_root: Path
) -> None:
    use(settings, "cancel", "refuse")
    sent = uploader.send(CONTENT)

    assert uploader.done(state_in(sent)).status_code in (404, 422)

    assert not Upload.objects.exists()
    assert files_in(media_root) == []


def cancel(upload: Upload) -> None:
    Upload.objects.get(pk=upload.pk).delete()


def test_readme_s_validator_tells_archives_apart(
    uploader: Uploader, settings: Any, tmp_path: Path
) -> None:
    use(settings, "check_zip")
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "a")

    good = uploader.send(path.read_bytes(), name="a.zip")
    wrong = uploader.send(CONTENT, name="b.ZIP")

    assert_finishes(uploader, good, path.read_bytes())
    assert_error(uploader.done(state_in(wrong)), 422, "file_refused")


# Forms and the clean-up


class Form(forms.Form):
    file = ChunkedFileField()


def in_memory(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("film.mp4", content)


def on_disk(content: bytes) -> TemporaryUploadedFile:
    file = TemporaryUploadedFile("film.mp4", "video/mp4", len(content), None)
    file.write(content)
    file.flush()
    file.seek(0)
    return file


@pytest.mark.parametrize("make", [in_memory, on_disk])
def test_plain_file_that_is_refused_is_the_fields_error(
    settings: Any, media_root: Path, make: Any
) -> None:
    use(settings, "refuse")

    file = make(CONTENT)

    form = Form({}, attached(file=file))

    assert errors_of(form) == ["file_refused"]
    assert form.errors["file"] == ["This is no film. Send another %(kind)s."]
    assert not Upload.objects.exists()
    assert files_in(media_root) == []
    file.close()


@pytest.mark.parametrize("make", [in_memory, on_disk])
def test_plain_file_is_shown_to_the_validators_once_and_stays_whole(
    settings: Any, make: Any
) -> None:
    use(settings, "read_in_every_way")
    file = make(CONTENT)
    form = RecordingForm({}, attached(file=file))

    with transaction.atomic():
        assert form.is_valid(), form.errors
        recording = form.save()

    assert calls[1] == CONTENT
    assert len(calls) == 6
    assert finished(recording.upload) == CONTENT
    file.close()


def test_upload_that_the_clean_up_finishes_is_shown_to_the_validators(
    uploader: Uploader,
    settings: Any,
    media_root: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent = uploader.send(CONTENT)
    Recording.objects.create(upload=make_old(upload_of(sent), 0.1, media_root))
    use(settings, "refuse")

    report = clean_uploads()

    uuid = state_in(sent)["upload_uuid"]
    assert (report.refused, report.completed) == ([uuid], [])
    assert report.failed == []
    use(settings, "accept")
    make_old(upload_of(sent), 0.1, media_root)
    assert clean_uploads().completed == [uuid]
    assert is_in_place(upload_of(sent))


def test_validator_that_fails_does_not_end_the_clean_up(
    uploader: Uploader, settings: Any, media_root: Path
) -> None:
    uuids = []
    for name in ("first.mp4", "second.mp4"):
        sent = uploader.send(CONTENT, name=name)
        Recording.objects.create(upload=make_old(upload_of(sent), 0.1, media_root))
        uuids.append(state_in(sent)["upload_uuid"])
    use(settings, "fail")

    report = clean_uploads()

    told = [f"{uuid}: the scanner does not answer" for uuid in uuids]
    assert sorted(report.failed) == sorted(told)


def test_validator_that_deletes_the_upload_takes_no_other_file(
    uploader: Uploader, settings: Any, media_root: Path
) -> None:
    use(settings, "delete_the_upload")
    sent = uploader.send(CONTENT)
    other = media_root / "film.mp4"
    other.write_bytes(CONTENT)
    make_file_old(other, days=1)

    assert uploader.done(state_in(sent)).status_code == 404

    make_removals_old()
    clean_uploads()
    assert files_in(media_root) == [other]
    assert not Removal.objects.exists()
