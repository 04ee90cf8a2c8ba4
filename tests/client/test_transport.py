"""The way to the server: TLS, proxies, and memory that does not grow."""

from __future__ import annotations

import errno
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from django.contrib.auth.models import User

from chunked_uploads.client import (
    ApiKey,
    Client,
    FileUnreadable,
    Unreachable,
    WrongAddress,
    site,
)
from chunked_uploads.client.site import make_site
from chunked_uploads.client.transport import Line
from chunked_uploads.models import ApiKey as Key
from chunked_uploads.models import Upload
from tests.client.conftest import CONTENT, PATH, SIZE
from tests.client.faults import Faults, Request, Told
from tests.client.test_credentials import session_of
from tests.sending import finished
from tests.servers import HOST, Gunicorn

pytestmark = pytest.mark.once

HUGE = 2**32 + 1  # bytes


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The certificate of an authority, and the site's with its key."""
    folder = tmp_path_factory.mktemp("authority")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    issued = authority.issue_cert(HOST).private_key_and_cert_chain_pem
    issued.write_to_path(str(folder / "site.pem"))
    return folder / "authority.pem", folder / "site.pem"


@pytest.fixture
def secure(make_server: Callable[..., Gunicorn], authority: tuple[Path, Path]) -> str:
    """The address of a site that speaks TLS."""
    certificate = str(authority[1])
    options = [f"--certfile={certificate}", f"--keyfile={certificate}"]
    server = make_server(workers=1, options=options)
    return server.url.replace("http:", "https:")


def test_file_arrives_whole_over_tls(
    secure: str,
    authority: tuple[Path, Path],
    make_client: Callable[..., Client],
    film: Path,
) -> None:
    make_client(secure, ca_file=str(authority[0])).upload(film)

    assert finished(Upload.objects.get()) == CONTENT


def test_login_gets_in_over_tls(
    secure: str, authority: tuple[Path, Path], user: User, film: Path
) -> None:
    """Where Django's check of the CSRF token wants a `Referer`."""
    url, authorities = f"{secure}{PATH}", str(authority[0])
    with Client(url, session_of(user), ca_file=authorities) as client:
        client.upload(film)

    assert Upload.objects.get().user == user


def test_certificate_that_nobody_vouches_for_is_refused(
    secure: str, make_client: Callable[..., Client], film: Path
) -> None:
    with pytest.raises(WrongAddress, match="can't be trusted"):
        make_client(secure).upload(film)


