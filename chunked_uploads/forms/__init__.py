"""A form field for files of any size: it cleans to the finished upload."""

from chunked_uploads.forms.fields import ChunkedFileField
from chunked_uploads.forms.files import FinishedUpload
from chunked_uploads.forms.widgets import ChunkedFileInput

__all__ = ["ChunkedFileField", "ChunkedFileInput", "FinishedUpload"]
