"""The forms of docs/forms.md."""

from django import forms

from chunked_uploads.forms import ChunkedFileField
from tests.films.models import Film, Recording


class FilmForm(forms.ModelForm):
    class Meta:
        model = Film
        fields = ["title", "file"]
        field_classes = {"file": ChunkedFileField}


class RecordingForm(forms.Form):
    file = ChunkedFileField()

    def save(self):
        file = self.cleaned_data["file"]
        recording = Recording.objects.create(upload=file.store())
        file.keep()
        return recording
