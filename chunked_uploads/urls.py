"""The app's URLs, for `include("chunked_uploads.urls")`."""

from django.urls import path

from chunked_uploads import views

app_name = "chunked_uploads"

urlpatterns = [
    path("upload/", views.upload, name="upload"),
    path("upload/done/<uuid:uuid>/", views.upload_done, name="upload_done"),
    path("upload/<uuid:uuid>/", views.upload_detail, name="upload_detail"),
    path("<int:pk>/delete/", views.upload_delete, name="upload_delete"),
]
