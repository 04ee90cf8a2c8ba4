"""Limits, failures, methods, and what a chunk costs the database."""

from __future__ import annotations

import errno
import io
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext, override_script_prefix
from django.urls import include, path, register_converter

from chunked_uploads.core import gaps
from chunked_uploads.models import Chunk, Upload
from chunked_uploads.stores.local import LocalStore
from tests.forms.claiming import FOR_FORM
from tests.sending import (
    CONTENT,
    FORM,
    TAKES_PIECES,
    UNKNOWN,
    UPLOAD,
    Stream,
    Uploader,
    assert_error,
    assert_finishes,
    from_stream,
    make_form,
    state_in,
    upload_of,
)

# Limits and failures


def test_file_over_the_size_limit_gets_413(uploader: Uploader, settings: Any) -> None:
    settings.CHUNKED_UPLOADS_MAX_SIZE = 9

    assert_error(uploader.send(CONTENT[:4], 0), 413, "too_large")
    assert uploader.send(CONTENT[:9]).status_code == 200


@pytest.mark.parametrize(
    ("name", "status"),
    [("a.mp4", 200), ("a.MP4", 200), ("a.exe", 415), ("mp4", 415), ("a.mp4.exe", 415)],
)
def test_file_of_a_refused_type_gets_415(
    uploader: Uploader, settings: Any, name: str, status: int
) -> None:
    settings.CHUNKED_UPLOADS_ALLOWED_EXTENSIONS = ["mp4", ".MOV"]

    response = uploader.send(CONTENT, name=name)

    assert response.status_code == status
    if status == 415:
        assert_error(response, 415, "type_refused")


