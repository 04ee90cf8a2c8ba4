"""What lies in the shared place, on disks and in the database when a run is over."""

from __future__ import annotations

import re
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from chunked_uploads.models import Chunk, Removal, Upload
from tests.torture.disturbances import clean_up
from tests.torture.dying import DEATH
from tests.torture.endings import check_file
from tests.torture.jobs import Job, content_of, contents_like
from tests.torture.model import Violation, require
from tests.torture.site import Site

TRACEBACK = re.compile(r"Traceback \(most recent call last\):\n(?:[ \t].*\n)+(.*)")
# What a kill leaves without an upload goes at once, not after some days.
AT_ONCE = {
    "CHUNKED_UPLOADS_EXPIRE_DAYS": 0,
    "SILENCED_SYSTEM_CHECKS": ["chunked_uploads.E001"],
}


def inspect(site: Site, numbers: int, finished: list[Job]) -> None:
    """Look at what is left unfinished and at what is finished, before a clean-up and
    after it. The servers have stopped. Violations are noted.
    """
    unfinished = Upload.objects.filter(state=Upload.State.UPLOADING)
    for upload in unfinished:
        contents = contents_like(site, numbers, upload)
        check = site.place.check_unfinished
        _noting(site, f"unfinished {upload.uuid}", check, upload, contents)
    _noting(site, "the log", _check_log, site)
    deaths = sum(server.log.count(DEATH) for server in site.servers)
    if deaths:
        site.figures.count(site.figures.events, "died completing", deaths)
    for server in site.servers:
        _noting(site, "the disk", site.place.check_disk, server.folder)
    if not site.kills:
        _noting(site, "strays", site.place.check_strays, unfinished)
    # As if an hour had passed: what a killed cancel noted is removed from then on.
    Removal.objects.update(created_at=timezone.now() - timedelta(hours=2))
    connection.close()
    clean_up(site, 0, **AT_ONCE)
    _noting(site, "the rest", _check_rest, site, finished)
    for job in finished:
        job.make_content_anew()
        _noting(site, str(job), check_file, job)
        job.content = b""


def _noting(site: Site, what: str, check: object, *arguments: object) -> None:
    try:
        check(*arguments)  # type: ignore[operator]
    except Violation as violation:
        site.figures.violate(what, "inspect", violation)


def _check_log(site: Site) -> None:
    for server in site.servers:
        found = TRACEBACK.finditer(server.log)
        ours = [each[0] for each in found if not each[1].startswith(site.place.logged)]
        require(not ours, "no traceback", ours)


def _check_rest(site: Site, finished: list[Job]) -> None:
    uploads = {str(each.uuid): each for each in Upload.objects.all()}
    expected = {job.uuid for job in finished}
    gone, more = expected - uploads.keys(), uploads.keys() - expected
    require(not gone, "rows of all finished uploads", f"none of {gone}")
    unknown = {uuid for uuid in more if not _is_of_lost_creation(site, uploads[uuid])}
    require(not unknown, "no other rows", unknown)
    require(not Chunk.objects.exists(), "no chunks", Chunk.objects.count())
    site.place.check_rest(uploads.values())


def _is_of_lost_creation(site: Site, upload: Upload) -> bool:
    """Whether the upload came with its creation, of which its sender never heard."""
    number = int(upload.metadata.get("job", -1))
    if number not in site.lost_creations or not upload.is_complete:
        return False
    return site.place.read(str(upload.upload.name)) == content_of(site.seed, upload)
