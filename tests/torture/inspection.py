"""What lies on disk and in the database when a run is over."""

from __future__ import annotations

import re
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from chunked_uploads.models import Chunk, Removal, Upload
from tests.sending import part_of
from tests.torture.disturbances import clean_up
from tests.torture.endings import check_file
from tests.torture.jobs import CELL, Job, make_content, make_tag
from tests.torture.model import Violation, require
from tests.torture.site import Site

TRACEBACK = re.compile(r"Traceback \(most recent call last\):\n(?:[ \t].*\n)+(.*)")


def inspect(site: Site, numbers: int, finished: list[Job]) -> None:
    """Look at what is left unfinished and at what is finished, before a clean-up and
    after it. The server has stopped. Violations are noted.
    """
    tags = {make_tag(site.seed, number): number for number in range(numbers)}
    for upload in Upload.objects.filter(state=Upload.State.UPLOADING):
        _noting(site, f"unfinished {upload.uuid}", _check_parts, site, upload, tags)
    _noting(site, "the log", _check_log, site)
    if not site.kills:
        _noting(site, "the disk", _check_strays, site)
    # As if an hour had passed: what a killed cancel noted is removed from then on.
    Removal.objects.update(created_at=timezone.now() - timedelta(hours=2))
    connection.close()
    clean_up(site, 0)
    _noting(site, "the disk", _check_rest, site, finished)
    for job in finished:
        job.content = make_content(site.seed, job.number, job.size)
        _noting(site, str(job), check_file, job)
        job.content = b""


def _noting(site: Site, what: str, check: object, *arguments: object) -> None:
    try:
        check(*arguments)  # type: ignore[operator]
    except Violation as violation:
        site.figures.violate(what, "inspect", violation)


def _check_parts(site: Site, upload: Upload, tags: dict[bytes, int]) -> None:
    """Find the bytes of a single job, the right ones, in all that is recorded."""
    part = part_of(upload, site.server.media_root)
    found = part.read_bytes() if part.exists() else b""
    ranges = [
        (chunk.start, chunk.stop) for chunk in Chunk.objects.filter(upload=upload)
    ]
    total = sum(stop - start for start, stop in ranges)
    require(total == upload.received, upload.received, f"{total} bytes in chunks")
    end = max((stop for _, stop in ranges), default=0)
    require(len(found) >= end, f"a part of {end} bytes", len(found))
    owners = {
        tags.get(found[cell : cell + 8])
        for start, stop in ranges
        for cell in range(-(-start // CELL) * CELL, stop - CELL + 1, CELL)
    }
    require(len(owners) <= 1 and None not in owners, "bytes of one job", owners)
    for number in owners:
        content = make_content(site.seed, number or 0, upload.filesize or 0)
        for start, stop in ranges:
            same = found[start:stop] == content[start:stop]
            require(same, f"bytes of job {number}", f"others in {start}-{stop}")


def _check_log(site: Site) -> None:
    found = TRACEBACK.finditer(site.server.log)
    # gunicorn's sync workers tell so of the request in which they are stopped.
    ours = [each[0] for each in found if not each[1].startswith("SystemExit")]
    require(not ours, "no traceback", ours)


def _check_strays(site: Site) -> None:
    unfinished = Upload.objects.filter(state=Upload.State.UPLOADING)
    known = {str(part_of(each, site.server.media_root)) for each in unfinished}
    strays = {str(path) for path in site.server.media_root.rglob("*.part")} - known
    require(not strays, "no part without an upload", strays)


def _check_rest(site: Site, finished: list[Job]) -> None:
    uploads = {str(each.uuid): each for each in Upload.objects.all()}
    expected = {job.uuid for job in finished}
    gone, more = expected - uploads.keys(), uploads.keys() - expected
    require(not gone, "rows of all finished uploads", f"none of {gone}")
    require(not more, "no other rows", more)
    require(not Chunk.objects.exists(), "no chunks", Chunk.objects.count())
    root = site.server.media_root
    files = {root / str(each.upload.name) for each in uploads.values()}
    folder = root / "chunked_uploads" / "files"
    known = {each for file in files for each in (file, file.parent)}
    left = set(folder.rglob("*"))
    require(left == known, "exactly the finished files", left ^ known)
    # What a kill leaves of a part without an upload, a clean-up takes days later.
    if not site.kills:
        parts = [str(each) for each in root.rglob("*.part")]
        require(not parts, "no parts", parts)
