"""What pytest needs to know: options, the database, and the fixtures.

`server`, `make_server`, `nginx` give servers that share the test's database, so a
test makes users and looks at uploads through Django's models as usual. `weather` is
the network before them. Those with browsers are in tests/page.
"""

from __future__ import annotations

import os
import signal
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.db import connection, connections
from django.utils.module_loading import import_string

from chunked_uploads.models import ApiKey
from tests import needs
from tests.pool import Pool
from tests.sending import Uploader
from tests.servers import Gunicorn, Nginx
from tests.weather import Weather

if TYPE_CHECKING:
    from demo.services.engine import Engine

# Modules about what databases do each in their own way: locks, races, comparisons.
ROWS = {
    "access.test_sessions",
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
LIVE = {"live.test_torture", "live.test_torture_s3"}
DATABASES = {
    "PostgreSQL": "demo.services.postgresql.PostgreSQL",
    "MariaDB": "tests.databases.MariaDB",
}
SERVERS = {"engine", "gunicorns"}  # fixtures that start some
ENGINES = {
    "seaweedfs": "demo.services.engine.SeaweedFS",
    "ceph": "tests.ceph.Ceph",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    for name in DATABASES:
        parser.addoption(
            f"--{name.lower()}",
            dest="database",
            action="store_const",
            const=name,
            help=f"run over a {name} server, started for it, not over SQLite",
        )
    parser.addoption(
        "--engine",
        choices=ENGINES,
        default="seaweedfs",
        help="what keeps the buckets; ceph: Debian's, for root alone, 20 s to start",
    )
    parser.addoption(
        "--complete",
        action="store_true",
        help="fail where a package for some of the tests is missing",
    )


def pytest_configure(config: pytest.Config) -> None:
    # Who is asked to end stops the servers that were started, as on Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if config.option.complete and (lacking := _lacking()):
        raise pytest.UsageError("\n".join(lacking))


def _lacking() -> list[str]:
    """Return a sentence for each part of the tests that lacks packages."""
    return [
        f"tests/{place} needs {', '.join(modules)}: pip install -e .[test-all]"
        for place, modules in needs.missing().items()
    ]


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out what can't be imported; `pytest_terminal_summary` says so."""
    return needs.is_left_out(collection_path) or None


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Choose the database, before pytest-django makes the test's one in it."""
    if name := request.config.option.database:
        with import_string(DATABASES[name])() as server:
            use(server.database)
            yield
            connections.close_all()
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
        fixtures = getattr(item, "fixturenames", ())
        if "playwright" in fixtures:
            item.add_marker(pytest.mark.browser)
        elif SERVERS.isdisjoint(fixtures) and not item.get_closest_marker("once"):
            item.add_marker(pytest.mark.quick)
        module = item.module.__name__.removeprefix("tests.")  # type: ignore[attr-defined]
        if module in ROWS:
            item.add_marker(pytest.mark.rows)
        if module in LIVE:
            item.add_marker(pytest.mark.live)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out, and what `python3 tests` found before."""
    if lacking := _lacking():
        terminalreporter.section("left out")
        terminalreporter.write_line("\n".join(lacking))
    terminalreporter.section("seconds of tests, by folder")
    for folder, seconds in sorted(_seconds(terminalreporter).items()):
        terminalreporter.write_line(f"{folder}: {seconds:.0f}")
    if results := os.environ.get("CHUNKED_UPLOADS_RESULTS"):
        terminalreporter.section("beside pytest")
        with open(int(results)) as pipe:  # which ends when all have
            for line in pipe:
                terminalreporter.write(line)


def _seconds(terminalreporter: pytest.TerminalReporter) -> dict[str, float]:
    """Return how many seconds the tests of each folder took, of all processes."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                folder = str(Path(report.location[0]).parent)
                seconds[folder] += report.duration
    return seconds


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


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An S3 engine, started when the first test of this process asks for it.

    Its bucket is shared: `engine.storage(location)` gives a folder in it.
    """
    with import_string(ENGINES[request.config.option.engine])() as engine:
        yield engine


@pytest.fixture(scope="session")
def gunicorns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    """What `make_server` takes servers from."""
    pool = Pool(tmp_path_factory.mktemp("servers"))
    yield pool
    pool.close()


@pytest.fixture
def make_server(
    transactional_db: None, settings: Any, gunicorns: Pool
) -> Iterator[Callable[..., Gunicorn]]:
    """Return what gives a `tests.servers.Gunicorn`, given its keyword arguments.

    It shares the test's database, and has done nothing yet. The test's MEDIA_ROOT is
    that of the server that was made last.
    """
    servers: list[Gunicorn] = []

    def make(**options: Any) -> Gunicorn:
        server = gunicorns.take(connection.settings_dict, **options)
        servers.append(server)
        settings.MEDIA_ROOT = str(server.media_root)
        return server

    yield make
    for server in servers:
        gunicorns.give_back(server)


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
