"""URLs of a site that has the protocol below arguments of its own."""

from django.urls import include, path

urlpatterns = [path("<int:pk>/é/files/", include("chunked_uploads.tus.urls"))]
