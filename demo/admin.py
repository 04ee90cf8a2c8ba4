"""Films in the admin: its own forms take large files too."""

from django.contrib import admin
from django.db import models

from chunked_uploads.forms import ChunkedFileField, ChunkedFileInput
from demo.models import Film


@admin.register(Film)
class FilmAdmin(admin.ModelAdmin):
    """Add and change films."""

    formfield_overrides = {
        models.FileField: {"form_class": ChunkedFileField, "widget": ChunkedFileInput},
    }
