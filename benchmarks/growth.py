"""How the cost grows with the table, and how often a database commits.

Run by `python3 benchmarks --growth`, in a process for each database.
"""

from __future__ import annotations

import datetime
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django

ROWS = (1_000, 1_000_000)  # unfinished uploads, all of one user
IDLE = 100_000  # of them, in which nothing happened for some hours
REPEATS = 31
SECONDS = 2.0  # of committing
THREADS = (1, 8)
SIZE = 10**9  # bytes of each file
MISSING = "none-of-these.mp4"

# Both databases count alike, but make UUIDs and times in their own ways.
FILL = """
    WITH RECURSIVE numbers(i) AS (
        SELECT {first} UNION ALL SELECT i + 1 FROM numbers WHERE i < {last}
    )
    INSERT INTO chunked_uploads_upload (
        user_id, uuid, filename, filesize, upload, state, "offset", received,
        fingerprint, md5, sha256, hashed, created_at, modified_at
    )
    SELECT {user}, {uuid}, 'film-' || i || '.mp4', {size}, '', 1, 1, 1, '',
        '', '', 0, {earlier}, {now}
    FROM numbers
"""
WORDS = {
    "sqlite": {
        "uuid": "printf('%032x', i)",
        "earlier": "datetime('now', -i || ' seconds')",
        "now": "datetime('now')",
    },
    "postgresql": {
        "uuid": "lpad(to_hex(i), 32, '0')::uuid",
        "earlier": "now() - i * interval '1 second'",
        "now": "now()",
    },
}


def main() -> None:
    """Fill the table, ask, and print what it took."""
    django.setup()
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0)
    _commits()
    held = 0
    for rows in ROWS:
        _fill(held, rows)
        held = rows
        _ask(rows)
    _clean_idle()
    _plans()


def _fill(first: int, last: int) -> None:
    from django.db import connection

    words = {**WORDS[connection.vendor], "first": first + 1, "last": last}
    user = _user().pk
    with connection.cursor() as cursor:
        cursor.execute(FILL.format(**words, user=user, size=SIZE))
        cursor.execute("ANALYZE")


def _user() -> Any:
    from django.contrib.auth.models import User

    return User.objects.get_or_create(username="ada")[0]


def _ask(rows: int) -> None:
    from django.test import Client

    from chunked_uploads.core.sweeping import clean_uploads

    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(_user())
    named: dict[str, str | int]
    missing: dict[str, str | int]
    named = {"filename": f"film-{rows // 2}.mp4", "filesize": SIZE}
    missing = {"filename": MISSING, "filesize": SIZE}
    sent = iter(range(10**6))
    headers = {"Content-Disposition": 'attachment; filename="new.mp4"'}

    def begin() -> None:
        name = {"Content-Disposition": f'attachment; filename="{time.time_ns()}"'}
        _send(client, "/uploads/upload/", 0, name)

    def chunk() -> None:
        _send(client, state["url"], next(sent), {})

    state = _send(client, "/uploads/upload/", next(sent), headers)
    print(f"{rows:,} unfinished uploads of one user; milliseconds, medians:")
    for name, ask in {
        "GET ?filename=…&filesize=…": lambda: client.get("/uploads/upload/", named),
        "the same, of a file that is new": lambda: client.get(
            "/uploads/upload/", missing
        ),
        "GET ?all=1, the newest thousand": lambda: client.get(
            "/uploads/upload/", {"all": "1"}
        ),
        "GET, the session's": lambda: client.get("/uploads/upload/"),
        "GET upload/<uuid>/": lambda: client.get(state["url"]),
        "first chunk": begin,
        "chunk": chunk,
    }.items():
        print(f"  {name}: {_median(ask):.2f}", flush=True)
    begun = time.perf_counter()
    clean_uploads(dry_run=True)
    print(f"  clean_uploads, nothing idle: {(time.perf_counter() - begun) * 1e3:.0f}")


def _clean_idle() -> None:
    """Print what each upload costs the clean-up that may yet be gone on with."""
    from django.utils import timezone

    from chunked_uploads.core.sweeping import clean_uploads
    from chunked_uploads.models import Upload

    earlier = timezone.now() - datetime.timedelta(hours=5)
    Upload.objects.filter(pk__lte=IDLE).update(modified_at=earlier)
    begun = time.perf_counter()
    clean_uploads(dry_run=True)
    took = (time.perf_counter() - begun) / IDLE * 1e6
    print(f"clean_uploads, microseconds for each idle upload: {took:.0f}")


def _send(client: Any, url: str, start: int, headers: dict[str, str]) -> dict[str, str]:
    span = {"Content-Range": f"bytes {start}-{start}/1000000"}
    answer = client.generic(
        "POST", url, b"0", "application/octet-stream", headers={**headers, **span}
    )
    assert answer.status_code == 200, answer.content
    (state,) = answer.json()
    return state


def _median(ask: Callable[[], object]) -> float:
    """Return how long it takes, in milliseconds."""
    times = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        ask()
        times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1e3


def _plans() -> None:
    """Print how the database finds what each question asks for."""
    from django.utils import timezone

    from chunked_uploads.models import Chunk, Upload

    unfinished = Upload.objects.filter(state=Upload.State.UPLOADING)
    own = unfinished.filter(user=_user()).order_by("-created_at", "-pk")
    chunks = Chunk.objects.filter(upload=1)
    for name, rows in {
        "of this name and size": own.filter(filename=MISSING, filesize=SIZE)[:1000],
        "all of the caller's": own[:1000],
        "by UUID": Upload.objects.filter(uuid="0" * 32),
        "next range beyond an offset": chunks.filter(start__gt=1).order_by("start")[:1],
        "idle ones, batch by batch": unfinished.filter(
            modified_at__lt=timezone.now()
        ).order_by("modified_at", "pk")[:500],
    }.items():
        print(f"{name}:\n{rows.explain()}\n")


def _commits() -> None:
    """Print how many chunks a second can be recorded."""
    from chunked_uploads.core import ranges
    from chunked_uploads.models import Upload
    from chunked_uploads.stores import Kept

    def record(number: int) -> int:
        from django.db import connection

        upload = Upload.objects.create(
            user=_user(), filename=f"commits-{number}", filesize=SIZE
        )
        count, end = 0, time.perf_counter() + SECONDS
        while time.perf_counter() < end:
            ranges.record(upload, upload.offset, 0, Kept(1), {}, is_alone=True)
            count += 1
        connection.close()
        return count

    for threads in THREADS:
        with ThreadPoolExecutor(threads) as pool:
            counts = list(pool.map(record, range(threads)))
        speed = sum(counts) / SECONDS
        print(f"chunks recorded per second, {threads} at once: {speed:,.0f}")
    Upload.objects.all().delete()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.sites.settings")
    main()
