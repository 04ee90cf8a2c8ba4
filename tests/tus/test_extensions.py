"""Expiration, checksum, termination. What stands in quotes is the specification's."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.http import parse_http_date

from chunked_uploads.core.sweeping import clean_uploads
from chunked_uploads.models import Upload
from tests.sending import CONTENT, BrokenStream, finished, from_stream
from tests.tus.talking import Tus, checksum, path_of, upload_at

ALGORITHMS = ["sha1", "md5", "sha256"]
DATE = r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"


def let_expire(days: int = 4) -> None:
    """Let nothing have happened for so long."""
    Upload.objects.update(modified_at=timezone.now() - timedelta(days=days))


# --- expiration ---


def test_unfinished_upload_tells_when_it_expires(tus: Tus) -> None:
    created = tus.create()
    url = path_of(created)

    for response in (
        created,
        tus.append(url, CONTENT[:4]),
        tus.append(url, CONTENT[:4]),  # a conflict
        tus.state(url),
    ):
        assert re.fullmatch(DATE, response["Upload-Expires"])
        expected = Upload.objects.get().modified_at + timedelta(days=3)
        assert (
            abs(parse_http_date(response["Upload-Expires"]) - expected.timestamp()) < 2
        )


def test_complete_upload_does_not_expire(tus: Tus) -> None:
    url = path_of(tus.create())

    assert "Upload-Expires" not in tus.append(url, CONTENT)
    assert "Upload-Expires" not in tus.state(url)


def test_upload_that_has_expired_is_gone_for_its_token(tus: Tus, nobody: Tus) -> None:
    # "the Server SHOULD respond with the 404 Not Found or 410 Gone status. The latter
    # one SHOULD be used if the Server is keeping track of expired uploads."
    url = path_of(tus.create())
    let_expire()

    assert nobody.state(url).status_code == 404
    assert nobody.append(url, CONTENT).status_code == 410
    assert nobody.ask("DELETE", url).status_code == 410
    assert "Upload-Offset" not in nobody.state(url)
    clean_uploads()
    assert nobody.state(url).status_code == 404
    assert tus.append(url, CONTENT).status_code == 404


# --- checksum ---


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_bytes_with_their_checksum_are_taken(tus: Tus, algorithm: str) -> None:
    url = path_of(tus.create())

    for start, stop in ((0, 4), (4, 10)):
        piece = CONTENT[start:stop]
        said = checksum(piece, algorithm)
        assert tus.append(url, piece, start, Upload_Checksum=said).status_code == 204

    assert finished(upload_at(url)) == CONTENT


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_bytes_with_another_checksum_are_discarded(tus: Tus, algorithm: str) -> None:
    # "the uploaded chunk MUST be discarded, and the upload and its offset MUST NOT be
    # updated."
    url = path_of(tus.create())
    tus.append(url, CONTENT[:4])
    said = checksum(b"others", algorithm)

    response = tus.append(url, CONTENT[4:], 4, Upload_Checksum=said)

    assert response.status_code == 460
    assert response.reason_phrase == "Checksum Mismatch"
    assert response["Upload-Offset"] == "4"
    assert tus.state(url)["Upload-Offset"] == "4"
    assert tus.append(url, CONTENT[4:], 4).status_code == 204
    assert finished(upload_at(url)) == CONTENT


@pytest.mark.parametrize(
    "said",
    [
        "crc32 AAAAAA==",
        "SHA1 " + checksum(CONTENT)[5:],
        "sha1",
        "sha1 ",
        "sha1 AAAA",
        "sha1 !!!!",
        "sha1 " + CONTENT.hex(),
        checksum(CONTENT)[5:],
        "",
    ],
)
def test_checksum_that_is_none_is_refused_before_a_byte(tus: Tus, said: str) -> None:
    url = path_of(tus.create())

    assert tus.append(url, CONTENT, Upload_Checksum=said).status_code == 400
    assert tus.state(url)["Upload-Offset"] == "0"


def test_empty_patch_has_a_checksum_too(tus: Tus) -> None:
    url = path_of(tus.create())

    good, bad = checksum(b""), checksum(b"x")
    assert tus.append(url, b"", Upload_Checksum=good).status_code == 204
    assert tus.append(url, b"", Upload_Checksum=bad).status_code == 460


def test_cut_bytes_are_kept_though_nothing_verifies_them(tus: Tus) -> None:
    url = path_of(tus.create())
    cut = from_stream(BrokenStream(CONTENT[:7]), len(CONTENT))

    tus.append(url, b"", environ=cut, Upload_Checksum=checksum(CONTENT))

    assert tus.state(url)["Upload-Offset"] == "7"


# --- termination ---


@pytest.mark.parametrize("sent", [b"", CONTENT[:4], CONTENT])
def test_upload_is_terminated(tus: Tus, sent: bytes) -> None:
    url = path_of(tus.create())
    tus.append(url, sent)

    response = tus.ask("DELETE", url)

    # "MUST respond with the 204 No Content status". "For all future requests to this
    # URL, the Server SHOULD respond with the 404 Not Found or 410 Gone status."
    assert (response.status_code, response.content) == (204, b"")
    assert not Upload.objects.exists()
    for method in ("HEAD", "DELETE", "GET"):
        assert tus.ask(method, url).status_code == 404
    assert tus.append(url, CONTENT).status_code == 404
