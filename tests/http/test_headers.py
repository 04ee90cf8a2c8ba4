"""Headers of a chunk request, well-formed and hostile."""

from __future__ import annotations

import base64
import hashlib

import pytest

from chunked_uploads.http import headers

DIGEST = hashlib.sha256(b"chunk").digest()
BASE64 = base64.b64encode(DIGEST).decode()
SHA256 = f"sha-256=:{BASE64}:"


@pytest.mark.parametrize(
    ("value", "parsed"),
    [
        ("bytes 0-0/1", (0, 1, 1)),
        ("bytes 10-19/30", (10, 10, 30)),
        (" bytes 0-9/10 ", (0, 10, 10)),
        ("Bytes 0-9/10", (0, 10, 10)),
        ("bytes  0-9/10", (0, 10, 10)),
        ("bytes 007-009/010", (7, 3, 10)),
        ("bytes 5000000000-5999999999/8000000000", (5 * 10**9, 10**9, 8 * 10**9)),
    ],
)
def test_content_range_gives_first_length_and_total(
    value: str, parsed: tuple[int, int, int]
) -> None:
    assert headers.parse_content_range(value) == parsed


@pytest.mark.parametrize(
    "value",
    [
        "",
        "bytes",
        "bytes 0-9",
        "bytes 0-9/*",
        "bytes */10",
        "bytes */*",
        "bytes=0-9/10",
        "0-9/10",
        "items 0-9/10",
        "bytes -5-9/10",
        "bytes 9-0/10",
        "bytes 0-10/10",
        "bytes 10-10/10",
        "bytes 0-0/0",
        "bytes 0x0-0x9/10",
        "bytes 0.0-9/10",
        "bytes 0-9/10, 20-29/30",
        "bytes 0-9/10\r\nX: y",
        "bytes ٠-٩/١٠",
        "bytes 0-9/9999999999999999999",
        "bytes 0-9/1" + "0" * 5000,
    ],
)
def test_other_content_ranges_are_refused(value: str) -> None:
    with pytest.raises(ValueError, match="Content-Range"):
        headers.parse_content_range(value)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("", None),
        ("attachment", None),
        ("form-data; name=files", None),
        ('attachment; filename="film.mp4"', "film.mp4"),
        ("attachment; filename=film.mp4", "film.mp4"),
        ("attachment;filename=film.mp4 ; size=3", "film.mp4"),
        ('ATTACHMENT; FileName = "film.mp4"', "film.mp4"),
        ('attachment; filename="my%20film.mp4"', "my film.mp4"),
        ('attachment; filename="my film.mp4"', "my film.mp4"),
        ('attachment; filename="%E6%98%A0%E7%94%BB.mp4"', "映画.mp4"),
        ('attachment; filename="%22100%25%22.mp4"', '"100%".mp4'),
        (r'attachment; filename="a\"b\\c.mp4"', r'a"b\c.mp4'),
        ('attachment; filename="a=1;b,c\'d/e.mp4"', "a=1;b,c'd/e.mp4"),
        ('attachment; name="x; filename=no"; filename="yes"', "yes"),
        ('attachment; filename="100%.mp4"', "100%.mp4"),
        ('attachment; filename="%FF%FE.mp4"', "\N{REPLACEMENT CHARACTER}" * 2 + ".mp4"),
        ('attachment; filename=""', ""),
        ("attachment; filename*=UTF-8''%E6%98%A0%E7%94%BB.mp4", "映画.mp4"),
        ("attachment; filename*=utf-8'ja'%E6%98%A0.mp4", "映.mp4"),
        ("attachment; filename*=ISO-8859-1''caf%E9.mp4", "café.mp4"),
        ("attachment; filename=\"no.mp4\"; filename*=UTF-8''yes.mp4", "yes.mp4"),
        ("attachment; filename*=UTF-8''yes.mp4; filename=\"no.mp4\"", "yes.mp4"),
    ],
)
def test_content_disposition_gives_the_decoded_name(
    value: str, name: str | None
) -> None:
    assert headers.parse_content_disposition(value) == name


def test_plain_utf8_in_a_header_is_understood() -> None:
    as_wsgi_gives_it = 'attachment; filename="映画.mp4"'.encode().decode("latin-1")

    assert headers.parse_content_disposition(as_wsgi_gives_it) == "映画.mp4"


@pytest.mark.parametrize(
    "value",
    [
        "attachment; filename*=film.mp4",
        "attachment; filename*=UTF-16''film.mp4",
        "attachment; filename*=UTF-8''%FF.mp4",
        'attachment; filename*=""',
    ],
)
def test_malformed_extended_names_are_refused(value: str) -> None:
    with pytest.raises(ValueError, match="filename"):
        headers.parse_content_disposition(value)


@pytest.mark.parametrize(
    ("value", "parsed"),
    [
        ("form-data", (None, None)),
        ('form-data; name="title"', ("title", None)),
        ('form-data; name="f"; filename="film.mp4"', ("f", "film.mp4")),
        ('form-data; name="f"; filename=""', ("f", "")),
        ('form-data; name="f"; filename="%22100%%22.mp4"', ("f", '"100%".mp4')),
        ('form-data; name="f"; filename="%E6.mp4"', ("f", "%E6.mp4")),
        (r'form-data; name="f"; filename="C:\new\film.mp4"', ("f", r"C:\new\film.mp4")),
        ('form-data; name="f"; filename="a%0D%0Ab"', ("f", "a\r\nb")),
        ("form-data; name=f; filename*=UTF-8''%E6%98%A0", ("f", "映")),
    ],
)
def test_part_disposition_gives_field_and_file_name(
    value: str, parsed: tuple[str | None, str | None]
) -> None:
    assert headers.parse_part_disposition(value) == parsed


@pytest.mark.parametrize(
    ("value", "digest"),
    [
        ("", None),
        (SHA256, DIGEST),
        (f" {SHA256} ", DIGEST),
        ("md5=:AAAA:", None),
        (f"md5=:AAAA:, {SHA256}", DIGEST),
        (f"{SHA256},sha-512=:AAAA:", DIGEST),
        (f"sha-256=:{'A' * 43}=:, {SHA256}", DIGEST),
    ],
)
def test_content_digest_gives_the_sha256(value: str, digest: bytes | None) -> None:
    assert headers.parse_content_digest(value) == digest


@pytest.mark.parametrize(
    "value",
    [
        "sha-256",
        "sha-256=",
        f"sha-256={BASE64}",
        "sha-256=::",
        "sha-256=:AAAA:",
        "sha-256=:A:",
        f"sha-256=:{BASE64[:-1]}:",
        f"sha-256=:{'AA=A' * 11}:",
        f"sha-256=:{BASE64}: md5=:AAAA:",
        "sha-256=:é:",
    ],
)
def test_malformed_content_digests_are_refused(value: str) -> None:
    with pytest.raises(ValueError, match="Content-Digest"):
        headers.parse_content_digest(value)


def test_range_tells_the_last_byte_held() -> None:
    assert headers.format_range(10) == "bytes=0-9"
