"""What pytest needs to know: options, the database, and the fixtures.

`server`, `make_server`, `nginx` give servers that share the test's database, so a
test makes users and looks at uploads through Django's models as usual. `weather` is
the network before them. `page` and `browser` give Chromium, or
Firefox where a mark of `tests.browsers` says so; `open_profile` gives Chromium.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.db import connection, connections
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from chunked_uploads.models import ApiKey
from tests import browsers
from tests.sending import Uploader
from tests.servers import Database, Gunicorn, MariaDB, Nginx, PostgreSQL
from tests.weather import Weather

expect.set_options(timeout=20_000)  # milliseconds: machines that test are busy


# Modules about what databases do each in their own way: locks, races, comparisons.
ROWS = {
    "access.test_memory",
    "access.test_query",
    "core.test_choosing",
    "core.test_comparing",
    "core.test_copies",
    "core.test_findings",
    "core.test_finishing",
    "core.test_losses",
    "core.test_sweeping",
    "core.test_tokens",
    "forms.test_claims",
    "forms.test_fields",
    "forms.test_files",
    "forms.test_plain",
    "test_admin",
    "test_chunks",
    "test_failures",
    "test_keys_command",
    "test_models",
    "test_questions",
}
# And what lets many processes meet in it; the others of that kind are tox's.
LIVE = {"live.test_torture"}
DATABASES: dict[str, type[Database]] = {"postgresql": PostgreSQL, "mariadb": MariaDB}


def pytest_addoption(parser: pytest.Parser) -> None:
    for name, kind in DATABASES.items():
        parser.addoption(
            f"--{name}",
            dest="database",
            action="store_const",
            const=kind,
            help=f"run over a {kind.__name__} server, started for it, not over SQLite",
        )


def pytest_configure() -> None:
    # Who is asked to end stops the servers that were started, as on Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Choose the database, before pytest-django makes the test's one in it."""
    if kind := request.config.option.database:
        server: Database = kind()
        server.start()
        use(server.database)
        yield
        connections.close_all()
        server.remove()
    else:
        # A file, so that threads and other processes see the same database.
        file = tmp_path_factory.mktemp("sqlite") / "test.sqlite3"
        use({**django_settings.DATABASES["default"], "TEST": {"NAME": str(file)}})
        yield


def use(database: dict[str, Any]) -> None:
    """Let Django's default connection be one to `database`."""
    connections.settings = connections.configure_settings({"default": database})
    del connections["default"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "playwright" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
        module = item.module.__name__.removeprefix("tests.")  # type: ignore[attr-defined]
        if module in ROWS:
            item.add_marker(pytest.mark.rows)
        if module in LIVE:
            item.add_marker(pytest.mark.live)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what `python3 tests` found before, where all can see it."""
    if results := os.environ.get("CHUNKED_UPLOADS_RESULTS"):
        terminalreporter.section("before pytest")
        terminalreporter.write_line(results)


@pytest.fixture(autouse=True)
def media_root(settings: Any, tmp_path: Path) -> Path:
    """A MEDIA_ROOT of the test's own."""
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return tmp_path / "media"


@pytest.fixture
def user(db: None) -> User:
    """Ada, who may upload."""
    return User.objects.create_user("ada")


@pytest.fixture
def api_key(user: User) -> ApiKey:
    """Ada's API key."""
    return ApiKey.objects.create(user=user)


@pytest.fixture
def authorization(api_key: ApiKey) -> dict[str, str]:
    """The header that makes a request Ada's."""
    return {"Authorization": f"ApiKey {api_key.user.username}:{api_key.key}"}


@pytest.fixture
def make_server(
    transactional_db: None, settings: Any, tmp_path: Path
) -> Iterator[Callable[..., Gunicorn]]:
    """Return what starts a `tests.servers.Gunicorn`, given its keyword arguments.

    It shares the test's database. The test's MEDIA_ROOT is that of the server
    that was made last.
    """
    servers: list[Gunicorn] = []

    def make(**options: Any) -> Gunicorn:
        folder = tmp_path / f"gunicorn-{len(servers)}"
        folder.mkdir()
        server = Gunicorn(folder, connection.settings_dict, **options)
        settings.MEDIA_ROOT = str(server.media_root)
        servers.append(server)
        server.start()
        return server

    yield make
    for server in servers:
        server.stop()


@pytest.fixture
def server(make_server: Callable[..., Gunicorn]) -> Gunicorn:
    """The tests' site in gunicorn, two workers of four threads each."""
    return make_server()


@pytest.fixture
def nginx(make_server: Callable[..., Gunicorn], tmp_path: Path) -> Iterator[Nginx]:
    """The same behind nginx, configured as the README shows."""
    folder = tmp_path / "nginx"
    folder.mkdir()
    nginx = Nginx(folder, make_server(unix=True))
    nginx.start()
    yield nginx
    nginx.stop()


@pytest.fixture
def weather(server: Gunicorn) -> Iterator[Weather]:
    """The network between the browser and the tests' site; clear at first."""
    with Weather(server.port) as weather:
        yield weather


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """What launches browsers. Of the module, since its event loop bars others."""
    with browsers.playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(
    request: pytest.FixtureRequest,
    playwright: Playwright,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Browser]:
    """A running Chromium (or see `tests.browsers`); each context starts empty."""
    name = getattr(request, "param", "Chromium")
    options = browsers.launch_options(name, tmp_path_factory.mktemp("home"))
    browser = browsers.browser_type(playwright, name).launch(**options)
    yield browser
    browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page, in which no script may fail and no policy be broken."""
    context = browser.new_context()
    page = context.new_page()
    mishaps = browsers.watch(page)
    yield page
    context.close()
    assert mishaps == []


@pytest.fixture
def open_profile(
    playwright: Playwright, tmp_path: Path
) -> Iterator[Callable[[], BrowserContext]]:
    """Return what opens Chromium with the test's profile, as often as it is closed.

    Closing the context quits the browser; its profile stays for the next.
    """
    contexts: list[BrowserContext] = []

    def launch() -> BrowserContext:
        profile = tmp_path / "profile"
        options = browsers.launch_options("Chromium", tmp_path)
        context = playwright.chromium.launch_persistent_context(profile, **options)
        contexts.append(context)
        return context

    yield launch
    for context in contexts:
        context.close()


@pytest.fixture
def uploader(authorization: dict[str, str]) -> Uploader:
    """Ada, sending with her key."""
    return Uploader(headers=authorization)


@pytest.fixture
def browser_session(user: User) -> Uploader:
    """Ada, logged in."""
    uploader = Uploader()
    uploader.force_login(user)
    return uploader


@pytest.fixture
def stranger(db: None) -> Uploader:
    """Bob, sending with his key."""
    key = ApiKey.objects.create(user=User.objects.create_user("bob")).key
    return Uploader(headers={"Authorization": f"ApiKey bob:{key}"})
