"""What docs/authentication.md and docs/tus.md show for pages, run as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import RequestFactory
from playwright.sync_api import Page, Route, expect

from chunked_uploads.models import ApiKey, Upload
from tests import browsers, packages, programs
from tests.documents import EXAMPLE, block, module
from tests.page.driving import ROW
from tests.sending import finished
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


def signature_of(user: User) -> bytes:
    """Return what the view that is shown answers."""
    request = RequestFactory().get("/signature/")
    request.user = user
    return module(block("python", "login_required")).signature(request).content


def test_page_uploads_by_signature(
    site: str, page: Page, api_key: ApiKey, film: Path
) -> None:
    signed = signature_of(api_key.user)

    def answer(route: Route) -> None:
        route.fulfill(body=signed, content_type="application/json")

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


# --- docs/tus.md ---

TUS = "docs/tus.md"


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for scripts, with all that they import."""
    if not programs.find("npm"):
        pytest.skip("npm is not installed")
    return packages.lay_out(tmp_path_factory.mktemp("apps"))


def make_bundle(apps: Path, script: str) -> str:
    """Return the script with all that it imports."""
    (apps / "docs.js").write_text(script)
    return packages.bundle(apps, "docs.js")


def open_page(page: Page, site: str, user: User, apps: Path, script: str) -> None:
    """Open a page of the site's with this script, for who is logged in."""
    browsers.log_in(page.context, site, user)
    bundle = make_bundle(apps, script)
    page.route(
        "**/docs.js",
        lambda route: route.fulfill(
            body=bundle, content_type="text/javascript; charset=utf-8"
        ),
    )
    page.goto(site)
    token = page.locator(".chunked-uploads").get_attribute("data-csrf-token")
    html = f"""<!doctype html><input name="csrfmiddlewaretoken" value="{token}">
        <div id="uploads"></div><script type="module" src="/docs.js"></script>"""
    page.route(
        "**/mine/",
        lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"),
    )
    page.goto(f"{site}/mine/")


def test_tus_js_client_uploads(site: str, page: Page, user: User, apps: Path) -> None:
    both = [block("js", word, TUS) for word in ("findPreviousUploads", "function cut")]
    script = "\n".join([*both, "Object.assign(window, { send, cut });"])
    open_page(page, site, user, apps, script)

    url = page.evaluate("send(new File(['some bytes'], 'Größe.txt'))")

    upload = Upload.objects.get()
    assert (upload.filename, finished(upload)) == ("Größe.txt", b"some bytes")
    assert str(upload.uuid) in url
    parts = page.evaluate("cut(10 * 2 ** 20 + 1, 4).parallelUploadBoundaries")
    assert [part["end"] - part["start"] for part in parts] == [
        *[3 * 2**20] * 3,
        2**20 + 1,
    ]
    assert page.evaluate("[cut(0, 4), cut(1, 4)]") == [{}, {}]


def test_tus_js_client_uploads_to_another_origin(
    make_server: Any, foreign: Page, api_key: ApiKey, apps: Path
) -> None:
    host = make_server()
    api = make_server(
        settings={
            "CHUNKED_UPLOADS_AUTHENTICATION": CLASSES,
            "CROSS_DOMAIN_ALLOWED_ORIGINS": host.url,
        }
    )
    shown = block("js", "onBeforeRequest", TUS).replace(EXAMPLE, api.url)
    signed = signature_of(api_key.user).decode()
    # Nothing is routed: then Playwright would answer the preflights itself.
    fetched = f"window.fetch = async () => new Response({signed!r});"
    bundle = make_bundle(apps, f"{shown}\n{fetched}\nwindow.send = sendAcross;")
    foreign.goto(host.url)
    foreign.add_script_tag(content=bundle, type="module")

    url = foreign.evaluate("send(new File(['some bytes'], 'film.mp4'))")

    assert url.startswith(api.url)
    upload = Upload.objects.get()
    assert (upload.user, finished(upload)) == (api_key.user, b"some bytes")


def test_uppy_uploads(site: str, page: Page, user: User, apps: Path) -> None:
    code = block("js", "@uppy/tus", TUS)
    open_page(page, site, user, apps, f"{code}\nwindow.uppy = uppy;")
    expect(page.locator(".uppy-Dashboard-inner")).to_be_visible()

    ended = page.evaluate(
        """async () => {
            uppy.addFile({ name: "film.mp4", data: new Blob(["film"]) });
            const { failed } = await uppy.upload();
            return failed.map((file) => file.error);
        }"""
    )

    assert ended == []
    upload = Upload.objects.get()
    assert (upload.filename, finished(upload)) == ("film.mp4", b"film")
