"""The admin: uploads are looked at and cancelled, API keys made and revoked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chunked_uploads.models import ApiKey, Chunk, ExternalUser, Upload
from chunked_uploads.signals import upload_cancelled
from tests.forms.claiming import FOR_FORM
from tests.sending import CONTENT, Uploader, files_in, upload_of

UPLOADS = "/admin/chunked_uploads/upload/"
KEYS = "/admin/chunked_uploads/apikey/"
KEY = "typed-in-key-of-a-user"


def page_of(upload: Upload, view: str = "change") -> str:
    """Return the URL of one of the upload's pages."""
    return f"{UPLOADS}{upload.pk}/{view}/"


def key_page_of(api_key: ApiKey, view: str = "change") -> str:
    """Return the URL of one of the key's pages."""
    return f"{KEYS}{api_key.pk}/{view}/"


def act(client: Client, url: str, action: str, *pks: int, **data: str) -> Any:
    """POST what the list's form sends to begin an action, or to confirm it."""
    chosen = {"action": action, "_selected_action": pks, **data}
    return client.post(url, chosen, follow=True)


@pytest.fixture
def unfinished(authorization: dict[str, str]) -> Upload:
    """Half of Ada's file."""
    return upload_of(Uploader(headers=authorization).send(CONTENT[:5], 0))


@pytest.fixture
def finished(authorization: dict[str, str]) -> Upload:
    """Ada's file."""
    uploader = Uploader(headers=authorization)
    answer = uploader.send(CONTENT, 0)
    uploader.done(answer.json()[0])
    return upload_of(answer)


@pytest.fixture
def make_staff(client: Client) -> Any:
    """Return what logs somebody in who may do no more than is told."""

    def make(*permissions: str) -> Client:
        staff = User.objects.create_user("staff", is_staff=True)
        named = Permission.objects.filter(codename__in=permissions)
        granted = named.exclude(content_type__app_label="tastypie")
        assert len(granted) == len(permissions)
        staff.user_permissions.set(granted)
        client.force_login(staff)
        return client

    return make


def test_list_shows_owner_progress_and_size(
    admin_client: Client, unfinished: Upload
) -> None:
    Upload.objects.update(filesize=4 * 2**30, received=3 * 2**30)

    listed = admin_client.get(UPLOADS).content.decode()

    assert ">ada<" in listed
    assert re.search(r'<progress [^>]*max="100" value="75"[^>]*></progress>', listed)
    assert ">75%<" in listed
    assert "4.3\N{NO-BREAK SPACE}GB" in listed


def test_file_name_is_text_in_every_page(
    admin_client: Client, unfinished: Upload
) -> None:
    Upload.objects.update(filename='<b>"&.mp4')

    for url in (UPLOADS, page_of(unfinished), page_of(unfinished, "delete")):
        assert "<b>" not in admin_client.get(url).content.decode()


@pytest.mark.parametrize(("total", "received", "shown"), [(0, 0, 100), (300, 299, 99)])
def test_hundred_per_cent_means_all(
    admin_client: Client, unfinished: Upload, total: int, received: int, shown: int
) -> None:
    Upload.objects.update(filesize=total, received=received)

    assert f">{shown}%<" in admin_client.get(UPLOADS).content.decode()


def test_list_asks_the_database_as_often_for_many_uploads(
    admin_client: Client, user: User
) -> None:
    counts = []
    for start in (0, 1, 21):
        for number in range(start, start + 20):
            owner = User.objects.create_user(f"user {number} of {start}")
            Upload.objects.create(user=owner, filename="film.mp4", filesize=1)
        with CaptureQueriesContext(connection) as queries:
            admin_client.get(UPLOADS)
        counts.append(len(queries))

    assert counts[1] == counts[2]


@pytest.mark.parametrize("term", ["holiday", "ada", "{uuid}"])
def test_search_finds_by_file_name_user_and_uuid(
    admin_client: Client, user: User, term: str
) -> None:
    found = Upload.objects.create(user=user, filename="holiday.mp4", filesize=1)
    Upload.objects.create(filename="film.mp4", filesize=1)

    answer = admin_client.get(UPLOADS, {"q": term.format(uuid=found.uuid)})

    assert list(answer.context["cl"].queryset) == [found]


