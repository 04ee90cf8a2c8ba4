"""The finished file's digest, carried along while the bytes arrive in order.

`hashlib` can't put a half-done hash aside; `rehashes` (the extra `[digest]`) can.
Without it the digest is computed by one read when the upload is done.
"""

from __future__ import annotations

import functools
import hashlib
from typing import TYPE_CHECKING, Protocol

from chunked_uploads.conf import conf

if TYPE_CHECKING:
    from chunked_uploads.models import Upload

try:
    import rehashes
except ImportError:  # the extra is not installed
    rehashes = None

ALGORITHMS = {"md5": "PyMd5", "sha256": "PySha256"}


class Digest(Protocol):
    """A digest on its way over the bytes from 0."""

    def update(self, block: bytes) -> None:
        """Take in the next bytes."""

    def hexdigest(self) -> str:
        """Return the digest of what was taken in, in lower-case hexadecimal."""


class CarriedDigest:
    """A digest that can be put aside between two requests."""

    def __init__(self, algorithm: str, state: bytes | None) -> None:
        kind = getattr(rehashes, ALGORITHMS[algorithm])
        self._hash = kind() if state is None else kind.deserialize(state)
        self.update = self._hash.update

    def state(self) -> bytes:
        """Return what another `CarriedDigest` goes on from."""
        return self._hash.serialize()

    def hexdigest(self) -> str:
        """Return the digest of what was taken in, in lower-case hexadecimal."""
        return self._hash.finalize()


def is_behind(upload: Upload) -> bool:
    """Whether a digest is wanted of bytes that are held and were not hashed yet."""
    is_carried = conf.CHUNKED_UPLOADS_DIGEST is not None and rehashes is not None
    return is_carried and upload.hashed < upload.offset


def carry_on(upload: Upload) -> CarriedDigest | None:
    """Return the digest over the first `upload.hashed` bytes.

    None where no digest is wanted, where `rehashes` is missing, or where the state
    was put aside by another version or for another algorithm.
    """
    algorithm = conf.CHUNKED_UPLOADS_DIGEST
    if algorithm is None or rehashes is None:
        return None
    if upload.hashed == 0:
        return CarriedDigest(algorithm, None)
    mark = _mark(algorithm)
    state = bytes(upload.hash_state or b"")
    if not state.startswith(mark):
        return None
    return CarriedDigest(algorithm, state[len(mark) :])


def put_aside(digest: CarriedDigest) -> bytes:
    """Return the digest's state, marked with what can read it."""
    algorithm = conf.CHUNKED_UPLOADS_DIGEST
    assert algorithm is not None, "a digest is carried only where one is wanted"
    return _mark(algorithm) + digest.state()


def start(algorithm: str) -> Digest:
    """Return a digest over nothing yet."""
    return hashlib.new(algorithm, usedforsecurity=False)


def _mark(algorithm: str) -> bytes:
    # rehashes reads only what the same version of it wrote.
    version = getattr(rehashes, "__version__", None) or _installed_version()
    return f"{algorithm}/{version}:".encode()


@functools.cache  # it is read from disk
def _installed_version() -> str:
    from importlib.metadata import version

    return version("rehashes")
