"""The demo site's page and the files that were uploaded."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.forms import modelform_factory
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.decorators import method_decorator
from django.views.generic import CreateView
from django.views.static import serve

from chunked_uploads.forms import ChunkedFileField
from chunked_uploads.models import Upload
from demo.models import Film

PER_PAGE = 12


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show the uploader and the user's finished files, newest first."""
    paginator = Paginator(_finished(request).order_by("-modified_at"), PER_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    return render(request, "home.html", {"page": page})


@login_required
def card(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show one of the user's finished files, for the page's list."""
    upload = get_object_or_404(_finished(request), uuid=uuid)
    return render(request, "card.html", {"upload": upload})


def _finished(request: HttpRequest) -> QuerySet[Upload]:
    return Upload.objects.filter(user=request.user.pk, state=Upload.State.COMPLETE)


@method_decorator([login_required, transaction.atomic], name="dispatch")
class AddFilm(CreateView):
    """Take a film, with a title, by a plain form."""

    form_class = modelform_factory(
        Film, fields=["title", "file"], field_classes={"file": ChunkedFileField}
    )
    template_name = "film.html"
    success_url = "."
    extra_context = {"films": Film._default_manager.order_by("-pk").all}

    def get_form(self, form_class: Any = None) -> Any:
        """Return the form, which keeps the user's file also without JavaScript."""
        form = super().get_form(form_class)
        form.fields["file"].user = self.request.user  # type: ignore[attr-defined]
        return form


@login_required
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Serve an uploaded file, which may be a page with scripts of its own."""
    response = serve(request, path, document_root=settings.MEDIA_ROOT)
    response.headers["Content-Security-Policy"] = "sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
