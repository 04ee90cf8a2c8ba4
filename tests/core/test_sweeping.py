"""The clean-up: what nobody will finish, and what crashes left behind."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import CASCADE
from django.utils import timezone

from chunked_uploads.core import finishing
from chunked_uploads.core.sweeping import Report, clean_uploads
from chunked_uploads.models import Upload
from chunked_uploads.stores.file_names import file_name
from chunked_uploads.stores.local import LocalStore
from tests.core.faults import make_file_old, make_old
from tests.films.forms import RecordingForm
from tests.films.models import Recording
from tests.forms.claiming import FOR_FORM, attached, send_for_form
from tests.sending import (
    CONTENT,
    Uploader,
    files_in,
    finished,
    part_of,
    state_in,
    upload_of,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def chunks(media_root: Path) -> Path:
    folder = media_root / "chunked_uploads" / "chunks"
    folder.mkdir(parents=True)
    return folder


def make_stray(chunks: Path, days: float, content: bytes = CONTENT) -> Path:
    path = chunks / file_name(uuid.uuid4())
    path.write_bytes(content)
    make_file_old(path, days)
    return path


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("clean_uploads", *arguments, stdout=out)
    return out.getvalue()


# What goes


def test_unfinished_upload_without_activity_is_removed(
    uploader: Uploader, media_root: Path
) -> None:
    upload = make_old(upload_of(uploader.send(CONTENT[:4], 0)), 3.1, media_root)

    report = clean_uploads()

    assert report == Report(expired=[str(upload.uuid)], freed=4)
    assert not Upload.objects.exists()
    assert files_in(media_root) == []


@pytest.mark.parametrize(
    ("days", "age", "goes"), [(None, 2.9, 0), (5, 4.9, 0), (5, 5.1, 1), (0.5, 0.6, 1)]
)
def test_days_say_how_long_an_upload_may_rest(
    uploader: Uploader, media_root: Path, days: float | None, age: float, goes: int
) -> None:
    make_old(upload_of(uploader.send(CONTENT[:4], 0)), age, media_root)

    report = clean_uploads(days)

    assert len(report.expired) == goes
    assert Upload.objects.count() == 1 - goes


def test_days_are_those_of_the_setting(
    uploader: Uploader, media_root: Path, settings: Any
) -> None:
    make_old(upload_of(uploader.send(CONTENT[:4], 0)), 8, media_root)

    settings.CHUNKED_UPLOADS_EXPIRE_DAYS = 9
    assert clean_uploads() == Report()
    settings.CHUNKED_UPLOADS_EXPIRE_DAYS = 7
    assert len(clean_uploads().expired) == 1


def test_activity_keeps_an_upload(uploader: Uploader, media_root: Path) -> None:
    make_old(upload_of(uploader.send(CONTENT[:4], 0)), 30, media_root)
    uploader.send(CONTENT[4:6], 4)

    assert clean_uploads() == Report()


def test_finished_upload_is_left_alone(uploader: Uploader, media_root: Path) -> None:
    sent = uploader.send(CONTENT)
    uploader.done(state_in(sent))
    upload = make_old(upload_of(sent), 1000, media_root)

    assert clean_uploads() == Report()
    assert finished(upload) == CONTENT


@pytest.mark.parametrize(("age", "goes"), [(2.9, False), (3.1, True)])
def test_finished_upload_for_a_form_that_nobody_sent_is_removed(
    uploader: Uploader, media_root: Path, age: float, goes: bool
) -> None:
    upload = make_old(send_for_form(uploader), age, media_root)

    report = clean_uploads()

    assert report == (Report(unkept=[str(upload.uuid)], freed=10) if goes else Report())
    assert Upload.objects.exists() == (not goes)
    assert bool(files_in(media_root)) == (not goes)


def test_unfinished_upload_for_a_form_expires_as_any(
    uploader: Uploader, media_root: Path
) -> None:
    sent = uploader.send(CONTENT[:4], 0, url=FOR_FORM)
    upload = make_old(upload_of(sent), 4, media_root)

    assert clean_uploads() == Report(expired=[str(upload.uuid)], freed=4)


def test_upload_for_a_form_stays_where_a_row_refers_to_it(
    uploader: Uploader, media_root: Path
) -> None:
    upload = make_old(send_for_form(uploader), 100, media_root)
    Recording.objects.create(upload=upload)

    assert clean_uploads() == Report()
    assert finished(upload) == CONTENT


def test_unfinished_upload_stays_where_a_row_protects_it(
    uploader: Uploader, media_root: Path
) -> None:
    upload = make_old(upload_of(uploader.send(CONTENT[:4], 0)), 4, media_root)
    Recording.objects.create(upload=upload)

    assert clean_uploads(dry_run=True) == clean_uploads() == Report()
    assert Recording.objects.count() == 1
    assert files_in(media_root) == [part_of(upload, media_root)]


def test_unfinished_upload_goes_with_the_rows_that_follow_it(
    uploader: Uploader, media_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key: Any = Recording._meta.get_field("upload")
    monkeypatch.setattr(key.remote_field, "on_delete", CASCADE)
    upload = make_old(upload_of(uploader.send(CONTENT[:4], 0)), 4, media_root)
    Recording.objects.create(upload=upload)

    assert clean_uploads().expired == [str(upload.uuid)]
    assert not Recording.objects.exists()


@pytest.mark.parametrize("content", [CONTENT, b""], ids=len)
def test_upload_whose_form_died_after_its_commit_is_completed(
    media_root: Path, content: bytes
) -> None:
    form = RecordingForm({}, attached(file=SimpleUploadedFile("film.mp4", content)))
    form.fields["file"].allow_empty_file = True  # type: ignore[attr-defined]
    with contextlib.suppress(KeyboardInterrupt), transaction.atomic():
        transaction.on_commit(die)
        assert form.is_valid()
        recording = form.save()
    make_old(recording.upload, 4, media_root)

    report = Report(completed=[str(recording.upload.uuid)])
    assert clean_uploads(dry_run=True) == clean_uploads() == report

    assert finished(Recording.objects.get().upload) == content
    assert clean_uploads() == Report()


def die() -> None:
    raise KeyboardInterrupt


def test_bytes_that_a_form_has_too_are_not_freed(
    uploader: Uploader, media_root: Path
) -> None:
    upload = make_old(send_for_form(uploader), 4, media_root)
    (media_root / "film.mp4").hardlink_to(upload.upload.path)

    assert clean_uploads() == Report(unkept=[str(upload.uuid)], freed=0)
    assert (media_root / "film.mp4").read_bytes() == CONTENT


def test_upload_for_a_form_whose_file_is_gone_is_removed(
    uploader: Uploader, media_root: Path
) -> None:
    upload = make_old(send_for_form(uploader), 4, media_root)
    Path(upload.upload.path).unlink()

    assert clean_uploads().unkept == [str(upload.uuid)]


def test_upload_that_a_form_takes_at_this_moment_is_not_removed(
    uploader: Uploader, media_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = make_old(send_for_form(uploader), 4, media_root)
    stat = os.stat

    def take(path: Any, *arguments: Any, **options: Any) -> os.stat_result:
        Upload.objects.update(modified_at=timezone.now())
        return stat(path, *arguments, **options)

    monkeypatch.setattr("chunked_uploads.core.sweeping.os.stat", take)

    assert clean_uploads() == Report()
    assert finished(upload) == CONTENT


def test_old_part_without_a_row_is_removed(media_root: Path, chunks: Path) -> None:
    stray = make_stray(chunks, 4)
    new = make_stray(chunks, 2)

    report = clean_uploads()

    assert report == Report(stray=[str(stray)], freed=10)
    assert files_in(media_root) == [new]


@pytest.mark.parametrize("days", [0, 1])
def test_part_without_a_row_rests_as_long_as_an_upload_may(
    media_root: Path, chunks: Path, days: int
) -> None:
    make_stray(chunks, 2)  # whose row may not be committed yet

    assert clean_uploads(days) == Report()
    assert len(files_in(media_root)) == 1


def test_part_of_another_site_in_the_same_folder_is_left_alone(
    media_root: Path, chunks: Path, settings: Any
) -> None:
    own_key = settings.SECRET_KEY
    settings.SECRET_KEY = "of another site"
    stray = make_stray(chunks, 100)

    settings.SECRET_KEY = own_key
    assert clean_uploads() == Report()
    assert files_in(media_root) == [stray]
    settings.SECRET_KEY_FALLBACKS = ["of another site"]
    assert clean_uploads() == Report(stray=[str(stray)], freed=10)


def test_site_without_time_zones_is_cleaned_up(
    uploader: Uploader, media_root: Path, chunks: Path, settings: Any
) -> None:
    settings.USE_TZ = False
    settings.TIME_ZONE = "Asia/Tokyo"
    old = make_old(upload_of(uploader.send(CONTENT)), 3.1, media_root)
    make_old(upload_of(uploader.send(CONTENT, name="new")), 2.9, media_root)
    stray = make_stray(chunks, 3.1)
    make_stray(chunks, 2.9)

    assert clean_uploads() == Report(
        expired=[str(old.uuid)], stray=[str(stray)], freed=20
    )


def test_many_strays_are_removed_beside_parts_that_are_in_use(
    uploader: Uploader, media_root: Path, chunks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chunked_uploads.core.sweeping.BATCH", 3)
    sent = [uploader.send(CONTENT, name=name) for name in "abcdefg"]
    kept = [part_of(upload_of(each), media_root) for each in sent]
    for part in kept:
        make_file_old(part, 4)
    strays = [make_stray(chunks, 4) for _ in range(8)]

    report = clean_uploads()

    assert sorted(report.stray) == sorted(map(str, strays))
    assert sorted(files_in(chunks)) == sorted(media_root / part for part in kept)


def test_part_of_a_finished_upload_is_a_stray(
    uploader: Uploader, media_root: Path
) -> None:
    sent = uploader.send(CONTENT)
    uploader.done(state_in(sent))
    part = part_of(upload_of(sent), media_root)
    part.write_bytes(b"left")
    make_file_old(part, 4)

    assert clean_uploads() == Report(stray=[str(part)], freed=4)
    assert finished(upload_of(sent)) == CONTENT


def test_other_files_in_the_folder_are_left_alone(chunks: Path) -> None:
    signature = "x" * 43
    others = (f"{uuid.uuid4()}{end}" for end in (".mp4", ".part", f".{signature}.part"))
    for name in (".gitkeep", "film.mp4", "notes.part", *others):
        (chunks / name).touch()
        make_file_old(chunks / name, 100)

    assert clean_uploads() == Report()
    assert len(files_in(chunks)) == 6


def test_upload_whose_part_is_missing_is_told_and_left_to_its_expiry(
    uploader: Uploader, media_root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    upload = make_old(upload_of(uploader.send(CONTENT[:4], 0)), 2.9, media_root)
    uuid = str(upload.uuid)
    make_old(upload_of(uploader.send(CONTENT[:4], 0, name="other")), 2, media_root)
    part_of(upload, media_root).unlink()

    assert clean_uploads(dry_run=True) == clean_uploads() == Report(missing=[uuid])
    assert f"{uuid}: its chunks are not there: stays until it expires\n" in run()
    call_command("runjobs", "daily", stdout=io.StringIO())
    assert caplog.messages == [f"The chunks of upload {uuid} are not there"]
    make_old(upload, 3.1, media_root)
    assert clean_uploads() == Report(expired=[uuid])


def test_upload_that_comes_back_to_life_is_not_removed(
    uploader: Uploader, media_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = uploader.send(CONTENT[:4], 0)
    make_old(upload_of(sent), 9, media_root)
    resting = LocalStore.count_bytes

    def go_on(store: LocalStore, upload: Upload) -> int:
        uploader.send(CONTENT[4:], 4, url=state_in(sent)["url"])
        return resting(store, upload)

    monkeypatch.setattr(LocalStore, "count_bytes", go_on)
    monkeypatch.setattr(Upload, "is_expired", False)

    assert clean_uploads() == Report()
    assert upload_of(sent).offset == len(CONTENT)


def test_part_that_cannot_be_removed_is_told_and_the_others_go(
    chunks: Path, monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    strays = [make_stray(chunks, 9) for _ in range(3)]
    unlink = os.unlink

    def refuse(path: str) -> None:
        if str(path) == str(strays[0]):
            raise PermissionError("not yours")
        unlink(path)

    monkeypatch.setattr("chunked_uploads.stores.local.os.unlink", refuse)

    with pytest.raises(CommandError, match="1 could not"):
        call_command("clean_uploads", stderr=io.StringIO(), stdout=io.StringIO())
    assert files_in(chunks) == strays[:1]


def test_upload_that_died_before_its_end_was_recorded_is_completed(
    uploader: Uploader, media_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = uploader.send(CONTENT)
    uploader.raise_request_exception = False
    with monkeypatch.context() as crash:
        crash.delattr(finishing, "mark_complete")
        assert uploader.done(state_in(sent)).status_code == 500
    upload = make_old(upload_of(sent), 0.1, media_root)

    assert clean_uploads() == Report(completed=[str(upload.uuid)])
    upload.refresh_from_db()
    assert upload.is_complete
    assert finished(upload) == CONTENT


def test_upload_whose_end_was_lost_with_the_power_is_completed(
    uploader: Uploader, media_root: Path
) -> None:
    sent = uploader.send(CONTENT)
    upload = upload_of(sent)
    before = Upload.objects.filter(pk=upload.pk).values()[0]
    uploader.done(state_in(sent))
    Upload.objects.filter(pk=upload.pk).update(**before)
    make_old(upload, 0.1, media_root)

    assert clean_uploads() == Report(completed=[str(upload.uuid)])
    assert finished(upload_of(sent)) == CONTENT


def test_everything_is_reported_once(
    uploader: Uploader, media_root: Path, chunks: Path
) -> None:
    uploads = [upload_of(uploader.send(CONTENT, name=name)) for name in "abc"]
    for upload in uploads:
        make_old(upload, 4, media_root)
    stray = make_stray(chunks, 4)

    report = clean_uploads()

    assert sorted(report.expired) == sorted(str(each.uuid) for each in uploads)
    assert report.stray == [str(stray)]
    assert report.freed == 40


def test_expired_upload_without_a_part_is_reported_once(
    uploader: Uploader, media_root: Path
) -> None:
    upload = make_old(upload_of(uploader.send(CONTENT)), 4, media_root)
    part_of(upload, media_root).unlink()

    assert clean_uploads() == Report(expired=[str(upload.uuid)])


@pytest.mark.parametrize("days", [3, 5])
def test_dry_run_reports_the_same_and_changes_nothing(
    uploader: Uploader, media_root: Path, chunks: Path, days: int
) -> None:
    for age, name in enumerate("abcdef"):
        make_old(upload_of(uploader.send(CONTENT, name=name)), age, media_root)
    make_old(send_for_form(uploader), 10, media_root)
    make_stray(chunks, 10)
    before = (sorted(files_in(media_root)), Upload.objects.count())

    dry = clean_uploads(days, dry_run=True)

    assert (sorted(files_in(media_root)), Upload.objects.count()) == before
    assert dry.expired
    assert dry == clean_uploads(days)


def test_paths_of_a_callable_are_swept(
    uploader: Uploader, media_root: Path, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = lambda upload, name: f"by/{name}"
    upload = make_old(upload_of(uploader.send(CONTENT)), 4, media_root)
    stray = make_stray(media_root / "by", 4)

    report = clean_uploads()

    assert report.expired == [str(upload.uuid)]
    assert report.stray == [str(stray)]
    assert files_in(media_root) == []


# The store that is not there


def test_nothing_is_judged_by_a_store_that_is_not_there(
    uploader: Uploader, media_root: Path
) -> None:
    make_old(upload_of(uploader.send(CONTENT)), 30, media_root)
    shutil.rmtree(media_root)

    with pytest.raises(CommandError, match="can't be looked at"):
        run()

    assert Upload.objects.count() == 1


def test_store_that_was_never_used_is_no_error(db: None) -> None:
    assert clean_uploads() == Report()


# The command and the job


def test_command_says_what_it_did(
    uploader: Uploader, media_root: Path, chunks: Path
) -> None:
    upload = make_old(upload_of(uploader.send(CONTENT)), 4, media_root)
    unkept = make_old(send_for_form(uploader), 4, media_root)
    stray = make_stray(chunks, 4)

    assert run().splitlines() == [
        f"{upload.uuid}: unfinished, without activity: removed",
        f"{unkept.uuid}: finished for a form that did not keep it: removed",
        f"{stray}: chunks without an unfinished upload: removed",
        "2 uploads and 1 leftovers removed, 0 uploads completed, "
        "30\N{NO-BREAK SPACE}bytes freed.",
    ]
    assert not Upload.objects.exists()


def test_command_only_says_what_it_would_do(
    uploader: Uploader, media_root: Path
) -> None:
    upload = make_old(upload_of(uploader.send(CONTENT)), 4, media_root)

    told = run("--dry-run").splitlines()

    assert told[0] == f"{upload.uuid}: unfinished, without activity: would be removed"
    assert "10\N{NO-BREAK SPACE}bytes would be freed" in told[-1]
    assert Upload.objects.exists()


def test_command_takes_days(uploader: Uploader, media_root: Path) -> None:
    make_old(upload_of(uploader.send(CONTENT)), 4, media_root)

    run("--days", "5")
    assert Upload.objects.exists()
    run("--days=3.5")
    assert not Upload.objects.exists()


@pytest.mark.parametrize("days", ["-1", "nan", "x", "1e300", "inf"])
def test_command_refuses_days_that_make_no_sense(days: str) -> None:
    with pytest.raises(CommandError):
        run(f"--days={days}")


def test_daily_job_cleans_up(uploader: Uploader, media_root: Path) -> None:
    make_old(upload_of(uploader.send(CONTENT)), 4, media_root)

    call_command("runjobs", "daily", stdout=io.StringIO())

    assert not Upload.objects.exists()
    assert files_in(media_root) == []


def test_finished_files_are_no_leftovers_even_beside_the_parts(
    uploader: Uploader, media_root: Path, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = "chunked_uploads/chunks"
    sent = uploader.send(CONTENT, name=f"{uuid.uuid4()}.part")
    uploader.done(state_in(sent))
    path = Path(upload_of(sent).upload.path)
    make_file_old(path, 100)

    clean_uploads()

    assert finished(upload_of(sent)) == CONTENT


def test_stray_whose_name_is_merely_like_that_of_a_finished_file_goes(
    uploader: Uploader, chunks: Path, media_root: Path
) -> None:
    stray = make_stray(chunks, 100)
    sent = uploader.send(CONTENT)
    uploader.done(state_in(sent))
    named = str(stray.relative_to(media_root)).upper()
    Upload.objects.update(upload=named)

    assert clean_uploads().stray == [str(stray)]
    assert not stray.exists()


def test_files_of_other_apps_are_left_alone(media_root: Path, settings: Any) -> None:
    settings.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = lambda upload, name: name
    upload = Upload(filename="film.mp4", filesize=10)
    name = upload.upload.storage.save("other.mp4", ContentFile(CONTENT))
    make_file_old(media_root / name, 100)

    assert clean_uploads() == Report()
    assert (media_root / name).read_bytes() == CONTENT
