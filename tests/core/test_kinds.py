"""Kinds of files, as a file input's `accept` names them."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from chunked_uploads.core.kinds import describe, narrow, parse_kinds, takes


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        (None, None),
        ("", None),
        (" , ", None),
        ("*/*", None),
        (".txt,*/*", None),
        ([], None),
        (".txt", (".txt",)),
        ("txt", (".txt",)),
        (" .TXT , Image/* ,.txt", (".txt", "image/*")),
        (
            [".tar.gz", "application/vnd.ms-excel"],
            (".tar.gz", "application/vnd.ms-excel"),
        ),
    ],
)
def test_kinds_are_read_as_a_browser_reads_them(value: Any, kinds: Any) -> None:
    assert parse_kinds(value) == kinds


@pytest.mark.parametrize(
    "value", [".", "/", "image/", "/png", "*", "*/png", ".t xt", "a/b/c", '"', "<"]
)
def test_what_is_no_kind_is_an_error(value: str) -> None:
    with pytest.raises(ValueError, match="neither"):
        parse_kinds(value)


@pytest.mark.parametrize(
    ("accept", "name", "media_type", "is_taken"),
    [
        (".txt", "a.txt", "", True),
        (".txt", "a.TXT", "", True),
        (".txt", ".txt", "", False),
        (".txt", "txt", "", False),
        (".txt", "a.txt.exe", "text/plain", False),
        (".txt", "a.exe", "text/plain", False),
        (".tar.gz", "a.tar.gz", "", True),
        (".tar.gz", "a.gz", "", False),
        ("image/*", "a.png", "", True),
        ("image/*", "a.png", "text/html", True),
        ("image/*", "a.html", "image/png", False),
        ("image/*", "a.png.html", "image/png", False),
        ("image/*", "data:image/png,a.html", "", False),
        ("image/*", "http://x/a.png?a.html", "", False),
        ("image/*", "a.svg.gz", "image/svg+xml", False),
        ("image/png", "a.png", "", True),
        ("image/png", "a.jpg", "image/png", False),
        # A name that tells nothing: the sender's word counts, or nothing does.
        ("image/*", "a", "image/heic", True),
        ("image/*", "a.unheard-of", "IMAGE/PNG; q=1", True),
        ("image/*", "a", "text/plain", False),
        ("image/*", "a", "imagepng", False),
        ("image/*", "a", "", True),
        (".txt,image/*", "a", "", True),
        (".txt", "a", "", False),
    ],
)
def test_file_is_of_a_kind_by_its_name(
    accept: str, name: str, media_type: str, is_taken: bool
) -> None:
    assert takes(parse_kinds(accept), name, media_type) is is_taken


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        (None, ".txt", (".txt",)),
        (".txt,image/*", ".png,.txt,.exe", (".txt", ".png")),
        (".tar.gz", ".gz,.zip", (".tar.gz",)),
        ("image/*", "image/png,text/plain", ("image/png",)),
        (".txt", ".exe", ()),
    ],
)
def test_two_limits_leave_what_both_let_through(
    first: str | None, second: str, both: tuple[str, ...]
) -> None:
    for one, other in ((first, second), (second, first)):
        assert set(narrow(parse_kinds(one), parse_kinds(other)) or ()) == set(both)


def test_kinds_are_named_in_the_readers_language() -> None:
    kinds = parse_kinds(".txt,image/*,application/pdf,application/x-unheard-of")

    with translation.override("en"):
        assert describe(kinds or ()) == ".txt, images, .pdf, application/x-unheard-of"
