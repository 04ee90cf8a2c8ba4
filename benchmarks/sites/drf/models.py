"""The upload of drf-chunked-upload, with nothing added."""

from drf_chunked_upload.models import AbstractChunkedUpload


class FilmUpload(AbstractChunkedUpload):
    """An upload."""
