"""The finished file's digest, carried along while the bytes arrive in order.

`hashlib` can't put a half-done hash aside. OpenSSL, where Python links it, can
(`libcrypto`), and so can `rehashes` (the extra `[digest]`). Without either the digest
is computed by one read when the upload is done.
"""

from __future__ import annotations

import functools
import hashlib
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol

from chunked_uploads.conf import conf
from chunked_uploads.system import libcrypto

if TYPE_CHECKING:
    from chunked_uploads.models import Upload

try:
    import rehashes
except ImportError:  # the extra is not installed
    rehashes = None

ALGORITHMS = ("md5", "sha256")
REHASHES = {"md5": "PyMd5", "sha256": "PySha256"}  # its classes


class Digest(Protocol):
    """A digest on its way."""

    def update(self, block: bytes | memoryview, /) -> None:
        """Take in the next bytes."""

    def hexdigest(self) -> str:
        """Return the digest of what was taken in, in lower-case hexadecimal."""


class CarriedDigest(Digest, Protocol):
    """A digest that can be put aside between two requests."""

    def state(self) -> bytes:
        """Return what another one goes on from."""


class Carrier(NamedTuple):
    """What makes digests that can be put aside."""

    mark: bytes  # of the states that it can go on from
    carry_on: Callable[[bytes | None], CarriedDigest]


class RehashesDigest:
    """A `CarriedDigest` of `rehashes`."""

    def __init__(self, algorithm: str, state: bytes | None) -> None:
        kind = getattr(rehashes, REHASHES[algorithm])
        self._hash = kind() if state is None else kind.deserialize(state)
        self.state = self._hash.serialize
        self.hexdigest = self._hash.finalize

    def update(self, block: bytes | memoryview) -> None:
        """Take in the next bytes."""
        self._hash.update(bytes(block))


def can_carry(algorithm: str) -> bool:
    """Whether a digest can be carried along here."""
    return _carrier(algorithm) is not None


def bytes_behind(upload: Upload) -> int:
    """Return how many bytes are held without a gap that a digest still lacks."""
    algorithm = conf.CHUNKED_UPLOADS_DIGEST
    is_carried = algorithm is not None and can_carry(algorithm)
    return max(0, upload.offset - upload.hashed) if is_carried else 0


def carry_on(upload: Upload) -> CarriedDigest | None:
    """Return the digest over the first `upload.hashed` bytes.

    None where no digest is wanted or none can be carried, or where the state was put
    aside by something else or for another algorithm.
    """
    algorithm = conf.CHUNKED_UPLOADS_DIGEST
    carrier = None if algorithm is None else _carrier(algorithm)
    if carrier is None:
        return None
    if upload.hashed == 0:
        return carrier.carry_on(None)
    state = bytes(upload.hash_state or b"")
    if not state.startswith(carrier.mark):
        return None
    try:
        return carrier.carry_on(state[len(carrier.mark) :])
    except ValueError:  # it was cut
        return None


def put_aside(digest: CarriedDigest) -> bytes:
    """Return the digest's state, marked with what can read it."""
    algorithm = conf.CHUNKED_UPLOADS_DIGEST
    carrier = None if algorithm is None else _carrier(algorithm)
    assert carrier is not None, "a digest is carried only where one is wanted"
    return carrier.mark + digest.state()


def start(algorithm: str) -> Digest:
    """Return a digest over nothing yet."""
    return hashlib.new(algorithm, usedforsecurity=False)


def _carrier(algorithm: str) -> Carrier | None:
    if libcrypto.is_usable(algorithm):
        mark = f"{algorithm}/libcrypto-{sys.byteorder}:"
        return Carrier(mark.encode(), functools.partial(libcrypto.Hash, algorithm))
    if rehashes is not None:
        # It reads only what the same version of it wrote.
        mark = f"{algorithm}/rehashes-{_rehashes_version()}:"
        return Carrier(mark.encode(), functools.partial(RehashesDigest, algorithm))
    return None


@functools.cache  # it is read from disk
def _rehashes_version() -> str:
    from importlib.metadata import version

    return version("rehashes")
