"""`manage.py api_keys`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from chunked_uploads.models import ApiKey


class Command(BaseCommand):
    """Create, list and revoke API keys, as the admin does."""

    help = "Creates, lists and revokes the API keys that programs upload with."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add a command of its own for each thing to do."""
        commands = parser.add_subparsers(dest="command", required=True)
        create = commands.add_parser("create", help="Make a user's key and show it.")
        create.add_argument("username")
        listing = commands.add_parser("list", help="Show who has a key since when.")
        listing.add_argument("username", nargs="?", help="Only this user's.")
        listing.add_argument(
            "--show", action="store_true", help="Show keys and secrets as well."
        )
        revoke = commands.add_parser("revoke", help="Delete a user's key.")
        revoke.add_argument("username")

    def handle(
        self, *, command: str, username: str, show: bool = False, **options: Any
    ) -> None:
        """Do what was asked for."""
        if command == "create":
            self._create(username)
        elif command == "list":
            self._list(username, show)
        else:
            self._revoke(username)

    def _create(self, username: str) -> None:
        api_key, created = ApiKey.objects.get_or_create(user=_user(username))
        if not created:
            raise CommandError(f"{username} has a key already; revoke that first.")
        self.stdout.write(f"key: {api_key.key}\nsecret: {api_key.secret}")

    def _list(self, username: str | None, show: bool) -> None:
        api_keys = ApiKey.objects.select_related("user").order_by("pk")
        if username is not None:
            api_keys = api_keys.filter(user=_user(username))
        for api_key in api_keys.iterator():
            shown = [api_key.key, api_key.secret] if show else []
            created = api_key.created.isoformat(timespec="seconds")
            self.stdout.write("\t".join([api_key.user.get_username(), created, *shown]))

    def _revoke(self, username: str) -> None:
        deleted, _ = ApiKey.objects.filter(user=_user(username)).delete()
        if not deleted:
            raise CommandError(f"{username} has no key.")
        self.stdout.write(f"The key of {username} is revoked.")


def _user(username: str) -> Any:
    users = get_user_model()
    try:
        return users._default_manager.get(**{users.USERNAME_FIELD: username})
    except users.DoesNotExist:
        raise CommandError(f"There is no user {username}.") from None
