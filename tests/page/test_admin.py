"""The admin in Chromium, under a policy that lets no inline script or style run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from chunked_uploads.models import ApiKey, Upload
from tests import browsers
from tests.servers import Gunicorn

KEYS = "/admin/chunked_uploads/apikey/"
UPLOADS = "/admin/chunked_uploads/upload/"
CLIPBOARD = ["clipboard-read", "clipboard-write"]


@pytest.fixture
def strict_server(make_server: Callable[..., Gunicorn], settings: Any) -> Gunicorn:
    """The tests' site, whose every page has the policy."""
    policy = "demo.middleware.content_security_policy"
    return make_server(settings={"MIDDLEWARE": [policy, *settings.MIDDLEWARE]})


@pytest.fixture
def key_page(strict_server: Gunicorn, page: Page, api_key: ApiKey) -> Page:
    """The page of Ada's key, before the eyes of an administrator."""
    administrator = User.objects.create_superuser("root")
    browsers.log_in(page.context, strict_server.url, administrator)
    page.context.grant_permissions(CLIPBOARD, origin=strict_server.url)
    page.goto(f"{strict_server.url}{KEYS}{api_key.pk}/change/")
    return page


def pasted(page: Page) -> str:
    """Return what another page of the same browser finds on the clipboard."""
    other = page.context.new_page()
    other.goto(page.url)
    text = other.evaluate("navigator.clipboard.readText()")
    other.close()
    return text


def test_key_and_secret_are_hidden_until_asked_for(
    key_page: Page, api_key: ApiKey
) -> None:
    expect(key_page.get_by_text(api_key.key)).to_be_hidden()
    expect(key_page.get_by_text(api_key.secret)).to_be_hidden()

    key_page.get_by_text("Show key").click()

    expect(key_page.get_by_text(api_key.key)).to_be_visible()
    expect(key_page.get_by_text(api_key.secret)).to_be_hidden()


def test_secret_is_shown_and_hidden_by_the_keyboard(
    key_page: Page, api_key: ApiKey
) -> None:
    key_page.get_by_role("button", name="Copy secret").focus()
    key_page.keyboard.press("Tab")

    key_page.keyboard.press("Enter")
    expect(key_page.get_by_text(api_key.secret)).to_be_visible()
    key_page.keyboard.press("Space")
    expect(key_page.get_by_text(api_key.secret)).to_be_hidden()


@pytest.mark.parametrize("name", ["key", "secret"])
def test_copy_button_copies_what_stays_hidden(
    key_page: Page, api_key: ApiKey, name: str
) -> None:
    key_page.get_by_role("button", name=f"Copy {name}").click()

    expect(key_page.get_by_text("Copied.")).to_be_visible()
    assert pasted(key_page) == getattr(api_key, name)
    expect(key_page.get_by_text(getattr(api_key, name))).to_be_hidden()


def test_copy_button_works_where_the_page_came_without_tls(
    key_page: Page, api_key: ApiKey
) -> None:
    key_page.evaluate("delete Navigator.prototype.clipboard")
    button = key_page.get_by_role("button", name="Copy secret")

    button.click()

    expect(key_page.get_by_text("Copied.")).to_be_visible()
    expect(button).to_be_focused()
    assert pasted(key_page) == api_key.secret


def test_copy_button_selects_the_key_where_the_browser_forbids_copying(
    key_page: Page, api_key: ApiKey
) -> None:
    key_page.evaluate("delete Navigator.prototype.clipboard")
    key_page.evaluate("document.execCommand = () => false")

    key_page.get_by_role("button", name="Copy key").click()

    expect(key_page.get_by_text("press Ctrl+C")).to_be_visible()
    assert key_page.evaluate("String(getSelection())") == api_key.key


def test_one_click_makes_a_new_key(key_page: Page, api_key: ApiKey) -> None:
    key_page.get_by_role("button", name="Regenerate").click()

    expect(key_page.get_by_text("has a new key and secret")).to_be_visible()
    new = ApiKey.objects.get()
    assert new.key != api_key.key
    key_page.get_by_text("Show key").click()
    expect(key_page.get_by_text(new.key)).to_be_visible()


def test_new_key_is_made_for_a_user_that_was_searched(key_page: Page) -> None:
    grace = User.objects.create_user("grace")
    key_page.goto(f"{key_page.url.partition(KEYS)[0]}{KEYS}add/")

    key_page.get_by_role("combobox").click()
    key_page.keyboard.type("gra")
    key_page.get_by_role("option", name="grace").click()
    key_page.get_by_role("button", name="Save", exact=True).click()

    expect(key_page.get_by_role("button", name="Copy key")).to_be_visible()
    assert ApiKey.objects.filter(user=grace).exists()


def test_uploads_show_an_accessible_bar_and_are_cancelled(
    strict_server: Gunicorn, page: Page, user: User
) -> None:
    Upload.objects.create(user=user, filename="film.mp4", filesize=8, received=2)
    administrator = User.objects.create_superuser("root")
    browsers.log_in(page.context, strict_server.url, administrator)
    page.goto(f"{strict_server.url}{UPLOADS}")
    bar = page.get_by_role("progressbar", name="Received of film.mp4")
    assert bar.get_attribute("value") == "25"

    page.get_by_label("Select this object").check()
    page.get_by_label("Action:").select_option("cancel")
    page.get_by_role("button", name="Run").or_(
        page.get_by_role("button", name="Go", exact=True)
    ).click()
    page.get_by_role("button", name="Yes, I’m sure").click()

    expect(page.get_by_text("Successfully deleted 1 upload.")).to_be_visible()
    assert not Upload.objects.exists()
