"""Settings of the demo site: SQLite, the local disk, nothing to install."""

import os
from pathlib import Path

from chunked_uploads.digests.resumable import can_resume

CHECKOUT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("CHUNKED_UPLOADS_DEMO_DATA") or CHECKOUT / "demo" / "data")
DATA = DATA.resolve()
DATA.mkdir(parents=True, exist_ok=True)

# For a site that only its own machine can reach, and for no other.
DEBUG = True
SECRET_KEY = "django-insecure-demo"
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_extensions",
    "chunked_uploads",
    "demo",
]
MIDDLEWARE = [
    "demo.middleware.content_security_policy",
    "django.middleware.security.SecurityMiddleware",
    "chunked_uploads.middleware.CrossDomainMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "demo.urls"
WSGI_APPLICATION = "demo.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [CHECKOUT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA / "db.sqlite3",
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            # Readers and the one writer do not wait for each other.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            # A transaction that will write waits at its begin, where waiting works.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,  # seconds
        },
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_PASSWORD_VALIDATORS: list[dict[str, str]] = []
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATICFILES_DIRS = [CHECKOUT / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = DATA / "media"

# Unfinished bytes lie where no URL leads, on the same disk: `done` is a rename.
CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = str(DATA / "chunks")
# Where the hash's state can be carried along, knowing it at `done` costs nothing.
CHUNKED_UPLOADS_DIGEST = "sha256" if can_resume("sha256") else None
