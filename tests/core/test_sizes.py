"""Files whose size nobody knows at first, as other protocols have them."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from chunked_uploads.core.finishing import complete
from chunked_uploads.core.receiving import receive
from chunked_uploads.core.starting import set_filesize, start_upload
from chunked_uploads.core.sweeping import clean_uploads
from chunked_uploads.errors import BadRequest, Incomplete, TooLarge, UploadNotFound
from chunked_uploads.models import Upload
from tests.sending import CONTENT, UPLOAD, Bytes, Uploader, finished, spans

pytestmark = pytest.mark.django_db(transaction=True)

MIDDLE = len(CONTENT) // 2


@pytest.fixture
def upload(user: User) -> Upload:
    """An upload of a size that is not known."""
    return start_upload(user, "film.mp4", None, "")


def send(upload: Upload, start: int, stop: int) -> int:
    return receive(upload, start, stop - start, Bytes(CONTENT[start:stop]))


@pytest.mark.parametrize("is_early", [True, False])
def test_size_may_be_said_before_or_after_the_last_byte(
    upload: Upload, is_early: bool
) -> None:
    send(upload, 0, MIDDLE)
    if is_early:
        set_filesize(upload, len(CONTENT))
    send(upload, MIDDLE, len(CONTENT))

    set_filesize(upload, len(CONTENT))
    set_filesize(upload, len(CONTENT))
    complete(upload)

    assert finished(upload) == CONTENT


def test_file_without_bytes_may_have_no_size_at_first(upload: Upload) -> None:
    set_filesize(upload, 0)
    complete(upload)

    assert finished(upload) == b""


def test_upload_of_unknown_size_is_not_complete(upload: Upload) -> None:
    send(upload, 0, len(CONTENT))

    with pytest.raises(Incomplete):
        complete(upload)

    assert spans(upload) == [(0, len(CONTENT))]


@pytest.mark.parametrize("size", [0, 5, 9])
def test_size_below_the_bytes_that_are_there_is_refused(
    upload: Upload, size: int
) -> None:
    send(upload, 4, len(CONTENT))

    with pytest.raises(BadRequest):
        set_filesize(upload, size)

    upload.refresh_from_db()
    assert upload.filesize is None


def test_size_that_was_said_stays(upload: Upload) -> None:
    set_filesize(upload, 20)

    for other in (10, 30):
        with pytest.raises(BadRequest):
            set_filesize(upload, other)
    with pytest.raises(BadRequest):
        receive(upload, 0, 21, Bytes(bytes(21)))

    upload.refresh_from_db()
    assert upload.filesize == 20


def test_bytes_that_were_on_their_way_end_at_the_size_that_was_said(
    upload: Upload,
) -> None:
    """A request that began before anybody knew the size can't outgrow it."""

    class SizeIsSaidMeanwhile(Bytes):
        def finish(self, missing: int) -> None:
            set_filesize(Upload.objects.get(pk=upload.pk), MIDDLE)

    with pytest.raises(BadRequest):
        receive(upload, 0, len(CONTENT), SizeIsSaidMeanwhile(CONTENT))

    assert spans(upload) == []


def test_limit_of_the_site_holds_as_bytes_come(
    user: User, upload: Upload, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_MAX_SIZE = MIDDLE
    send(upload, 0, MIDDLE)

    with pytest.raises(TooLarge):
        send(upload, MIDDLE, MIDDLE + 1)
    with pytest.raises(TooLarge):
        set_filesize(upload, MIDDLE + 1)

    assert spans(upload) == [(0, MIDDLE)]


def test_size_of_a_cancelled_upload_is_nobodys(upload: Upload) -> None:
    Upload.objects.all().delete()

    with pytest.raises(UploadNotFound):
        set_filesize(upload, 10)


def test_page_is_told_of_an_upload_of_unknown_size(
    upload: Upload, uploader: Uploader
) -> None:
    send(upload, 0, 4)

    (state,) = uploader.get(UPLOAD).json()

    assert (state["total_size"], state["size"]) == (None, 4)
    assert uploader.delete(state["delete_url"]).status_code == 200
    assert not Upload.objects.exists()


def test_clean_up_takes_what_expired_before_its_size_was_known(upload: Upload) -> None:
    send(upload, 0, 4)
    Upload.objects.update(modified_at=timezone.now() - datetime.timedelta(days=9))

    assert clean_uploads().expired == [str(upload.uuid)]
