"""What a model gets of an upload in its bucket: the very object, or a copy by S3."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.admin.sites import site as admin_site
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage, storages
from django.db import transaction
from django.db.models.fields.files import FieldFile
from django.forms import modelform_factory
from django.test import Client

from chunked_uploads.core import finishing
from chunked_uploads.core.sweeping import clean_uploads
from chunked_uploads.forms import ChunkedFileField, FinishedUpload, objects
from chunked_uploads.models import Removal, Upload
from chunked_uploads.signals import upload_cancelled
from tests.core.faults import make_removals_old
from tests.films.forms import FilmForm
from tests.films.models import Film, Recording, Reel, Trailer
from tests.forms.claiming import FOR_FORM, claim_of, errors_of, send_for_form
from tests.sending import CONTENT, Uploader, finished, state_in, upload_of

if TYPE_CHECKING:
    from demo.services.engine import Engine

FILMS = "/admin/films/film/"
ReelForm = modelform_factory(
    Reel, fields=["file"], field_classes={"file": ChunkedFileField}
)
STORES = [
    "chunked_uploads.stores.local.LocalStore",
    "chunked_uploads.stores.s3.S3Store",
]
# What S3 does without a byte of the file on its way.
BYTELESS = {"HeadObject", "CopyObject", "CreateMultipartUpload", "UploadPartCopy"}
BYTELESS |= {"CompleteMultipartUpload", "DeleteObject", "ListObjects"}

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def location(engine: Engine, settings: Any) -> str:
    """The folder of the bucket that the default storage is."""
    folder = uuid.uuid4().hex
    default = engine.storage(folder, file_overwrite=False)
    open_to_all = engine.storage(folder, default_acl="public-read")
    below = engine.storage(f"{folder}/below")
    added = {"default": default, "open": open_to_all, "below": below}
    settings.STORAGES = {**settings.STORAGES, **added}
    return folder


@pytest.fixture
def keys(engine: Engine, location: str) -> Callable[[], list[str]]:
    """A function that returns the names of all objects in the storage."""

    def list_keys() -> list[str]:
        found = engine.client.list_objects_v2(Bucket=engine.bucket, Prefix=location)
        return [
            each["Key"].removeprefix(f"{location}/")
            for each in found.get("Contents", [])
        ]

    return list_keys


@pytest.fixture
def upload(location: str, uploader: Uploader, asked: list[str]) -> Upload:
    """Ada's film, which waits for its form in the bucket."""
    upload = send_for_form(uploader)
    asked.clear()
    return upload


@pytest.fixture
def asked(location: str) -> list[str]:
    """What S3 is asked to do, after the upload is there where a test has `upload`."""
    operations: list[str] = []

    def note(model: Any, **kwargs: Any) -> None:
        operations.append(model.name)

    for alias in ("default", "open", "below"):
        client = storages[alias].connection.meta.client  # type: ignore[attr-defined]
        client.meta.events.register("before-call.s3", note)
    return operations


def form_of(upload: Upload) -> Any:
    """Return a form that takes the upload for a reel."""
    form = ReelForm({"file-upload": claim_of(upload)})
    assert form.is_valid(), form.errors
    return form


def save_reel(upload: Upload) -> Reel:
    """Make a reel of the upload, in a transaction."""
    with transaction.atomic():
        return form_of(upload).save()


def save_film(upload: Upload) -> Film:
    """Make a film of the upload, in a transaction."""
    with transaction.atomic():
        form = FilmForm({"title": "A film", "file-upload": claim_of(upload)})
        assert form.is_valid(), form.errors
        return form.save()


def content_of(file: FieldFile) -> bytes:
    """Return the bytes that a row has."""
    with file.open() as opened:
        return opened.read()


# The very object


def test_model_adopts_the_object_where_any_name_will_do(
    upload: Upload, asked: list[str], keys: Callable[[], list[str]]
) -> None:
    reel = save_reel(upload)

    assert asked == ["HeadObject"]
    assert keys() == [reel.file.name] == [upload.upload.name]
    assert not Upload.objects.exists()
    make_removals_old()
    clean_uploads(days=0)
    assert not Removal.objects.exists()
    assert content_of(Reel.objects.get().file) == CONTENT


