"""System checks of a site with the S3 store; none of them asks the bucket."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.httpsession import URLLib3Session
from django.core.checks import CheckMessage, run_checks
from django.core.management import call_command
from django.db import connections
from storages.backends.s3 import S3StaticStorage, S3Storage

from chunked_uploads import checks
from chunked_uploads.conf import MIB
from chunked_uploads.stores.local import LocalStore
from chunked_uploads.stores.s3 import S3Store
from demo.environment import CHECKOUT
from tests.test_checks import ids, messages

# Newer Django's own checks of models ask the database whether it knows JSON.
pytestmark = pytest.mark.django_db

STORE = "chunked_uploads.stores.s3.S3Store"
FILE_SYSTEM = "django.core.files.storage.FileSystemStorage"


class OwnStore(S3Store):
    """A store that a site made from ours."""


class OwnLocalStore(LocalStore):
    """A store that has nothing to do with buckets."""


class Placed(S3Storage):
    """A storage as sites write them for a folder."""

    location = "media"


class Packed(S3Storage):
    """A storage that has its own way to write."""

    def _save(self, name: str, content: Any) -> str:
        return super()._save(name, content)


class Renamed(S3StaticStorage):
    """A storage that has its own way to keys."""

    def _normalize_name(self, name: str) -> str:
        return f"all/{name}"


def use(
    settings: Any, backend: str = "storages.backends.s3.S3Storage", **options: Any
) -> None:
    """Let the finished files' storage be this one."""
    storage: dict[str, Any] = {"BACKEND": backend, "OPTIONS": options}
    if backend != FILE_SYSTEM:
        options.setdefault("bucket_name", "uploads")
    settings.STORAGES = {**settings.STORAGES, "default": storage}


