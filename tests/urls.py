"""URLs of the tests: the app, the admin, a page with the uploader, files."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.staticfiles.views import serve as serve_static
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import include, path
from django.utils import translation
from django.views.static import serve as serve_file

from tests.films.views import add_film, add_recording

LIMITS = ("accept", "max_size", "max_files")


def page(request: HttpRequest) -> HttpResponse:
    """Show the uploader, under the strictest policy that it promises to bear.

    The query gives its options, as `?multiple=no`, its limits, and its `language`.
    """
    options: dict[str, Any] = {
        name: value if name in LIMITS else value != "no"
        for name, value in request.GET.items()
    }
    # So that tests know which chunk comes next.
    options.setdefault("ranges_in_flight", 1)
    with translation.override(request.GET.get("language", "en")):
        response = render(request, "page.html", options)
    response.headers["Content-Security-Policy"] = "default-src 'self'"
    return response


def app(request: HttpRequest, name: str) -> HttpResponse:
    """Show a page that brings the uploader by a script of its own, `app.js`."""
    response = render(request, f"{name}/index.html")
    response.headers["Content-Security-Policy"] = "default-src 'self'"
    return response


def uploader(request: HttpRequest) -> HttpResponse:
    """Give a page the uploader's markup alone."""
    options = {name: value != "no" for name, value in request.GET.items()}
    return render(request, "chunked_uploads/uploader.html", options)


def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Serve a finished file."""
    return serve_file(request, path, document_root=settings.MEDIA_ROOT)


urlpatterns = [
    path("", page, name="page"),
    path("apps/<slug:name>/", app),
    path("uploader/", uploader, name="uploader"),
    path("films/", add_film, name="films"),
    path("recordings/", add_recording, name="recordings"),
    path("admin/", admin.site.urls),
    path("uploads/", include("chunked_uploads.urls")),
    path("files/", include("chunked_uploads.tus.urls")),
    path("media/<path:path>", media),
    path("static/<path:path>", serve_static, {"insecure": True}),
]
