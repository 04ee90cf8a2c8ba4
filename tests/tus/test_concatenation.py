"""Uploads that are joined of others. What stands in quotes is the specification's."""

from __future__ import annotations

import errno
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import CASCADE
from django.utils import timezone

from chunked_uploads import errors
from chunked_uploads.core import concatenating
from chunked_uploads.core.sweeping import clean_uploads
from chunked_uploads.models import ApiKey, Upload
from chunked_uploads.tus import joining
from tests.films.models import Recording
from tests.sending import (
    CONTENT,
    UPLOAD,
    Uploader,
    files_in,
    finished,
    names_in,
    part_of,
    state_in,
)
from tests.test_signals import Log, log
from tests.tus.talking import CREATE, Tus, bare, encode, path_of, upload_at

__all__ = ["log"]  # a fixture
FILM: dict[str, Any] = {"Upload_Metadata": encode(filename="film.mp4")}


def raise_unavailable(*arguments: Any, **options: Any) -> None:
    """Fail as a store that does not answer."""
    raise errors.Unavailable("Just now.")


def part(tus: Tus, piece: bytes, sent: int | None = None) -> str:
    """Return where a partial upload is that has its first `sent` bytes, or all."""
    url = path_of(tus.create(len(piece), Upload_Concat="partial"))
    tus.append(url, piece[:sent])
    return url


def parts(tus: Tus, *pieces: bytes) -> list[str]:
    return [part(tus, piece) for piece in pieces]


def join(tus: Tus, urls: list[str], **options: Any) -> Any:
    """Ask for the final upload of the partial ones at these URLs."""
    concat = f"final;{' '.join(urls)}"
    return tus.create(-1, Upload_Concat=concat, **{**FILM, **options})


@pytest.mark.parametrize(
    "pieces",
    [
        [CONTENT[:4], CONTENT[4:]],
        [CONTENT[:1], CONTENT[1:2], b"", CONTENT[2:9], CONTENT[9:]],
        [CONTENT],
        [b""],
    ],
)
def test_final_upload_is_the_parts_one_after_another(
    tus: Tus, pieces: list[bytes]
) -> None:
    urls = parts(tus, *reversed(pieces))[::-1]

    response = join(tus, urls)

    assert response.status_code == 201
    upload = upload_at(path_of(response))
    content = b"".join(pieces)
    # "The length of the final upload MUST be the sum of the length of all partial
    # uploads."
    assert upload.filesize == len(content)
    assert finished(upload) == content
    assert upload.filename == "film.mp4"
    state = tus.state(path_of(response))
    # "After successful concatenation, the Upload-Offset and Upload-Length MUST be set
    # and their values MUST be equal."
    assert state["Upload-Offset"] == state["Upload-Length"] == str(len(content))
    assert state["Upload-Concat"] == f"final;{' '.join(urls)}"
    assert state["Upload-Metadata"] == FILM["Upload_Metadata"]


def test_partial_upload_says_so(tus: Tus) -> None:
    url = part(tus, CONTENT, sent=4)

    # "The response to a HEAD request for a partial upload MUST contain the
    # Upload-Offset header." And "MUST include the Upload-Concat header".
    for offset in ("4", "10"):
        state = tus.state(url)
        assert (state["Upload-Offset"], state["Upload-Length"]) == (offset, "10")
        assert state["Upload-Concat"] == "partial"
        tus.append(url, CONTENT[4:], 4)
    join(tus, [url])
    assert tus.state(url)["Upload-Concat"] == "partial"


def test_parts_may_be_used_more_than_once(tus: Tus) -> None:
    # "The same partial upload MAY be present multiple times in the Upload-Concat header
    # in one upload creation request or MAY be used in multiple upload creation
    # requests."
    first, second = parts(tus, b"ab", b"c")

    once = join(tus, [first, second, first])
    again = join(tus, [second, first])

    assert finished(upload_at(path_of(once))) == b"abcab"
    assert finished(upload_at(path_of(again))) == b"cab"


