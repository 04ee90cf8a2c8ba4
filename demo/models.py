"""A model with a file of any size, for the demo's form and admin."""

from django.db import models


class Film(models.Model):
    """A film that somebody put in by a form."""

    title = models.CharField(max_length=200)
    file = models.FileField(upload_to="films/")

    def __str__(self) -> str:
        return self.title
