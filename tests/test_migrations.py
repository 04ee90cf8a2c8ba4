"""Rows of an older version, and what becomes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from chunked_uploads.models import Chunk, Upload
from tests.sending import (
    CONTENT,
    Uploader,
    assert_finishes,
    part_of,
    state_in,
    upload_of,
)

pytestmark = pytest.mark.django_db(transaction=True)
APP = "chunked_uploads"


def migrate(name: str) -> Any:
    """Bring the database to a migration; return the models as they were then."""
    executor = MigrationExecutor(connection)
    executor.migrate([(APP, name)])
    return MigrationExecutor(connection).loader.project_state([(APP, name)]).apps


def test_uploads_go_on_after_their_paths_moved_into_the_stores_state(
    uploader: Uploader, user: User, media_root: Path
) -> None:
    sent = uploader.send(CONTENT[:4], 0)
    upload = upload_of(sent)
    state, path = json.loads(upload.store_state), part_of(upload, media_root)
    old = migrate("0005_removal").get_model(APP, "Upload").objects.get(pk=upload.pk)
    assert old.part == state["path"]
    assert old.store_state == " ".join([state["marker"], *state["boots"]])

    migrate("0007_tus")

    upload.refresh_from_db()
    assert json.loads(upload.store_state) == state
    assert part_of(upload, media_root) == path
    assert Chunk.objects.get().receipt == ""
    assert_finishes(uploader, uploader.send(CONTENT[4:], 4), CONTENT)


def test_upload_that_was_never_begun_and_a_finished_one_survive_the_move(
    uploader: Uploader, user: User, media_root: Path
) -> None:
    sent = uploader.send(CONTENT, name="whole.mp4")
    assert_finishes(uploader, sent, CONTENT)
    Upload.objects.create(user=user, filename="film.mp4", filesize=len(CONTENT))
    Upload.objects.create(user=user, filename="unknown", filesize=None, received=4)
    old = migrate("0005_removal").get_model(APP, "Upload").objects
    old.filter(state=2).update(store_state="0123456789abcdef 1a2b3c4d")  # as it was
    assert old.get(filename="unknown").filesize == 4

    migrate("0007_tus")

    assert uploader.done(state_in(sent)).status_code == 200
    assert_finishes(uploader, uploader.send(CONTENT), CONTENT)
    assert Upload.objects.filter(state=Upload.State.COMPLETE).count() == 2