def test_nobody_is_told_that_an_adopted_upload_was_cancelled(upload: Upload) -> None:
    told: list[Upload] = []

    def note(upload: Upload, **kwargs: Any) -> None:
        told.append(upload)

    upload_cancelled.connect(note)
    save_reel(upload)
    upload_cancelled.disconnect(note)

    assert not told


def test_rollback_leaves_the_upload_as_it_was(
    upload: Upload, keys: Callable[[], list[str]]
) -> None:
    with transaction.atomic():
        form = form_of(upload)
        form.save()
        transaction.set_rollback(True)

    assert not Reel.objects.exists()
    assert keys() == [upload.upload.name]
    assert form.cleaned_data["file"].is_claimable
    assert content_of(save_reel(upload).file) == CONTENT


def test_upload_waits_on_where_only_a_savepoint_is_rolled_back(upload: Upload) -> None:
    with transaction.atomic():
        form = form_of(upload)
        with transaction.atomic():
            form.save()
            transaction.set_rollback(True)

    assert finished(upload) == CONTENT
    assert form_of(upload)


def test_form_whose_object_is_adopted_cannot_be_sent_again(upload: Upload) -> None:
    save_reel(upload)

    form = ReelForm({"file-upload": claim_of(upload)})

    assert errors_of(form) == ["gone"]


def test_form_may_be_saved_later(upload: Upload, asked: list[str]) -> None:
    with transaction.atomic():
        reel = form_of(upload).save(commit=False)
        assert asked == []
        reel.save()

    assert asked == ["HeadObject"]
    assert content_of(reel.file) == CONTENT


def test_file_of_a_field_that_is_not_saved_stays_an_upload(upload: Upload) -> None:
    reel = Reel.objects.create()
    with transaction.atomic():
        reel.file = FinishedUpload(upload)  # type: ignore[assignment]
        reel.save(update_fields=["source"])
        assert finished(upload) == CONTENT
        reel.save(update_fields=["file"])

    assert content_of(Reel.objects.get().file) == CONTENT
    assert not Upload.objects.exists()


def test_field_with_files_of_its_own_kind_adopts_as_well(
    upload: Upload, asked: list[str]
) -> None:
    with transaction.atomic():
        Reel(poster=FinishedUpload(upload)).save()

    assert set(asked) == {"HeadObject"}
    assert Reel.objects.get().poster.name == upload.upload.name


def test_two_rows_never_have_one_object(
    upload: Upload, asked: list[str], keys: Callable[[], list[str]]
) -> None:
    with transaction.atomic():
        form = form_of(upload)
        file = form.cleaned_data["file"]
        first, second = form.save(), Reel(file=file, poster=file)
        second.save()

    assert set(asked) <= BYTELESS
    names = [first.file.name, second.file.name, second.poster.name]
    assert sorted(keys()) == sorted(names)
    assert len(set(names)) == 3
    first.file.delete()
    assert content_of(second.file) == content_of(second.poster) == CONTENT


def test_storage_of_a_folder_adopts_what_lies_below_it(
    uploader: Uploader, location: str, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE = "below"
    upload = send_for_form(uploader)

    reel = save_reel(upload)

    assert reel.file.name == f"below/{upload.upload.name}"
    assert content_of(reel.file) == CONTENT


def test_note_of_an_earlier_copy_does_not_cost_the_model_its_object(
    upload: Upload, keys: Callable[[], list[str]]
) -> None:
    beside = str(upload.upload.name).replace("film", "film_1")
    Removal.objects.create(
        uuid=upload.uuid, place=beside, filesize=len(CONTENT), is_copy=True
    )

    reel = save_reel(upload)
    make_removals_old()
    clean_uploads(days=0)

    assert keys() == [reel.file.name]


def test_deleting_an_upload_that_was_adopted_takes_nothing(
    upload: Upload, keys: Callable[[], list[str]]
) -> None:
    reel = save_reel(upload)

    upload.delete()
    make_removals_old()
    clean_uploads(days=0)

    assert keys() == [reel.file.name]


def test_objects_that_the_s3_store_made_are_given_on_as_well(
    uploader: Uploader,
    location: str,
    settings: Any,
    asked: list[str],
    keys: Callable[[], list[str]],
) -> None:
    settings.CHUNKED_UPLOADS_CHUNK_STORE = STORES[1]
    first = send_for_form(uploader)
    second = send_for_form(uploader, b"another", "another.mp4")
    asked.clear()

    reel, film = save_reel(first), save_film(second)

    assert set(asked) <= BYTELESS
    assert keys() == [first.upload.name, "films/another.mp4"]
    assert content_of(reel.file) == CONTENT
    assert content_of(film.file) == b"another"
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("store", "step"),
    [
        (STORES[0], "_complete"),
        (STORES[1], "_complete"),
        (
            STORES[1],
            "mark_complete",
        ),  # the local store keeps a second one out till then
    ],
)
def test_second_done_that_comes_too_late_takes_no_adopted_object(
    uploader: Uploader,
    location: str,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    keys: Callable[[], list[str]],
    store: str,
    step: str,
) -> None:
    settings.CHUNKED_UPLOADS_CHUNK_STORE = store
    sent = uploader.send(CONTENT, url=FOR_FORM)
    function = getattr(finishing, step)

    def be_overtaken(*args: Any) -> None:
        monkeypatch.setattr(finishing, step, function)
        assert Uploader().done(state_in(sent)).status_code == 200
        save_reel(upload_of(sent))
        function(*args)

    monkeypatch.setattr(finishing, step, be_overtaken)
    assert uploader.done(state_in(sent)).status_code == 404

    make_removals_old()
    clean_uploads(days=0)
    reel = Reel.objects.get()
    assert keys() == [reel.file.name]
    assert content_of(reel.file) == CONTENT


