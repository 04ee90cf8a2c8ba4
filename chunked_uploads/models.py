"""What is known of uploads: whose they are, what is held, where the bytes lie."""

from __future__ import annotations

import datetime
import secrets
import uuid
from typing import Any

from django.conf import settings
from django.db import models, router
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chunked_uploads.conf import conf
from chunked_uploads.storages import finished_name, finished_storage

MAX_FILENAME = 500  # characters
MAX_FINGERPRINT = 64  # characters
MAX_PATH = 900  # characters
MAX_STORE_STATE = 2000  # characters
MAX_SOURCE = 200  # characters
MAX_EXTERNAL_NAME = 250  # characters
JOINED_REST = datetime.timedelta(hours=1)  # in which a joined part may be used again


def database_of(upload: Upload | None = None) -> str:
    """Return the database that uploads, or this one, are written to, by its alias."""
    if upload is None:
        return router.db_for_write(Upload)
    return router.db_for_write(Upload, instance=upload)


class UploadQuerySet(models.QuerySet["Upload"]):
    """The questions that are asked about uploads everywhere."""

    def for_writing(self, upload: Upload | None = None) -> UploadQuerySet:
        """Ask the database that is written to, that of `upload` where it is given.

        A replica may not have heard yet of the chunk before.
        """
        return self.using(database_of(upload))

    def unfinished(self) -> UploadQuerySet:
        """Those that are not complete."""
        return self.filter(state=Upload.State.UPLOADING)

    def of(self, user: Any) -> UploadQuerySet:
        """Those of a user; with None, those of anybody."""
        return self.filter(user=user)

    def whole(self) -> UploadQuerySet:
        """Those that have all bytes, so that nothing but their end may be missing."""
        return self.files().filter(offset=models.F("filesize"))

    def parts(self) -> UploadQuerySet:
        """Those that are parts of files, and never complete by themselves."""
        return self.filter(role__in=PARTS)

    def files(self) -> UploadQuerySet:
        """Those that are files, or become some."""
        return self.exclude(role__in=PARTS)


