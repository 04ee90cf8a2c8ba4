"""The contract of a chunk store.

A store keeps the bytes of unfinished uploads. The core validates ranges, records what
the store says it keeps, and is the only one to say when bytes may go. What a store has
to know later it gives as text, which the core keeps and does not look into: a `state`
for each upload (at most MAX_STORE_STATE characters), a receipt for each recorded range.

What the core needs, and how is the store's own affair: two writers of one range never
mix their bytes, and nobody keeps others out of a range after they died.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager

from django.core.files.storage import Storage

from chunked_uploads.conf import conf
from chunked_uploads.stores.facts import Leftover, StoredUpload
from chunked_uploads.stores.handles import Comparison, Content, Replace, Writer


class ChunkStore(ABC):
    """Keep the bytes of unfinished uploads."""

    def begin(self, upload: StoredUpload) -> str:
        """Prepare for a new upload; return its state.

        Raises `StoreFull`, `StoreUnavailable`.
        """
        return ""

    @abstractmethod
    def writer(
        self, upload: StoredUpload, start: int, length: int, *, alone: bool = False
    ) -> AbstractContextManager[Writer]:
        """Enter to write `length` bytes from `start`.

        Raises `RangeBusy` where another writer keeps others out of these bytes
        (`Writer.is_alone`), after a while; with `alone` at once, and for the whole
        upload. A store without locks lets in: the rows decide whose bytes are held.
        Raises `StoreUnavailable` where the store does not answer, or what was written
        before may lie elsewhere.
        """

    @abstractmethod
    def exclusive(self, upload: StoredUpload) -> AbstractContextManager[Content]:
        """Enter to finish the upload, waiting for others to leave.

        For a while for writers, then `RangeBusy` is raised; as long as it lives for
        whoever else finishes it, who may copy for hours. A store that can't keep others
        out moves into its storage (`moves_into`), and its `place` may run twice at
        once. Raises `StoreUnavailable` as `writer` does.
        """

    @abstractmethod
    def compare(
        self, upload: StoredUpload, start: int, length: int
    ) -> AbstractContextManager[Comparison]:
        """Enter to compare with the `length` bytes from `start`, which are held.

        A store that can't read back keeps a digest of each range, and raises
        `RangeConflict` where the bytes are none of these ranges. Raises
        `FileNotFoundError` where nothing is there, `BytesLost` where some of it is
        gone, `StoreUnavailable`.
        """

    def prepare_part(self, part: StoredUpload, replace: Replace) -> None:
        """Let a part of which all bytes are recorded be read, to be joined with others.

        May be repeated, also after others read it, and asked by several at once. Its
        bytes stay where they are until it is deleted. `replace` as for `Handle.join`.
        Where the store's writers can't `copy`, `Content.open` must give its bytes.
        Raises `BytesLost`, `RangeBusy`, `StoreFull`, `StoreUnavailable`.
        """
        return

    def suggest_chunk_size(self, upload: StoredUpload) -> int:
        """Return how many bytes a chunk should have; best if it ends at a multiple."""
        return conf.CHUNKED_UPLOADS_CHUNK_SIZE

    def piece_size(self, upload: StoredUpload) -> int:
        """Return how many bytes a piece should have of what comes without an end."""
        return self.suggest_chunk_size(upload)

    def most_bytes(self, upload: StoredUpload) -> int | None:
        """Return how many bytes the upload can have, None where nothing limits them.

        As where its size was not known when it was begun. `writer` raises `TooLarge`
        for what goes beyond.
        """
        return None

    def agree(self, upload: StoredUpload, other: StoredUpload, length: int) -> bool:
        """Whether the first `length` bytes of two uploads are the same.

        False where the store can't tell.
        """
        return False

    def is_intact(self, upload: StoredUpload) -> bool:
        """Whether no byte up to the offset can be lost, as far as a look tells."""
        return True

    def is_finishing(self, upload: StoredUpload) -> bool:
        """Whether somebody may be in `exclusive` just now.

        A store that can't tell says True: the clean-up then looks once more for what a
        cancel left.
        """
        return True

    def is_locked_to_finish(self, upload: StoredUpload) -> bool:
        """Whether somebody is in `exclusive` just now; False where nobody can tell."""
        return False

    def wait_for_writers(
        self, upload: StoredUpload, patience: float, *, is_urgent: bool = False
    ) -> None:
        """Return when nobody writes, after `patience` seconds at most.

        Writers see by `Writer.has_waiters` that somebody waits where it `is_urgent`:
        those whose clients are silent then leave.
        """
        return

    def moves_into(self, storage: Storage) -> bool:
        """Whether `Content.place` costs the same for any size.

        And puts the bytes at the very name that was reserved. Else they are copied.
        """
        return False

    def owns(self, upload: StoredUpload, storage: Storage, name: str) -> bool:
        """Whether the file at `name` is the store's, and not a finished one's rest."""
        return False

    def remove_draft(self, upload: StoredUpload, storage: Storage, name: str) -> None:
        """Remove what a `place` that died on its way to `name` left beside it."""
        return

    @abstractmethod
    def delete(self, upload: StoredUpload) -> None:
        """Remove the upload's bytes, also under a writer; no error without any.

        Its row, and with it the receipts, may be gone.
        """

    @abstractmethod
    def count_bytes(self, upload: StoredUpload) -> int:
        """How many bytes are here; 0 says that none are: moved away, or missing.

        Raises `StoreUnavailable`.
        """

    @abstractmethod
    def leftovers(self) -> Iterator[Leftover]:
        """Yield what is here, for each upload of this site.

        Raises `OSError` or `StoreUnavailable` where it can't look.
        """

    @abstractmethod
    def remove_leftover(self, leftover: Leftover) -> None:
        """Remove bytes that no upload has; no error without any."""
