"""Parts that are joined into a file, and what happens while they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from chunked_uploads.core import ranges
from chunked_uploads.core.concatenating import concatenate
from chunked_uploads.core.finishing import complete
from chunked_uploads.core.receiving import receive
from chunked_uploads.core.starting import start_upload
from chunked_uploads.models import Upload
from tests.core.faults import Killed
from tests.sending import Bytes, finished


def begin_part(user: User, content: bytes, size: int | None = None) -> Upload:
    """Return a part that has this content, of `size` bytes in all."""
    size = len(content) if size is None else size
    part = start_upload(user, "", size, "", role=Upload.Role.PART)
    receive(part, 0, len(content), Bytes(content))
    return part


def begin(user: User, parts: list[Upload]) -> Upload:
    size = sum(part.filesize or 0 for part in parts)
    return start_upload(user, "film.mp4", size, "")


def begin_all(user: User, contents: list[bytes]) -> tuple[Upload, list[Upload]]:
    """Return an upload that nothing was joined for yet, and its parts."""
    parts = [begin_part(user, content) for content in contents]
    return begin(user, parts), parts


def assert_finishes(upload: Upload, parts: list[Upload], content: bytes) -> None:
    """Join what is missing, and the file is there; the parts are there, too."""
    concatenate(upload, parts)
    complete(upload)
    assert finished(upload) == content
    for part in parts:
        part.refresh_from_db()
        assert part.offset == part.filesize


@pytest.fixture
def at_record(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what does something before the record of this number, from 1 on."""

    def hook(number: int, do: Callable[[], object]) -> None:
        record, calls = ranges.record, 0

        def record_or_do(*arguments: Any, **options: Any) -> bool:
            nonlocal calls
            calls += 1
            if calls == number:
                do()
            return record(*arguments, **options)

        monkeypatch.setattr(ranges, "record", record_or_do)

    return hook


def die() -> None:
    raise Killed
