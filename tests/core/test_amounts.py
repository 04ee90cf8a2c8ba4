"""Numbers of bytes as a visitor reads them."""

from __future__ import annotations

import pytest
from django.utils import translation

from chunked_uploads.core.amounts import format_size


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (1024, "1.02 kB"),
        (12_345, "12.3 kB"),
        (123_456, "123 kB"),
        (999_499, "999 kB"),
        (999_500, "1 MB"),
        (8_000_000_000, "8 GB"),
        (8 * 2**30, "8.59 GB"),
        (5 * 10**12, "5 TB"),
        (10**18, "1000000 TB"),
    ],
)
def test_size_has_three_digits_and_a_unit_of_1000(size: int, text: str) -> None:
    with translation.override("en"):
        assert format_size(size) == text.replace(" ", "\N{NO-BREAK SPACE}")


def test_number_is_written_as_the_language_writes_it() -> None:
    with translation.override("de"):
        assert format_size(1500) == "1,5\N{NO-BREAK SPACE}kB"
