"""URLs of the demo site."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import include, path

from demo import views

login = LoginView.as_view(template_name="login.html", redirect_authenticated_user=True)

urlpatterns = [
    path("", views.home, name="home"),
    path("files/<uuid:uuid>/", views.card, name="card"),
    path("films/", views.AddFilm.as_view(), name="films"),
    path("login/", login, name="login"),
    path("logout/", LogoutView.as_view(next_page="login"), name="logout"),
    path("uploads/", include("chunked_uploads.urls")),
    path("tus/", include("chunked_uploads.tus.urls")),
    path("media/<path:path>", views.media, name="media"),
    path("admin/", admin.site.urls),
    *staticfiles_urlpatterns(),
]
