"""`manage.py api_keys`."""

from __future__ import annotations

import io

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from chunked_uploads.models import ApiKey


def run(*arguments: str) -> str:
    """Run the command; return what it wrote."""
    out = io.StringIO()
    call_command("api_keys", *arguments, stdout=out)
    return out.getvalue()


def test_create_makes_a_key_and_shows_it(user: User) -> None:
    written = run("create", "ada")

    api_key = ApiKey.objects.get(user=user)
    assert written == f"key: {api_key.key}\nsecret: {api_key.secret}\n"


def test_create_leaves_a_key_that_is_there_alone(api_key: ApiKey) -> None:
    with pytest.raises(CommandError, match="ada has a key already"):
        run("create", "ada")

    assert ApiKey.objects.get().key == api_key.key


def test_list_shows_who_has_a_key_and_no_secrets(api_key: ApiKey) -> None:
    created = api_key.created.isoformat(timespec="seconds")

    assert run("list") == f"ada\t{created}\n"


def test_list_shows_secrets_when_asked_for(api_key: ApiKey) -> None:
    ApiKey.objects.create(user=User.objects.create_user("grace"))

    (line,) = run("list", "ada", "--show").splitlines()

    assert line.split("\t")[2:] == [api_key.key, api_key.secret]


def test_revoke_deletes_the_key_alone(user: User, api_key: ApiKey) -> None:
    assert run("revoke", "ada") == "The key of ada is revoked.\n"

    assert not ApiKey.objects.exists()
    assert User.objects.get() == user


def test_revoke_says_where_there_is_no_key(user: User) -> None:
    with pytest.raises(CommandError, match="ada has no key"):
        run("revoke", "ada")


@pytest.mark.parametrize("command", ["create", "list", "revoke"])
def test_unknown_user_is_named(db: None, command: str) -> None:
    with pytest.raises(CommandError, match="There is no user nobody"):
        run(command, "nobody")


def test_command_without_a_thing_to_do_says_what_there_is() -> None:
    with pytest.raises(CommandError, match="command"):
        run()
