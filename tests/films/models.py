"""Models with files of their own, and one that keeps the upload itself."""

from django.db import models

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


class Recording(models.Model):
    """What refers to an upload, which is kept for it."""

    upload = models.ForeignKey(Upload, on_delete=models.PROTECT)

    def __str__(self) -> str:
        return self.upload.filename
