"""A second S3 engine: Ceph as Debian packages it (mon, one osd in memory, radosgw).

Its daemons run as the packages' user `ceph`, so root alone can start it; it takes some
20 s. The packages: ceph-base, ceph-common, ceph-mon, ceph-osd, radosgw.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

from demo.services.engine import Engine
from demo.services.polling import wait_until
from demo.services.server import HOST, Server, free_port

DEVICE = 4 << 30  # bytes that the osd may hold in memory
CONFIG = """
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{monitor}]
public addr = 127.0.0.1
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
auth allow insecure global id reclaim = false
osd pool default size = 1
osd pool default min size = 1
mon allow pool size one = true
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon max pg per osd = 1000
osd objectstore = memstore
memstore device bytes = {device}
run dir = {data}
admin socket = {data}/$name.asok
log file =
log to stderr = false
keyring = {data}/$name.keyring
[mon]
mon data = {data}/mon
keyring = {data}/mon.keyring
[osd]
osd data = {data}/osd
keyring = {data}/osd/keyring
[client]
rgw frontends = beast endpoint=127.0.0.1:{port}
rgw run sync thread = false
rgw thread pool size = 64
rgw multipart min part size = {smallest_part}
"""


class Daemon(Server):
    """One of Ceph's servers, ready when it listens at `address`."""

    def __init__(
        self,
        folder: Path,
        command: list[str],
        address: str | tuple[str, int],
        popen: dict[str, object],
    ) -> None:
        super().__init__(folder)
        self._command = command
        self._address = address
        self.popen = popen

    @property
    def command(self) -> list[str]:
        return self._command

    @property
    def address(self) -> str | tuple[str, int]:
        return self._address


class Ceph(Engine):
    """A cluster of one machine; its gateway, radosgw, is the engine's process."""

    def __init__(self, smallest_part: int = Engine.smallest_part) -> None:
        assert shutil.which("radosgw"), "Ceph is missing: tests/ceph.py says what"
        super().__init__("ceph")
        self.smallest_part = smallest_part
        self.fsid = str(uuid4())
        self.monitor = free_port()
        self._daemons = ExitStack()
        conf = CONFIG.format(
            fsid=self.fsid,
            monitor=self.monitor,
            device=DEVICE,
            data=self.data,
            port=self.port,
            smallest_part=smallest_part,
        )
        (self.data / "ceph.conf").write_text(conf)
        self.popen["env"] = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.data),
            "CEPH_CONF": str(self.data / "ceph.conf"),
        }

    def _become_nobody(self) -> None:
        super()._become_nobody()
        user = pwd.getpwnam("ceph")
        self.popen |= {"user": user.pw_uid, "group": user.pw_gid}
        os.chown(self.data, user.pw_uid, user.pw_gid)

    @property
    def command(self) -> list[str]:
        return ["radosgw", "-f", "-n", "client.rgw"]

    def start(self) -> None:
        self._make_keys()
        self._start_monitor()
        self._start_osd()
        capabilities = ["mon", "allow rw", "osd", "allow rwx"]
        keyring = ["-o", str(self.data / "client.rgw.keyring")]
        self._run(
            "ceph", "auth", "get-or-create", "client.rgw", *capabilities, *keyring
        )
        super().start()
        keys = [f"--access-key={self.key}", f"--secret-key={self.secret}"]
        user = ["--uid=test", "--display-name=test", *keys]
        self._run("radosgw-admin", "user", "create", *user)
        self.client.create_bucket(Bucket=self.bucket)

    def _make_keys(self) -> None:
        monitors, admins = self.data / "mon.keyring", self.data / "client.admin.keyring"
        create = ["ceph-authtool", "--create-keyring", "--gen-key"]
        self._run(*create, str(monitors), "-n", "mon.", "--cap", "mon", "allow *")
        everything = ["--cap", "mon", "allow *", "--cap", "osd", "allow *"]
        self._run(*create, str(admins), "-n", "client.admin", *everything)
        self._run("ceph-authtool", str(monitors), "--import-keyring", str(admins))

    def _start_monitor(self) -> None:
        here = f"[v2:{HOST}:{self.monitor}]"
        plan = str(self.data / "monmap")
        self._run(
            *("monmaptool", "--create", "--addv", "a", here, "--fsid", self.fsid, plan)
        )
        self._make_folder("mon")
        ceph_mon = ["ceph-mon", "-i", "a"]
        keyring = ["--keyring", str(self.data / "mon.keyring")]
        self._run(*ceph_mon, "--mkfs", "--monmap", plan, *keyring)
        self._run_daemon([*ceph_mon, "-f"], (HOST, self.monitor))

    def _start_osd(self) -> None:
        folder, osd = self._make_folder("osd"), str(uuid4())
        tool = ["ceph-authtool", "-n", "osd.0"]
        self._run(*tool, "--create-keyring", "--gen-key", str(folder / "keyring"))
        secret = self._run(*tool, "--print-key", str(folder / "keyring")).strip()
        told = json.dumps({"cephx_secret": secret})
        self._run("ceph", "osd", "new", osd, "-i", "-", told=told)
        ceph_osd = ["ceph-osd", "-i", "0"]
        self._run(*ceph_osd, "--mkfs", "--osd-uuid", osd)
        self._run_daemon([*ceph_osd, "-f"], str(self.data / "osd.0.asok"))
        wait_until(lambda: " 1 up" in self._run("ceph", "osd", "stat"))

    def _make_folder(self, name: str) -> Path:
        folder = self.data / name
        folder.mkdir()
        os.chown(folder, self.data.stat().st_uid, -1)
        return folder

    def _run(self, *command: str, told: str = "") -> str:
        """Run one of Ceph's programs to its end; return what it writes."""
        limited = ["timeout", "60", *command]  # `ceph` waits for ever
        ended = subprocess.run(
            limited, input=told, text=True, capture_output=True, **self.popen
        )
        assert ended.returncode == 0, f"{command}:\n{ended.stdout}{ended.stderr}"
        return ended.stdout

    def _run_daemon(self, command: list[str], address: str | tuple[str, int]) -> None:
        daemon = Daemon(self.folder, command, address, self.popen)
        self._daemons.callback(daemon.kill)
        daemon.start()

    def _accepts(self) -> bool:
        return Server._accepts(self)  # its user and bucket are made afterwards

    def remove(self) -> None:
        """Stop, and remove every file."""
        self.stop()
        self._daemons.close()
        super().remove()
