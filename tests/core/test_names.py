"""What becomes of a file's name."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from chunked_uploads.core.names import clean_filename, usable_name
from chunked_uploads.storages import safe_name

# Names, and what is kept of them: also by the page, in tests/js/naming.test.js.
KEPT = json.loads((Path(__file__).parent / "names.json").read_text(encoding="ascii"))


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        *KEPT,
        ("x" * 500, "x" * 500),
        ("x" * 5000, "x" * 500),
        ("x" * 5000 + ".mp4", "x" * 496 + ".mp4"),
        ("🎬" * 499 + ".mp4", "🎬" * 496 + ".mp4"),
        ("." + "x" * 5000, "." + "x" * 499),
        ("x." + "y" * 5000, "x." + "y" * 448 + "y" * 50),
    ],
)
def test_file_name_keeps_its_last_component_without_control_characters(
    name: str, clean: str
) -> None:
    assert clean_filename(name) == clean


@pytest.mark.parametrize(
    "name",
    [
        "x" * 256 + ".mp4",
        "x" * 500,
        "映" * 100 + ".mp4",
        "映" * 300 + ".tar",
        "💥" * 100 + ".mp4",
        "💥.mp4",
        "a" + "é" * 300 + ".webm",
    ],
    ids=len,
)
def test_long_name_keeps_its_extension_wherever_it_is_cut(name: str) -> None:
    extension = os.path.splitext(name)[1]

    for cut in (usable_name(clean_filename(name)), safe_name(clean_filename(name))):
        assert os.path.splitext(cut)[1] == extension
        assert len(cut.encode()) <= 255


@pytest.mark.parametrize("name", ["film.mp4", "映" * 83 + ".mp4", "x" * 251 + ".mp4"])
def test_name_that_is_short_enough_stays(name: str) -> None:
    assert usable_name(name) == name


@pytest.mark.parametrize(
    "name", ["", " ", ".", "..", " .. ", "a/", "a/..", "\\", "\0", "a/\r\n", "\ud800"]
)
def test_file_name_of_which_nothing_is_left_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="empty"):
        clean_filename(name)