IN_FOLDER = {"relativePath": "Rushes/Día 1/映画.mov", "Camera": "B & <b>"}


@pytest.mark.parametrize(
    "term", ["rushes", "Día", "映画", "Rushes/Día 1", "b & <b>", "camera", "1 rushes"]
)
def test_search_finds_by_what_the_sender_said(admin_client: Client, term: str) -> None:
    found = Upload.objects.create(filename="a", filesize=1, metadata=IN_FOLDER)
    other = {"relativePath": "Cuts/b"}
    Upload.objects.create(filename="b", filesize=1, metadata=other)
    Upload.objects.create(filename="c", filesize=1)

    answer = admin_client.get(UPLOADS, {"q": term})

    assert list(answer.context["cl"].queryset) == [found]


@pytest.mark.parametrize("term", ["relativePath", "nothing", "\\", "%", "_{"])
def test_search_finds_nothing_that_nobody_said(admin_client: Client, term: str) -> None:
    metadata = {"relativePath": "Cuts/b"}
    Upload.objects.create(filename="b", filesize=1, metadata=metadata)

    answer = admin_client.get(UPLOADS, {"q": term})

    assert list(answer.context["cl"].queryset) == []


def test_what_the_sender_said_is_shown_as_text(admin_client: Client) -> None:
    upload = Upload.objects.create(filename="a", filesize=1, metadata=IN_FOLDER)

    listed = admin_client.get(UPLOADS).content.decode()
    page = admin_client.get(page_of(upload)).content.decode()

    assert "Rushes/Día 1/映画.mov</a>" in listed
    assert "Camera: B &amp; &lt;b&gt;<br>relativePath: Rushes/Día 1/映画.mov" in page


def test_list_is_filtered_by_what_is_for_forms(
    admin_client: Client, uploader: Uploader
) -> None:
    uploader.send(CONTENT, name="first.mp4")
    uploader.send(CONTENT, name="second.mp4", url=FOR_FORM)

    offered = admin_client.get(UPLOADS).content.decode()
    told = admin_client.get(UPLOADS, {"for_form__exact": 1}).content.decode()

    assert '"?for_form__exact=1"' in offered
    assert "second.mp4" in told
    assert "first.mp4" not in told


def test_parts_of_files_are_shown_as_such(admin_client: Client, user: User) -> None:
    Upload.objects.create(user=user, filename="whole.mp4", filesize=1)
    for name, role in (("part", Upload.Role.PART), ("joined", Upload.Role.JOINED)):
        Upload.objects.create(user=user, filename=name, filesize=1, role=role)

    listed = admin_client.get(UPLOADS).content.decode()
    parts = admin_client.get(UPLOADS, {"role__exact": 1}).content.decode()

    assert "whole.mp4</a>" in listed
    assert "part (part of a file)</a>" in listed
    assert "joined (part of a file that is complete)</a>" in listed
    assert "part (part of a file)</a>" in parts
    assert "whole.mp4" not in parts


def test_upload_of_unknown_size_shows_what_is_held(
    admin_client: Client, user: User
) -> None:
    upload = Upload.objects.create(user=user, filename="a", offset=3000, received=3000)

    for url in (UPLOADS, page_of(upload), page_of(upload, "delete")):
        told = admin_client.get(url).content.decode()

        assert re.search(r"\b3(\.0)?\s+kB", told)
        assert "<progress" not in told


def test_list_is_filtered_by_state_and_date(
    admin_client: Client, unfinished: Upload, user: User
) -> None:
    other = Upload.objects.create(user=user, filename="a", filesize=1, state=2)

    answer = admin_client.get(UPLOADS, {"state__exact": 2})

    assert list(answer.context["cl"].queryset) == [other]
    year = other.created_at.year
    past = admin_client.get(UPLOADS, {"created_at__year": year - 1})
    assert not past.context["cl"].queryset


