"""The protocol's URLs, for `path("files/", include("chunked_uploads.tus.urls"))`."""

from django.urls import path

from chunked_uploads.tus import views

app_name = "chunked_uploads_tus"

urlpatterns = [
    path("", views.creation, name="creation"),
    path("<uuid:uuid>", views.upload, name="upload"),
    path("<str:unknown>", views.nothing),
]
