"""The command: what it prints, how it ends, what it does not load."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chunked_uploads.client.__main__ import run
from chunked_uploads.models import ApiKey as Key
from chunked_uploads.models import Upload
from demo.environment import CHECKOUT
from tests.client.conftest import CONTENT, PATH, SIZE
from tests.client.faults import Faults, Request, Told
from tests.sending import finished

pytestmark = pytest.mark.once

Command = Callable[..., int]


@pytest.fixture
def command(faults: Faults, api_key: Key, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Return what runs the command as Ada."""
    monkeypatch.setenv("CHUNKED_UPLOAD_USER", "ada")
    monkeypatch.setenv("CHUNKED_UPLOAD_SECRET", api_key.key)
    return lambda *words: run([*map(str, words), f"{faults.url}{PATH}"])


def stop_after(faults: Faults, chunks: int) -> None:
    """Let the site refuse what comes after so many chunks."""
    refusal = Told(403, {"error": "permission_denied", "detail": "Not now."})

    def rule(request: Request) -> Told | None:
        return refusal if len(faults.chunks) > chunks else None

    faults.rule = rule


def test_several_files_are_sent_one_after_the_other(
    command: Command, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = film.with_name("other.mp4")
    other.write_bytes(b"other")

    assert command(film, other) == 0

    said = capsys.readouterr()
    urls = [upload.url for upload in Upload.objects.order_by("pk")]
    assert [line.partition("/media")[2] for line in said.out.split()] == [
        url.partition("/media")[2] for url in urls
    ]
    assert said.err == f"{film}: 1.6 MB sent.\n{other}: 5 B sent.\n"


def test_json_tells_of_each_file(
    command: Command, film: Path, faults: Faults, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = film.with_name("missing.mp4")

    assert command("--json", "--quiet", missing, film) == 5

    said = capsys.readouterr()
    first, second = map(json.loads, said.out.splitlines())
    assert first["file"] == str(missing)
    assert first["error"] == "file_unreadable"
    upload = Upload.objects.get()
    assert second == {
        "file": str(film),
        "url": faults.url + upload.url,
        "uuid": str(upload.uuid),
        "size": SIZE,
        "digest": "",
    }
    assert said.err.startswith(f"{missing}: The file can't be read")


def test_unfinished_uploads_are_listed_and_cancelled(
    command: Command, film: Path, faults: Faults, capsys: pytest.CaptureFixture[str]
) -> None:
    stop_after(faults, chunks=2)
    assert command("--parallel", 1, film) == 1
    faults.rule = lambda request: None
    upload = Upload.objects.get()
    capsys.readouterr()

    assert command("--list") == 0
    held = 2 * 256 * 1024
    assert capsys.readouterr().out == f"{upload.uuid}  {held}/{SIZE}  film.mp4\n"
    assert command("--list", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "name": "film.mp4",
        "uuid": str(upload.uuid),
        "received": held,
        "total_size": SIZE,
    }
    Upload.objects.create(user=upload.user, filename="later.mp4", filesize=None)
    assert command("--list") == 0
    assert "  0/?  later.mp4\n" in capsys.readouterr().out
    later = str(Upload.objects.get(filename="later.mp4").uuid)
    assert command("--cancel", later) == 0
    assert list(Upload.objects.all()) == [upload]
    assert command("--cancel", film) == 0
    assert not Upload.objects.exists()
    capsys.readouterr()
    assert command("--cancel", film) == 0
    assert "nothing of it is unfinished" in capsys.readouterr().err


def test_names_are_listed_where_the_terminal_lacks_their_letters(
    command: Command, api_key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    Upload.objects.create(user=api_key.user, filename="映.mp4", filesize=1)
    output = io.BytesIO()
    with io.TextIOWrapper(output, "ascii") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)

        assert command("--list") == 0

        assert output.getvalue().endswith(b"  0/1  \\u6620.mp4\n")


def test_name_and_metadata_go_along(command: Command, film: Path) -> None:
    options = ["--name", "ü.mp4", "--metadata", "camera=A", "--metadata", "x=1=2"]

    assert command(*options, "--no-digests", "--no-resume", film) == 0

    upload = Upload.objects.get()
    assert (upload.filename, upload.metadata) == ("ü.mp4", {"camera": "A", "x": "1=2"})


def test_standard_input_is_sent_whether_it_has_a_size_or_not(
    faults: Faults, command: Command, film: Path
) -> None:
    words = [sys.executable, "-m", "chunked_uploads.client", "--name", "film.mp4"]
    words += ["-", f"{faults.url}{PATH}"]
    with open(film, "rb") as file:
        sized = subprocess.run(words, stdin=file, capture_output=True, text=True)
    piped = subprocess.run(words, input=CONTENT, capture_output=True)

    assert (sized.returncode, piped.returncode) == (0, 0)
    assert "into a temporary file" not in sized.stderr
    assert b"into a temporary file" in piped.stderr
    assert [finished(upload) for upload in Upload.objects.all()] == [CONTENT] * 2


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Standard input that is a pipe with five bytes."""
    reading, writing = os.pipe()
    os.write(writing, b"film\n")
    os.close(writing)
    with open(reading) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield


@pytest.mark.usefixtures("pipe")
def test_quiet_is_silent_of_what_helps(
    command: Command, faults: Faults, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = iter([Told(503, {"error": "unavailable", "detail": "Away."})])
    faults.rule = lambda request: next(answers, None)

    assert command("--quiet", "--name", "film.mp4", "-") == 0

    assert finished(Upload.objects.get()) == b"film\n"
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", None])
def test_standard_input_without_an_end_or_a_beginning_is_refused(
    path: str | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with open(path or os.devnull) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin if path else None)
        assert run(["--name", "film.mp4", "-", "http://127.0.0.1:9/"]) == 5
    assert ("is a device" if path else "is closed") in capsys.readouterr().err


def test_output_that_nobody_takes_ends_with_a_sentence(
    command: Command,
    film: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with open("/dev/full", "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        assert command(film) == 5
    assert "Standard output can't be written: No space" in capsys.readouterr().err
    assert finished(Upload.objects.get()) == CONTENT


def test_each_file_is_told_of_where_credentials_fail(
    command: Command, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(film), str(film.with_name("missing.mp4"))]

    assert command("--json", "--headers-command", "false", *files) == 5
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(each["file"], each["error"]) for each in told] == [
        (files[0], "no_secret"),
        (files[1], "file_unreadable"),
    ]
    assert command("--json", "--secret-file", "/nowhere", *files) == 4
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["file"] for each in told] == files


def test_file_that_cannot_be_read_keeps_no_other_from_being_cancelled(
    command: Command, film: Path, faults: Faults
) -> None:
    stop_after(faults, chunks=1)
    assert command(film) == 1
    faults.rule = lambda request: None

    assert command("--cancel", film.with_name("missing.mp4"), film) == 5

    assert not Upload.objects.exists()


STATUSES = {
    "refused": (Told(415, {"error": "type_refused", "detail": "No."}), 1),
    "away": (Told(503, {"error": "unavailable", "detail": "Away."}), 3),
    "quota": (Told(429, {"error": "too_many_uploads", "detail": "Too many."}), 3),
    "who": (Told(401, {"error": "not_authenticated", "detail": "Who?"}), 4),
    "elsewhere": (Told(404), 1),
}


def test_exit_status_tells_what_to_do(
    command: Command, film: Path, faults: Faults, capsys: pytest.CaptureFixture[str]
) -> None:
    for told, status in STATUSES.values():
        faults.rule = lambda request, told=told: told  # type: ignore[misc]

        assert command("--patience", 0, film) == status

        said = capsys.readouterr().err
        assert said.count(str(film)) == 1
        assert ("run the same again" in said) == (status == 3)


def test_tries_are_told_of(
    command: Command,
    film: Path,
    faults: Faults,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    answers = iter([Told(503, {"error": "unavailable", "detail": "Away."})])
    faults.rule = lambda request: next(answers, None)

    assert command(film) == 0

    assert "Away. Trying again in 0 s.\n" in capsys.readouterr().err


def test_user_without_a_home_uploads_all_the_same(
    command: Command, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def expanduser(path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", expanduser)

    assert command(film) == 0


def test_address_that_is_none_ends_with_a_sentence(
    film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for address in ("example.com", "http://[::1/", "ftp://example.com/"):
        assert run([str(film), address]) == 2
        assert f"{address} is no address" in capsys.readouterr().err


def test_words_that_are_no_utf_8_are_sent_as_what_can_be(
    command: Command, film: Path
) -> None:
    assert command("--name", "\udcff.mp4", "--metadata", "x=\udcff", film) == 0

    upload = Upload.objects.get()
    assert (upload.filename, upload.metadata) == ("\ufffd.mp4", {"x": "\ufffd"})


WRONG = [
    [],
    ["--list"],
    ["--list", "film.mp4", "http://127.0.0.1/"],
    ["http://127.0.0.1/"],
    ["-", "http://127.0.0.1/"],
    ["--name", "x", "a", "b", "http://127.0.0.1/"],
    ["--parallel", "0", "a", "http://127.0.0.1/"],
    ["--metadata", "x", "a", "http://127.0.0.1/"],
    ["--timeout", "0", "a", "http://127.0.0.1/"],
    ["--patience", "nan", "a", "http://127.0.0.1/"],
    ["--secret-command", "pass 'x", "a", "http://127.0.0.1/"],
    ["--headers-command", " ", "a", "http://127.0.0.1/"],
    ["--api-key", "secret", "a", "http://127.0.0.1/"],
]


@pytest.mark.parametrize("words", WRONG)
def test_wrong_usage_ends_with_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        run(words)
    assert raised.value.code == 2


LOADED = """
import sys
from chunked_uploads.client.__main__ import run
try:
    run(["--help"])
except SystemExit:
    sys.exit(repr(sorted({"http", "httplib2", "ssl", "django"} & set(sys.modules))))
"""


def test_help_loads_nothing_of_the_network() -> None:
    command = [sys.executable, "-c", LOADED]
    run = subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT)
    assert run.stderr == "[]\n"
    assert "exit status:" in run.stdout


def test_every_option_stands_in_the_docs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(["--help"])
    told = capsys.readouterr().out
    page = (CHECKOUT / "docs/client.md").read_text(encoding="utf-8")
    options = set(re.findall(r"--[a-z-]+", told)) - {"--help", "--version"}
    options -= {"--digests", "--resume"}  # of which the docs tell the opposites
    assert {option for option in options if f"`{option}" not in page} == set()
    for status in re.findall(r"^  (\d+)  ", told, re.MULTILINE):
        assert f"| {status} |" in page