def test_proxies_of_the_environment_are_used(
    secure: str,
    authority: tuple[Path, Path],
    small_chunks: Gunicorn,
    make_client: Callable[..., Client],
    film: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Faults(small_chunks.port) as proxy:
        address = proxy.url.replace("http://", "http://ada:l%40velace@")
        monkeypatch.setenv("http_proxy", address)
        monkeypatch.setenv("https_proxy", address)
        monkeypatch.setenv("no_proxy", "")

        plain = make_client(small_chunks.url)
        plain.upload(film)
        asked = {each.path.split(PATH)[0] for each in proxy.requests}
        assert asked == {small_chunks.url}
        proxy.requests.clear()

        tunnelled = make_client(secure, ca_file=str(authority[0]))
        tunnelled.upload(film)
        assert {each.method for each in proxy.requests} == {"CONNECT"}
        told = {each.headers["proxy-authorization"] for each in proxy.requests}
        assert told == {"Basic YWRhOmxAdmVsYWNl"}
        proxy.requests.clear()

        monkeypatch.setenv("no_proxy", HOST)
        make_client(small_chunks.url).upload(film)
        assert proxy.requests == []
        for client in (plain, tunnelled):
            client.close()
    assert Upload.objects.filter(state=Upload.State.COMPLETE).count() == 3


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1080", "http://proxy:abc"])
def test_proxy_of_another_kind_is_said_at_once(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(WrongAddress, match="proxy"):
        Client("https://uploads.example.com/")


MEASURED = """
import re, sys
from chunked_uploads.client import ApiKey, Client

path, url, key, *options = sys.argv[1:]
with Client(url, ApiKey("ada", key), digests="digests" in options) as client:
    print(client.upload(path).size)
print(int(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1]) // 1024)
"""


@pytest.fixture
def roomy(make_server: Callable[..., Gunicorn], tmp_path: Path) -> Iterator[Gunicorn]:
    """A site with its files in memory, where that has room, since disks are slower."""
    memory = Path("/dev/shm")
    has_room = memory.is_dir() and shutil.disk_usage(memory).free > 2 * HUGE
    folder = tempfile.mkdtemp(dir=memory if has_room else tmp_path)
    yield make_server(settings={"MEDIA_ROOT": folder})
    shutil.rmtree(folder)


def test_memory_does_not_grow_with_the_file(
    roomy: Gunicorn, api_key: Key, tmp_path: Path
) -> None:
    path = tmp_path / "disk.img"
    with open(path, "wb") as file:
        file.truncate(HUGE)
        file.write(b"beginning")
        file.seek(-3, os.SEEK_END)
        file.write(b"end")
    words = [str(path), roomy.url + PATH, api_key.key]
    command = [sys.executable, "-c", MEASURED, *words]

    sent, most = subprocess.check_output(command, text=True).split()

    upload = Upload.objects.get()
    with upload.upload.open() as held:
        assert held.read(9) == b"beginning"
        held.seek(-3, os.SEEK_END)
        assert held.read() == b"end"
    assert int(sent) == upload.filesize == HUGE
    assert int(most) < 60  # MiB


def test_files_that_cannot_be_sent_are_said_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    paths = [tmp_path, pipe, tmp_path / "nothing", Path("/proc/self/mem"), "a\0b"]
    with (
        Client("http://127.0.0.1:9/") as client,
        open("/dev/zero", "rb") as device,
        open(__file__, encoding="utf-8") as text,
        tempfile.TemporaryFile() as unnamed,
        tempfile.SpooledTemporaryFile() as spooled,
    ):
        for each in [*paths, device, text, unnamed, spooled]:
            with pytest.raises(FileUnreadable):
                client.upload(each)  # type: ignore[arg-type]


def test_file_systems_without_sendfile_are_read(
    faults: Faults,
    make_client: Callable[..., Client],
    film: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in (errno.EINVAL, errno.EIO, errno.ESTALE):

        def sendfile(*arguments: int, number: int = number) -> int:
            raise OSError(number, "Not so.")

        monkeypatch.setattr(os, "sendfile", sendfile)

        result = make_client(faults.url, patience=0).upload(film)

        assert finished(Upload.objects.get(uuid=result.uuid)) == CONTENT


def test_connections_are_kept_for_the_next_request(
    faults: Faults, make_client: Callable[..., Client], film: Path
) -> None:
    with make_client(faults.url, parallel=1) as client:
        client.upload(film)
        assert client.unfinished() == []

    assert faults.sent == SIZE
    assert len({each.port for each in faults.requests}) == 1


def test_url_of_a_key_names_no_other_site(faults: Faults, api_key: Key) -> None:
    with Client(f"{faults.url}{PATH}?limits=", ApiKey("ada", api_key.key)) as client:
        assert client.unfinished() == []
    [request] = faults.requests
    assert "limits=&" in request.path
    assert "all=1" in request.path


def test_secret_that_no_header_can_have_is_not_told(
    faults: Faults, tmp_path: Path, film: Path
) -> None:
    for key in ("xyz\nxyz", "xyz\u6620"):
        with (
            Client(f"{faults.url}{PATH}", ApiKey("ada", key)) as client,
            pytest.raises(WrongAddress, match="characters") as raised,
        ):
            client.upload(film)
        assert "xyz" not in str(raised.value)


@pytest.mark.parametrize("ca_file", ["/nowhere", __file__])
def test_authorities_that_are_none_are_said_at_once(ca_file: str) -> None:
    with pytest.raises(WrongAddress, match="authorities"):
        Client("https://uploads.example.com/", ca_file=ca_file)


def test_silence_is_noticed_each_time(
    faults: Faults, make_client: Callable[..., Client]
) -> None:
    """Also where httplib2 has left our connection after the first one."""
    is_over = threading.Event()

    def rule(request: Request) -> None:
        is_over.wait(5)

    faults.rule = rule
    client = make_client(faults.url, timeout=0.05)
    for _ in range(2):
        with pytest.raises(Unreachable, match="silent"):
            client.unfinished()
    is_over.set()


def test_certificate_that_changes_on_the_way_is_waited_out(
    secure: str,
    authority: tuple[Path, Path],
    make_client: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As that of a captive portal."""
    client = make_client(secure, ca_file=str(authority[0]))
    client.unfinished()
    client.close()
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"

    def refuse(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", refuse)

    with pytest.raises(Unreachable, match="self-signed"):
        client.unfinished()


def test_connection_that_is_ended_does_not_go_on_in_clear_text(
    secure: str, authority: tuple[Path, Path]
) -> None:
    line = Line(make_site(f"{secure}{PATH}", 5, str(authority[0])))
    line.ask("GET", f"{secure}{PATH}", {})
    sock = line._connection.sock
    assert isinstance(sock, ssl.SSLSocket)

    line.abort()

    assert sock.version()
    line.close()


def test_answer_without_end_is_not_read_to_its_end(
    faults: Faults, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "MOST_ANSWERED", 1000)
    faults.rule = lambda request: Told(200, None, {}, b"[" + b" " * 1000 + b"]")

    with pytest.raises(Unreachable, match="too long"):
        client.unfinished()
