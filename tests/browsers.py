"""Chromium and Firefox for the tests, under Playwright's hands."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import (
    BrowserContext,
    BrowserType,
    Error,
    Page,
    Playwright,
    sync_playwright,
)

from tests import programs

ARGUMENTS = [
    "--no-sandbox",  # there is none for root, nor in many containers
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]

NOBODY = 9  # a port for a service that nobody offers any more
# What Firefox asks of other machines goes to a proxy that is not there.
PREFERENCES: dict[str, str | float | bool] = {
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": NOBODY,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": NOBODY,
    "network.proxy.allow_bypass": False,
    "network.proxy.failover_direct": False,
}

# For tests that use `page` or `browser`, which are Chromium's otherwise.
IN_BOTH = pytest.mark.parametrize("browser", ["Chromium", "Firefox"], indirect=True)


@contextmanager
def playwright() -> Iterator[Playwright]:
    """Give what launches browsers, of a type and with options from here."""
    # Playwright's event loop runs in this thread; Django takes its word for async.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as playwright:
            yield playwright
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def browser_type(playwright: Playwright, name: str) -> BrowserType:
    """Return what launches Chromium or Firefox."""
    return {"Chromium": playwright.chromium, "Firefox": playwright.firefox}[name]


def launch_options(name: str, home: Path) -> dict[str, Any]:
    """Return how to launch the system's Chromium or Firefox, at home in a folder."""
    path = programs.find(name)
    assert path, f"{name} is missing: `python3 tests` says how to install it"
    options = {"executable_path": path, "env": {**os.environ, "HOME": str(home)}}
    if name == "Chromium":
        return {**options, "args": ARGUMENTS}
    # The channel is that of an unchanged Firefox, which is spoken to in WebDriver
    # BiDi; Playwright has one of its own otherwise.
    return {**options, "channel": "moz-firefox", "firefox_user_prefs": PREFERENCES}


def log_in(context: BrowserContext, url: str, user: User) -> None:
    """Let the context's pages at `url` be those of `user`, who is logged in."""
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    session = client.cookies[name].value
    context.add_cookies([{"name": name, "value": session, "url": url}])


def watch(page: Page) -> list[str]:
    """Return a list that grows with each thing that must not happen in a page.

    Uncaught exceptions and what its Content Security Policy refused. That a
    request failed is no such thing: many tests are about that.
    """
    mishaps: list[str] = []

    def note_error(error: Error) -> None:
        # Firefox also tells of answers without a type that they are no XML.
        if "\nLocation: " not in error.message:
            mishaps.append(error.message)

    page.on("pageerror", note_error)

    def note(message: Any) -> None:
        if "Content Security Policy" in message.text:
            mishaps.append(message.text)

    page.on("console", note)
    return mishaps
