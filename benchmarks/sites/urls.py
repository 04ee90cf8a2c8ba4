"""The URLs of whichever Django contestant runs; the others need no login here."""

from typing import Any

from django.urls import URLPattern, URLResolver, include, path

from benchmarks.sites.settings import APP

urlpatterns: list[URLPattern | URLResolver]
if APP == "ours":
    urlpatterns = [
        path("uploads/", include("chunked_uploads.urls")),
        path("files/", include("chunked_uploads.tus.urls")),
    ]
elif APP == "view":
    from benchmarks.sites.view import receive

    urlpatterns = [path("sink", receive)]
elif APP == "drf-tus":
    urlpatterns = [path("", include("rest_framework_tus.urls"))]
elif APP == "django-chunked-upload":
    from chunked_upload.models import ChunkedUpload
    from chunked_upload.views import ChunkedUploadCompleteView, ChunkedUploadView
    from django.views.decorators.csrf import csrf_exempt

    class UploadView(ChunkedUploadView):
        """Takes chunks."""

        model = ChunkedUpload

        def check_permissions(self, request: Any) -> None:
            """Let everybody in."""

    class CompleteView(ChunkedUploadCompleteView):
        """Completes."""

        model = ChunkedUpload

        def check_permissions(self, request: Any) -> None:
            """Let everybody in."""

    urlpatterns = [
        path("uploads/", csrf_exempt(UploadView.as_view())),
        path("uploads/done/", csrf_exempt(CompleteView.as_view())),
    ]
else:
    from drf_chunked_upload.serializers import ChunkedUploadSerializer
    from drf_chunked_upload.views import ChunkedUploadView as DrfView

    from benchmarks.sites.drf.models import FilmUpload

    class FilmSerializer(ChunkedUploadSerializer):
        """Tells of an upload."""

        class Meta(ChunkedUploadSerializer.Meta):
            model = FilmUpload

    class FilmView(DrfView):
        """Takes chunks, and completes."""

        model = FilmUpload
        serializer_class = FilmSerializer

    urlpatterns = [
        path("uploads/", FilmView.as_view()),
        path("uploads/<uuid:pk>/", FilmView.as_view(), name="chunkedupload-detail"),
    ]
