"""Models with files of their own, and one that keeps the upload itself."""

from django.db import models
from django.db.models.fields.files import ImageFieldFile

from chunked_uploads.models import Upload


class Film(models.Model):
    """A film in a file of its own."""

    title = models.CharField(max_length=100, unique=True)
    file = models.FileField(upload_to="films", max_length=200)

    def __str__(self) -> str:
        return self.title


class Trailer(models.Model):
    """One of a film's trailers, which may have no file yet."""

    film = models.ForeignKey(Film, on_delete=models.CASCADE, related_name="trailers")
    file = models.FileField(upload_to="trailers", max_length=200, blank=True)

    def __str__(self) -> str:
        return self.file.name or "no file"


class PosterField(models.FileField):
    """Saves its files as Django's `ImageField` does, which needs another package."""

    attr_class = ImageFieldFile


class Reel(models.Model):
    """Files that may have any name, and maybe where one of them comes from."""

    file = models.FileField(max_length=200, blank=True)
    poster = PosterField(max_length=200, blank=True)
    source = models.ForeignKey(Upload, models.PROTECT, null=True)

    def __str__(self) -> str:
        return str(self.file.name)


class Recording(models.Model):
    """What refers to an upload, which is kept for it."""

    upload = models.ForeignKey(Upload, on_delete=models.PROTECT)

    def __str__(self) -> str:
        return self.upload.filename
