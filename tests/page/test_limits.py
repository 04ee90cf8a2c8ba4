"""Limits of one page in Chromium: kept by the page, and by the server behind it."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from chunked_uploads.models import Upload
from tests import browsers
from tests.page.driving import (
    ROW,
    UPLOADER,
    choose,
    expect_message,
    expect_states,
    make_file,
)
from tests.servers import Gunicorn

LIMITED = "/?accept=.txt,image/*&max_size=250000"


@pytest.fixture
def limited(page: Page, server: Gunicorn, user: User) -> Page:
    """The page with limits of its own, before Ada's eyes."""
    browsers.log_in(page.context, server.url, user)
    page.goto(f"{server.url}{LIMITED}")
    expect(page.locator(".chunked-uploads-limits")).to_contain_text("up to 250 kB")
    return page


def test_page_refuses_what_is_beyond_its_limits_before_a_byte_is_sent(
    limited: Page, tmp_path: Path
) -> None:
    posts: list[str] = []
    limited.on("request", lambda request: posts.append(request.method))

    choose(limited, make_file(tmp_path / "a.mp4"))

    expect_states(limited, "refused")
    expect_message(limited, "only .txt, images")
    assert "POST" not in posts


@pytest.mark.parametrize(
    ("name", "size", "sentence"),
    [
        ("a.mp4", 1000, "Only these are taken: .txt, images."),
        ("a.txt", 250_001, "The file is larger than 250\N{NO-BREAK SPACE}kB."),
    ],
)
def test_server_refuses_it_too_and_its_sentence_is_shown(
    limited: Page, tmp_path: Path, name: str, size: int, sentence: str
) -> None:
    limited.evaluate(f"{UPLOADER}.server.site.accept = ''")
    limited.evaluate(f"{UPLOADER}.server.site.max_size = ''")

    choose(limited, make_file(tmp_path / name, size))

    expect_states(limited, "failed")
    expect_message(limited, sentence)
    expect(limited.locator(ROW).get_by_role("button", name="Try again")).to_be_hidden()
    assert not Upload.objects.exists()


def test_visitor_who_is_not_logged_in_is_told_so_at_once(
    page: Page, server: Gunicorn
) -> None:
    page.goto(server.url)

    expect(page.get_by_text("Nobody is logged in.")).to_be_visible()
    link = page.get_by_role("link", name="Log in to upload files")
    expect(link).to_have_attribute("href", "/accounts/login/?next=/")


def test_visitor_whose_page_has_a_key_is_not_asked_to_log_in(
    page: Page, server: Gunicorn
) -> None:
    key = "{username: 'ada', api_key: 'KEY'}"
    page.add_init_script(f"window.chunked_uploads_endpoints = {key};")
    page.goto(f"{server.url}/?show_unfinished=no")

    expect(page.locator(".chunked-uploads-drop")).to_be_visible()
    expect(page.get_by_text("Nobody is logged in.")).to_be_hidden()
