"""The page of one origin that uploads to another."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

from chunked_uploads.models import ApiKey
from tests.page.driving import (
    assert_arrived,
    choose,
    expect_message,
    expect_status,
)
from tests.servers import Gunicorn


def open_with(page: Page, host: Gunicorn, api: Gunicorn, credentials: str) -> None:
    """Open the host's page, which uploads to the other server."""
    nil = "00000000-0000-0000-0000-000000000000"
    page.add_init_script(f"""
        window.chunked_uploads_endpoints = {{
            upload_url: "{api.url}/uploads/upload/",
            done_url: "{api.url}/uploads/upload/done/{nil}/",
            {credentials}
        }};
    """)
    page.goto(host.url)


def test_api_key(
    foreign: Page, host: Gunicorn, api: Gunicorn, api_key: ApiKey, file: Path
) -> None:
    headers: list[dict[str, str]] = []
    foreign.on("request", lambda request: headers.append(request.headers))
    key = f'username: "{api_key.user.username}", api_key: "{api_key.key}"'
    open_with(foreign, host, api, key)
    choose(foreign, file)
    expect_status(foreign, "Complete")
    assert assert_arrived(file).user == api_key.user
    assert not any("x-csrftoken" in each for each in headers)
    # The signed URLs need no key, so none is sent.
    assert 0 < sum("authorization" in each for each in headers) < 5


def test_credentials_are_renewed(
    foreign: Page, host: Gunicorn, api: Gunicorn, api_key: ApiKey, file: Path
) -> None:
    renewing = f"""
        authentication: async () => {{
            window.asked = (window.asked || 0) + 1;
            const api_key = asked < 3 ? "expired" : "{api_key.key}";
            return {{ username: "{api_key.user.username}", api_key }};
        }},
    """
    open_with(foreign, host, api, renewing)
    choose(foreign, file)
    expect_status(foreign, "Complete")
    assert_arrived(file)
    assert foreign.evaluate("asked") == 3


def test_credentials_that_cannot_be_had_are_waited_for(
    foreign: Page, host: Gunicorn, api: Gunicorn, api_key: ApiKey, file: Path
) -> None:
    failing = f"""
        authentication: async () => {{
            if (!window.isBack) throw new Error("The login server is away.");
            return {{
                username: "{api_key.user.username}", api_key: "{api_key.key}",
            }};
        }},
    """
    open_with(foreign, host, api, failing)
    choose(foreign, file)
    expect_message(foreign, "Log in again")
    foreign.evaluate("window.isBack = true")
    expect_status(foreign, "Complete")
    assert_arrived(file)
