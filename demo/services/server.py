"""A server as a process of ours: how it is started, awaited, stopped and removed.

Each is reached through the loopback interface or a socket in the file system alone,
and stopped by its process id.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demo.services.polling import wait_until

if TYPE_CHECKING:
    from typing_extensions import Self

HOST = "127.0.0.1"


# Bound for as long as this process runs, so that nobody else is given their ports.
_held: list[socket.socket] = []


def free_port() -> int:
    """Return a port of the loopback address for a server of ours."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind((HOST, 0))
    _held.append(holder)
    return holder.getsockname()[1]


class Server(ABC):
    """A process of its own session, with a folder of its own for all its files."""

    stop_signal = signal.SIGTERM
    patience = 20  # seconds that it may take to end

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        self.popen: dict[str, Any] = {"cwd": folder}  # how to run the command

    @property
    @abstractmethod
    def command(self) -> list[str]:
        """What to run."""

    @property
    @abstractmethod
    def address(self) -> str | tuple[str, int]:
        """Where it listens: the path of a socket, or host and port."""

    @property
    def log(self) -> str:
        """What it wrote to its standard error."""
        return (self.folder / "log").read_text(errors="replace")

    @property
    def pid(self) -> int:
        """The id of the process, which is that of its group as well."""
        assert self.process
        return self.process.pid

    def start(self) -> None:
        """Start, and return when it accepts connections."""
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self.popen,
            )
        wait_until(self._accepts_or_failed)

    def stop(self) -> None:
        """Ask it to end, and wait until it did."""
        if not self.process:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(self.patience)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process = None

    def kill(self) -> None:
        """End it and its workers as a power cut would (SIGKILL)."""
        if not self.process:
            return
        os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None
        wait_until(lambda: not self._accepts())

    def restart(self) -> None:
        """Start again at the same address, stopping first where it still runs."""
        self.stop()
        self.start()

    def _accepts(self) -> bool:
        family = socket.AF_UNIX if isinstance(self.address, str) else socket.AF_INET
        with socket.socket(family) as probe:
            return probe.connect_ex(self.address) == 0

    def _accepts_or_failed(self) -> bool:
        assert self.process
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.command[:3]} ended at its start:\n{self.log}")
        return self._accepts()


class Service(Server):
    """A server with a folder of its own in the usual place for temporary ones.

    In a `with` statement it runs, and is removed at the end. Started by root, it runs
    as the user `nobody`, who may write in `data` alone.
    """

    def __init__(self, name: str) -> None:
        # The path of a socket must be short.
        super().__init__(Path(tempfile.mkdtemp(prefix=f"{name}-")))
        self.data = self.folder / "data"
        self.data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            self._become_nobody()

    def _become_nobody(self) -> None:
        # Such servers refuse to run as root, and others may not see root's files.
        nobody = pwd.getpwnam("nobody")
        ids = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self.popen.update(ids)
        self.folder.chmod(0o711)
        os.chown(self.data, nobody.pw_uid, nobody.pw_gid)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()

    def remove(self) -> None:
        """Stop, and remove every file."""
        self.stop()
        shutil.rmtree(self.folder)