@pytest.fixture(autouse=True)
def _bucket_site(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A site with the S3 store, whose database several servers may share."""
    settings.CHUNKED_UPLOADS_CHUNK_STORE = STORE
    use(settings)
    monkeypatch.setattr(type(connections["default"]), "vendor", "postgresql")

    def send(*arguments: Any) -> None:
        raise AssertionError("A request was sent.")

    monkeypatch.setattr(URLLib3Session, "send", send)


def message() -> CheckMessage:
    """Return the only one there is."""
    [message] = messages()
    return message


@pytest.mark.parametrize("store", [STORE, f"{__name__}.OwnStore"])
@pytest.mark.parametrize(
    "backend", ["storages.backends.s3.S3Storage", f"{__name__}.Placed"]
)
def test_site_with_a_bucket_needs_nothing_else(
    settings: Any, store: str, backend: str
) -> None:
    settings.MEDIA_ROOT = settings.MEDIA_URL = ""
    settings.CHUNKED_UPLOADS_CHUNK_STORE = store
    use(settings, backend)

    assert messages() == []


def test_checks_of_disks_are_for_other_stores(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = ""
    use(settings, FILE_SYSTEM)
    assert ids() == {"E013"}

    settings.CHUNKED_UPLOADS_CHUNK_STORE = f"{__name__}.OwnLocalStore"
    assert "W004" in ids()


@pytest.mark.parametrize(
    ("backend", "options"),
    [
        (FILE_SYSTEM, {}),
        ("nowhere.Storage", {}),
        ("storages.backends.s3.S3Storage", {"bucket": "uploads"}),
        ("storages.backends.s3.S3Storage", {"location": "/media"}),
    ],
)
def test_storage_that_is_no_bucket_is_an_error(
    settings: Any, backend: str, options: dict[str, str]
) -> None:
    use(settings, backend, **options)

    assert message().id == "chunked_uploads.E013"
    assert "storages.backends.s3.S3Storage" in message().msg


def test_alias_that_is_missing_is_told_once(settings: Any) -> None:
    settings.CHUNKED_UPLOADS_STORAGE = "missing"

    assert message().id == "chunked_uploads.E005"


def test_storage_without_a_bucket_is_an_error(settings: Any) -> None:
    use(settings, bucket_name=None)

    assert message().id == "chunked_uploads.E014"


@pytest.mark.parametrize(
    ("backend", "name"), [("Packed", "_save"), ("Renamed", "_normalize_name")]
)
def test_storage_with_its_own_ways_is_an_error(
    settings: Any, backend: str, name: str
) -> None:
    use(settings, f"{__name__}.{backend}")

    assert message().id == "chunked_uploads.E015"
    assert f"{__name__}.{backend} overrides {name}," in message().msg


def callable_path(upload: Any, filename: str) -> str:
    return filename


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("STORAGE_PATH", "/srv/files"),
        ("STORAGE_PATH", "../files"),
        ("CHUNKS_STORAGE_PATH", "/srv/chunks"),
        ("CHUNKS_STORAGE_PATH", Path("/srv/chunks")),
        ("CHUNKS_STORAGE_PATH", "files/../../chunks"),
        ("CHUNKS_STORAGE_PATH", "..\\chunks"),
        ("CHUNKS_STORAGE_PATH", "."),
        ("CHUNKS_STORAGE_PATH", callable_path),
    ],
)
@pytest.mark.parametrize("location", ["", "media"])
def test_path_that_is_no_folder_of_the_bucket_is_an_error(
    settings: Any, name: str, path: Any, location: str
) -> None:
    use(settings, location=location)
    setattr(settings, f"CHUNKED_UPLOADS_{name}", path)

    assert message().id == "chunked_uploads.E016"
    assert message().msg.startswith(f"CHUNKED_UPLOADS_{name} ")


@pytest.mark.parametrize("path", [callable_path, "files", Path("a/b"), "."])
def test_path_of_files_may_be_any_below_the_location(settings: Any, path: Any) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = path

    assert messages() == []


@pytest.mark.parametrize(
    ("files", "chunks", "expected"),
    [
        ("uploads", "uploads", {"W008"}),
        ("uploads/files", "uploads/", {"W008"}),
        ("uploads", "uploads/chunks", set()),
        ("uploads-files", "uploads", set()),
    ],
)
def test_files_among_the_chunks_are_a_warning(
    settings: Any, files: str, chunks: str, expected: set[str]
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = files
    settings.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = chunks

    assert ids() == expected


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("CRC32", set()),
        ("SHA1", set()),
        ("SHA256", set()),
        ("CRC32C", {"E017"}),
        ("CRC64NVME", {"E017"}),
        ("crc32", {"E017"}),
    ],
)
def test_checksum_that_the_store_can_not_compute_is_an_error(
    settings: Any, algorithm: str, expected: set[str]
) -> None:
    use(settings, object_parameters={"ChecksumAlgorithm": algorithm})

    assert ids() == expected


def test_gzip_is_a_warning(settings: Any) -> None:
    use(settings, gzip=True)

    assert ids() == {"W019"}


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
@pytest.mark.parametrize(
    "reader", [{"VALIDATORS": ["os.remove"]}, {"DIGEST": "sha256"}]
)
def test_files_that_can_not_be_read_at_once_are_a_warning(
    settings: Any, storage_class: str, reader: dict[str, Any]
) -> None:
    use(settings, object_parameters={"StorageClass": storage_class})
    assert ids() == set()

    for name, value in reader.items():
        setattr(settings, f"CHUNKED_UPLOADS_{name}", value)
    assert ids() == {"W009"}

    use(settings, object_parameters={"StorageClass": "GLACIER_IR"})
    assert ids() == set()


def test_sqlite_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(connections["default"]), "vendor", "sqlite")

    assert ids() == {"W010"}


@pytest.mark.parametrize(
    ("size", "expected"),
    [(8 * MIB - 1, {"W011"}), (8 * MIB, set()), (0, {"E001"}), ("8", {"E001"})],
)
def test_chunks_below_a_cell_are_a_warning(
    settings: Any, size: Any, expected: set[str]
) -> None:
    settings.CHUNKED_UPLOADS_CHUNK_SIZE = size

    assert ids() == expected


@pytest.mark.parametrize(
    "options",
    [{}, {"deploy": True}, {"databases": ["default"]}, {"tags": ["models"]}],
)
def test_no_request_is_sent_unless_the_tag_is_given(options: dict[str, Any]) -> None:
    call_command("check", **options)
    call_command("migrate", plan=True, verbosity=0)  # gives its checks databases
    run_checks(databases=["default"])

    with pytest.raises(AssertionError, match="A request was sent"):
        call_command("check", tags=["chunked_uploads_s3"])


def test_errors_of_the_settings_come_before_any_request(settings: Any) -> None:
    settings.CHUNKED_UPLOADS_EXPIRE_DAYS = 0
    settings.CHUNKED_UPLOADS_CHUNK_SIZE = 1

    found = run_checks(tags=["chunked_uploads_s3"])

    assert [each.id for each in found] == ["chunked_uploads.E001"]


def test_tag_says_so_where_there_is_nothing_to_try(settings: Any) -> None:
    settings.CHUNKED_UPLOADS_CHUNK_STORE = f"{__name__}.OwnLocalStore"

    found = run_checks(tags=["chunked_uploads_s3"])

    assert [each.id for each in found] == ["chunked_uploads.I001"]


SCRIPT = """
import sys
for name in {missing!r}:
    sys.modules[name] = None
import django
from django.conf import settings
from django.core.checks import run_checks
django.setup()
settings.MEDIA_ROOT = "/nowhere"
if {store!r}:
    settings.CHUNKED_UPLOADS_CHUNK_STORE = {store!r}
for each in run_checks():
    if each.id.startswith("chunked_uploads"):
        print(each.id, each.hint)
print("boto3" in sys.modules, "storages" in sys.modules)
"""


def checked_elsewhere(missing: list[str], store: str = "") -> list[str]:
    """Return what a process prints that lacks these modules."""
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(missing=missing, store=store)],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


def test_boto3_is_imported_for_the_s3_store_alone() -> None:
    assert checked_elsewhere([]) == ["False False"]


@pytest.mark.parametrize("missing", ["boto3", "botocore", "storages"])
def test_missing_package_is_told_with_its_remedy(missing: str) -> None:
    first, _ = checked_elsewhere([missing], STORE)

    assert first.startswith("chunked_uploads.E003 ")
    assert "django-chunked-uploads[s3]" in first


def test_docs_tell_what_each_message_says() -> None:
    docs = (CHECKOUT / "docs/scaling.md").read_text(encoding="utf-8")
    folder = Path(checks.__file__).parent
    modules = ["__init__", "buckets", "rights", "rules", "steps", "trials"]
    sources = [(folder / f"{module}.py").read_text() for module in modules]

    numbers = {*re.findall(r"chunked_uploads\.([EWI]\d{3})", "".join(sources))}

    assert len(numbers) == 25
    assert numbers <= {*re.findall(r"`([EWI]\d{3})`", docs)}
