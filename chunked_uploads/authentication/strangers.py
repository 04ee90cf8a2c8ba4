"""Local users that stand for those of an external server."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import IntegrityError, models, router, transaction

from chunked_uploads.errors import Unavailable
from chunked_uploads.models import MAX_EXTERNAL_NAME, ExternalUser

logger = logging.getLogger("chunked_uploads")


def local_user(source: str, info: dict[str, Any]) -> ExternalUser:
    """Return the local user that stands for `info["username"]` of `source`.

    It is made where there is none, and gets `email`, `first_name` and `last_name`
    where they are given and valid: nothing else is ever taken from outside. A user
    that was not made here is never taken over; a name that is in use gets the
    source's host appended.

    Raises `Unavailable` where no such user can be made.
    """
    name = info["username"].strip()
    if len(name) > MAX_EXTERNAL_NAME:
        raise Unavailable("The user's name is too long.")
    known = find_user(source, name) or _make(source, name)
    if known is None:
        logger.error("No local user can be made for a user of %s", source)
        raise Unavailable("No user can be made for you just now.")
    _update(known.user, info)
    return known


def find_user(source: str, name: str) -> ExternalUser | None:
    """Return the local user that stands for `name` already."""
    users = ExternalUser.objects.select_related("user").filter(source=source)
    # Some databases find text without regard to case.
    return next(
        (
            each
            for each in users.filter(name=name)
            if (each.source, each.name) == (source, name)
        ),
        None,
    )


def _make(source: str, name: str) -> ExternalUser | None:
    model = get_user_model()
    field = model._meta.get_field(model.USERNAME_FIELD)
    for username in _usernames(name, urlsplit(source).hostname or "external"):
        same = {f"{field.name}__iexact": username}
        if (
            not _is_valid(field, username)
            or model._base_manager.filter(**same).exists()
        ):
            continue
        user = model(**{field.name: username})
        user.set_unusable_password()
        try:
            with transaction.atomic(using=router.db_for_write(model)):
                user.save()
                return ExternalUser.objects.create(source=source, name=name, user=user)
        except IntegrityError:
            # Another request made it at the same time, or took the name.
            if known := find_user(source, name):
                return known
    return None


def _usernames(name: str, host: str) -> Iterator[str]:
    normal = AbstractBaseUser.normalize_username(name)
    yield normal
    yield f"{normal}@{host}"
    yield f"{secrets.token_hex(8)}@{host}"


def _update(user: AbstractBaseUser, info: dict[str, Any]) -> None:
    changed = []
    for key, name in (
        ("email", user.get_email_field_name()),
        ("first_name", "first_name"),
        ("last_name", "last_name"),
    ):
        value = info.get(key)
        if _may_be(user, name, value) and getattr(user, name) != value:
            setattr(user, name, value)
            changed.append(name)
    if not changed:
        return
    try:
        with transaction.atomic(using=user._state.db):
            user.save(update_fields=changed)
    except IntegrityError:
        logger.warning("What is said of user %s belongs to another", user.pk)


def _may_be(user: Any, name: str, value: Any) -> bool:
    try:
        field = user._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    if name == user.USERNAME_FIELD or not isinstance(field, models.CharField):
        return False
    return isinstance(value, str) and _is_valid(field, value)


def _is_valid(field: Any, value: str) -> bool:
    try:
        field.clean(value, None)
    except ValidationError:
        return False
    return value.isprintable()