def test_finished_file_is_linked(admin_client: Client, finished: Upload) -> None:
    for url in (UPLOADS, page_of(finished)):
        assert f'<a href="{finished.url}"' in admin_client.get(url).content.decode()


def test_finished_file_without_a_url_is_named(
    admin_client: Client, authorization: dict[str, str], settings: Any, tmp_path: Path
) -> None:
    settings.CHUNKED_UPLOADS_STORAGE_PATH = str(tmp_path / "private")
    uploader = Uploader(headers=authorization)
    answer = uploader.send(CONTENT, 0)
    uploader.done(answer.json()[0])
    upload = upload_of(answer)

    assert str(upload.upload.name) in admin_client.get(page_of(upload)).content.decode()
    assert admin_client.get(UPLOADS).status_code == 200


def test_digest_is_shown_where_there_is_one(
    admin_client: Client, finished: Upload
) -> None:
    assert "SHA-256" not in admin_client.get(page_of(finished)).content.decode()

    Upload.objects.update(sha256="5e884898")

    assert "5e884898" in admin_client.get(page_of(finished)).content.decode()


def test_first_chunks_of_many_are_listed(
    admin_client: Client, unfinished: Upload
) -> None:
    starts = range(10, 16_010)
    chunks = [Chunk(upload=unfinished, start=start, chunk_size=1) for start in starts]
    Chunk.objects.bulk_create(chunks)

    for view in ("change", "delete"):
        with CaptureQueriesContext(connection) as queries:
            answer = admin_client.get(page_of(unfinished, view))
        assert len(answer.content) < 60_000
        assert len(queries) < 15

    shown = admin_client.get(page_of(unfinished))
    assert "The first 100 of 16001 received chunks" in shown.content.decode()
    assert [each.start for each in shown.context["chunks"]] == [0, *range(10, 109)]


def test_chunks_are_for_those_who_may_see_them(
    make_staff: Any, unfinished: Upload
) -> None:
    client = make_staff("view_upload")

    assert "chunk_count" not in client.get(page_of(unfinished)).context


def test_nobody_adds_or_edits_uploads(admin_client: Client, unfinished: Upload) -> None:
    edited = admin_client.post(page_of(unfinished), {"filename": "other.mp4"})

    assert admin_client.get(f"{UPLOADS}add/").status_code == 403
    assert edited.status_code == 403
    assert b"_save" not in admin_client.get(page_of(unfinished)).content
    assert Upload.objects.get().filename == "film.mp4"


def test_cancel_is_the_one_action_of_the_list(
    admin_client: Client, unfinished: Upload
) -> None:
    form = admin_client.get(UPLOADS).context["action_form"]

    (_, (name, label)) = form.fields["action"].choices

    assert (name, label) == (
        "cancel",
        "Cancel selected uploads, delete their files",
    )


@pytest.mark.django_db(transaction=True)
def test_cancel_asks_then_removes_rows_and_bytes(
    admin_client: Client, unfinished: Upload, finished: Upload, media_root: Path
) -> None:
    pks = [unfinished.pk, finished.pk]

    asked = act(admin_client, UPLOADS, "cancel", *pks).content.decode()

    assert "film.mp4 (ada): unfinished, 5\N{NO-BREAK SPACE}bytes of 10" in asked
    assert "film.mp4 (ada): the finished file of 10" in asked
    assert Upload.objects.count() == 2
    act(admin_client, UPLOADS, "cancel", *pks, post="yes")
    assert not Upload.objects.exists()
    assert not files_in(media_root)


@pytest.mark.django_db(transaction=True)
def test_deletion_of_one_removes_its_bytes_alone(
    admin_client: Client, unfinished: Upload, finished: Upload, media_root: Path
) -> None:
    asked = admin_client.get(page_of(unfinished, "delete"))

    admin_client.post(page_of(unfinished, "delete"), {"post": "yes"})

    assert b"There is no way back." in asked.content
    assert Upload.objects.get() == finished
    assert files_in(media_root) == [Path(finished.upload.path)]


