"""The demo site's page and the files that were uploaded."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.static import serve

from chunked_uploads.models import Upload


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show the uploader and the user's finished files, newest first."""
    uploads = Upload.objects.filter(user=request.user.pk, state=Upload.State.COMPLETE)
    return render(request, "home.html", {"uploads": uploads.order_by("-modified_at")})


@login_required
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Serve an uploaded file, which may be a page with scripts of its own."""
    response = serve(request, path, document_root=settings.MEDIA_ROOT)
    response.headers["Content-Security-Policy"] = "sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
