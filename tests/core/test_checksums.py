"""Ranges that come with a checksum, of whatever algorithm a protocol has."""

from __future__ import annotations

import hashlib

import pytest
from django.contrib.auth.models import User

from chunked_uploads.core.receiving import receive
from chunked_uploads.core.starting import start_upload
from chunked_uploads.digests.arriving import Checksum
from chunked_uploads.errors import DigestMismatch
from chunked_uploads.models import Upload
from tests.sending import CONTENT, Bytes, spans

pytestmark = pytest.mark.django_db(transaction=True)
ALGORITHMS = pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])


def checksum(algorithm: str, content: bytes) -> Checksum:
    return Checksum(algorithm, hashlib.new(algorithm, content).digest())


@pytest.fixture
def upload(user: User) -> Upload:
    return start_upload(user, "film.mp4", len(CONTENT), "")


@ALGORITHMS
def test_range_with_its_checksum_is_taken_also_again(
    upload: Upload, algorithm: str
) -> None:
    for _ in range(2):
        right = checksum(algorithm, CONTENT)
        arrived = receive(upload, 0, len(CONTENT), Bytes(CONTENT), right)
        assert arrived == len(CONTENT)

    assert spans(upload) == [(0, len(CONTENT))]


@ALGORITHMS
def test_range_with_another_checksum_is_refused_also_where_it_is_held(
    upload: Upload, algorithm: str
) -> None:
    wrong = checksum(algorithm, b"another")
    with pytest.raises(DigestMismatch):
        receive(upload, 0, len(CONTENT), Bytes(CONTENT), wrong)
    assert spans(upload) == []

    receive(upload, 0, len(CONTENT), Bytes(CONTENT))
    with pytest.raises(DigestMismatch):
        receive(upload, 0, len(CONTENT), Bytes(CONTENT), wrong)
    assert spans(upload) == [(0, len(CONTENT))]
