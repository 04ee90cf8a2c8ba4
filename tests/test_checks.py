"""System checks: a wrong setting is a message, never a crash."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.checks import CheckMessage, run_checks

from chunked_uploads.digests import resumable

# Newer Django's own checks of models ask the database whether it knows JSON.
pytestmark = pytest.mark.django_db


def messages() -> list[CheckMessage]:
    return [each for each in run_checks() if (each.id or "").startswith("chunked_")]


def ids() -> set[str]:
    return {(each.id or "").partition(".")[2] for each in messages()}


def test_defaults_are_in_order() -> None:
    assert messages() == []


NUMBERS = [0, -1, 1.5, "8", True, [], object()]
WRONG: dict[str, tuple[str, list[Any]]] = {
    "CHUNKED_UPLOADS_CHUNK_SIZE": ("E001", [*NUMBERS, None]),
    "CHUNKED_UPLOADS_EXPIRE_DAYS": ("E001", [*NUMBERS, None, 36_501]),
    "CHUNKED_UPLOADS_MAX_SIZE": ("E001", NUMBERS),
    "CHUNKED_UPLOADS_MAX_UNFINISHED": ("E001", NUMBERS),
    "CHUNKED_UPLOADS_STORAGE_PATH": ("E002", ["", None, 7, [], b"films"]),
    "CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH": ("E002", ["", None, 7, [], b"chunks"]),
    "CHUNKED_UPLOADS_AUTHENTICATION": (
        "E003",
        [[], None, 7, "", "nowhere", "nowhere.Class", "os.nothing", ["os.x"], [None]],
    ),
    "CHUNKED_UPLOADS_CHUNK_STORE": ("E003", ["", None, 7, "nowhere.Store", []]),
    "CHUNKED_UPLOADS_DIGEST": ("E004", ["", "sha1", "SHA256", 256, [], ["sha256"]]),
    "CHUNKED_UPLOADS_STORAGE": ("E005", ["", None, "missing", 7, []]),
    "CHUNKED_UPLOADS_ALLOWED_EXTENSIONS": ("E006", ["mp4", 7, [7], [None], True]),
    "CHUNKED_UPLOADS_VALIDATORS": (
        "E012",
        ["os.remove", None, 7, [7], [None], [""], ["nowhere.check"], ["os.name"]],
    ),
    "CHUNKED_UPLOADS_FAST_PATH": ("E011", [None, "yes", 2, []]),
    "CROSS_DOMAIN_ALLOWED_ORIGINS": (
        "E007",
        ["example.com", "*", ["https://example.com/path"], "https://", 7, [None], None],
    ),
}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        (name, value, expected)
        for name, (expected, values) in WRONG.items()
        for value in values
    ],
)
def test_wrong_setting_is_told_by_name(
    settings: Any, name: str, value: Any, expected: str
) -> None:
    setattr(settings, name, value)

    found = messages()

    assert {each.id for each in found} == {f"chunked_uploads.{expected}"}
    assert all(each.msg.startswith(name) for each in found)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHUNKED_UPLOADS_CHUNK_SIZE", 1),
        ("CHUNKED_UPLOADS_MAX_SIZE", None),
        ("CHUNKED_UPLOADS_MAX_UNFINISHED", 10),
        ("CHUNKED_UPLOADS_STORAGE_PATH", "films"),
        ("CHUNKED_UPLOADS_STORAGE_PATH", Path("films")),
        ("CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH", lambda upload, name: name),
        ("CHUNKED_UPLOADS_DIGEST", "sha256"),
        ("CHUNKED_UPLOADS_DIGEST", "md5"),
        ("CHUNKED_UPLOADS_ALLOWED_EXTENSIONS", ("mp4", ".mov")),
        ("CHUNKED_UPLOADS_ALLOWED_EXTENSIONS", {"mp4"}),
        ("CHUNKED_UPLOADS_ALLOWED_EXTENSIONS", None),
        ("CHUNKED_UPLOADS_VALIDATORS", ["os.remove"]),
        ("CHUNKED_UPLOADS_VALIDATORS", ()),
        (
            "CHUNKED_UPLOADS_AUTHENTICATION",
            "chunked_uploads.authentication.Authentication",
        ),
        ("CROSS_DOMAIN_ALLOWED_ORIGINS", "https://a.example, http://b.example:8000"),
        ("CROSS_DOMAIN_ALLOWED_ORIGINS", ["https://a.example"]),
        ("CROSS_DOMAIN_ALLOWED_ORIGINS", []),
    ],
)
def test_right_setting_is_not_complained_of(
    settings: Any, name: str, value: Any
) -> None:
    setattr(settings, name, value)

    assert messages() == []


def test_several_wrong_settings_are_all_told(settings: Any) -> None:
    settings.CHUNKED_UPLOADS_CHUNK_SIZE = 0
    settings.CHUNKED_UPLOADS_DIGEST = "sha1"
    settings.CHUNKED_UPLOADS_STORAGE = "missing"

    assert ids() == {"E001", "E004", "E005"}


def test_digest_without_its_extra_is_a_warning(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHUNKED_UPLOADS_DIGEST = "sha256"
    monkeypatch.setattr(resumable, "can_resume", lambda algorithm: False)

    (message,) = messages()

    assert message.id == "chunked_uploads.W001"
    assert "[digest]" in str(message.hint)


@pytest.mark.parametrize("other", ["CHUNKS_STORAGE_PATH", "STORAGE_PATH"])
def test_paths_on_two_file_systems_are_a_warning(
    settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, other: str
) -> None:
    elsewhere = str(tmp_path / "elsewhere")
    settings.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = tmp_path / "chunks"
    setattr(settings, f"CHUNKED_UPLOADS_{other}", elsewhere)
    assert ids() == set()

    monkeypatch.setattr(
        "chunked_uploads.checks.folders.device_of",
        lambda path: path.startswith(elsewhere),
    )

    assert ids() == {"W002"}


FILE_SYSTEM = "django.core.files.storage.FileSystemStorage"


def storage_with(settings: Any, **options: str) -> None:
    """Let the finished files' storage be the file system's, with these options."""
    storage = {"BACKEND": FILE_SYSTEM, "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "default": storage}


def test_site_without_media_settings_is_warned(settings: Any) -> None:
    settings.MEDIA_ROOT = settings.MEDIA_URL = ""

    assert ids() == {"W004", "W005"}
    assert all(each.hint for each in messages())


@pytest.mark.parametrize("url", ["", "/"])
def test_url_that_leads_nowhere_is_a_warning(settings: Any, url: str) -> None:
    settings.MEDIA_URL = url

    assert ids() == {"W005"}


def test_working_directory_as_the_place_of_files_is_a_warning(
    settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = ""
    assert ids() == {"W004"}

    settings.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = tmp_path / "chunks"
    assert ids() == {"W004"}

    settings.CHUNKED_UPLOADS_STORAGE_PATH = tmp_path / "files"
    assert ids() == set()


def test_files_without_urls_need_no_media_url(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_URL = ""
    settings.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = tmp_path / "chunks"
    settings.CHUNKED_UPLOADS_STORAGE_PATH = tmp_path / "files"

    assert ids() == set()


def test_storage_that_knows_its_place_needs_no_media_settings(
    settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = settings.MEDIA_URL = ""
    settings.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = tmp_path / "chunks"
    storage_with(settings, location=str(tmp_path / "files"), base_url="/files/")

    assert ids() == set()


@pytest.mark.parametrize("chunks", ["chunks", "media/chunks", ""])
def test_chunks_that_a_web_server_may_serve_beside_private_files_are_a_warning(
    settings: Any, media_root: Path, tmp_path: Path, chunks: str
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = tmp_path / "private"
    if chunks:
        below = tmp_path / chunks if "/" in chunks else chunks
        settings.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = below
    assert ids() == {"W006"}

    settings.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = tmp_path / "chunks"
    assert ids() == set()


def test_chunks_are_told_of_where_a_storage_lies_elsewhere(
    settings: Any, tmp_path: Path
) -> None:
    storage_with(settings, location=str(tmp_path / "private"))

    assert ids() == {"W006"}


MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
23 22 0:21 / /proc rw,relatime - proc proc rw
30 22 0:25 / /srv rw - {kind} server:/a{options}
31 22 0:26 / /srv/other rw shared:1 master:2 - tmpfs tmpfs rw
32 22 254:0 /x /srvfiles rw,relatime - ext4 /dev/vda rw
33 22 0:27 / /with\\040space\\134 rw - cifs //server/a rw
34 22 0:28 / /twice rw - nfs server:/a rw
35 34 254:1 / /twice rw - xfs /dev/vdb rw
"""
SHARED = " rw,sync,vers=4.2,noac,lookupcache=none,proto=tcp,local_lock=none"


