"""What a pip install brings: all of the app, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from demo.environment import CHECKOUT

pytestmark = [pytest.mark.once, pytest.mark.timeout(600)]

UNTRACKED = ["*.egg-info", "*.pyc", ".?*cache", ".git", ".tox", ".venv", "__pycache__"]
UNTRACKED += ["build", "data", "dist", "node_modules"]

SETTINGS = """
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_extensions",
    "chunked_uploads",
]
ROOT_URLCONF = "urls"
SECRET_KEY = "of the tests"
MEDIA_ROOT = "media"
MEDIA_URL = "/media/"
STATIC_URL = "/static/"
TEMPLATES = [
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}
]
"""
URLS = """
from django.urls import include, path

urlpatterns = [path("uploads/", include("chunked_uploads.urls"))]
"""
USE = """
import django
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.template.loader import render_to_string
from django.utils import translation

django.setup()
call_command("check", fail_level="WARNING")
call_command("makemigrations", check_changes=True, dry_run=True)
call_command("migrate", verbosity=0)
call_command("clean_uploads")
call_command("runjobs", "daily")
assert finders.find("chunked_uploads/js/jquery.chunked_uploads.js")
assert "Choose files" in render_to_string("chunked_upload.html")
with translation.override("de"):
    assert "Choose files" not in render_to_string("chunked_upload.html")
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout as it was cloned, after a visit of the demo site."""
    source = tmp_path_factory.mktemp("source") / "checkout"
    ignored = shutil.ignore_patterns(*UNTRACKED)
    shutil.copytree(CHECKOUT, source, ignore=ignored)
    (source / "demo" / "data").mkdir()
    (source / "demo" / "data" / "db.sqlite3").touch()
    return source


@pytest.fixture(scope="module")
def distributions(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("distributions")
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(source)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


def files_below(source: Path, *names: str) -> set[str]:
    """Return the paths of the checkout's files below the folders."""
    paths = {path for name in names for path in (source / name).rglob("*")}
    return {str(path.relative_to(source)) for path in paths if path.is_file()}


def test_wheel_has_the_whole_app_and_nothing_else(
    source: Path, distributions: Path
) -> None:
    (wheel,) = distributions.glob("*.whl")

    names = zipfile.ZipFile(wheel).namelist()

    app = {name for name in names if ".dist-info/" not in name}
    assert app == files_below(source, "chunked_uploads")
    assert "chunked_uploads/py.typed" in app


def test_sdist_has_all_but_data_and_benchmarks(
    source: Path, distributions: Path
) -> None:
    (sdist,) = distributions.glob("*.tar.gz")

    with tarfile.open(sdist) as archive:
        members = [member for member in archive.getmembers() if member.isfile()]
    names = {member.name.partition("/")[2] for member in members}

    kept = {".gitignore", "demo/data/db.sqlite3", *files_below(source, "benchmarks")}
    assert files_below(source, ".") - names == kept


def test_wheel_works_in_an_empty_environment(
    distributions: Path, tmp_path: Path
) -> None:
    (wheel,) = distributions.glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    install = [python, "-m", "pip", "install", "--quiet", str(wheel)]
    subprocess.run(install, check=True, cwd=tmp_path)
    for name, code in {"settings": SETTINGS, "urls": URLS, "use": USE}.items():
        (tmp_path / f"{name}.py").write_text(code)

    result = subprocess.run(
        [python, "-W", "error", "use.py"],
        cwd=tmp_path,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "settings"},
        capture_output=True,
        text=True,
    )

    assert result.returncode == 0, result.stdout + result.stderr
    command = str(tmp_path / "venv" / "bin" / "chunked-upload")
    assert "UPLOAD_URL" in subprocess.check_output([command, "--help"], text=True)
