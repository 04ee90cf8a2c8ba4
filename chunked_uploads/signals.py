"""News of uploads, sent after the transaction that made them true is committed.

The sender of each is the `Upload` model; each brings `upload=`, the instance. There is
none of parts: the file that they are joined into is the one that the site knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.dispatch import Signal

if TYPE_CHECKING:
    from chunked_uploads.models import Upload

upload_started = Signal()
chunk_received = Signal()
upload_completed = Signal()
upload_cancelled = Signal()


def announce(signal: Signal, upload: Upload) -> None:
    """Send `signal`; a receiver that fails is logged and fails alone."""
    if not upload.is_part:
        signal.send_robust(sender=type(upload), upload=upload)