def test_cancel_of_what_is_gone_already_is_no_error(
    admin_client: Client, unfinished: Upload
) -> None:
    Upload.objects.all().delete()

    answer = act(admin_client, UPLOADS, "cancel", unfinished.pk, post="yes")

    assert answer.status_code == 200


@pytest.mark.django_db(transaction=True)
def test_cancelled_and_deleted_uploads_are_announced(
    admin_client: Client, unfinished: Upload, finished: Upload
) -> None:
    announced = []

    def note(upload: Upload, **kwargs: Any) -> None:
        announced.append(upload.uuid)

    upload_cancelled.connect(note)
    act(admin_client, UPLOADS, "cancel", unfinished.pk, post="yes")
    admin_client.post(page_of(finished, "delete"), {"post": "yes"})
    upload_cancelled.disconnect(note)

    assert announced == [unfinished.uuid, finished.uuid]


@pytest.mark.django_db(transaction=True)
def test_deletion_of_a_user_takes_key_uploads_and_bytes_along(
    admin_client: Client,
    user: User,
    unfinished: Upload,
    finished: Upload,
    media_root: Path,
) -> None:
    deleted = f"/admin/auth/user/{user.pk}/delete/"

    assert admin_client.get(deleted).status_code == 200
    admin_client.post(deleted, {"post": "yes"})

    assert not Upload.objects.exists()
    assert not ApiKey.objects.exists()
    assert not files_in(media_root)


def test_viewer_sees_uploads_and_cancels_none(
    make_staff: Any, unfinished: Upload
) -> None:
    client = make_staff("view_upload")

    listed = client.get(UPLOADS)
    assert listed.context["action_form"] is None
    assert client.get(page_of(unfinished)).status_code == 200
    act(client, UPLOADS, "cancel", unfinished.pk, post="yes")
    refused = client.post(page_of(unfinished, "delete"), {"post": "yes"})
    assert refused.status_code == 403
    assert Upload.objects.exists()


def test_staff_without_permission_sees_nothing(
    make_staff: Any, unfinished: Upload
) -> None:
    client = make_staff()
    api_key = ApiKey.objects.get()

    urls = [UPLOADS, KEYS, page_of(unfinished), key_page_of(api_key)]
    assert {client.get(url).status_code for url in urls} == {403}
    views = ["delete", "regenerate"]
    posted = [client.post(key_page_of(api_key, view)) for view in views]
    assert {answer.status_code for answer in posted} == {403}


def test_key_is_made_where_left_empty_and_shown_to_its_maker(
    admin_client: Client, user: User
) -> None:
    made = {"user": user.pk, "key": "", "secret": ""}

    answer = admin_client.post(f"{KEYS}add/", made, follow=True)

    api_key = ApiKey.objects.get(user=user)
    assert answer.redirect_chain == [(key_page_of(api_key), 302)]
    assert api_key.key in answer.content.decode()
    assert api_key.secret in answer.content.decode()


@pytest.mark.parametrize(
    ("key", "taken"),
    [(KEY, True), ("short", False), (f"{KEY}:", False), (f"{KEY} {KEY}", False)],
)
def test_typed_key_must_be_long_and_fit_into_a_header(
    admin_client: Client, user: User, key: str, taken: bool
) -> None:
    made = {"user": user.pk, "key": key, "secret": ""}

    admin_client.post(f"{KEYS}add/", made)

    assert ApiKey.objects.filter(key=key).exists() == taken


def test_regenerated_key_is_new_and_noted(
    admin_client: Client, api_key: ApiKey
) -> None:
    answer = admin_client.post(key_page_of(api_key, "regenerate"), follow=True)

    new = ApiKey.objects.get()
    assert new.pk == api_key.pk
    assert {new.key, new.secret}.isdisjoint({api_key.key, api_key.secret})
    assert new.created > api_key.created
    assert new.key in answer.content.decode()
    assert LogEntry.objects.get().get_change_message() == "Changed Key and Secret."


