"""What the torture found, each as small as it gets."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from chunked_uploads import receiving
from chunked_uploads.errors import UploadNotFound
from chunked_uploads.models import Chunk, Upload
from tests.sending import CONTENT, UPLOAD, Bytes, Uploader, upload_of

OTHER = b"abcdefghij"


def test_upload_that_is_joined_has_the_metadata_of_its_bytes_alone(
    uploader: Uploader,
) -> None:
    wrong = {"Content-Digest": f"sha-256=:{'A' * 43}=:"}
    uploader.send(OTHER, 0, url=f'{UPLOAD}?metadata={{"of":"other"}}', headers=wrong)

    response = uploader.send(CONTENT, 0)

    assert Upload.objects.count() == 1
    assert upload_of(response).metadata == {}


def test_cancel_between_two_questions_about_a_range_is_no_error(
    user: User,
) -> None:
    upload = Upload.objects.create(user=user, filename="film.mp4", filesize=10)
    receiving.receive(upload, 2, 2, Bytes(CONTENT[2:4]))

    def cancel_first(execute: Any, sql: str, *rest: Any) -> Any:
        if "SUM(" in sql:
            Chunk.objects.all().delete()
            Upload.objects.all().delete()
        return execute(sql, *rest)

    with connection.execute_wrapper(cancel_first), pytest.raises(UploadNotFound):
        receiving.receive(upload, 0, 4, Bytes(CONTENT[:4]))
