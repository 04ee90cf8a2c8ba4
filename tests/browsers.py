"""Chromium for the tests, under Playwright's hands."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import BrowserContext, BrowserType, Page, sync_playwright

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


@contextmanager
def chromium() -> Iterator[BrowserType]:
    """Give what launches Chromium, with `launch_options()`."""
    # Playwright's event loop runs in this thread; Django takes its word for async.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as playwright:
            yield playwright.chromium
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def launch_options() -> dict[str, Any]:
    """Return how to launch the system's Chromium."""
    path = programs.find("Chromium")
    assert path, "Chromium is missing: `python3 tests` says how to install it"
    return {"executable_path": path, "args": ARGUMENTS}


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
    page.on("pageerror", lambda error: mishaps.append(str(error)))

    def note(message: Any) -> None:
        if "Content Security Policy" in message.text:
            mishaps.append(message.text)

    page.on("console", note)
    return mishaps
