"""Settings of the Django contestants: the same middleware and database for each."""

import json
import os
from pathlib import Path

from django.utils import translation

FOLDER = Path(os.environ["BENCHMARK_FOLDER"])
APP = os.environ["BENCHMARK_APP"]
APPS = {
    "ours": ["django_extensions", "chunked_uploads"],
    "django-chunked-upload": ["chunked_upload"],
    "drf-chunked-upload": ["rest_framework", "benchmarks.sites.drf"],
    "drf-tus": ["rest_framework", "rest_framework_tus"],
    "view": ["django_extensions", "chunked_uploads"],
}

SECRET_KEY = "of the benchmark"
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    *APPS[APP],
]
MIDDLEWARE = [
    "benchmarks.sites.counting.count_queries",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
if APP == "drf-tus":
    MIDDLEWARE += ["rest_framework_tus.middleware.TusMiddleware"]
ROOT_URLCONF = "benchmarks.sites.urls"
SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": str(FOLDER / "db.sqlite3"),
    "OPTIONS": {
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,  # seconds
    },
}
DATABASES = {
    "default": {
        **(json.loads(os.environ.get("BENCHMARK_DATABASE", "null")) or SQLITE),
        "CONN_MAX_AGE": None,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
USE_TZ = True
TIME_ZONE = "UTC"
MEDIA_ROOT = str(FOLDER / "media")
MEDIA_URL = "/media/"
BASE_DIR = str(FOLDER)  # where drf-tus keeps what is unfinished

HANDLERS = "benchmarks.sites.handlers"
FILE_UPLOAD_HANDLERS = [f"{HANDLERS}.Small", f"{HANDLERS}.Large"]

# The others' limits, raised or lifted so that they take the file at all.
DATA_UPLOAD_MAX_MEMORY_SIZE = None
DRF_CHUNKED_UPLOAD_USER_RESTRICTED = False
REST_FRAMEWORK_TUS = {"MAX_FILE_SIZE": 2**40}
REST_FRAMEWORK: dict[str, list[str]] = {"DEFAULT_AUTHENTICATION_CLASSES": []}

# django-chunked-upload imports a name that Django 4 took away.
translation.ugettext = translation.gettext  # type: ignore[attr-defined]

globals().update(json.loads(os.environ.get("BENCHMARK_SETTINGS", "{}")))
