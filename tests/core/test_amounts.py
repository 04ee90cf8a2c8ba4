"""Numbers of bytes as a visitor reads them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.template import Context, Template
from django.utils import translation

from chunked_uploads.core.amounts import format_size

# Sizes and their texts, by language: also on the page, in tests/js/formatting.test.js.
# (Arabic has whole numbers alone: Django separates their decimals in another way.)
SIZES = json.loads((Path(__file__).parent / "sizes.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", SIZES)
def test_size_is_written_as_the_page_writes_it(language: str) -> None:
    with translation.override(language):
        written = [format_size(size) for size, _ in SIZES[language]]

    assert written == [text for _, text in SIZES[language]]


def test_templates_write_sizes_as_the_page_does() -> None:
    source = "{% load chunked_uploads %}{{ size|chunked_uploads_size }}"
    text = Template(source).render(Context({"size": 60_000_000}))
    assert text == format_size(60_000_000)
