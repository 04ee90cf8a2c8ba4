"""What goes wrong, and time that goes by: for the tests of the core."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from chunked_uploads.models import Removal, Upload
from tests.sending import part_of


def fail_sync(
    monkeypatch: pytest.MonkeyPatch, of: Callable[[str], bool], number: int
) -> None:
    """Let the first sync of a path that `of` chooses fail, and all later ones not."""
    fsync, is_told = os.fsync, False

    def tell_once(fd: int) -> None:
        nonlocal is_told
        if not is_told and of(os.readlink(f"/dev/fd/{fd}")):
            is_told = True
            raise OSError(number, os.strerror(number))
        fsync(fd)

    monkeypatch.setattr(os, "fsync", tell_once)


def make_old(upload: Upload, days: float, media_root: Path) -> Upload:
    """Make the upload and its bytes as if nothing had happened for `days`."""
    at = timezone.now() - datetime.timedelta(days=days)
    Upload.objects.filter(pk=upload.pk).update(modified_at=at)
    make_file_old(part_of(upload, media_root), days)
    return upload


def make_file_old(path: Path, days: float) -> None:
    """Make the file, where there is one, as if it had been written then."""
    at = timezone.now() - datetime.timedelta(days=days)
    if path.exists():
        os.utime(path, (at.timestamp(), at.timestamp()))


def make_removals_old() -> None:
    """Make what is to be removed as if it had been noted two hours ago."""
    old = timezone.now() - datetime.timedelta(hours=2)
    Removal.objects.update(created_at=old)


class Killed(BaseException):
    """The process died here."""


def die_once(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
    """Let the process die at this step, and the next one not."""
    step: Callable[..., Any] = getattr(owner, name)

    def die(*arguments: Any, **options: Any) -> None:
        monkeypatch.setattr(owner, name, step)
        raise Killed

    monkeypatch.setattr(owner, name, die)
