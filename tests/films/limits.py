"""The form of docs/forms.md whose fields take some files only."""

from django import forms
from django.core.validators import FileExtensionValidator

from chunked_uploads.forms import ChunkedFileField


class PosterForm(forms.Form):
    poster = ChunkedFileField(accept=".pdf,image/*", max_size=20_000_000)
    subtitles = ChunkedFileField(validators=[FileExtensionValidator(["srt", "vtt"])])
