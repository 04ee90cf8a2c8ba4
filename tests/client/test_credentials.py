"""Every way to get in, from a program and from the command."""

from __future__ import annotations

import getpass
import itertools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser

from chunked_uploads.client import (
    ApiKey,
    Basic,
    Client,
    NotAuthenticated,
    Session,
    Signature,
)
from chunked_uploads.client.__main__ import run
from chunked_uploads.models import ApiKey as Key
from chunked_uploads.models import Upload
from tests.client.conftest import CONTENT, PATH
from tests.client.faults import SECONDS, Faults, Request, Told
from tests.sending import finished
from tests.servers import Gunicorn

pytestmark = pytest.mark.once

CLASSES = ["ApiKey", "Query", "Basic", "Session"]
WHO = Told(401, {"error": "not_authenticated", "detail": "Who?"})


@pytest.fixture
def faults(make_server: Callable[..., Gunicorn]) -> Iterator[Faults]:
    """A site that lets in by every way, and what comes before it."""
    places = "chunked_uploads.authentication."
    names = [f"{places}{name}Authentication" for name in CLASSES]
    settings = {
        "CHUNKED_UPLOADS_AUTHENTICATION": names,
        "CHUNKED_UPLOADS_CHUNK_SIZE": 256 * 1024,
    }
    server = make_server(workers=1, settings=settings)
    with Faults(server.port) as faults:
        yield faults


@pytest.fixture
def key(api_key: Key) -> Key:
    """The key of Ada, who has a password as well."""
    api_key.user.set_password("lovelace")
    api_key.user.save()
    return api_key


def session_of(user: User) -> Session:
    browser = Browser()
    browser.force_login(user)
    return Session(browser.cookies["sessionid"].value, "t" * 32)


WAYS: dict[str, Callable[[Key], Any]] = {
    "key": lambda key: ApiKey("ada", key.key),
    "signature": lambda key: Signature(key.key, key.secret),
    "password": lambda key: Basic("ada", "lovelace"),
    "login": lambda key: session_of(key.user),
    "function": lambda key: lambda: ApiKey(key.user.username, key.key)(),
}


def test_every_way_lets_in(faults: Faults, key: Key, film: Path) -> None:
    for name, credentials in WAYS.items():
        with Client(f"{faults.url}{PATH}", credentials(key)) as client:
            result = client.upload(film, filename=f"{name}.mp4")

        upload = Upload.objects.get(uuid=result.uuid)
        assert finished(upload) == CONTENT
        assert upload.user == key.user


def test_secret_of_a_signature_never_travels(
    faults: Faults, key: Key, film: Path
) -> None:
    with Client(f"{faults.url}{PATH}", Signature(key.key, key.secret)) as client:
        client.upload(film)

    told = [f"{each.path} {each.headers}" for each in faults.requests]
    assert not any(key.secret in each for each in told)
    assert any(key.key in each for each in told)


def test_credentials_go_to_the_upload_url_alone(
    faults: Faults, key: Key, film: Path
) -> None:
    with Client(f"{faults.url}{PATH}", ApiKey("ada", key.key)) as client:
        client.upload(film)

    with_key = [each for each in faults.requests if "authorization" in each.headers]
    assert len(with_key) == 2  # what is there of this file, and the first chunk
    assert {urlsplit(each.path).path for each in with_key} == {PATH}


def test_credentials_that_run_out_are_asked_for_anew(
    faults: Faults, key: Key, film: Path
) -> None:
    told = iter(["stale", key.key, key.key])
    refused: list[Request] = []

    def rule(request: Request) -> Told | None:
        is_in_the_middle = request.is_chunk and len(faults.chunks) == 2
        if refused or not is_in_the_middle:
            return None
        refused.append(request)
        return WHO

    faults.rule = rule

    def credentials() -> dict[str, str]:
        return {"Authorization": f"ApiKey ada:{next(told)}"}

    with Client(f"{faults.url}{PATH}", credentials) as client:
        client.upload(film)

    assert finished(Upload.objects.get()) == CONTENT
    assert refused
    assert next(told, None) is None  # asked at first, since stale, in the middle


def test_credentials_are_asked_for_once_where_several_chunks_are_refused(
    faults: Faults, key: Key, film: Path
) -> None:
    together = threading.Barrier(3)
    numbers = itertools.count()
    asked: list[str] = []

    def rule(request: Request) -> Told | None:
        if not request.is_chunk or next(numbers) not in (1, 2, 3):
            return None
        together.wait(SECONDS)
        return WHO

    faults.rule = rule

    def credentials() -> dict[str, str]:
        asked.append(key.key)
        return {"Authorization": f"ApiKey ada:{key.key}"}

    with Client(f"{faults.url}{PATH}", credentials) as client:
        client.upload(film)

    assert finished(Upload.objects.get()) == CONTENT
    assert len(asked) == 2


def test_logins_and_functions_of_others_have_memories_of_their_own(
    faults: Faults, key: Key, stranger: object, film: Path
) -> None:
    bobs = Key.objects.get(user__username="bob")

    def stop(sent: int, total: int) -> None:
        raise InterruptedError

    for name in ("login", "function"):
        for each in (key, bobs):
            with (
                Client(f"{faults.url}{PATH}", WAYS[name](each)) as client,
                pytest.raises(InterruptedError),
            ):
                client.upload(film, filename=f"{name}.mp4", progress=stop)
        users = Upload.objects.filter(filename=f"{name}.mp4").values_list(
            "user__username"
        )
        assert set(users) == {("ada",), ("bob",)}


