"""API keys in the admin: made, shown when asked for, regenerated, revoked.

Keys and secrets are in a page only where its reader may change them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.actions import delete_selected
from django.contrib.admin.utils import quote, unquote
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.core.validators import RegexValidator
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from chunked_uploads.admin.users import user_name
from chunked_uploads.models import ApiKey

if TYPE_CHECKING:
    ApiKeyModelAdmin = admin.ModelAdmin[ApiKey]
else:  # Django's own class takes no type.
    ApiKeyModelAdmin = admin.ModelAdmin

CREDENTIALS = ("key", "secret")


@admin.register(ApiKey)
class ApiKeyAdmin(ApiKeyModelAdmin):
    """Make, show, regenerate and revoke API keys."""

    actions = ["delete_selected"]
    list_display = ["user", "created"]
    list_select_related = ["user"]
    ordering = ["-pk"]
    raw_id_fields = ["user"]
    search_help_text = _("Search by user name.")

    class Media:
        css = {"all": ["chunked_uploads/css/admin.css"]}
        js = ["chunked_uploads/js/admin.js"]

    @admin.display(description=_("key"))
    def masked_key(self, api_key: ApiKey) -> str:
        """Hide the key behind a button."""
        return _mask("key", _("key"), api_key.key)

    @admin.display(description=_("secret"))
    def masked_secret(self, api_key: ApiKey) -> str:
        """Hide the secret behind a button."""
        return _mask("secret", _("secret"), api_key.secret)

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """Return what the search looks into."""
        return [user_name()]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Tell whether the list may be filtered so: not to guess keys by letters."""
        if lookup.startswith(CREDENTIALS):
            return False
        return super().lookup_allowed(lookup, value, request)

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        """Return what the page shows: credentials to who could make others only."""
        if obj is None:
            return ["user", *CREDENTIALS]
        if self.has_change_permission(request, obj):
            return ["user", "masked_key", "masked_secret", "created"]
        return ["user", "created"]

    def get_readonly_fields(
        self, request: HttpRequest, obj: ApiKey | None = None
    ) -> list[str]:
        """Return all fields of a key that is there: it is regenerated, not edited."""
        return [] if obj is None else self.get_fields(request, obj)

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str]:
        """Return the user where the site's admin of users can be searched."""
        user = get_user_model()
        if not self.admin_site.is_registered(user):
            return []
        users = self.admin_site.get_model_admin(user)
        searchable = users.get_search_fields(request)
        return ["user"] if searchable and users.has_view_permission(request) else []

    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Return the form's field; credentials must stand guessing and headers."""
        if db_field.name in CREDENTIALS:
            kwargs["help_text"] = _("Leave it empty to have one made.")
            # A space or a colon would end it within `Authorization`.
            kwargs["validators"] = [
                RegexValidator(
                    r"^[!-9;-~]{16,}\Z",
                    _("At least 16 ASCII letters, digits or signs other than “:”."),
                )
            ]
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        """Add the URL of the button that makes a new key."""
        regenerate = path(
            "<path:object_id>/regenerate/",
            self.admin_site.admin_view(self.regenerate),
            name=f"{self.opts.app_label}_{self.opts.model_name}_regenerate",
        )
        return [regenerate, *super().get_urls()]

    @method_decorator(sensitive_post_parameters(*CREDENTIALS))
    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Make a key; what was typed in is kept out of error reports."""
        return super().add_view(request, form_url, extra_context)

    @method_decorator(require_POST)
    def regenerate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Replace key and secret by new ones."""
        api_key = self.get_object(request, unquote(object_id))
        if not self.has_change_permission(request, api_key):
            raise PermissionDenied
        if api_key is None:
            raise Http404
        api_key.key = api_key.secret = ""  # save() makes new ones
        api_key.created = timezone.now()
        # Fails where it was revoked meanwhile, instead of bringing it back.
        api_key.save(update_fields=[*CREDENTIALS, "created"])
        # The history translates them when it is read.
        changed = [
            {"changed": {"fields": [gettext_noop("Key"), gettext_noop("Secret")]}}
        ]
        self.log_change(request, api_key, changed)
        message = _("%(user)s has a new key and secret. The old ones are refused now.")
        self.message_user(request, message % {"user": api_key}, messages.SUCCESS)
        return self._show(api_key)

    @admin.action(
        permissions=["delete"], description=_("Revoke selected %(verbose_name_plural)s")
    )
    def delete_selected(
        self, request: HttpRequest, queryset: models.QuerySet[ApiKey]
    ) -> HttpResponse | None:
        """Ask for a confirmation, then delete the keys."""
        return delete_selected(self, request, queryset)

    def response_post_save_add(
        self, request: HttpRequest, obj: ApiKey
    ) -> HttpResponseRedirect:
        """Go on to the new key where its maker may see it."""
        if self.has_change_permission(request, obj):
            return self._show(obj)
        return super().response_post_save_add(request, obj)

    def _show(self, api_key: ApiKey) -> HttpResponseRedirect:
        url = reverse(
            f"admin:{self.opts.app_label}_{self.opts.model_name}_change",
            args=[quote(api_key.pk)],
            current_app=self.admin_site.name,
        )
        return HttpResponseRedirect(url)


def _mask(name: str, label: Any, value: str) -> str:
    context = {"name": name, "label": label, "value": value}
    return render_to_string("admin/chunked_uploads/apikey/credential.html", context)
