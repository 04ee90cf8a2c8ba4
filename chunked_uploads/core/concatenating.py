"""Join uploads into one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chunked_uploads.models import Upload


def concatenate(upload: Upload, parts: Sequence[Upload]) -> None:
    """Fill `upload` with the bytes of `parts`, in order."""
    raise NotImplementedError


def mark_joined(parts: Iterable[Upload]) -> None:
    """Say that the parts are in a complete file."""
    raise NotImplementedError
