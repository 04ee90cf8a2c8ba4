"""Settings of the demo site on several servers that share a database and a bucket."""

import json
import os

from demo.settings import *  # noqa: F403
from demo.settings import DATA

# What the command has started: Django's dictionaries for both.
SERVICES = json.loads(os.environ["CHUNKED_UPLOADS_DEMO_SERVICES"])

DATABASES = {"default": {**SERVICES["database"], "CONN_MAX_AGE": None}}
STORAGES = {
    "default": SERVICES["storage"],  # django-storages' S3, with signed URLs
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage",
    },
}
CHUNKED_UPLOADS_CHUNK_STORE = "chunked_uploads.stores.s3.S3Store"
CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = "chunked_uploads/chunks"  # in the bucket
# Its ranges come to several servers at once, out of order: a digest would have to read
# the whole file again, where `done` now moves no byte.
CHUNKED_UPLOADS_DIGEST = None

# For nginx, which serves them also while no server runs.
STATIC_ROOT = DATA / "static"