def test_unfinished_upload_over_the_quota_gets_429(
    uploader: Uploader, stranger: Uploader, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_MAX_UNFINISHED = 1
    state = state_in(uploader.send(CONTENT, 0))

    assert_error(uploader.send(CONTENT, name="b"), 429, "too_many_uploads")
    assert stranger.send(CONTENT).status_code == 200
    uploader.done(state)
    assert uploader.send(CONTENT, name="b").status_code == 200


@pytest.mark.parametrize(("first", "second"), [(UPLOAD, FOR_FORM), (FOR_FORM, UPLOAD)])
def test_uploads_for_forms_have_a_quota_of_their_own(
    uploader: Uploader, settings: Any, first: str, second: str
) -> None:
    settings.CHUNKED_UPLOADS_MAX_UNFINISHED = 1
    uploader.send(CONTENT[:4], 0, url=first)

    refused = uploader.send(CONTENT, name="b", url=first)

    assert_error(refused, 429, "too_many_uploads")
    assert uploader.send(CONTENT, name="b", url=second).status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_known", [True, False])
def test_uploads_that_begin_at_once_do_not_pass_the_quota(
    settings: Any, authorization: dict[str, str], is_known: bool
) -> None:
    settings.CHUNKED_UPLOADS_MAX_UNFINISHED = 3
    if not is_known:
        everybody = "chunked_uploads.authentication.Authentication"
        settings.CHUNKED_UPLOADS_AUTHENTICATION = everybody
    barrier = threading.Barrier(8)

    def send(name: str) -> int:
        uploader = Uploader(headers=authorization if is_known else None)
        try:
            barrier.wait()
            return uploader.send(CONTENT[:4], 0, name=name).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        statuses = sorted(threads.map(send, "abcdefgh"))

    assert statuses == [200] * 3 + [429] * 5
    assert Upload.objects.count() == 3


def test_database_that_does_not_answer_gets_503(uploader: Uploader) -> None:
    def fail(*args: Any) -> None:
        raise OperationalError("database is locked")

    with connection.execute_wrapper(fail):
        response = uploader.send(CONTENT)

    assert_error(response, 503, "unavailable")
    assert response["Retry-After"] == "5"


@TAKES_PIECES
def test_full_disk_gets_507_and_what_arrived_is_kept(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch, send: str
) -> None:
    pwrite = os.pwrite

    def write_some(fd: int, block: Any, offset: int) -> int:
        if offset >= 7:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return pwrite(fd, bytes(block)[: 7 - offset], offset)

    with monkeypatch.context() as full:
        full.setattr(os, "pwrite", write_some)
        response = getattr(uploader, send)(CONTENT, 0)

    assert_error(response, 507, "store_full")
    (state,) = uploader.get(UPLOAD + "?all=1").json()
    assert state["size"] == 7
    assert_finishes(uploader, uploader.send(CONTENT[7:], 7), CONTENT)


def test_disk_too_full_for_another_file_gets_507(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full:
        full.setattr(os, "open", fail)
        response = uploader.send(CONTENT)

    assert_error(response, 507, "store_full")


def test_failure_of_the_server_is_told_without_a_traceback(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def fail(*args: Any) -> None:
        raise RuntimeError("at /secret/path")

    monkeypatch.setattr(os, "pwrite", fail)
    uploader.raise_request_exception = False

    response = uploader.send(CONTENT)

    assert_error(response, 500, "server_error")
    assert b"secret" not in response.content
    assert caplog.records[0].levelname == "ERROR"


# A store that is read-only, out of reach, or that can't be opened


def failing(number: int) -> Callable[..., None]:
    """Return what fails as the system does, telling of a path."""

    def fail(*args: Any, **options: Any) -> None:
        raise OSError(number, os.strerror(number), "/secret/path")

    return fail


def assert_away(response: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Find a 503 that says when to come again, and one line in the log."""
    assert_error(response, 503, "unavailable")
    assert response["Retry-After"] == "5"
    assert b"secret" not in response.content
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert record.exc_info is None
    assert "\n" not in record.getMessage()
    caplog.clear()


NUMBERS = [errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE]
NUMBERS += [errno.ENFILE, errno.ESTALE, errno.ENODEV, errno.ENXIO, errno.ETIMEDOUT]
NUMBERS += [errno.ENOTCONN, errno.ENOLCK, errno.EHOSTDOWN, errno.EHOSTUNREACH]


@pytest.mark.parametrize("number", NUMBERS)
def test_store_that_is_away_gets_503_and_one_line_in_the_log(
    uploader: Uploader,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    number: int,
) -> None:
    state = state_in(uploader.send(CONTENT[:4], 0))

    with monkeypatch.context() as away:
        away.setattr(os, "open", failing(number))
        assert_away(uploader.send(CONTENT[4:], 4, url=state["url"]), caplog)
        assert uploader.get(state["url"]).json()[0]["size"] == 4

    response = uploader.send(CONTENT[4:], 4, url=state["url"])
    with monkeypatch.context() as away:
        away.setattr(os, "open", failing(number))
        assert_away(uploader.done(state), caplog)
    assert_finishes(uploader, response, CONTENT)


@TAKES_PIECES
@pytest.mark.parametrize("number", [errno.EIO, errno.EROFS])
def test_what_arrived_before_the_store_went_away_is_kept(
    uploader: Uploader,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    send: str,
    number: int,
) -> None:
    pwrite = os.pwrite

    def write_some(fd: int, block: Any, offset: int) -> int:
        if offset >= 7:
            failing(number)()
        return pwrite(fd, bytes(block)[: 7 - offset], offset)

    with monkeypatch.context() as away:
        away.setattr(os, "pwrite", write_some)
        assert_away(getattr(uploader, send)(CONTENT, 0), caplog)

    (state,) = uploader.get(UPLOAD + "?all=1").json()
    assert state["size"] == 7
    assert_finishes(uploader, uploader.send(CONTENT[7:], 7), CONTENT)


@pytest.mark.django_db(transaction=True)
def test_delete_does_not_fail_where_the_store_is_away(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = state_in(uploader.send(CONTENT[:4], 0))

    with monkeypatch.context() as away:
        away.setattr(os, "unlink", failing(errno.EROFS))
        response = uploader.delete(state["delete_url"])

    # Whether the answer tells of it or the clean-up removes the bytes later.
    assert response.status_code in (200, 503), response.content
    assert b"secret" not in response.content
    assert uploader.get(UPLOAD + "?all=1").json() == []


NOBODYS = "/sys/of-the-tests"  # where Linux lets nobody write, not even root
ON_LINUX = pytest.mark.skipif(not os.path.isdir("/sys/kernel"), reason="Linux has it")


@ON_LINUX
def test_folder_that_may_not_be_made_gets_503(
    uploader: Uploader, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CHUNKED_UPLOADS_CHUNKS_STORAGE_PATH = f"{NOBODYS}/chunks"

    assert_away(uploader.send(CONTENT), caplog)


@ON_LINUX
def test_place_that_may_not_be_written_to_gets_503_and_done_may_be_repeated(
    uploader: Uploader, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    response = uploader.send(CONTENT)
    settings.CHUNKED_UPLOADS_STORAGE_PATH = f"{NOBODYS}/files"
    assert_away(uploader.done(state_in(response)), caplog)

    settings.CHUNKED_UPLOADS_STORAGE_PATH = "files"

    assert_finishes(uploader, response, CONTENT)


def test_part_that_cannot_be_removed_does_not_fail_done(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    response = uploader.send(CONTENT)
    monkeypatch.setattr(LocalStore, "delete", failing(errno.EIO))

    assert_finishes(uploader, response, CONTENT)
    assert_finishes(uploader, response, CONTENT)

    assert "could not be removed" in caplog.text


def test_error_whose_state_cannot_be_told_is_told_all_the_same(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = state_in(uploader.send(CONTENT[:4], 0))["url"]

    def fail(*args: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(gaps, "gap", fail)
    response = uploader.send(CONTENT[2:6], 2, url=url)

    assert_error(response, 503, "unavailable")


ALLOWED = {
    "upload/": "GET, HEAD, POST, OPTIONS",
    f"upload/{UNKNOWN}/": "GET, HEAD, POST, DELETE, OPTIONS",
    f"upload/done/{UNKNOWN}/": "POST, OPTIONS",
    "1/delete/": "DELETE, OPTIONS",
}


@pytest.mark.parametrize(("path", "allowed"), ALLOWED.items())
def test_wrong_method_gets_405_with_allow(path: str, allowed: str) -> None:
    for method in {"GET", "POST", "DELETE", "PUT", "PATCH"} - set(allowed.split(", ")):
        response = Uploader().generic(method, f"/uploads/{path}")

        assert_error(response, 405, "method_not_allowed")
        assert response["Allow"] == allowed


@pytest.mark.parametrize(("path", "allowed"), ALLOWED.items())
def test_options_is_answered_everywhere(path: str, allowed: str) -> None:
    response = Uploader().options(f"/uploads/{path}")

    assert response.status_code == 200
    assert response.json() == []
    assert response["Allow"] == allowed
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("cut", [False, True])
def test_host_that_is_not_the_sites_gets_json_and_changes_nothing(
    uploader: Uploader, settings: Any, debug: bool, cut: bool
) -> None:
    settings.DEBUG = debug
    # It refuses other hosts by itself, in HTML, before any view is asked.
    common = "django.middleware.common.CommonMiddleware"
    settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if each != common]
    url = state_in(uploader.send(CONTENT[:4], 0))["url"]
    host = {"Host": "elsewhere.example"}
    piece = CONTENT[4:6] if cut else CONTENT[4:]

    answers = [
        # All of them would tell of the upload's URLs: goes on, overlaps, ends early.
        uploader.send(CONTENT[4:8], 4, headers=host),
        uploader.send(CONTENT[2:], 2, url=url, headers=host),
        uploader.send_cut(io.BytesIO(piece), 4, 6, url=url, headers=host),
        uploader.get(url, headers=host),
        uploader.get(UPLOAD, headers=host),
        uploader.delete(url, headers=host),
    ]

    for answer in answers:
        assert_error(answer, 400, "bad_request")
        assert "host" in state_in(answer)["detail"]
    assert Upload.objects.get().received == 4


# The database


@pytest.mark.django_db(transaction=True)
@TAKES_PIECES
def test_no_transaction_is_open_while_bytes_flow(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch, send: str
) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    seen: list[bool] = []
    body = make_form(CONTENT) if send == "send_form" else CONTENT
    stream = Stream(body, lambda: seen.append(connection.in_atomic_block))
    environ = from_stream(stream, len(body))

    response = uploader.send(
        CONTENT,
        content_type=FORM if send == "send_form" else "application/octet-stream",
        **environ,
    )

    assert response.status_code == 200
    assert seen
    assert not any(seen)


def count_queries(uploader: Uploader, start: int, url: str = UPLOAD) -> int:
    """Return what the one byte at `start` of 1000 costs, transactions aside."""
    with CaptureQueriesContext(connection) as queries:
        assert uploader.send(b"\0", start, 1000, url=url).status_code == 200
    framing = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE SAVEPOINT")
    return sum(not query["sql"].startswith(framing) for query in queries)


def test_chunk_costs_few_queries_however_many_there_are(
    browser_session: Uploader,
) -> None:
    url = state_in(browser_session.send(b"\0", 0, 1000))["url"]

    by_session = {count_queries(browser_session, start) for start in range(1, 30)}
    by_token = {count_queries(Uploader(), start, url) for start in range(30, 60)}

    assert len(by_session) == len(by_token) == 1
    assert by_session <= set(range(1, 7))
    assert by_token <= set(range(1, 4))


def test_chunk_out_of_order_costs_no_more_where_many_are_held(
    uploader: Uploader,
) -> None:
    url = state_in(uploader.send(b"\0", 0, 1000))["url"]

    costs = [count_queries(uploader, start, url) for start in range(800, 700, -2)]

    assert len(set(costs[1:])) == 1
    assert costs[-1] <= 9


DEADLOCK = (1213, "Deadlock found when trying to get lock")


class Deadlock(Exception):
    """What psycopg says of one."""

    sqlstate = "40P01"


def losing(turns: int, is_numbered: bool) -> Callable[..., Any]:
    """Return what makes so many transactions lose a deadlock at their last step."""
    left = [turns]

    def execute(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        is_last = sql.startswith(("INSERT", "DELETE")) and Chunk._meta.db_table in sql
        if is_last and left[0]:
            left[0] -= 1
            if is_numbered:
                raise OperationalError(*DEADLOCK)
            raise OperationalError("deadlock detected") from Deadlock()
        return execute(sql, params, many, context)

    return execute


ENDS = {
    "chunk": lambda uploader, state: uploader.send(CONTENT[4:], 4, url=state["url"]),
    "done": lambda uploader, state: uploader.done(state),
    "cancel": lambda uploader, state: uploader.delete(state["delete_url"]),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_numbered", [True, False])
@pytest.mark.parametrize("end", ENDS)
def test_lost_deadlock_is_tried_again(
    uploader: Uploader, end: str, is_numbered: bool
) -> None:
    piece = CONTENT[:4] if end == "chunk" else CONTENT
    state = state_in(uploader.send(piece, 0))

    with connection.execute_wrapper(losing(2, is_numbered)):
        answer = ENDS[end](uploader, state)

    assert answer.status_code == 200
    if end == "cancel":
        assert not Upload.objects.exists()
    else:
        assert Upload.objects.get().received == len(CONTENT)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", ENDS)
def test_deadlock_that_is_lost_again_and_again_gets_503(
    uploader: Uploader, end: str
) -> None:
    piece = CONTENT[:4] if end == "chunk" else CONTENT
    state = state_in(uploader.send(piece, 0))

    with connection.execute_wrapper(losing(100, True)):
        answer = ENDS[end](uploader, state)

    assert_error(answer, 503, "unavailable")
    assert answer["Retry-After"]
    assert Upload.objects.get().received == len(piece)
    assert ENDS[end](uploader, state).status_code == 200


def test_body_without_a_length_is_refused(uploader: Uploader) -> None:
    response = uploader.send(CONTENT, CONTENT_LENGTH="")

    assert_error(response, 411, "length_required")
    assert not Upload.objects.exists()


class Tags:
    """A site's own converter, whose values can't be remembered."""

    regex = "[a-z,]+"

    def to_python(self, value: str) -> list[str]:
        """Return the tags."""
        return value.split(",")

    def to_url(self, value: list[str]) -> str:
        """Return what stands in the path."""
        return ",".join(value)


register_converter(Tags, "tags")
ours = include("chunked_uploads.urls")
urlpatterns = [
    path("api/<slug:tenant>/", include(([path("files/", ours)], "api"))),
    path("tags/<tags:names>/", include(([path("files/", ours)], "tags"))),
]


@pytest.mark.urls(__name__)
def test_site_may_put_the_urls_below_names_and_arguments_of_its_own(
    uploader: Uploader,
) -> None:
    response = uploader.send(CONTENT, url="/api/acme/files/upload/")

    upload, state = upload_of(response), state_in(response)
    prefix = "http://testserver/api/acme/files/"
    assert state["url"].startswith(f"{prefix}upload/{upload.uuid}/")
    assert state["delete_url"].startswith(f"{prefix}{upload.pk}/delete/")
    assert_finishes(uploader, response, CONTENT)


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    "prefix", ["/api/acme/files/", "/api/other/files/", "/tags/a,b/files/"]
)
@pytest.mark.parametrize("script", ["", "/site"])
def test_urls_are_of_the_place_that_was_asked(
    uploader: Uploader, prefix: str, script: str
) -> None:
    with override_script_prefix(f"{script}/"):
        response = uploader.send(CONTENT, url=f"{prefix}upload/")

    upload, state = upload_of(response), state_in(response)
    place = f"http://testserver{script}{prefix}"
    assert state["url"].startswith(f"{place}upload/{upload.uuid}/?token=")
    assert state["done_url"].startswith(f"{place}upload/done/{upload.uuid}/?token=")
    assert state["delete_url"].startswith(f"{place}{upload.pk}/delete/?token=")
