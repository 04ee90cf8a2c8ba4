"""What becomes of a file's name."""

from __future__ import annotations

import pytest

from chunked_uploads.core.names import clean_filename


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("film.mp4", "film.mp4"),
        ("  film.mp4 ", "film.mp4"),
        ("映画.mp4", "映画.mp4"),
        ('"100%".mp4', '"100%".mp4'),
        ("/etc/passwd", "passwd"),
        ("../../../film.mp4", "film.mp4"),
        (r"C:\films\film.mp4", "film.mp4"),
        (r"..\..\film.mp4", "film.mp4"),
        ("..film", "..film"),
        ("fi\0lm\r\n.mp4\x7f\x85", "film.mp4"),
        ("fi\ud800lm\udfff.mp4", "film.mp4"),
        ("x" * 500, "x" * 500),
        ("x" * 5000, "x" * 500),
        ("x" * 5000 + ".mp4", "x" * 496 + ".mp4"),
        ("." + "x" * 5000, "." + "x" * 499),
        ("x." + "y" * 5000, "x." + "y" * 448 + "y" * 50),
    ],
)
def test_file_name_keeps_its_last_component_without_control_characters(
    name: str, clean: str
) -> None:
    assert clean_filename(name) == clean


@pytest.mark.parametrize(
    "name", ["", " ", ".", "..", " .. ", "a/", "a/..", "\\", "\0", "a/\r\n", "\ud800"]
)
def test_file_name_of_which_nothing_is_left_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="empty"):
        clean_filename(name)
