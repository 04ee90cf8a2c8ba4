"""The admin of docs/forms.md."""

from django.contrib import admin
from django.db import models

from chunked_uploads.forms import ChunkedFileField, ChunkedFileInput
from tests.films.models import Film, Trailer

LARGE_FILES = {
    models.FileField: {"form_class": ChunkedFileField, "widget": ChunkedFileInput},
}


class TrailerInline(admin.TabularInline):
    model = Trailer
    extra = 1
    formfield_overrides = LARGE_FILES  # type: ignore[assignment]


@admin.register(Film)
class FilmAdmin(admin.ModelAdmin):
    inlines = [TrailerInline]
    formfield_overrides = LARGE_FILES  # type: ignore[assignment]
