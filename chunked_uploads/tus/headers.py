"""Parse and write the headers of tus 1.0.0.

Pure functions: they raise `ValueError`, and the caller chooses what that means. What
stands in quotes is the specification's.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import NamedTuple

from chunked_uploads.digests.arriving import Checksum

VERSION = "1.0.0"
CONTENT_TYPE = "application/offset+octet-stream"
# "The Server MUST support at least the SHA1 checksum algorithm."
ALGORITHMS = ("sha1", "md5", "sha256")
PARTIAL = "partial"
FINAL = "final;"
# "The key MUST NOT contain spaces and commas and MUST NOT be empty. The key SHOULD be
# ASCII encoded".
KEY = re.compile(r"[!-+\--~]+")


class Metadata(NamedTuple):
    """What the client says of the file: text by key, and as it was sent."""

    values: dict[str, str]
    header: str


def parse_count(name: str, value: str) -> int:
    """Return the number of bytes that the header `name` has."""
    # "The value MUST be a non-negative integer."
    if not re.fullmatch("[0-9]{1,18}", value.strip()):
        raise ValueError(f"{name} is not a number of bytes.")
    return int(value)


def parse_length(length: str | None, defer: str | None) -> int | None:
    """Return what `Upload-Length` says, None where `Upload-Defer-Length` puts it off.

    Raises `ValueError` also where neither or both are there.
    """
    # "If the Upload-Defer-Length header contains any other value than 1 the server
    # should return a 400 Bad Request status."
    if defer is not None and defer.strip() != "1":
        raise ValueError("Upload-Defer-Length is 1, where it is sent.")
    # "The request MUST include one of the following headers".
    if (length is None) == (defer is None):
        raise ValueError("Send either Upload-Length or Upload-Defer-Length: 1.")
    return None if length is None else parse_count("Upload-Length", length)


def parse_metadata(value: str) -> Metadata:
    """Return what `Upload-Metadata` says. Raises `ValueError`."""
    values: dict[str, str] = {}
    # "one or more comma-separated key-value pairs. The key and value MUST be separated
    # by a space."
    pairs = [pair.strip(" ") for pair in value.split(",")] if value.strip() else []
    for pair in pairs:
        # "The value MAY be empty. In these cases, the space, which would normally
        # separate the key and the value, MAY be left out."
        key, _, encoded = pair.partition(" ")
        if not KEY.fullmatch(key):
            raise ValueError("Upload-Metadata has a key that is empty, or not ASCII.")
        # "All keys MUST be unique."
        if key in values:
            raise ValueError(f"Upload-Metadata has the key {key} twice.")
        values[key] = _as_text(_decode("Upload-Metadata", encoded))
    return Metadata(values, value)


def format_metadata(values: Mapping[str, str]) -> str:
    """Return what `Upload-Metadata` has to say, but for keys that it can't have."""
    pairs = []
    for key, text in values.items():
        if KEY.fullmatch(key):
            encoded = base64.b64encode(text.encode()).decode()
            pairs.append(f"{key} {encoded}".rstrip())
    return ",".join(pairs)


def parse_checksum(value: str) -> Checksum:
    """Return what `Upload-Checksum` says. Raises `ValueError`."""
    # "The header MUST consist of the name of the used checksum algorithm and the Base64
    # encoded checksum separated by a space."
    algorithm, _, encoded = value.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise ValueError(f"Upload-Checksum is one of {', '.join(ALGORITHMS)}.")
    digest = _decode("Upload-Checksum", encoded)
    if len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise ValueError(f"Upload-Checksum has no digest of {algorithm}.")
    return Checksum(algorithm, digest)


def parse_concat(value: str) -> list[str]:
    """Return the URLs that `Upload-Concat` lists; none for a partial upload.

    Raises `ValueError`.
    """
    # "If the upload is a partial one, the header value MUST be partial."
    if value == PARTIAL:
        return []
    # "In the case of a final upload, its value MUST be final followed by a semicolon
    # and a space-separated list of partial upload URLs".
    urls = value.removeprefix(FINAL).split()
    if not value.startswith(FINAL) or not urls:
        raise ValueError("Upload-Concat is 'partial' or 'final;URL URL'.")
    return urls


def _decode(name: str, encoded: str) -> bytes:
    # "the value MUST be Base64 encoded".
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"{name} is not Base64.") from None


def _as_text(value: bytes) -> str:
    # "Since metadata can contain arbitrary binary values, Servers SHOULD carefully
    # validate metadata values or sanitize them". Databases take no NUL in a text.
    return value.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
