"""Users who log in by their address, and can't be made inactive."""

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models


class Person(AbstractBaseUser):
    """A user without user name, first or last name, and without `is_active`."""

    address = models.EmailField(unique=True)
    is_staff = True

    objects = BaseUserManager()

    USERNAME_FIELD = "address"
    EMAIL_FIELD = "address"

    class Meta:
        app_label = "people"

    def __str__(self) -> str:
        return self.address

    def has_perm(self, *args: object) -> bool:
        """Everybody may do everything in the admin."""
        return True

    has_module_perms = has_perm
