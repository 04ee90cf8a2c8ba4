"""Parse the headers of a chunk request.

Pure functions: they raise `ValueError`, and the caller chooses what that means.
"""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote

# RFC 9110, section 14.4. An unknown length ("*") is of no use to a receiver.
CONTENT_RANGE = re.compile(r"bytes\s+([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})", re.I)
# RFC 6266, section 4.1, with a quoted-string or a token as the value.
PARAMETER = re.compile(
    r';\s*([\w!#$%&+^`|~.*-]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^;"]*))'
)
# RFC 8187, section 3.2.1: charset'language'value
EXTENDED_VALUE = re.compile(r"(utf-8|iso-8859-1)'[^']*'(.*)", re.I)
# RFC 9530, section 2: a dictionary of byte sequences (RFC 8941, section 3.3.5).
CONTENT_DIGEST = re.compile(r"\s*([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/=]*):\s*")


def parse_content_range(value: str) -> tuple[int, int, int]:
    """Return first byte, length and total size, in bytes, of a `Content-Range`.

    Follows RFC 9110, section 14.4. Raises `ValueError`.
    """
    match = CONTENT_RANGE.fullmatch(value.strip())
    if match is None:
        raise ValueError("Content-Range is not of the form 'bytes FIRST-LAST/TOTAL'.")
    first, last, total = map(int, match.groups())
    if not first <= last < total:
        raise ValueError("Content-Range needs FIRST <= LAST < TOTAL.")
    return first, last - first + 1, total


def parse_content_disposition(value: str) -> str | None:
    """Return the decoded file name of a `Content-Disposition`, None without one.

    `filename` is percent-encoded UTF-8, as browsers' uploaders send it, or plain
    UTF-8; `filename*` (RFC 8187) wins where both stand (RFC 6266, section 4.3).
    Raises `ValueError`.
    """
    plain = extended = None
    for name, quoted, token in PARAMETER.findall(value):
        if name.lower() == "filename*":
            extended = _decode_extended(quoted or token.strip())
        elif name.lower() == "filename":
            plain = unquote(as_utf8(re.sub(r"\\(.)", r"\1", quoted) or token.strip()))
    return plain if extended is None else extended


def parse_part_disposition(value: str) -> tuple[str | None, str | None]:
    """Return field name and file name of a multipart part's `Content-Disposition`.

    Browsers write UTF-8 as it is and escape only `"`, CR and LF (HTML standard,
    multipart form data). `value` is the header's bytes read as latin-1.
    """
    fields: dict[str, str] = {}
    for name, quoted, token in PARAMETER.findall(value):
        text = as_utf8(re.sub(r'\\(["\\])', r"\1", quoted) or token.strip())
        for escape, character in (("%22", '"'), ("%0D", "\r"), ("%0A", "\n")):
            text = text.replace(escape, character)
        fields.setdefault(name.lower(), text)
    if "filename*" in fields:
        fields["filename"] = _decode_extended(fields["filename*"])
    return fields.get("name"), fields.get("filename")


def parse_content_digest(value: str) -> bytes | None:
    """Return the SHA-256 digest (32 bytes) of a `Content-Digest`, None without one.

    Follows RFC 9530, section 2; other algorithms are left alone. Raises `ValueError`.
    """
    digest = None
    for member in filter(str.strip, value.split(",")):
        match = CONTENT_DIGEST.fullmatch(member)
        if match is None:
            raise ValueError("Content-Digest is not a list like 'sha-256=:BASE64:'.")
        if match[1] == "sha-256":
            digest = _decode_sha256(match[2])
    return digest


def format_range(size: int) -> str:
    """Return the `Range` of an upload that holds `size` bytes from 0."""
    return f"bytes=0-{size - 1}"


def as_utf8(value: str) -> str:
    """Return a header's text; headers reach Python as latin-1 (PEP 3333)."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def _decode_extended(value: str) -> str:
    match = EXTENDED_VALUE.fullmatch(value)
    if match is None:
        raise ValueError("filename* is not of the form UTF-8''NAME (RFC 8187).")
    try:
        return unquote(match[2], encoding=match[1], errors="strict")
    except UnicodeDecodeError:
        raise ValueError(f"filename* is not {match[1]} (RFC 8187).") from None


def _decode_sha256(value: str) -> bytes:
    try:
        digest = base64.b64decode(value, validate=True)
    except binascii.Error:
        raise ValueError("Content-Digest is not base64.") from None
    if len(digest) != 32:
        raise ValueError("Content-Digest: a sha-256 digest has 32 bytes.")
    return digest
