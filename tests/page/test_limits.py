"""Limits of one page in Chromium: kept by the page, and by the server behind it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

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

LOGIN = "/accounts/login/"
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
    page.goto(f"{server.url}/?digests=no")

    expect(page.get_by_text("Nobody is logged in.")).to_be_visible()
    expect_link(page, f"{server.url}{LOGIN}?next=%2F%3Fdigests%3Dno")


def expect_link(page: Page, url: str) -> None:
    link = page.get_by_role("link", name="Log in to upload files")
    expect(link).to_have_attribute("href", url)


@pytest.mark.parametrize(
    ("login_url", "link"),
    [
        (LOGIN, "{here}{login}?next=%2F%3Fdigests%3Dno"),
        (
            "https://login.example/?next=/&amp;realm=films#here",
            "https://login.example/?next={page}%2F%3Fdigests%3Dno&realm=films#here",
        ),
    ],
)
def test_login_comes_back_to_the_page_that_fetched_the_uploader(
    page: Page, server: Gunicorn, login_url: str, link: str
) -> None:
    page.goto(f"{server.url}/?digests=no")

    page.evaluate(
        """async ([from, to]) => {
            const fragment = await (await fetch("/uploader/")).text();
            const place = document.querySelector("main");
            place.innerHTML = fragment.replaceAll(from, to);
        }""",
        [LOGIN, login_url],
    )

    origin = quote(server.url, safe="")
    expect_link(page, link.format(here=server.url, login=LOGIN, page=origin))


def test_form_whose_session_ended_has_a_link_that_comes_back(
    page: Page, server: Gunicorn, user: User, tmp_path: Path
) -> None:
    browsers.log_in(page.context, server.url, user)
    page.goto(f"{server.url}/films/?page=2")
    line = page.get_by_text("Nobody is logged in.")
    expect(page.locator(".chunked-uploads-drop")).to_be_visible()
    expect(line).to_be_hidden()
    page.context.clear_cookies()

    choose(page, make_file(tmp_path / "a.mp4"))

    expect(line).to_be_visible()
    expect_link(page, f"{server.url}{LOGIN}?next=%2Ffilms%2F%3Fpage%3D2")


def test_visitor_whose_page_has_a_key_is_not_asked_to_log_in(
    page: Page, server: Gunicorn
) -> None:
    key = "{username: 'ada', api_key: 'KEY'}"
    page.add_init_script(f"window.chunked_uploads_endpoints = {key};")
    page.goto(f"{server.url}/?show_unfinished=no")

    expect(page.locator(".chunked-uploads-drop")).to_be_visible()
    expect(page.get_by_text("Nobody is logged in.")).to_be_hidden()


def test_uploader_with_endpoints_of_its_own_keeps_to_theirs(
    page: Page, server: Gunicorn
) -> None:
    page.goto(f"{server.url}{LIMITED}")
    expect(page.get_by_text("Nobody is logged in.")).to_be_visible()

    accept = page.evaluate(
        """async (url) => {
            const root = document.querySelector("[data-chunked-uploads]");
            const { mount } = await import(url);
            const copy = root.cloneNode(true);
            const endpoints = { upload_url: "https://other.example/uploads/upload/" };
            const { limits } = mount(copy, { showUnfinished: false, endpoints });
            root.replaceWith(copy);
            return limits.accept;
        }""",
        "/static/chunked_uploads/js/chunked_uploads.mjs",
    )

    assert accept == []
    expect(page.locator(".chunked-uploads-drop")).to_be_visible()
    expect(page.get_by_text("Nobody is logged in.")).to_be_hidden()
