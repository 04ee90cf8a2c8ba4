"""Uploads in the admin: looked at and cancelled, never edited.

Whatever removes one goes through `removing.cancel`.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.actions import delete_selected
from django.contrib.admin.utils import NestedObjects, unquote
from django.db import models
from django.db.models.functions import Cast, Replace
from django.http import HttpRequest, HttpResponse
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chunked_uploads.admin.users import user_name
from chunked_uploads.core.amounts import format_size
from chunked_uploads.core.removing import cancel
from chunked_uploads.digests.resumable import ALGORITHMS
from chunked_uploads.errors import UploadNotFound
from chunked_uploads.models import Chunk, Upload, database_of

if TYPE_CHECKING:
    UploadModelAdmin = admin.ModelAdmin[Upload]
else:  # Django's own class takes no type.
    UploadModelAdmin = admin.ModelAdmin

PATH = "relativePath"  # in a folder that was chosen or dropped
BREAK = mark_safe("<br>")
UNKNOWN = "?"  # a size that nobody has said yet
MAX_CHUNKS = 100  # rows in a page; an upload may have tens of thousands


@admin.register(Upload)
class UploadAdmin(UploadModelAdmin):
    """Look at uploads, and cancel them."""

    actions = ["cancel"]
    date_hierarchy = "created_at"
    list_display = [
        "path",
        "user",
        "progress",
        "size",
        "state",
        "link",
        "created_at",
    ]
    list_filter = ["state", "role", "for_form"]
    list_select_related = ["user"]
    ordering = ["-pk"]  # newest first, by an index that is there
    search_help_text = _("Search by file name, folder, UUID or user name.")

    class Media:
        css = {"all": ["chunked_uploads/css/admin.css"]}

    @admin.display(description=_("file name"), ordering="filename")
    def path(self, upload: Upload) -> str:
        """Show the file's name, in a chosen folder with the way to it."""
        path = upload.metadata.get(PATH) or upload.filename
        return f"{path} ({upload.get_role_display()})" if upload.is_part else path

    @admin.display(description=_("metadata"))
    def said(self, upload: Upload) -> str:
        """Show what the sender said of the file, line by line."""
        if not upload.metadata:
            return self.get_empty_value_display()
        return format_html_join(BREAK, "{}: {}", sorted(upload.metadata.items()))

    @admin.display(description=_("progress"))
    def progress(self, upload: Upload) -> str:
        """Show a bar, and how many per cent of the bytes are held."""
        if upload.filesize is None:
            return format_size(upload.received)
        percent = _percent(upload)
        return format_html(
            '<progress class="chunked-uploads-admin-progress" max="100" value="{}"'
            ' aria-label="{}"></progress> '
            '<span class="chunked-uploads-admin-percent">{}</span>',
            str(percent),
            gettext("Received of %(filename)s") % {"filename": upload.filename},
            gettext("%(percent)d%%") % {"percent": percent},
        )

    @admin.display(description=_("size"), ordering="filesize")
    def size(self, upload: Upload) -> str:
        """Show the file's size in readable units."""
        return _size(upload)

    @admin.display(description=_("size"))
    def sizes(self, upload: Upload) -> str:
        """Show the sizes of the file and of what is held, to the byte."""
        total = UNKNOWN if upload.filesize is None else _bytes(upload.filesize)
        if upload.is_complete:
            return total
        return gettext("%(received)s of %(total)s") % {
            "received": _bytes(upload.received),
            "total": total,
        }

    @admin.display(description=_("file"))
    def link(self, upload: Upload) -> str:
        """Link to the finished file where the site serves it."""
        if not upload.url:
            return self.get_empty_value_display()
        return format_html(
            '<a href="{}" aria-label="{}">{}</a>',
            upload.url,
            gettext("Open %(filename)s") % {"filename": upload.filename},
            gettext("Open"),
        )

    @admin.display(description=_("file"))
    def file(self, upload: Upload) -> str:
        """Show where the finished file lies, with a link where the site serves it."""
        if not upload.is_complete:
            return self.get_empty_value_display()
        if not upload.url:
            return str(upload.upload.name)
        return format_html('<a href="{}">{}</a>', upload.url, upload.upload.name)

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """Return what the search looks into."""
        return ["filename", "uuid", user_name(), f"metadata__{PATH}", "said_of_it"]

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Upload], search_term: str
    ) -> tuple[models.QuerySet[Upload], bool]:
        """Search, also in all that senders said of their files.

        As the database has it: some write letters beyond ASCII as escapes, so a path
        is searched by itself as well.
        """
        text = models.TextField()
        # A word that stands in each path's own name would find all of them.
        key, nothing = models.Value(f'"{PATH}"'), models.Value("")
        said = Replace(Cast("metadata", text), key, nothing, output_field=text)
        queryset = queryset.alias(said_of_it=said)
        return super().get_search_results(request, queryset, search_term)

    def get_fieldsets(self, request: HttpRequest, obj: Upload | None = None) -> Any:
        """Return what the page of an upload shows; digests only where there are."""
        known = [name for name in ALGORITHMS if getattr(obj, name, "")]
        shown = [
            "filename",
            "user",
            "state",
            "progress",
            "sizes",
            "file",
            "said",
            *known,
        ]
        technical = ["uuid", "offset", "fingerprint", "for_form", "role"]
        technical += ["store_state", "protocol_state"]
        return [
            (None, {"fields": [*shown, "created_at", "modified_at"]}),
            (_("Technical details"), {"fields": technical, "classes": ["collapse"]}),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the upload, and the first of its chunks to who may see chunks."""
        context = dict(extra_context or {})
        upload = self.get_object(request, unquote(object_id))
        if upload is not None and _may_view(request, Chunk):
            chunks = upload.chunks.order_by("start")
            context["chunks"] = chunks[:MAX_CHUNKS]
            context["chunk_count"] = chunks.count()
        return super().change_view(request, object_id, form_url, context)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tell that nobody adds uploads here: they need bytes."""
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: Upload | None = None
    ) -> bool:
        """Tell that nobody edits uploads: their rows say what is on the disk."""
        return False

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> Any:
        """Return the actions, with `cancel` in the place of Django's deletion."""
        # Django 5.2 has no locations.
        where = {"action_location": action_location} if action_location else {}
        actions = super().get_actions(request, **where)
        actions.pop("delete_selected", None)
        return actions

    @admin.action(
        permissions=["delete"],
        description=_("Cancel selected %(verbose_name_plural)s, delete their files"),
    )
    def cancel(
        self, request: HttpRequest, queryset: models.QuerySet[Upload]
    ) -> HttpResponse | None:
        """Ask for a confirmation, then remove the uploads and their bytes."""
        return delete_selected(self, request, queryset)

    def delete_model(self, request: HttpRequest, obj: Upload) -> None:
        """Cancel the upload."""
        with contextlib.suppress(UploadNotFound):
            cancel(obj)

    def delete_queryset(
        self, request: HttpRequest, queryset: models.QuerySet[Upload]
    ) -> None:
        """Cancel the uploads, one by one."""
        for upload in queryset.order_by("pk"):
            self.delete_model(request, upload)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Return what goes with the uploads, as Django does, without each chunk."""
        collector = _AllButChunks(using=database_of(), origin=objs)
        collector.collect(objs)
        counts = dict[str, int]()
        lacking = set[str]()
        by_model: dict[Any, Any] = collector.model_objs
        for model, found in by_model.items():
            if model is Upload:
                finished = sum(upload.is_complete for upload in found)
                counts[gettext("unfinished uploads")] = len(found) - finished
                counts[gettext("finished uploads, with their files")] = finished
            else:
                counts[str(model._meta.verbose_name_plural)] = len(found)
            if not self._may_delete(request, model, found):
                lacking.add(str(model._meta.verbose_name))
        protected = [_describe(each) for each in collector.protected]
        present = {name: count for name, count in counts.items() if count}
        return collector.nested(_describe), present, lacking, protected

    def _may_delete(self, request: HttpRequest, model: Any, found: Any) -> bool:
        if not self.admin_site.is_registered(model):
            return True
        model_admin = self.admin_site.get_model_admin(model)
        return all(model_admin.has_delete_permission(request, each) for each in found)


class _AllButChunks(NestedObjects):
    """Collects what a deletion takes along, except for chunks, which may be many."""

    def related_objects(self, related_model: Any, *args: Any) -> Any:
        found = super().related_objects(related_model, *args)
        return found.none() if related_model is Chunk else found


def _describe(obj: models.Model) -> str:
    if not isinstance(obj, Upload):
        return f"{capfirst(obj._meta.verbose_name)}: {obj}"
    if obj.is_complete:
        message = _("%(filename)s (%(user)s): the finished file of %(total)s")
    else:
        message = _("%(filename)s (%(user)s): unfinished, %(received)s of %(total)s")
    return message % {
        "filename": obj.filename,
        "user": obj.user or _("no user"),
        "received": format_size(obj.received),
        "total": _size(obj),
    }


def _size(upload: Upload) -> str:
    return UNKNOWN if upload.filesize is None else format_size(upload.filesize)


def _percent(upload: Upload) -> int:
    """Return how much is held, rounded down: 100 means all."""
    if upload.is_complete or not upload.filesize:
        return 100
    return 100 * upload.received // upload.filesize


def _bytes(size: int) -> str:
    exact = number_format(size, use_l10n=True, force_grouping=True)
    if size < 1000:
        return format_size(size)
    message = gettext("%(size)s (%(exact)s bytes)")
    return message % {"size": format_size(size), "exact": exact}


def _may_view(request: HttpRequest, model: type[models.Model]) -> bool:
    label, name = model._meta.app_label, model._meta.model_name
    permissions = (f"{label}.{verb}_{name}" for verb in ("view", "change"))
    return any(map(request.user.has_perm, permissions))
