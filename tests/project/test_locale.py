"""The catalogues: complete, compiled, and faithful to the strings of the app."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from django.core.management import call_command

import chunked_uploads
from tests import programs

pytestmark = pytest.mark.once

APP = Path(chunked_uploads.__file__).parent
CATALOGUES = sorted(APP.glob("locale/*/LC_MESSAGES/django.po"))
PLACEHOLDER = re.compile(r"\{\w+\}|%\(\w+\)[a-z]")
INCOMPLETE = ("--untranslated", "--only-fuzzy", "--only-obsolete")
OF_A_PLACE = re.compile(r"^#:|-Date:|Last-Translator:|Language-Team:", re.MULTILINE)

every_catalogue = pytest.mark.parametrize(
    "catalogue", CATALOGUES, ids=[path.parts[-3] for path in CATALOGUES]
)


@pytest.fixture(autouse=True)
def gettext() -> None:
    """The programs of GNU gettext, which Django's commands call too."""
    found = programs.find("gettext")
    assert found, "gettext is missing: `python3 tests` says how to install it"


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a fresh `makemessages` finds in a copy of the app."""
    app = tmp_path / "app"
    shutil.copytree(APP, app, ignore=shutil.ignore_patterns("locale", "__pycache__"))
    (app / "locale").mkdir()
    monkeypatch.chdir(app)
    call_command("makemessages", locale=["de"], keep_pot=True, verbosity=0)
    return app / "locale" / "django.pot"


def run(*command: str | Path) -> bytes:
    """Return what the program wrote; it fails where it wrote to stderr, too."""
    done = subprocess.run(command, capture_output=True, timeout=60)
    assert (done.returncode, done.stderr.decode()) == (0, "")
    return done.stdout


def messages(compiled: bytes) -> dict[str, str]:
    """Return the messages of a .mo file; NUL is between the forms of a plural."""
    # GNU gettext's manual, "The Format of GNU MO Files".
    count, *tables = struct.unpack_from("<3I", compiled, 8)
    strings = []
    for table in tables:
        spans = struct.iter_unpack("<2I", compiled[table : table + 8 * count])
        strings.append([compiled[start : start + size] for size, start in spans])
    originals, translations = strings
    pairs = zip(originals, translations, strict=True)
    return {original.decode(): translation.decode() for original, translation in pairs}


def test_languages() -> None:
    assert [path.parts[-3] for path in CATALOGUES] == ["ar", "de", "es", "fr", "ja"]


@every_catalogue
def test_every_entry_is_translated(catalogue: Path) -> None:
    for kind in INCOMPLETE:
        assert run("msgattrib", kind, catalogue).decode() == "", kind


@every_catalogue
def test_every_string_of_the_app_is_there(catalogue: Path, template: Path) -> None:
    # It also names the entries that no string asks for any more.
    run("msgcmp", catalogue, template)


@every_catalogue
def test_compiled_catalogue_says_the_same(catalogue: Path) -> None:
    compiled = run("msgfmt", "--check-format", "--output-file=-", catalogue)

    assert messages(catalogue.with_suffix(".mo").read_bytes()) == messages(compiled)


@every_catalogue
def test_placeholders_are_kept(catalogue: Path) -> None:
    entries = messages(catalogue.with_suffix(".mo").read_bytes())
    for original, translation in entries.items():
        wanted = set(PLACEHOLDER.findall(original))
        for form in translation.split("\0"):
            assert set(PLACEHOLDER.findall(form)) == wanted, original


@every_catalogue
def test_header_tells_of_no_place_or_date(catalogue: Path) -> None:
    assert OF_A_PLACE.findall(catalogue.read_text(encoding="utf-8")) == []
