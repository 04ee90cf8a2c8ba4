"""What tus has to tell again of an upload, as text in the upload's row."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from uuid import UUID

from chunked_uploads.models import Upload


@dataclass(frozen=True)
class Notes:
    """The headers of the upload's creation, as they were sent.

    `parts` are the UUIDs of what a final upload is joined of.
    """

    metadata: str = ""
    concat: str = ""
    parts: tuple[str, ...] = ()

    def __str__(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @property
    def part_uuids(self) -> list[UUID]:
        """What it is joined of, in order."""
        return [UUID(each) for each in self.parts]


def notes_of(upload: Upload) -> Notes | None:
    """Return what was noted, None where another protocol began the upload."""
    if not upload.protocol_state:
        return None
    fields = json.loads(upload.protocol_state)
    return Notes(fields["metadata"], fields["concat"], tuple(fields["parts"]))
