"""Uploads, chunks and API keys as rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from chunked_uploads.core import statements
from chunked_uploads.core.starting import start_upload
from chunked_uploads.models import ApiKey, Chunk, Upload
from tests.sending import CONTENT, Uploader, files_in, part_of, state_in, upload_of


def make_upload(**fields: Any) -> Upload:
    return Upload.objects.create(**{"filename": "film.mp4", "filesize": 10, **fields})


@pytest.fixture
def sent(authorization: dict[str, str]) -> Any:
    return Uploader(headers=authorization).send(CONTENT)


def test_upload_begins_empty(user: User) -> None:
    upload = Upload.objects.get(pk=make_upload(user=user).pk)

    assert upload.state == Upload.State.UPLOADING
    assert Upload.State.values == [1, 2]
    assert (upload.offset, upload.received) == (0, 0)
    assert not upload.upload
    assert upload.url == ""
    assert str(upload) == "film.mp4"


def test_row_of_a_process_that_knows_of_no_forms_is_for_none(db: None) -> None:
    fields = [each for each in Upload._meta.local_concrete_fields if each.name != "id"]
    upload = Upload(filename="film.mp4", filesize=10)
    row = {each.name: each.value_from_object(upload) for each in fields}
    del row["for_form"]

    statements.insert(Upload, "default", row)

    assert not Upload.objects.get().for_form


@pytest.mark.parametrize("has_user", [True, False])
def test_row_of_a_statement_is_that_of_the_orm(user: User, has_user: bool) -> None:
    made = make_upload(user=user if has_user else None, hash_state=b"state")
    activity = User._meta.get_field("is_active")

    found = statements.select(Upload, "default", {"uuid": made.uuid}, activity)

    assert found is not None
    wanted = Upload.objects.get()
    for field in Upload._meta.concrete_fields:
        assert getattr(found, field.attname) == getattr(wanted, field.attname)
    assert found._state.db == "default"
    assert not found._state.adding
    assert getattr(found, "user_is_active") is (True if has_user else None)  # noqa: B009
    assert statements.select(Upload, "default", {"id": 0}) is None


def test_size_of_a_file_takes_64_bits(db: None) -> None:
    upload = make_upload(filesize=2**63 - 1)

    assert Upload.objects.get(filesize=2**63 - 1) == upload


def test_bytes_stay_where_they_were_when_the_setting_changes(
    db: None, settings: Any, media_root: Path
) -> None:
    upload = start_upload(None, "film.mp4", 10, "")
    part = part_of(upload, media_root)

    settings.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = "elsewhere"

    assert part_of(Upload.objects.get(), media_root) == part
    assert part.parent == media_root / "chunked_uploads" / "chunks"
    another = start_upload(None, "film.mp4", 10, "")
    assert part_of(another, media_root).parent == media_root / "elsewhere"


def test_chunk_is_unique_by_upload_and_start(db: None) -> None:
    upload = make_upload()
    Chunk.objects.create(upload=upload, start=0, chunk_size=4)

    with pytest.raises(IntegrityError), transaction.atomic():
        Chunk.objects.create(upload=upload, start=0, chunk_size=6)
    other = Chunk.objects.create(upload=make_upload(), start=0, chunk_size=4)

    assert str(other) == "0-3"
    assert other.stop == 4


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("model", [Upload, User])
def test_deleted_rows_take_their_bytes_along(
    sent: Any, media_root: Path, model: type[Upload | User], done: bool
) -> None:
    if done:
        Uploader().done(state_in(sent))
    assert files_in(media_root)

    model._default_manager.all().delete()

    assert files_in(media_root) == []


@pytest.mark.django_db(transaction=True)
def test_bytes_stay_where_a_deletion_is_rolled_back(
    sent: Any, media_root: Path
) -> None:
    with transaction.atomic():
        Upload.objects.all().delete()
        transaction.set_rollback(True)

    assert part_of(upload_of(sent), media_root).read_bytes() == CONTENT


def test_api_key_and_secret_are_made(user: User) -> None:
    key = ApiKey.objects.create(user=user)

    assert user.chunked_upload_api_key == key
    assert len(key.key) >= 32
    assert len(key.secret) >= 32
    assert key.key != key.secret


def test_api_keys_differ(user: User) -> None:
    other = ApiKey.objects.create(user=User.objects.create_user("bob"))

    key = ApiKey.objects.create(user=user)

    assert {key.key, key.secret}.isdisjoint({other.key, other.secret})


def test_api_key_that_was_given_is_kept(user: User) -> None:
    key = ApiKey.objects.create(user=user, key="of the", secret="site's own")

    assert (key.key, key.secret) == ("of the", "site's own")


@pytest.mark.once
def test_each_question_has_its_index(user: User) -> None:
    unfinished = Upload.objects.filter(state=Upload.State.UPLOADING)
    own = unfinished.filter(user=user)
    named = own.filter(filename="film.mp4", filesize=10)
    idle = unfinished.filter(modified_at__lt=timezone.now())
    for rows, index in {
        named.order_by("-created_at", "-pk"): "chunked_uploads_of_file",
        own.order_by("-created_at", "-pk"): "chunked_uploads_of_user",
        idle.order_by("modified_at", "pk"): "chunked_uploads_expiring",
    }.items():
        assert index in rows.explain()
