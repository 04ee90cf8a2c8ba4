"""Make the demo site's database, user and key, say how to use them, serve."""

from __future__ import annotations

import os
import shlex
import socket
import sys
from typing import TYPE_CHECKING

import django
from django.core.management import call_command

from demo.environment import CHECKOUT

if TYPE_CHECKING:
    from chunked_uploads.models import ApiKey

HOST = "127.0.0.1"  # the site runs with DEBUG and a password that everybody knows
NAME = PASSWORD = "demo"
LICENSE = CHECKOUT / "LICENSE"

WELCOME = """
  The demo site:     {address}/
  Log in as:         {name}, password {password}
  The admin:         {address}/admin/
  For tus clients:   {address}/tus/
  Your API key:      {key}

  The same from the command line:

    done_url=$(curl --silent --fail \\
        --header "Authorization: ApiKey {name}:{key}" \\
        --header 'Content-Disposition: attachment; filename="README.md"' \\
        --data-binary @{readme} \\
        {address}/uploads/upload/ |
      {python} -c 'import json, sys; print(json.load(sys.stdin)[0]["done_url"])')
    curl --silent --request POST "$done_url"

  And by tus, in one request:

    curl --include --header 'Tus-Resumable: 1.0.0' --header 'Upload-Length: {size}' \\
        --header "Authorization: ApiKey {name}:{key}" \\
        --header 'Upload-Metadata: filename TElDRU5TRQ==' \\
        --header 'Content-Type: application/offset+octet-stream' \\
        --data-binary @{license} {address}/tus/

  Stop it with Ctrl-C. Nobody but this machine can reach it.
"""


def serve(port: int) -> None:
    """Serve the demo site at `port` of the loopback address until it is stopped."""
    os.chdir(CHECKOUT)
    os.environ["DJANGO_SETTINGS_MODULE"] = "demo.settings"
    check_port(port)
    django.setup()
    call_command("migrate", verbosity=0)
    key = make_user()
    welcome = WELCOME.format(
        address=f"http://{HOST}:{port}",
        name=NAME,
        password=PASSWORD,
        key=key.key,
        readme=shlex.quote(str(CHECKOUT / "README.md")),
        license=shlex.quote(str(LICENSE)),
        size=LICENSE.stat().st_size,
        python=shlex.quote(sys.executable),
    )
    print(welcome, flush=True)
    # Threads, so that a slow or dead client holds no process.
    options = ["--workers=2", "--threads=8", "--timeout=120", "--graceful-timeout=5"]
    options += ["--log-level=warning", "--no-control-socket", f"--bind={HOST}:{port}"]
    command = [sys.executable, "-m", "gunicorn", *options, "demo.wsgi"]
    os.execv(sys.executable, command)


def check_port(port: int) -> None:
    """Exit with a sentence where somebody else listens already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            sys.exit(f"Port {port}: {error.strerror}. Choose another with --port.")


def make_user() -> ApiKey:
    """Return the API key of the demo user, making what is missing of both."""
    from django.contrib.auth import get_user_model

    from chunked_uploads.models import ApiKey

    users = get_user_model()._default_manager
    user = users.filter(username=NAME).first()
    if user is None:
        user = users.create_superuser(NAME, password=PASSWORD)  # type: ignore[attr-defined]
    return ApiKey.objects.get_or_create(user=user)[0]