class Upload(models.Model):
    """A file on its way or finished."""

    class State(models.IntegerChoices):
        UPLOADING = 1, _("uploading")
        COMPLETE = 2, _("complete")

    class Role(models.IntegerChoices):
        FILE = 0, _("file")
        PART = 1, _("part of a file")
        JOINED = 2, _("part of a file that is complete")
        FINAL = 3, _("file that is joined of parts")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="chunked_uploads",
        verbose_name=_("user"),
        help_text=_("Empty where the site lets anybody upload."),
        db_index=False,  # the first column of an index below
    )
    uuid = models.UUIDField(_("UUID"), default=uuid.uuid4, unique=True, editable=False)
    filename = models.CharField(_("file name"), max_length=MAX_FILENAME)
    filesize = models.BigIntegerField(
        _("file size"),
        null=True,
        blank=True,
        help_text=_("In bytes; empty where it is not known yet."),
    )
    upload = models.FileField(
        _("file"),
        storage=finished_storage,
        upload_to=finished_name,
        max_length=MAX_PATH,
        blank=True,
    )
    state = models.PositiveSmallIntegerField(
        _("state"), choices=State.choices, default=State.UPLOADING
    )
    role = models.PositiveSmallIntegerField(
        _("role"),
        choices=Role.choices,
        default=Role.FILE,
        db_default=Role.FILE,
        help_text=_("A part is joined with others, and never complete by itself."),
    )
    offset = models.BigIntegerField(
        _("offset"), default=0, help_text=_("Bytes held without a gap from 0.")
    )
    received = models.BigIntegerField(
        _("received"), default=0, help_text=_("Bytes held in all.")
    )
    fingerprint = models.CharField(
        _("fingerprint"), max_length=MAX_FINGERPRINT, blank=True
    )
    metadata = models.JSONField(
        _("metadata"),
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
        help_text=_("What the sender said of the file: an object of strings."),
    )
    store_state = models.CharField(
        _("state of the store"),
        max_length=MAX_STORE_STATE,
        default="",
        db_default="",
        blank=True,
        editable=False,
        help_text=_("What the chunk store noted of the upload, for itself."),
    )
    protocol_state = models.TextField(
        _("state of the protocol"),
        default="",
        db_default="",
        blank=True,
        editable=False,
        help_text=_("What the protocol that began it noted of it, for itself."),
    )
    md5 = models.CharField("MD5", max_length=32, blank=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    hashed = models.BigIntegerField(
        default=0, editable=False, help_text=_("Bytes from 0 that hash_state covers.")
    )
    hash_state = models.BinaryField(null=True, editable=False)
    for_form = models.BooleanField(
        _("for a form"),
        default=False,
        db_default=False,  # for processes of the last version, while a site is updated
        help_text=_(
            "Finished, it waits for a form, and is swept away where none keeps it."
        ),
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    modified_at = models.DateTimeField(_("modified at"), default=timezone.now)

    is_handed_over = False  # whether its file is another row's now

    objects = UploadQuerySet.as_manager()

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        indexes = [
            models.Index(
                fields=["user", "state", "-created_at"], name="chunked_uploads_of_user"
            ),
            models.Index(
                fields=["user", "state", "filename", "filesize", "-created_at"],
                name="chunked_uploads_of_file",
            ),
            models.Index(
                fields=["state", "modified_at"], name="chunked_uploads_expiring"
            ),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def is_complete(self) -> bool:
        """Whether the finished file is in its place."""
        return self.state == self.State.COMPLETE

    @property
    def is_whole(self) -> bool:
        """Whether all bytes are held, so that it can be finished."""
        return self.offset == self.filesize and not self.is_part

    @property
    def is_part(self) -> bool:
        """Whether it is a part of a file, and never complete by itself."""
        return self.role in PARTS

    @property
    def expires_at(self) -> datetime.datetime | None:
        """When the clean-up may take it, unless something happens; None for never."""
        if self.is_complete:
            return None
        if self.role == self.Role.JOINED:
            return self.modified_at + JOINED_REST
        days = datetime.timedelta(days=conf.CHUNKED_UPLOADS_EXPIRE_DAYS)
        return self.modified_at + days

    @property
    def is_expired(self) -> bool:
        """Whether nothing has happened for so long that the clean-up may take it."""
        return self.expires_at is not None and self.expires_at < timezone.now()

    def recorded(
        self, start: int = 0, stop: int | None = None
    ) -> models.QuerySet[Chunk]:
        """Return the recorded ranges that reach into these bytes, in order.

        `stop` is the first byte after them, None for the end. A complete upload has
        none any more.
        """
        chunks = Chunk.objects.using(database_of(self)).filter(upload=self.pk)
        if start:
            before = chunks.filter(start__lte=start).order_by("-start").first()
            if before is not None and before.stop > start:
                start = before.start
            chunks = chunks.filter(start__gte=start)
        if stop is not None:
            chunks = chunks.filter(start__lt=stop)
        return chunks.order_by("start")

    def generate_name(self) -> str:
        """Return where in the storage the settings want the finished file."""
        return self.upload.field.generate_filename(self, self.filename)

    @property
    def url(self) -> str:
        """The finished file's URL; empty where the site does not serve it."""
        if not self.is_complete:
            return ""
        try:
            return self.upload.url
        except (ValueError, NotImplementedError):
            return ""


PARTS = (Upload.Role.PART, Upload.Role.JOINED)


class Chunk(models.Model):
    """A received byte range of an unfinished upload."""

    upload = models.ForeignKey(
        Upload,
        on_delete=models.CASCADE,
        related_name="chunks",
        verbose_name=_("upload"),
        db_index=False,  # the first column of the constraint below
    )
    start = models.BigIntegerField(_("start"), help_text=_("First byte, from 0."))
    chunk_size = models.BigIntegerField(_("chunk size"), help_text=_("In bytes."))
    receipt = models.TextField(default="", blank=True, editable=False)  # the store's
    created_at = models.DateTimeField(_("created at"), default=timezone.now)

    class Meta:
        verbose_name = _("chunk")
        verbose_name_plural = _("chunks")
        constraints = [
            models.UniqueConstraint(
                fields=["upload", "start"], name="chunked_uploads_one_per_start"
            )
        ]

    def __str__(self) -> str:
        return f"{self.start}-{self.stop - 1}"

    @property
    def stop(self) -> int:
        """The first byte after the range."""
        return self.start + self.chunk_size


class Removal(models.Model):
    """A file in the storage that is to be removed, unless it becomes a finished one.

    Noted before an upload's file is removed, or is copied to its place; gone when that
    came to its end. Without a place it says that the file of an upload that is gone is
    another row's, and stays.
    """

    uuid = models.UUIDField(db_index=True)  # of the upload
    place = models.CharField(max_length=MAX_PATH)
    filesize = models.BigIntegerField()
    is_copy = models.BooleanField(default=False)  # which may never have been made
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.place


class ApiKey(models.Model):
    """A user's credentials for programs: a key to show, a secret to sign with."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="chunked_upload_api_key",
        verbose_name=_("user"),
    )
    key = models.CharField(
        _("key"),
        max_length=128,
        unique=True,
        blank=True,
        help_text=_("Made for you."),
    )
    secret = models.CharField(
        _("secret"), max_length=128, blank=True, help_text=_("Made for you.")
    )
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return str(self.user)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, making what was left empty."""
        self.key = self.key or secrets.token_hex(20)
        self.secret = self.secret or secrets.token_hex(32)
        super().save(*args, **kwargs)


class ExternalUser(models.Model):
    """A local user that stands for a user of another server, and was made for that."""

    source = models.CharField(
        _("source"), max_length=MAX_SOURCE, help_text=_("The other server's URL.")
    )
    name = models.CharField(
        _("name"), max_length=MAX_EXTERNAL_NAME, help_text=_("The user's name there.")
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="chunked_upload_external_user",
        verbose_name=_("user"),
    )

    class Meta:
        verbose_name = _("external user")
        verbose_name_plural = _("external users")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "name"], name="chunked_uploads_one_per_name"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.source})"