@pytest.mark.parametrize(
    ("kind", "options", "path", "is_warned"),
    [
        ("nfs4", SHARED, "/srv/chunks", False),
        ("nfs4", SHARED, "/srv", False),
        ("nfs4", SHARED.replace(",noac", ""), "/srv/chunks", True),
        ("nfs4", SHARED.replace("=none,proto", "=pos,proto"), "/srv/chunks", True),
        ("nfs4", SHARED.replace("lock=none", "lock=all"), "/srv/chunks", True),
        ("nfs", SHARED.replace("4.2", "3"), "/srv/chunks", True),
        ("cifs", " rw", "/srv/chunks", True),
        ("smb3", " rw", "/srv/chunks", True),
        ("fuse.sshfs", " rw", "/srv/chunks", True),
        ("fuse.s3fs", " rw", "/srv/chunks", True),
        ("9p", " rw", "/srv/chunks", True),
        ("overlay", " rw,lowerdir=/a,upperdir=/b", "/srv/chunks", False),
        ("btrfs", " rw,subvol=/a", "/srv/chunks", False),
        ("unheard-of", " rw", "/srv/chunks", True),
        ("cifs", " rw", "/srv/other/chunks", False),
        ("cifs", " rw", "/srvfiles/chunks", False),
        ("cifs", " rw", "/chunks", False),
        ("ext4", " rw", "/with space\\/chunks", True),
        ("ext4", " rw", "/twice/chunks", False),
    ],
)
def test_file_system_whose_locks_may_not_hold_is_a_warning(
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    kind: str,
    options: str,
    path: str,
    is_warned: bool,
) -> None:
    mountinfo = tmp_path / "mountinfo"
    mountinfo.write_text(MOUNTS.format(kind=kind, options=options))
    monkeypatch.setattr("chunked_uploads.system.mounts.MOUNTS", str(mountinfo))
    settings.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = path

    warned = [each for each in messages() if each.id == "chunked_uploads.W007"]

    assert len(warned) == is_warned
    assert all(kind in each.msg or "cifs" in each.msg for each in warned)


def test_file_systems_are_no_matter_where_chunks_are_no_files(
    settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mountinfo = tmp_path / "mountinfo"
    mountinfo.write_text("22 1 0:25 / / rw - cifs //server/a rw\n")
    monkeypatch.setattr("chunked_uploads.system.mounts.MOUNTS", str(mountinfo))
    assert "W007" in ids()

    settings.CHUNKED_UPLOADS_CHUNK_STORE = "tests.stores.memory.MemoryStore"
    assert "W007" not in ids()


def test_system_that_does_not_tell_its_mounts_is_not_complained_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    missing = str(tmp_path / "missing")
    monkeypatch.setattr("chunked_uploads.system.mounts.MOUNTS", missing)

    assert messages() == []