# A copy


def test_model_with_names_of_its_own_gets_a_copy_that_s3_makes(
    upload: Upload, asked: list[str], keys: Callable[[], list[str]], engine: Engine
) -> None:
    film = save_film(upload)

    assert {"CopyObject"} < set(asked) <= BYTELESS
    assert keys() == [film.file.name] == ["films/film.mp4"]
    assert not Upload.objects.exists()
    storage: Any = default_storage
    key = storage._normalize_name(film.file.name)
    found = engine.client.head_object(Bucket=engine.bucket, Key=key)
    assert (found["ContentType"], found["Metadata"]) == ("video/mp4", {})
    assert content_of(film.file) == CONTENT


def test_large_object_is_copied_part_by_part(
    uploader: Uploader,
    location: str,
    monkeypatch: pytest.MonkeyPatch,
    keys: Callable[[], list[str]],
    asked: list[str],
) -> None:
    content = bytes(range(256)) * (11 * 2**20 // 256) + b"the end"
    upload = send_for_form(uploader, content)
    asked.clear()
    monkeypatch.setattr(objects, "COPY_PART", 5 * 2**20)

    with transaction.atomic():
        film = Film(title="A film", file=FinishedUpload(upload))
        film.save()

    assert asked.count("UploadPartCopy") == 3
    assert content_of(film.file) == content
    assert "films/film.mp4" in keys()


def test_name_that_is_taken_is_changed_by_the_storage(upload: Upload) -> None:
    default_storage.save("films/film.mp4", ContentFile(b"another"))

    film = save_film(upload)

    assert str(film.file.name).startswith("films/film_")
    assert content_of(film.file) == CONTENT


def test_rollback_of_a_copy_leaves_the_upload_as_it_was(upload: Upload) -> None:
    with transaction.atomic():
        save_film(upload)
        transaction.set_rollback(True)

    assert finished(upload) == CONTENT
    assert content_of(save_film(upload).file) == CONTENT


def test_upload_of_a_copy_outside_of_a_transaction_stays_for_the_sweep(
    upload: Upload, asked: list[str], keys: Callable[[], list[str]]
) -> None:
    reel = form_of(upload).save()
    assert finished(upload) == CONTENT
    assert reel.file.name == "film.mp4"

    clean_uploads(days=0)

    assert "PutObject" not in asked
    assert keys() == ["film.mp4"]
    assert content_of(reel.file) == CONTENT


@pytest.mark.parametrize("is_folder_its_own", [True, False])
def test_copy_never_takes_the_name_of_what_goes_with_the_upload(
    uploader: Uploader,
    location: str,
    engine: Engine,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    is_folder_its_own: bool,
) -> None:
    if not is_folder_its_own:
        settings.CHUNKED_UPLOADS_STORAGE_PATH = lambda upload, name: f"all/{name}"
    overwriting = engine.storage(location, file_overwrite=True)
    settings.STORAGES = {**settings.STORAGES, "default": overwriting}
    upload = send_for_form(uploader)
    name = str(upload.upload.name)
    field = Film._meta.get_field("file")
    monkeypatch.setattr(field, "upload_to", lambda instance, filename: name)

    film = Film.objects.create(title="A film", file=FinishedUpload(upload))

    assert film.file.name != name
    clean_uploads(days=0)
    assert content_of(film.file) == CONTENT


@pytest.mark.parametrize("keep", ["by the row", "by another row", "by the call"])
def test_upload_that_is_kept_keeps_its_object(upload: Upload, keep: str) -> None:
    with transaction.atomic():
        form = form_of(upload)
        if keep == "by the row":
            form.instance.source = upload
        elif keep == "by another row":
            Recording.objects.create(upload=upload)
        else:
            form.cleaned_data["file"].keep()
        reel = form.save()

    assert reel.file.name != upload.upload.name
    assert content_of(reel.file) == finished(upload) == CONTENT


def test_upload_that_a_form_shows_again_keeps_its_object(upload: Upload) -> None:
    with transaction.atomic():
        form = form_of(upload)
        assert claim_of(upload) in form.as_div()
        reel = form.save()

    assert content_of(reel.file) == finished(upload) == CONTENT


def test_object_that_is_kept_in_another_way_is_copied(
    upload: Upload, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Reel._meta.get_field("file"), "storage", storages["open"])

    reel = save_reel(upload)

    assert {"CopyObject"} < set(asked) <= BYTELESS
    assert reel.file.name == "film.mp4"


def test_object_is_copied_into_another_folder(
    upload: Upload, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Reel._meta.get_field("file"), "storage", storages["below"])

    reel = save_reel(upload)

    assert {"CopyObject"} < set(asked) <= BYTELESS
    assert content_of(reel.file) == CONTENT


def test_name_that_is_too_long_for_the_field_is_not_adopted(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Reel._meta.get_field("file"), "max_length", 60)

    assert save_reel(upload).file.name == "film.mp4"


# What goes through the application


def test_file_that_the_model_changes_is_saved_as_it_is_then(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Shouting(FieldFile):
        def save(self, name: str, content: Any, save: bool = True) -> None:
            super().save(name, ContentFile(content.read() + b"!"), save)

    monkeypatch.setattr(Reel._meta.get_field("file"), "attr_class", Shouting)

    assert content_of(save_reel(upload).file) == CONTENT + b"!"


def test_storage_with_a_way_of_its_own_to_save_is_asked_to(
    upload: Upload, engine: Engine, location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Shouting(type(storages["open"])):  # type: ignore[misc]
        def _save(self, name: str, content: Any) -> str:
            return super()._save(name, ContentFile(content.read() + b"!"))

    storage = Shouting(**engine.storage(location)["OPTIONS"])
    monkeypatch.setattr(Reel._meta.get_field("file"), "storage", storage)

    assert content_of(save_reel(upload).file) == CONTENT + b"!"


def test_site_may_save_the_file_by_itself(upload: Upload) -> None:
    name = default_storage.save("mine.mp4", FinishedUpload(upload))

    with default_storage.open(name) as file:
        assert file.read() == CONTENT
    assert finished(upload) == CONTENT


def test_object_that_is_gone_is_noticed(
    upload: Upload, engine: Engine, location: str
) -> None:
    key = f"{location}/{upload.upload.name}"
    engine.client.delete_object(Bucket=engine.bucket, Key=key)

    with pytest.raises(FileNotFoundError):
        save_reel(upload)

    assert not Reel.objects.exists()
    assert Upload.objects.exists()


# Forms of Django's


def test_admin_and_its_inlines_let_s3_copy(
    admin_client: Client, upload: Upload, uploader: Uploader, asked: list[str]
) -> None:
    trailer = send_for_form(uploader, b"trailer", "trailer.mp4")
    asked.clear()
    data = {
        "title": "A film",
        "file-upload": claim_of(upload),
        "trailers-TOTAL_FORMS": "1",
        "trailers-INITIAL_FORMS": "0",
        "trailers-0-file-upload": claim_of(trailer),
    }
    assert Film in admin_site._registry

    answer = admin_client.post(f"{FILMS}add/", data)

    assert answer.status_code == 302, answer.content.decode()
    assert set(asked) <= BYTELESS
    assert content_of(Film.objects.get().file) == CONTENT
    assert content_of(Trailer.objects.get().file) == b"trailer"
    assert not Upload.objects.exists()
