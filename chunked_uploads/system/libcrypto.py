"""Hashes of OpenSSL's that can be stopped, stored and gone on with.

`hashlib` does not give a hash's state away. The library that it is made of does, by
functions that keep all of the state in a structure of the caller's (`SHA256_Update(3)`,
`MD5_Update(3)`), and they run without Python's lock. Found where Python links it as a
shared library, as Linux distributions do, and left alone in FIPS mode.
"""

from __future__ import annotations

import functools
import hashlib
from typing import Any

try:
    import ctypes
except (ImportError, OSError):  # Python was built without it
    ctypes = None  # type: ignore[assignment]

# By algorithm: the functions' prefix; the structure's size and the digest's, in bytes.
ALGORITHMS = {"sha256": ("SHA256", 112, 32), "md5": ("MD5", 92, 16)}
ROOM = 256  # bytes; more than the structure takes in any version known


class Hash:
    """A hash of `algorithm`, begun anew or from the `state` of another.

    Raises `ValueError` where that is no such state.
    """

    def __init__(self, algorithm: str, state: bytes | None = None) -> None:
        prefix, self._state_size, self._digest_size = ALGORITHMS[algorithm]
        if state is not None and len(state) != self._state_size:
            raise ValueError("The state of a hash has another length.")
        library = _library()
        self._update = getattr(library, f"{prefix}_Update")
        self._final = getattr(library, f"{prefix}_Final")
        self._state = ctypes.create_string_buffer(state or b"", ROOM)
        if state is None:
            getattr(library, f"{prefix}_Init")(self._state)

    def update(self, block: bytes | memoryview) -> None:
        """Take in the next bytes, while other threads run."""
        size = len(block)
        address: Any = block
        if isinstance(block, memoryview) and not block.readonly:
            address = (ctypes.c_char * size).from_buffer(block)
        elif not isinstance(block, bytes):
            address = bytes(block)
        self._update(self._state, address, ctypes.c_size_t(size))

    def state(self) -> bytes:
        """Return what another `Hash` on a machine of this kind goes on from."""
        return self._state.raw[: self._state_size]

    def hexdigest(self) -> str:
        """Return the digest of what was taken in, in lower-case hexadecimal."""
        copy = ctypes.create_string_buffer(self._state.raw, ROOM)
        digest = ctypes.create_string_buffer(self._digest_size)
        self._final(digest, copy)
        return digest.raw.hex()


@functools.cache
def is_usable(algorithm: str) -> bool:
    """Whether the library is there and does what `hashlib` does, over two halves."""
    if _is_in_fips_mode() or _library() is None:
        return False
    text = bytes(range(256)) * 3
    try:
        first = Hash(algorithm)
        first.update(text[:333])
        second = Hash(algorithm, first.state())
        second.update(text[333:])
        found = second.hexdigest()
    except AttributeError:  # built without these functions
        return False
    return found == hashlib.new(algorithm, text, usedforsecurity=False).hexdigest()


def _is_in_fips_mode() -> bool:
    # These functions are none of a validated module's: OpenSSL 3 gives them all the
    # same, but OpenSSL 1.1.1 of Red Hat's ends the process that calls them.
    try:
        from _hashlib import get_fips_mode
    except ImportError:  # Python was built without OpenSSL, or with another library
        return False
    return bool(get_fips_mode())


@functools.cache
def _library() -> Any:
    """Return the library by its name in the module that links it, None without."""
    try:
        import _hashlib

        return ctypes.CDLL(_hashlib.__file__)
    except (ImportError, AttributeError, OSError):  # also where ctypes is None
        return None
