"""Users as the admin pages search for them, and those from another server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.http import HttpRequest

from chunked_uploads.models import ExternalUser

if TYPE_CHECKING:
    ExternalUserModelAdmin = admin.ModelAdmin[ExternalUser]
else:  # Django's own class takes no type.
    ExternalUserModelAdmin = admin.ModelAdmin


def user_name() -> str:
    """Return the field of an upload or a key that its user is searched by."""
    return f"user__{get_user_model().USERNAME_FIELD}"


@admin.register(ExternalUser)
class ExternalUserAdmin(ExternalUserModelAdmin):
    """Look at who came from another server; deleting one leaves the local user."""

    list_display = ["name", "source", "user"]
    list_select_related = ["user"]
    ordering = ["-pk"]
    readonly_fields = ["source", "name", "user"]

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """Return what the search looks into."""
        return ["name", user_name()]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tell that nobody adds one here: a login from there does."""
        return False
