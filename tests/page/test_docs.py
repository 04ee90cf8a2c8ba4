"""What docs/authentication.md shows for pages, run as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import RequestFactory
from playwright.sync_api import Page, Route, expect

from chunked_uploads.models import ApiKey, Upload
from tests import browsers
from tests.documents import EXAMPLE, block, module
from tests.page.driving import ROW
from tests.servers import Gunicorn

CLASSES = [
    f"chunked_uploads.authentication.{name}Authentication"
    for name in ("ApiKey", "Query", "Session")
]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"a film" * 1000)
    return path


@pytest.fixture
def site(make_server: Any) -> str:
    """A site that takes what its pages send."""
    server: Gunicorn = make_server(settings={"CHUNKED_UPLOADS_AUTHENTICATION": CLASSES})
    return server.url


def upload_in_page(page: Page, site: str, script: str, film: Path) -> None:
    page.add_init_script(script.replace(EXAMPLE, site))
    page.goto(site)
    page.set_input_files(".chunked-uploads-input", film)
    status = page.locator(f"{ROW} .chunked-uploads-status")
    expect(status).to_have_text("Complete")
    assert Upload.objects.get().is_complete


def test_page_uploads_by_key(site: str, page: Page, user: User, film: Path) -> None:
    script = block("js", "api_key:")
    key = re.findall('api_key: "(.*)"', script)[0]
    ApiKey.objects.create(user=user, key=key)
    upload_in_page(page, site, script, film)


def test_page_uploads_by_signature(
    site: str, page: Page, api_key: ApiKey, film: Path
) -> None:
    request = RequestFactory().get("/signature/")
    request.user = api_key.user
    signed = module(block("python", "login_required")).signature(request)

    def answer(route: Route) -> None:
        route.fulfill(body=signed.content, content_type="application/json")

    page.route("**/signature/", answer)
    upload_in_page(page, site, block("js", "authentication:"), film)


def test_script_uploads_by_session(site: str, page: Page, user: User) -> None:
    browsers.log_in(page.context, site, user)
    page.goto(site)
    root = page.locator(".chunked-uploads")
    token = root.get_attribute("data-csrf-token")
    call = "return upload(new File(['some bytes'], 'Größe.txt'), token);"
    script = f"(token) => {{ {block('js', 'X-CSRFToken')} {call} }}"
    sent = page.evaluate(script, token)
    assert (sent["name"], sent["size"]) == ("Größe.txt", 10)
