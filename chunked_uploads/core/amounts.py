"""Numbers of bytes as a visitor reads them, by the rules of the page's own script."""

from __future__ import annotations

from django.utils.formats import number_format
from django.utils.html import avoid_wrapping
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_noop as _

UNITS = (
    _("%(number)s kB"),
    _("%(number)s MB"),
    _("%(number)s GB"),
    _("%(number)s TB"),
)


def format_size(size: int) -> str:
    """Return a number of bytes in the unit that suits it.

    In units of 1000, as disks, phones and browsers count.
    """
    value, power = float(size), 0
    while value >= 999.5 and power < len(UNITS):  # 999.5 would be rounded to 1000
        value, power = value / 1000, power + 1
    if power == 0:
        text = ngettext("%(number)s byte", "%(number)s bytes", size)
        return avoid_wrapping(text % {"number": size})
    rounded = round(value, 1 if value < (99.95 if power > 2 else 9.95) else 0)
    digits = 0 if rounded.is_integer() else 1
    number = number_format(rounded, decimal_pos=digits, force_grouping=True)
    return avoid_wrapping(gettext(UNITS[power - 1]) % {"number": number})
