"""A form field for files of any size: it cleans to the finished upload."""

from chunked_uploads.forms.fields import ChunkedFileField, ChunkedFileInput
from chunked_uploads.forms.files import FinishedUpload

__all__ = ["ChunkedFileField", "ChunkedFileInput", "FinishedUpload"]