def test_final_upload_that_is_asked_for_again_is_the_same(tus: Tus) -> None:
    urls = parts(tus, b"ab", b"c")

    first, second = join(tus, urls), join(tus, urls)
    other = join(tus, urls, Upload_Metadata=encode(filename="other.mp4"))

    assert first["Location"] == second["Location"] != other["Location"]
    assert finished(upload_at(path_of(other))) == b"abc"


def test_final_upload_that_is_asked_for_twice_at_once_is_made_once(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls, start = parts(tus, b"ab", b"c"), joining.start
    answers: list[Any] = []

    def start_later(*arguments: Any) -> Upload:
        monkeypatch.undo()
        answers.append(join(tus, urls))
        return start(*arguments)

    monkeypatch.setattr(joining, "start", start_later)
    answers.append(join(tus, urls))

    assert [answer.status_code for answer in answers] == [201, 201]
    assert len({upload_at(path_of(answer)) for answer in answers}) == 1
    assert finished(Upload.objects.get(role=Upload.Role.FINAL)) == b"abc"


def test_final_upload_that_is_busy_is_there_for_who_asks_again(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = parts(tus, b"ab", b"c")

    def be_busy(upload: Upload, parts: object, **options: Any) -> None:
        raise errors.RangeBusy("Another request is joining these parts.", upload)

    with monkeypatch.context() as patched:
        patched.setattr(joining, "concatenate", be_busy)
        assert join(tus, urls).status_code == 423
    busy = Upload.objects.get(role=Upload.Role.FINAL)

    assert upload_at(path_of(join(tus, urls))) == busy
    assert finished(busy) == b"abc"


def test_urls_may_be_relative(tus: Tus) -> None:
    urls = parts(tus, b"ab", b"c", b"d", b"e")
    forms = [
        f"http://testserver{urls[0]}",
        urls[1],
        urls[2].removeprefix(CREATE),
        f"https://another.example{urls[3]}",  # as a proxy may call us
    ]

    assert finished(upload_at(path_of(join(tus, forms)))) == b"abcde"


def test_final_upload_takes_no_bytes(tus: Tus) -> None:
    # "The Server MUST respond with the 403 Forbidden status to PATCH requests against a
    # final upload URL and MUST NOT modify the final or its partial uploads."
    urls = parts(tus, b"ab", b"c")
    final = path_of(join(tus, urls))

    for start in (0, 3):
        assert tus.append(final, b"x", start).status_code == 403
    assert join(tus, urls[:1], body=b"x").status_code == 403
    assert finished(upload_at(final)) == b"abc"
    assert [tus.state(url)["Upload-Offset"] for url in urls] == ["2", "1"]


@pytest.mark.parametrize(
    "said",
    ["", "final", "final;", "final; ", "Partial", "partial;", "x", "final,/files/"],
)
def test_malformed_list_is_refused(tus: Tus, said: str) -> None:
    response = tus.create(-1, Upload_Concat=said)

    assert response.status_code == 400
    assert not Upload.objects.exists()


@pytest.mark.parametrize("url", ["http://[x", "/", "/files/", "/files/x", "\x7f"])
def test_url_of_something_else_is_refused(tus: Tus, url: str) -> None:
    assert join(tus, [*parts(tus, b"a"), url]).status_code == 400
    assert Upload.objects.count() == 1


@pytest.mark.parametrize(
    "headers", [{"Upload_Length": "3"}, {"Upload_Defer_Length": "1"}]
)
def test_length_of_a_final_upload_is_not_the_clients(
    tus: Tus, headers: dict[str, Any]
) -> None:
    # "The Client MUST NOT include the Upload-Length header in the final upload
    # creation."
    assert join(tus, parts(tus, b"ab", b"c"), **headers).status_code == 400


def test_unfinished_parts_are_not_joined(tus: Tus) -> None:
    # `concatenation-unfinished` is not announced.
    urls = [part(tus, b"abc", sent=2), *parts(tus, b"d")]

    response = join(tus, urls)

    assert response.status_code == 409
    assert response.json()[0]["error"] == "incomplete"
    assert Upload.objects.exclude(role=Upload.Role.PART).count() == 0
    tus.append(urls[0], b"c", 2)
    assert finished(upload_at(path_of(join(tus, urls)))) == b"abcd"


def test_part_of_unknown_length_is_joined_once_it_is_known(tus: Tus) -> None:
    url = path_of(tus.create(None, Upload_Concat="partial", body=b"ab"))

    assert join(tus, [url]).status_code == 409
    tus.append(url, b"c", 2, Upload_Length="3")
    assert finished(upload_at(path_of(join(tus, [url])))) == b"abc"


def test_upload_that_is_no_part_is_not_joined(tus: Tus) -> None:
    whole = path_of(tus.create(3))
    tus.append(whole, b"ab")

    assert join(tus, [whole]).status_code == 403


# --- whose they are ---


def test_tokens_of_the_parts_are_all_that_their_final_upload_needs(
    tus: Tus, nobody: Tus, user: User
) -> None:
    urls = parts(tus, b"ab", b"c")

    response = join(nobody, urls)

    assert response.status_code == 201
    assert upload_at(path_of(response)).user == user
    assert finished(upload_at(path_of(response))) == b"abc"


def test_without_tokens_the_login_counts(tus: Tus, nobody: Tus) -> None:
    urls = [bare(url) for url in parts(tus, b"ab", b"c")]

    assert join(nobody, urls).status_code == 401
    assert join(tus, urls).status_code == 201


@pytest.mark.parametrize("has_token", [True, False])
def test_parts_of_another_are_not_found(tus: Tus, has_token: bool) -> None:
    theirs = parts(tus, b"ab")[0]
    bob = User.objects.create_user("bob")
    key = ApiKey.objects.create(user=bob).key
    client = Tus(headers={"Authorization": f"ApiKey bob:{key}"})
    own = [bare(each) for each in parts(client, b"c")]

    response = join(client, [*own, theirs if has_token else bare(theirs)])

    assert response.status_code == 404
    assert not Upload.objects.filter(role=Upload.Role.FINAL).exists()


def test_tokens_of_two_owners_make_no_file(tus: Tus, nobody: Tus) -> None:
    key = ApiKey.objects.create(user=User.objects.create_user("bob")).key
    client = Tus(headers={"Authorization": f"ApiKey bob:{key}"})

    response = join(nobody, [*parts(tus, b"ab"), *parts(client, b"c")])

    assert response.status_code == 404


# --- what the site knows of parts ---


@pytest.mark.django_db(transaction=True)
def test_site_hears_of_the_file_alone(tus: Tus, log: Log) -> None:
    urls = parts(tus, b"ab", b"c")
    join(tus, urls)
    tus.ask("DELETE", part(tus, b"x"))

    assert log.names[0] == "upload_started"
    assert log.names[-1] == "upload_completed"
    assert {each.filename for each in log.uploads} == {"film.mp4"}


def test_parts_are_listed_nowhere_and_never_complete(
    tus: Tus, uploader: Uploader
) -> None:
    url = part(tus, CONTENT)
    state = state_in(uploader.get(f"{UPLOAD}{upload_at(url).uuid}/"))

    assert names_in(uploader.get(f"{UPLOAD}?all=1")) == []
    assert names_in(uploader.get(UPLOAD)) == []
    assert names_in(uploader.get(f"{UPLOAD}?filename=upload&filesize=10")) == []
    response = uploader.done(state)
    assert response.status_code == 409
    assert response.json()[0]["error"] == "incomplete"
    assert not upload_at(url).is_complete


def test_file_and_not_its_parts_must_be_of_the_sites_kinds(
    tus: Tus, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_ALLOWED_EXTENSIONS = ["mp4"]
    settings.CHUNKED_UPLOADS_MAX_SIZE = 3
    urls = parts(tus, b"ab", b"c")

    assert tus.create(4, Upload_Concat="partial").status_code == 413
    said = encode(filename="film.exe")
    assert join(tus, urls, Upload_Metadata=said).status_code == 415
    assert join(tus, [*urls, urls[0]]).status_code == 413
    assert join(tus, urls).status_code == 201


def test_joined_parts_leave_room_for_other_uploads(tus: Tus, settings: Any) -> None:
    settings.CHUNKED_UPLOADS_MAX_UNFINISHED = 3
    for _ in range(3):
        assert join(tus, parts(tus, b"ab", b"c")).status_code == 201
    parts(tus, b"a", b"b", b"c")

    assert tus.create(1, Upload_Concat="partial").status_code == 429


def test_final_upload_takes_the_room_of_its_parts(tus: Tus, settings: Any) -> None:
    settings.CHUNKED_UPLOADS_MAX_UNFINISHED = 2
    urls = parts(tus, b"ab", b"c")

    assert tus.create(1).status_code == 429
    assert join(tus, urls).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_joined_parts_go_after_an_hour_of_rest(
    tus: Tus, nobody: Tus, media_root: Path
) -> None:
    urls = parts(tus, b"ab", b"c")
    waiting = part(tus, b"d")
    final = path_of(join(tus, urls))

    def rest(minutes: int) -> None:
        past = timezone.now() - timedelta(minutes=minutes)
        Upload.objects.update(modified_at=past)
        clean_uploads()

    rest(59)
    assert [nobody.state(url).status_code for url in urls] == [200, 200]
    assert "Upload-Expires" in tus.state(urls[0])
    rest(61)
    assert [nobody.state(url).status_code for url in urls] == [404, 404]
    assert tus.state(waiting).status_code == 200
    assert finished(upload_at(final)) == b"abc"
    tus.ask("DELETE", waiting)
    assert len(files_in(media_root)) == 1


# --- what dies in between ---


def test_final_upload_that_died_in_the_middle_goes_on_when_it_is_asked_for(
    tus: Tus, nobody: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = parts(tus, b"ab", b"c")

    for step in ("concatenating.receive_next", "finishing._complete"):
        name = f"{step}.mp4"
        with monkeypatch.context() as patched:
            patched.setattr(f"chunked_uploads.core.{step}", raise_unavailable)
            response = join(tus, urls, Upload_Metadata=encode(filename=name))
            assert response.status_code == 503
            final = Upload.objects.filter(role=Upload.Role.FINAL, filename=name).first()
            if final is None:
                continue  # nothing was joined yet
            url = f"{CREATE}{final.uuid}"
            assert tus.state(url).status_code == 423
        state = tus.state(url)
        assert (state.status_code, state["Upload-Offset"]) == (200, "3")
        again = join(nobody, urls, Upload_Metadata=encode(filename=name))
        assert upload_at(path_of(again)) == final
        assert finished(final) == b"abc"


def test_final_upload_that_is_not_joined_yet_tells_no_offset(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    # "SHOULD NOT contain the Upload-Offset header unless the concatenation has been
    # successfully finished."
    urls = parts(tus, b"ab", b"c")

    def wait(upload: Upload, parts: Any, **options: Any) -> None:
        Upload.objects.filter(pk=upload.pk).update(received=1)
        upload.received = 1
        raise errors.RangeBusy("Another request joins it.", upload)

    monkeypatch.setattr("chunked_uploads.tus.joining.concatenate", wait)
    response = join(tus, urls)
    final = f"{CREATE}{Upload.objects.get(role=Upload.Role.FINAL).uuid}"

    for answer in (response, tus.state(final)):
        assert (answer.status_code, answer["Retry-After"]) == (423, "1")
        assert "Upload-Offset" not in answer


def test_lost_bytes_of_a_part_are_no_offset_of_the_final_upload(
    tus: Tus, media_root: Path
) -> None:
    urls = parts(tus, b"ab", b"c")
    part_of(upload_at(urls[0]), media_root).write_bytes(b"a")

    response = join(tus, urls)

    assert response.status_code == 409
    assert "Upload-Offset" not in response
    assert tus.state(urls[0])["Upload-Offset"] == "1"
    tus.append(urls[0], b"b", 1)
    assert finished(upload_at(path_of(join(tus, urls)))) == b"abc"


def test_request_that_is_repeated_meanwhile_leaves_the_upload_to_the_first(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = parts(tus, b"ab", b"c")
    answers = []
    receive_next = concatenating.receive_next

    def repeat(upload: Upload, *arguments: Any, **options: Any) -> int:
        monkeypatch.undo()
        answers.append(join(tus, urls))  # which completes it
        return receive_next(upload, *arguments, **options)

    monkeypatch.setattr(concatenating, "receive_next", repeat)
    answers.append(join(tus, urls))

    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert finished(Upload.objects.get(role=Upload.Role.FINAL)) == b"abc"


def test_parts_of_a_file_that_is_refused_take_no_room(tus: Tus, settings: Any) -> None:
    settings.CHUNKED_UPLOADS_MAX_UNFINISHED = 2
    settings.CHUNKED_UPLOADS_ALLOWED_EXTENSIONS = ["mp4"]
    exe = {"Upload_Metadata": encode(filename="film.exe")}
    assert join(tus, parts(tus, b"ab", b"c"), **exe).status_code == 415
    settings.CHUNKED_UPLOADS_VALIDATORS = ["tests.tus.test_creation.refuse"]
    assert join(tus, parts(tus, b"ab", b"c")).status_code == 422
    assert join(tus, parts(tus, b"", b"")).status_code == 422

    assert tus.create(1, Upload_Concat="partial").status_code == 201


def test_parts_of_what_died_when_it_was_complete_rest(tus: Tus) -> None:
    urls = parts(tus, b"ab", b"c")
    final = path_of(join(tus, urls))
    Upload.objects.parts().update(role=Upload.Role.PART)

    assert tus.state(final).status_code == 200
    roles = Upload.objects.parts().values_list("role", flat=True)
    assert set(roles) == {Upload.Role.JOINED}


def test_final_upload_that_has_all_bytes_needs_its_parts_no_more(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = parts(tus, b"ab", b"c")
    with monkeypatch.context() as patched:
        patched.setattr("chunked_uploads.core.finishing._complete", raise_unavailable)
        assert join(tus, urls).status_code == 503
    for url in urls:
        tus.ask("DELETE", url)
    final = Upload.objects.get()

    assert tus.state(f"{CREATE}{final.uuid}")["Upload-Offset"] == "3"
    assert finished(final) == b"abc"


def test_final_upload_whose_parts_are_gone_is_no_more_than_that(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = parts(tus, b"ab", b"c")
    with monkeypatch.context() as patched:
        patched.setattr(concatenating, "receive_next", raise_unavailable)
        assert join(tus, urls).status_code == 503
    tus.ask("DELETE", urls[0])
    final = Upload.objects.get(role=Upload.Role.FINAL)

    assert tus.state(f"{CREATE}{final.uuid}").status_code == 409
    assert join(tus, urls).status_code == 404
    assert tus.ask("DELETE", f"{CREATE}{final.uuid}").status_code == 204


def test_unfinished_final_upload_is_listed_nowhere_and_takes_no_chunk(
    tus: Tus, uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody has bytes for it.
    with monkeypatch.context() as patched:
        patched.setattr(concatenating, "receive_next", raise_unavailable)
        join(tus, parts(tus, b"ab", b"c"))

    assert names_in(uploader.get(f"{UPLOAD}?all=1")) == []
    assert names_in(uploader.get(UPLOAD)) == []
    assert names_in(uploader.get(f"{UPLOAD}?filename=film.mp4&filesize=3")) == []
    final = Upload.objects.get(role=Upload.Role.FINAL)
    by_url = uploader.send(b"x", 0, 3, url=f"{UPLOAD}{final.uuid}/")
    assert by_url.status_code == 403
    assert names_in(uploader.get(f"{UPLOAD}{final.uuid}/")) == ["film.mp4"]


def test_token_of_a_joined_part_makes_no_other_file(tus: Tus, nobody: Tus) -> None:
    urls = parts(tus, b"ab", b"c")
    first = join(nobody, urls)
    other = {"Upload_Metadata": encode(filename="other.mp4")}

    assert join(nobody, urls)["Location"] == first["Location"]
    assert join(nobody, urls, **other).status_code == 401
    assert join(nobody, urls[::-1]).status_code == 401
    assert join(tus, urls[::-1], **other).status_code == 201


def test_parts_are_known_wherever_the_site_has_the_protocol(
    tus: Tus, settings: Any
) -> None:
    settings.ROOT_URLCONF = "tests.tus.prefixes"
    prefix = "/5/\u00e9/files/"
    said: Any = {"Upload_Length": "2", "Upload_Concat": "partial", "body": b"ab"}
    first = tus.ask("POST", prefix, **said)
    second = tus.ask("POST", "/6/\u00e9/files/", **said)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first["Location"].startswith("http://testserver/5/%C3%A9/files/")
    assert tus.state(path_of(first)).status_code == 200

    concat = f"final;{first['Location']} {second['Location']}"
    response = tus.ask("POST", prefix, Upload_Concat=concat)

    assert response.status_code == 201
    assert finished(upload_at(path_of(response))) == b"abab"


def test_parts_of_a_long_join_are_kept_from_the_clean_up(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = parts(tus, b"ab", b"c")
    seen = []
    copy = concatenating.Parts.copy

    def watch(self: Any, writer: Any, size: int) -> int:
        long_ago = timezone.now() - timedelta(days=1)
        Upload.objects.filter(uuid=upload_at(urls[1]).uuid).update(modified_at=long_ago)
        copied = copy(self, writer, size)
        seen.append(upload_at(urls[1]).modified_at > long_ago)
        return copied

    monkeypatch.setattr(concatenating.Parts, "copy", watch)
    monkeypatch.setattr(concatenating, "NOTICE_SECONDS", -1)
    assert join(tus, urls).status_code == 201
    assert any(seen)


def test_failure_of_the_first_request_leaves_the_upload_to_the_second(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = parts(tus, b"ab", b"c")

    def fail(*arguments: Any, **options: Any) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patched:
        patched.setattr(concatenating, "receive_next", fail)
        assert join(tus, urls).status_code == 503
    final = Upload.objects.get(role=Upload.Role.FINAL)

    assert upload_at(path_of(join(tus, urls))) == final
    assert finished(final) == b"abc"


def test_parts_of_what_is_refused_when_it_is_looked_at_again_take_no_room(
    tus: Tus, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("chunked_uploads.core.finishing._complete", raise_unavailable)
        assert join(tus, parts(tus, b"ab", b"c")).status_code == 503
    final = Upload.objects.get(role=Upload.Role.FINAL)
    settings.CHUNKED_UPLOADS_VALIDATORS = ["tests.tus.test_creation.refuse"]

    assert tus.state(f"{CREATE}{final.uuid}").status_code == 422
    roles = Upload.objects.values_list("role", flat=True)
    assert set(roles) == {Upload.Role.JOINED}


def test_file_for_a_form_is_another_than_the_one_for_none(tus: Tus) -> None:
    urls = parts(tus, b"ab", b"c")
    concat = f"final;{' '.join(urls)}"

    def ask(query: str) -> Upload:
        return upload_at(
            path_of(tus.ask("POST", f"{CREATE}{query}", Upload_Concat=concat))
        )

    assert [ask("").for_form, ask("?for_form=1").for_form] == [False, True]


def test_whole_part_that_the_site_refers_to_goes_all_the_same(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A part never comes to the end for which others are kept.
    key = Recording._meta.get_field("upload")
    monkeypatch.setattr(key.remote_field, "on_delete", CASCADE)
    url = part(tus, b"ab")
    Recording.objects.create(upload=upload_at(url))
    past = timezone.now() - timedelta(days=4)
    Upload.objects.update(modified_at=past)

    report = clean_uploads(dry_run=True)

    assert report.expired == [str(upload_at(url).uuid)]
    assert report.failed == []
    assert tus.ask("DELETE", url).status_code == 204


def test_clean_up_counts_joined_parts_once(tus: Tus) -> None:
    join(tus, parts(tus, b"ab", b"c"))
    Upload.objects.parts().update(modified_at=timezone.now() - timedelta(days=4))

    assert len(clean_uploads(dry_run=True).expired) == 2


def test_final_upload_of_anybody_is_its_sessions(nobody: Tus, settings: Any) -> None:
    settings.CHUNKED_UPLOADS_AUTHENTICATION = (
        "chunked_uploads.authentication.Authentication"
    )
    final = path_of(join(nobody, parts(nobody, b"ab", b"c")))

    assert Tus().ask("DELETE", bare(final)).status_code == 404
    assert nobody.ask("DELETE", bare(final)).status_code == 204
