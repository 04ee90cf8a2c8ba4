"""Settings of the tests, and of the servers that they start."""

import json
import os
from importlib.util import find_spec
from pathlib import Path

# The benchmark runs this site without the packages that only tests need.
if find_spec("pymysql") and not find_spec("MySQLdb"):  # which has to be built
    import pymysql

    pymysql.install_as_MySQLdb()

HERE = Path(__file__).resolve().parent

SECRET_KEY = "of the tests"
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_extensions",
    "chunked_uploads",
    *(["tastypie"] if find_spec("tastypie") else []),
    "tests.films",
]
MIDDLEWARE = [
    "chunked_uploads.middleware.CrossDomainMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "tests.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates", HERE / "page" / "apps"],
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
# Where it lies, or which other it is, is for tests/conftest.py to say.
DATABASES: dict[str, dict[str, object]] = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": ":memory:",
        "OPTIONS": {
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,  # seconds
        },
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
MEDIA_URL = "/media/"

# What a server that a test starts shall have otherwise: see tests/servers.py.
globals().update(json.loads(os.environ.get("CHUNKED_UPLOADS_TEST_SETTINGS", "{}")))