def test_regeneration_needs_post_a_csrf_token_and_a_key(
    admin_client: Client, admin_user: User, api_key: ApiKey
) -> None:
    url = key_page_of(api_key, "regenerate")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(admin_user)

    assert admin_client.get(url).status_code == 405
    assert strict.post(url).status_code == 403
    assert admin_client.post(f"{KEYS}0/regenerate/").status_code == 404
    assert admin_client.post(f"{KEYS}x/regenerate/").status_code == 404
    assert ApiKey.objects.get().key == api_key.key


def test_keys_are_revoked_one_by_one_and_together(
    admin_client: Client, api_key: ApiKey
) -> None:
    admin_client.post(key_page_of(api_key, "delete"), {"post": "yes"})
    assert not ApiKey.objects.exists()

    again = ApiKey.objects.create(user=api_key.user)
    act(admin_client, KEYS, "delete_selected", again.pk, post="yes")

    assert not ApiKey.objects.exists()


def test_keys_are_found_by_user_and_not_listed(
    admin_client: Client, admin_user: User, api_key: ApiKey
) -> None:
    other = ApiKey.objects.create(user=admin_user)

    answer = admin_client.get(KEYS, {"q": "ada"})

    assert list(answer.context["cl"].queryset) == [api_key]
    listed = admin_client.get(KEYS).content.decode()
    secrets = [api_key.key, api_key.secret, other.key, other.secret]
    assert not any(secret in listed for secret in secrets)


def test_viewer_of_keys_gets_no_credentials(make_staff: Any, api_key: ApiKey) -> None:
    client = make_staff("view_apikey")

    shown = client.get(key_page_of(api_key))

    assert "ada" in shown.content.decode()
    assert api_key.key not in shown.content.decode()
    assert api_key.secret not in shown.content.decode()
    assert client.post(key_page_of(api_key, "regenerate")).status_code == 403


@pytest.mark.parametrize("name", ["key", "secret"])
def test_credentials_are_not_guessed_by_filters(
    make_staff: Any, api_key: ApiKey, name: str
) -> None:
    client = make_staff("view_apikey")

    answer = client.get(KEYS, {f"{name}__startswith": getattr(api_key, name)[0]})

    assert answer.status_code == 400


def test_user_is_chosen_from_any_number_of_users(
    admin_client: Client, django_assert_max_num_queries: Any, user: User
) -> None:
    with django_assert_max_num_queries(10):
        form = admin_client.get(f"{KEYS}add/").content.decode()

    assert "admin-autocomplete" in form
    assert ">ada<" not in form


def test_user_is_chosen_by_number_where_users_may_not_be_searched(
    make_staff: Any, user: User
) -> None:
    client = make_staff("add_apikey")

    form = client.get(f"{KEYS}add/").content.decode()
    made = {"user": user.pk, "key": "", "secret": ""}
    client.post(f"{KEYS}add/", made)

    assert "vForeignKeyRawIdAdminField" in form
    assert ApiKey.objects.get().user == user


def test_credentials_are_kept_out_of_the_history(
    admin_client: Client, user: User
) -> None:
    made = {"user": user.pk, "key": KEY, "secret": KEY}
    admin_client.post(f"{KEYS}add/", made)
    api_key = ApiKey.objects.get()
    admin_client.post(key_page_of(api_key, "regenerate"))
    admin_client.post(key_page_of(api_key, "delete"), {"post": "yes"})

    entries = LogEntry.objects.values_list("object_repr", "change_message")
    assert len(entries) == 3
    assert KEY not in str(list(entries))


def test_admin_passes_the_system_checks(db: None) -> None:
    call_command("check", "--fail-level=WARNING")


def test_users_of_another_server_are_looked_at_not_made(
    admin_client: Client, user: User
) -> None:
    url = "/admin/chunked_uploads/externaluser/"
    ada = ExternalUser.objects.create(source="https://x.test/", name="Ada L", user=user)

    assert "Ada L" in admin_client.get(f"{url}?q=ada").content.decode()
    assert admin_client.get(f"{url}{ada.pk}/change/").status_code == 200
    assert admin_client.get(f"{url}add/").status_code == 403
    admin_client.post(f"{url}{ada.pk}/delete/", {"post": "yes"})
    assert User.objects.filter(pk=user.pk).exists()
    assert not ExternalUser.objects.exists()
