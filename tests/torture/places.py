"""Where the servers of a run keep bytes, and what may lie there at its end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

from chunked_uploads.models import Chunk, Upload
from tests.sending import part_of
from tests.torture.model import require

Ranges = list[tuple[int, int]]
# Most files share their name and size with others: twins. With `True` each has a
# fingerprint, which tells them apart. The last number says how often they are sent.
FILES = [
    ("db.dump", 60_000, False, 6),
    ("db.dump", 60_000, True, 4),
    ("film.mp4", 350_000, False, 4),
    ("naïve; =,'.tar", 150_001, True, 3),
    ("small.txt", 100, False, 2),
    ("empty.txt", 0, False, 1),
    ("large.iso", 2_500_000, True, 1),
]
KINDS = ["worker"] * 4 + ["server"] + ["clean-up"] * 2


class Place(ABC):
    """What several servers share, beside the database."""

    # Whether a repeat of any part of what is held is compared with it; else only of
    # what was received at once.
    reads_back = True
    # What servers have otherwise than in `tests.settings`, and gunicorn's workers run.
    settings: dict[str, Any] = {}
    config = ""
    # Tracebacks that are no violations: of sync workers, which gunicorn stops in the
    # midst of a request.
    logged: tuple[str, ...] = ("SystemExit",)
    option = ""  # of the command, for such a place
    files = FILES
    # Disturbances: each comes as often as it stands here, in an order by the seed.
    kinds = KINDS
    # The clients' operations between two disturbances, at least and at most.
    between = (5, 50)

    def choose_file(self, chance: Random) -> tuple[str, int, bool]:
        """Return a file's name, its size, and whether it has a fingerprint."""
        weights = [weight for *_, weight in self.files]
        name, size, has_fingerprint, _ = chance.choices(self.files, weights)[0]
        return name, size, has_fingerprint

    def restart(self) -> None:
        """Let what keeps the bytes be away for a while."""
        raise NotImplementedError

    @abstractmethod
    def read(self, name: str) -> bytes:
        """Return the content of a finished file."""

    @abstractmethod
    def check_unfinished(self, upload: Upload, contents: Iterable[bytes]) -> None:
        """Find the bytes of one of the `contents` in all that is recorded.

        Raises `Violation`.
        """

    @abstractmethod
    def check_strays(self, unfinished: Iterable[Upload]) -> None:
        """Find no bytes of other uploads than these. Raises `Violation`."""

    def check_disk(self, folder: Path) -> None:
        """Find nothing in a server's folder that must not be there.

        Raises `Violation`.
        """
        return

    @abstractmethod
    def check_rest(self, finished: Iterable[Upload]) -> None:
        """Find these finished files and nothing else. Raises `Violation`."""


def recorded(upload: Upload) -> Ranges:
    """Return the ranges that rows say are held. Raises `Violation`."""
    chunks = Chunk.objects.filter(upload=upload).order_by("start")
    ranges = [(chunk.start, chunk.stop) for chunk in chunks]
    total = sum(stop - start for start, stop in ranges)
    require(total == upload.received, upload.received, f"{total} bytes in chunks")
    apart = all(one[1] <= other[0] for one, other in pairwise(ranges))
    require(apart, "ranges that do not overlap", ranges)
    return ranges


class Folder(Place):
    """The local store and storage, in a folder that all servers see."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings = {"MEDIA_ROOT": str(root)}

    def read(self, name: str) -> bytes:
        return (self.root / name).read_bytes()

    def check_unfinished(self, upload: Upload, contents: Iterable[bytes]) -> None:
        part = part_of(upload, self.root)
        if upload.upload.name and not part.exists():
            # Moved by one who died before the row said so; nobody asked again.
            part = self.root / str(upload.upload.name)
        found = part.read_bytes() if part.exists() else b""
        ranges = recorded(upload)
        end = max((stop for _, stop in ranges), default=0)
        require(len(found) >= end, f"a part of {end} bytes", len(found))
        is_one = any(
            all(found[start:stop] == content[start:stop] for start, stop in ranges)
            for content in contents
        )
        require(is_one, "bytes of one job", f"others in {ranges}")

    def check_strays(self, unfinished: Iterable[Upload]) -> None:
        known = {str(part_of(each, self.root)) for each in unfinished}
        strays = {str(path) for path in self.root.rglob("*.part")} - known
        require(not strays, "no part without an upload", strays)

    def check_rest(self, finished: Iterable[Upload]) -> None:
        files = {self.root / str(each.upload.name) for each in finished}
        folder = self.root / "chunked_uploads" / "files"
        known = {each for file in files for each in (file, file.parent)}
        left = set(folder.rglob("*"))
        require(left == known, "exactly the finished files", left ^ known)
        parts = [str(each) for each in self.root.rglob("*.part")]
        require(not parts, "no parts", parts)
