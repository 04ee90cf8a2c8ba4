"""Storages that sites may have: with a way of their own to write, full, overwriting."""

from __future__ import annotations

import errno
import os
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, InMemoryStorage, Storage


def use(settings: Any, storage: type, **options: Any) -> None:
    """Let finished files go to a storage of this class."""
    backend = f"{storage.__module__}.{storage.__qualname__}"
    chosen = {"BACKEND": backend, "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "default": chosen}


def simulate_file_systems(monkeypatch: Any) -> None:
    """Make every folder one of its own, as far as renaming goes."""
    replace = os.replace

    def refuse(source: str, target: str) -> None:
        if os.path.dirname(source) != os.path.dirname(target):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse)


class Copying(FileSystemStorage):
    """Writes files in a way of its own: nothing may be put at their paths."""

    def _save(self, name: str, content: Any) -> str:
        return super()._save(name, content)  # type: ignore[misc]


class Shouting(FileSystemStorage):
    """Does something to what it saves."""

    def _save(self, name: str, content: Any) -> str:
        return super()._save(name, ContentFile(content.read().upper()))  # type: ignore[misc]


class Mirrored:
    """What a file is turned into, byte by byte, and back again."""

    @staticmethod
    def turn(content: Any) -> ContentFile:
        return ContentFile(bytes(255 - byte for byte in content.read()))


class MirroringSave(FileSystemStorage):
    """Turns every byte on its way, by the public methods alone."""

    def save(self, name: Any, content: Any, max_length: int | None = None) -> str:
        return super().save(name, Mirrored.turn(content), max_length)

    def open(self, name: str, mode: str = "rb") -> Any:
        with super().open(name, mode) as file:
            return Mirrored.turn(file)


class MirroringOpen(FileSystemStorage):
    """Turns every byte when it is read: files have to be turned by who writes them."""

    def open(self, name: str, mode: str = "rb") -> Any:
        with super().open(name, mode) as file:
            return Mirrored.turn(file)


class Overwriting(FileSystemStorage):
    """Removes what is in the way, as many sites have it."""

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        if self.exists(name):
            self.delete(name)
        return name


class Failing(FileSystemStorage):
    """Fails in the middle of a file, for as long as `failures` says."""

    failures = 0

    def _save(self, name: str, content: Any) -> str:
        if Failing.failures:
            Failing.failures -= 1
            super()._save(name, ContentFile(content.read(4)))  # type: ignore[misc]
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super()._save(name, content)  # type: ignore[misc]


class Undeletable(FileSystemStorage):
    """Deletes nothing for as long as `is_stuck` says."""

    is_stuck = True

    def delete(self, name: str) -> None:
        if Undeletable.is_stuck:
            raise RuntimeError("the bucket does not answer")
        super().delete(name)


class Elsewhere(Storage):
    """Keeps files on another machine, as it were: they have no paths."""

    def __init__(self) -> None:
        kept: Any = InMemoryStorage()
        for name in ("_open", "_save", "exists", "size", "delete"):
            setattr(self, name, getattr(kept, name))


class Stuck(Undeletable, Failing):
    """Fails in the middle of a file, and does not delete it either."""


class Lowering(FileSystemStorage):
    """Knows its files by names in lower case, whatever they are called."""

    def path(self, name: str) -> str:
        return super().path(name.lower())

    def _save(self, name: str, content: Any) -> str:
        return super()._save(name, content).lower()  # type: ignore[misc]


class CopyingOver(Copying, Overwriting):
    """Copies, and overwrites what it finds, as buckets do."""


class BucketError(Exception):
    """As buckets' libraries raise, which nobody else knows."""
