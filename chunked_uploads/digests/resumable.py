"""Digests that can be stopped, stored and gone on with, in another process.

`hashlib` can't give a half-done hash's state away. OpenSSL, where Python links it, can
(`libcrypto`), and so can `rehashes` (the extra `[digest]`).
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import NamedTuple, Protocol

from chunked_uploads.system import libcrypto

try:
    import rehashes
except ImportError:  # the extra is not installed
    rehashes = None

ALGORITHMS = ("md5", "sha256")
REHASHES = {"md5": "PyMd5", "sha256": "PySha256"}  # its classes


class Hash(Protocol):
    """A digest on its way."""

    def update(self, block: bytes | memoryview, /) -> None:
        """Take in the next bytes."""

    def digest(self) -> bytes:
        """Return the digest of what was taken in."""


class ResumableHash(Protocol):
    """A digest on its way, whose state another one can go on from."""

    def update(self, block: bytes | memoryview, /) -> None:
        """Take in the next bytes."""

    def hexdigest(self) -> str:
        """Return the digest of what was taken in, in lower-case hexadecimal."""

    def state(self) -> bytes:
        """Return what another one goes on from."""


class Maker(NamedTuple):
    """What makes digests that can be gone on with."""

    mark: bytes  # of the states that it can go on from
    make: Callable[[bytes | None], ResumableHash]


class RehashesHash:
    """A `ResumableHash` of `rehashes`."""

    def __init__(self, algorithm: str, state: bytes | None) -> None:
        kind = getattr(rehashes, REHASHES[algorithm])
        self._hash = kind() if state is None else kind.deserialize(state)
        self.state = self._hash.serialize
        self.hexdigest = self._hash.finalize

    def update(self, block: bytes | memoryview) -> None:
        """Take in the next bytes."""
        self._hash.update(bytes(block))


def can_resume(algorithm: str) -> bool:
    """Whether digests can be gone on with here."""
    return _maker(algorithm) is not None


def resume(algorithm: str, state: bytes | None) -> ResumableHash | None:
    """Return a digest that goes on from a `stored` state, with None from nothing.

    None where that can't be here, or where the state is another kind's or algorithm's.
    """
    maker = _maker(algorithm)
    if maker is None:
        return None
    if state is None:
        return maker.make(None)
    if not state.startswith(maker.mark):
        return None
    try:
        return maker.make(state[len(maker.mark) :])
    except ValueError:  # it was cut
        return None


def stored(algorithm: str, digest: ResumableHash) -> bytes:
    """Return the digest's state, marked with what can go on from it."""
    maker = _maker(algorithm)
    assert maker is not None, "nothing else made the digest"
    return maker.mark + digest.state()


def _maker(algorithm: str) -> Maker | None:
    if libcrypto.is_usable(algorithm):
        mark = f"{algorithm}/libcrypto-{sys.byteorder}:"
        return Maker(mark.encode(), functools.partial(libcrypto.Hash, algorithm))
    if rehashes is not None:
        # It reads only what the same version of it wrote.
        mark = f"{algorithm}/rehashes-{_rehashes_version()}:"
        return Maker(mark.encode(), functools.partial(RehashesHash, algorithm))
    return None


@functools.cache  # it is read from disk
def _rehashes_version() -> str:
    from importlib.metadata import version

    return version("rehashes")
