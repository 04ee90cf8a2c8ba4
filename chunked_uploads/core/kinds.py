"""Kinds of files, as a file input's `accept` names them: `.txt`, `image/*`, `a/b`.

All of it goes by names, and by what a sender says: nobody looks at a file's bytes.
"""

from __future__ import annotations

import mimetypes
import os
import re
from collections.abc import Iterable

from django.utils.translation import pgettext_lazy

Kinds = tuple[str, ...]

# An extension, or a media type (RFC 9110, section 8.3.1) of which the end may be open.
SIGNS = r"[\w!#$&^+-]+(?:\.[\w!#$&^+-]+)*"
KIND = re.compile(rf"\.{SIGNS}|{SIGNS}/(?:\*|{SIGNS})")
EVERYTHING = "*/*"
GROUPS = {
    "image/*": pgettext_lazy("upload", "images"),
    "video/*": pgettext_lazy("upload", "videos"),
    "audio/*": pgettext_lazy("upload", "audio files"),
    "text/*": pgettext_lazy("upload", "text files"),
}


def parse_kinds(value: str | Iterable[str] | None) -> Kinds | None:
    """Return the kinds that `value` names, in lower case; None for all.

    It is a text with commas, or a list; an extension may lack its dot. Raises
    `ValueError`.
    """
    listed = value.split(",") if isinstance(value, str) else [*(value or ())]
    kinds = [_parse(each.strip().lower()) for each in listed if each.strip()]
    return None if not kinds or EVERYTHING in kinds else tuple(dict.fromkeys(kinds))


def parse_extensions(extensions: Iterable[str]) -> Kinds:
    """Return the kinds that these extensions are, with dots or without."""
    return tuple(f".{each.lower().lstrip('.')}" for each in extensions)


def _parse(text: str) -> str:
    kind = text if "/" in text or text.startswith(".") else f".{text}"
    if kind != EVERYTHING and not KIND.fullmatch(kind):
        raise ValueError(f"{text!r} is neither an extension nor a media type.")
    return kind


def takes(kinds: Kinds | None, filename: str, media_type: str = "") -> bool:
    """Whether a file of this name is of one of the kinds.

    `media_type` is what its sender says, and counts where the name tells none: a web
    server goes by the name as well, and `page.html` is a page whatever it was called
    on its way. What tells nothing at all is taken where any media type is.
    """
    if kinds is None:
        return True
    name = filename.lower()
    if any(
        is_extension(each) and name.endswith(each) and name != each for each in kinds
    ):
        return True
    wanted = [each for each in kinds if not is_extension(each)]
    found = media_type_of(name) or media_type.partition(";")[0].strip().lower()
    return bool(wanted) and (not found or any(_is_of(found, each) for each in wanted))


def narrow(first: Kinds | None, second: Kinds | None) -> Kinds | None:
    """Return the kinds that both take: `()` where they have nothing in common."""
    if first is None or second is None:
        return second if first is None else first
    both = [each for each in first if _is_within(each, second)]
    both += [each for each in second if _is_within(each, first)]
    return tuple(dict.fromkeys(both))


def describe(kinds: Kinds) -> str:
    """Return the kinds as somebody would name them, with commas."""
    return ", ".join(dict.fromkeys(_name_of(each) for each in kinds))


def media_type_of(filename: str) -> str:
    """Return the media type that the name's extension stands for; empty for none."""
    # The extension alone: Python reads more into a name that looks like a URL.
    extension = os.path.splitext(filename)[1]
    found, coding = mimetypes.guess_type(f"file{extension}")
    return f"application/{coding}" if coding else found or ""


def is_extension(kind: str) -> bool:
    """Whether the kind is an extension, with its dot."""
    return kind.startswith(".")


def _is_of(media_type: str, kind: str) -> bool:
    return media_type == kind or (
        kind.endswith("/*") and media_type.startswith(kind[:-1])
    )


def _is_within(kind: str, kinds: Kinds) -> bool:
    if is_extension(kind):
        return takes(kinds, f"file{kind}")
    return any(_is_of(kind, each) for each in kinds)


def _name_of(kind: str) -> str:
    if kind in GROUPS:
        return str(GROUPS[kind])
    return mimetypes.guess_extension(kind) or kind