def test_memory_of_a_function_is_found_again(
    faults: Faults, key: Key, film: Path
) -> None:
    def stop(sent: int, total: int) -> None:
        raise InterruptedError

    with (
        Client(f"{faults.url}{PATH}", WAYS["function"](key)) as client,
        pytest.raises(InterruptedError),
    ):
        client.upload(film, progress=stop)
    faults.requests.clear()

    with Client(f"{faults.url}{PATH}", WAYS["function"](key)) as client:
        client.upload(film)

    assert not any("filename=" in each.path for each in faults.requests)


def test_no_secret_shows_in_what_is_printed() -> None:
    shown = [ApiKey("ada", "xyz"), Signature("a", "xyz"), Basic("ada", "xyz")]
    assert not any("xyz" in repr(each) for each in [*shown, Session("xyz", "xyz")])


# --- the command ---


@pytest.fixture
def command(faults: Faults, film: Path) -> Callable[..., int]:
    """Return what runs the command for the film."""
    return lambda *options: run([*options, str(film), f"{faults.url}{PATH}"])


def no_prompt(question: str) -> str:
    raise AssertionError(question)


def test_secret_comes_from_a_file_a_command_the_environment_or_netrc(
    command: Callable[..., int],
    key: Key,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(getpass, "getpass", no_prompt)
    secret = tmp_path / "secret"
    secret.write_text(f"{key.key}\n")
    own = ["--user", "ada"]

    assert command(*own, "--secret-file", str(secret)) == 0
    assert command(*own, "--secret-command", f"cat '{secret}'") == 0
    with monkeypatch.context() as patch:
        patch.setenv("CHUNKED_UPLOAD_SECRET", key.key)
        assert command(*own) == 0
        patch.setenv("CHUNKED_UPLOAD_USER", "ada")
        assert command() == 0
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login ada password {key.key}\n")
    netrc.chmod(0o600)
    assert command() == 0
    assert Upload.objects.filter(user=key.user, state=2).count() == 5


def test_secret_is_asked_for_where_nothing_gives_it(
    command: Callable[..., int],
    key: Key,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    questions: list[str] = []

    def answer(question: str) -> str:
        questions.append(question)
        return "lovelace"

    monkeypatch.setattr(getpass, "getpass", answer)

    assert command("--user", "ada", "--auth", "basic") == 0

    assert questions == ["Secret of ada at 127.0.0.1: "]
    assert "lovelace" not in "".join(capsys.readouterr())


def test_other_kinds_and_headers_of_a_program_let_in(
    command: Callable[..., int],
    key: Key,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CHUNKED_UPLOAD_SECRET", key.secret)
    assert command("--auth", "signature", "--user", key.key) == 0
    headers = tmp_path / "headers"
    login = session_of(key.user)()
    headers.write_text("".join(f"{name}: {login[name]}\n" for name in login))
    assert command("--headers-command", f"cat '{headers}'") == 0
    assert Upload.objects.filter(user=key.user, state=2).count() == 2


def test_missing_and_wrong_secrets_end_with_a_sentence(
    command: Callable[..., int],
    key: Key,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(question: str) -> str:
        raise getpass.GetPassWarning("Can not control echo on the terminal.")

    monkeypatch.setattr(getpass, "getpass", fail)
    empty = tmp_path / "empty"
    empty.touch()
    for options, sentence in {
        (): "Credentials are needed.",
        ("--user", "ada"): "A secret is needed",
        ("--user", "ada", "--secret-file", str(empty)): "gives no secret",
        ("--user", "ada", "--secret-file", "/nowhere"): "can't be read",
        ("--user", "ada", "--secret-command", "false"): "gives nothing",
        ("--headers-command", "/nowhere"): "gives nothing",
    }.items():
        assert command(*options) == 4
        assert sentence in capsys.readouterr().err
    assert not Upload.objects.exists()


def test_secret_of_nobody_is_wrong_usage(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    for options in (("--secret-file", __file__), ("--secret-command", "echo xyz")):
        assert command(*options) == 2
        assert "--user" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"machine 127.0.0.1 xyz", b"\xff xyz"])
def test_netrc_that_is_not_understood_is_said(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "netrc").write_bytes(content)

    assert run(["film.mp4", "http://127.0.0.1:9/"]) == 4

    said = capsys.readouterr().err
    assert f"{tmp_path}/netrc" in said
    assert "xyz" not in said


def test_names_are_the_bytes_that_the_command_line_has() -> None:
    name = "\udcff"  # as Python reads a byte that is no UTF-8
    assert ApiKey(name, "k")() == {"Authorization": "ApiKey \xff:k"}
    assert Basic(name, name)() == {"Authorization": "Basic /zr/"}
    assert Signature("k", name)()


def test_file_is_not_read_for_a_wrong_key(faults: Faults, key: Key, film: Path) -> None:
    wrong = ApiKey("ada", "wrong")
    with (
        Client(f"{faults.url}{PATH}", wrong) as client,
        pytest.raises(NotAuthenticated, match="redentials"),
    ):
        client.upload(film)

    assert faults.sent == 0
