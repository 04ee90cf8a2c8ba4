"""What files are taken: by the site's settings, and by less where a page says so.

A page's own limits travel with the first request of each file, signed: the server keeps
them without knowing the page. Whoever leaves them out gets the site's.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.core.signing import BadSignature, Signer
from django.utils.translation import gettext

from chunked_uploads.conf import conf
from chunked_uploads.core.amounts import format_size
from chunked_uploads.core.kinds import (
    Kinds,
    describe,
    narrow,
    parse_extensions,
    parse_kinds,
    takes,
)
from chunked_uploads.errors import PermissionDenied, TooLarge, TypeRefused


@dataclass(frozen=True)
class Limits:
    """Files of these kinds, of at most `max_size` bytes; None: of all, of any size."""

    kinds: Kinds | None = None
    max_size: int | None = None

    def within(self, other: Limits) -> Limits:
        """Return what both let through."""
        sizes = [each for each in (self.max_size, other.max_size) if each is not None]
        return Limits(narrow(self.kinds, other.kinds), min(sizes, default=None))


NONE = Limits()


def check_file(
    filename: str,
    filesize: int | None,
    own: Limits = NONE,
    media_type: str = "",
) -> None:
    """Raise `TooLarge` or `TypeRefused` where such a file is not taken.

    By the site's settings and by `own` limits. A size of None is not known yet;
    `media_type` is what the sender says.
    """
    site = site_limits()
    both = own.within(site)
    _check_size(filesize or 0, both.max_size)
    for limits in (site, own):
        if not takes(limits.kinds, filename, media_type):
            raise TypeRefused(
                gettext("Only these are taken: %(types)s.")
                % {"types": describe(both.kinds or limits.kinds or ())}
            )


def check_size(size: int) -> None:
    """Raise `TooLarge` where the site takes no file of so many bytes."""
    _check_size(size, conf.CHUNKED_UPLOADS_MAX_SIZE)


def _check_size(size: int, largest: int | None) -> None:
    if largest is not None and size > largest:
        raise TooLarge(
            gettext("The file is larger than %(size)s.")
            % {"size": format_size(largest)}
        )


def site_limits() -> Limits:
    """Return what the settings say."""
    allowed = conf.CHUNKED_UPLOADS_ALLOWED_EXTENSIONS
    kinds = None if allowed is None else parse_extensions(allowed)
    return Limits(kinds, conf.CHUNKED_UPLOADS_MAX_SIZE)


def sign_limits(limits: Limits) -> str:
    """Return the limits as a page sends them, empty for none.

    They don't expire, since a page may stay open for days, and whoever has old ones
    could as well send none.
    """
    if limits == NONE:
        return ""
    kinds = None if limits.kinds is None else ",".join(limits.kinds)
    return _signer().sign_object([kinds, limits.max_size])


def read_limits(signed: str) -> Limits:
    """Return what `sign_limits` signed. Raises `PermissionDenied`."""
    if not signed:
        return NONE
    try:
        kinds, max_size = _signer().unsign_object(signed)
    except BadSignature:
        raise PermissionDenied(
            gettext("This page is out of date. Load it again.")
        ) from None
    return Limits(parse_kinds(kinds), max_size)


def _signer() -> Signer:
    return Signer(salt="chunked_uploads.limits")
