"""On which file system a folder lies, and whether its locks reach other machines."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

MOUNTS = "/proc/self/mountinfo"  # Linux: proc_pid_mountinfo(5)
NO_DISK = "0"  # the major number of the device of a file system without one
# Of those without one, what keeps its locks within this kernel, where all is.
LOCAL = {"bcachefs", "btrfs", "ecryptfs", "overlay", "ramfs", "tmpfs", "zfs"}
# Of NFS: that what one client wrote, made or locked is what the next one finds.
SHARED = {"noac", "lookupcache=none", "local_lock=none"}
ESCAPED = re.compile(r"\\([0-7]{3})")


class Mount(NamedTuple):
    """A file system where it is mounted."""

    kind: str  # as in /proc/filesystems
    device: str  # its major and minor number
    options: frozenset[str]

    @property
    def has_known_locks(self) -> bool:
        """Whether locks hold between all who may have these files.

        On a disk of this machine, or one that a cluster shares, and on version 4 of
        NFS, mounted so that nothing is kept for later. That was tried.
        """
        if self.kind == "nfs4":
            return self.options >= SHARED
        major = self.device.partition(":")[0]
        return major != NO_DISK or self.kind in LOCAL


def mount_of(path: str) -> Mount | None:
    """Return what is mounted where `path` lies; None where the system doesn't tell."""
    try:
        with open(MOUNTS, encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().splitlines()
    except OSError:
        return None
    path, found, longest = os.path.realpath(path), None, -1
    for line in lines:
        place, mount = _parse(line)
        folder = place.rstrip("/") + "/"
        # One over another: the later hides the earlier.
        if (path + "/").startswith(folder) and len(folder) >= longest:
            found, longest = mount, len(folder)
    return found


def _parse(line: str) -> tuple[str, Mount]:
    first, _, last = line.partition(" - ")
    _, _, device, _, place, *_ = first.split(" ")
    kind, _, options = last.split(" ", 2)
    unescaped = ESCAPED.sub(lambda match: chr(int(match[1], 8)), place)
    return unescaped, Mount(kind, device, frozenset(options.split(",")))
