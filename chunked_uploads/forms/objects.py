"""Objects of finished uploads, given to models' files within their bucket.

Where an upload and a model's file lie in one bucket of S3, no byte has to come here:
the model gets the very object, or a copy that S3 makes. Django knows no such way, so
another storage stands in for the field's while Django saves the file.
"""

from __future__ import annotations

import copy
import os
import sys
from typing import Any

from django.core.files.base import File
from django.core.files.storage import Storage
from django.core.files.utils import validate_file_name
from django.db import models, transaction

from chunked_uploads.conf import MIB
from chunked_uploads.core.removing import hand_over
from chunked_uploads.forms.files import FinishedUpload
from chunked_uploads.forms.plain import PlainUpload
from chunked_uploads.models import Upload, database_of
from chunked_uploads.storages import another_name, is_in_own_folder, is_s3

COPY_PART = 256 * MIB  # of larger objects S3 copies several parts at a time

# Methods of django-storages that a site replaces to have other bytes, or other names.
OF_BYTES = ("save", "_save", "open", "_open")
OF_NAMES = ("generate_filename", "get_valid_name", "get_available_name")
# What says which bucket it is, and who asks for it.
OF_BUCKET = ("endpoint_url", "bucket_name", "access_key", "session_profile")


def save_within_bucket(
    *, instance: models.Model, using: str, update_fields: Any = None, **kwargs: Any
) -> None:
    """Save those files of a row to be saved which S3 can give it by itself.

    A receiver of `pre_save`: Django then finds them saved already. What comes another
    way (`bulk_create`, a storage's own `save`) is read and sent again, as any file.
    """
    for field in instance._meta.concrete_fields:
        is_saved = update_fields is None or field.name in update_fields
        # A string is a name, of a file that is saved; what is deferred isn't there.
        is_file = isinstance(instance.__dict__.get(field.attname), File)
        if is_saved and is_file and isinstance(field, models.FileField):
            _save(instance, field, using)


def _save(instance: models.Model, field: models.FileField, using: str) -> None:
    file: Any = getattr(instance, field.attname)  # a FieldFile
    content: Any = getattr(file, "_file", None)
    if not file or file._committed or not _is_within_bucket(field.storage, content):
        return
    storage, file.storage = file.storage, _Bucket(field, content, instance, using)
    try:
        # Not past it: the model's own kind of file may do more than Django's.
        file.save(file.name, content, save=False)
    finally:
        file.storage = storage


def _is_within_bucket(target: Any, content: Any) -> bool:
    """Whether this is an upload in the bucket of `target`, and kept there as it is."""
    if not isinstance(content, FinishedUpload) or isinstance(content, PlainUpload):
        return False
    source: Any = content.upload.upload.storage
    return all(
        is_s3(each)
        and _keeps(each, OF_BYTES)
        and not (each.gzip and content.content_type in each.gzip_content_types)
        and all(getattr(each, name) == getattr(source, name) for name in OF_BUCKET)
        for each in (source, target)
    )


def _keeps(storage: Storage, names: tuple[str, ...]) -> bool:
    """Whether these methods of the storage are django-storages' own."""
    own, parent = storage.__class__, sys.modules["storages.backends.s3"].S3Storage
    return all(getattr(own, name) is getattr(parent, name) for name in names)


class _Bucket:
    """A field's storage, for an upload that is in its bucket already."""

    def __init__(
        self,
        field: models.FileField,
        content: FinishedUpload,
        instance: models.Model,
        using: str,
    ) -> None:
        self._storage: Any = field.storage
        self._field = field
        self._content = content
        self._instance = instance
        # Of a transaction in another database nobody here hears the end.
        is_heard = using == database_of(content.upload)
        connection = transaction.get_connection(using)
        self._is_given_away = is_heard and connection.in_atomic_block

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    def save(self, name: str, content: Any, max_length: int | None = None) -> str:
        """Return by which name the model has the upload's object, or a copy of it."""
        if content is not self._content:
            # The model's own kind of file made something else of it.
            return self._storage.save(name, content, max_length=max_length)
        upload = self._content.upload
        source: Any = upload.upload.storage
        source.size(upload.upload.name)  # raises FileNotFoundError
        own = self._own_name(source._normalize_name(upload.upload.name))
        if self._may_adopt(source, own, name, max_length) and hand_over(upload):
            return own
        validate_file_name(name, allow_relative_path=True)
        # The upload takes what lies in its folder along when it goes.
        if is_in_own_folder(upload.uuid, name):
            folder, file = os.path.split(name)
            name = os.path.join(os.path.dirname(folder), file)
        name = self._storage.get_available_name(name, max_length=max_length)
        if name == own:
            name = another_name(self._storage, name)
        validate_file_name(name, allow_relative_path=True)
        self._copy(source, name)
        if self._is_given_away:
            self._content.give_away_on_commit()
        return name

    def _own_name(self, key: str) -> str:
        """Return by which name the field's storage knows an object; empty for none."""
        location = self._storage.location.rstrip("/")
        folder = f"{location}/" if location else ""
        return key.removeprefix(folder) if key.startswith(folder) else ""

    def _may_adopt(
        self, source: Any, own: str, wanted: str, max_length: int | None
    ) -> bool:
        """Whether the model may have the object as it is and where it is."""
        if not own or not self._is_given_away or self._content.is_promised:
            return False
        if max_length is not None and len(own) > max_length:
            return False
        key = self._storage._normalize_name(own)
        return (
            (own == wanted or not self._insists())
            and source._get_write_parameters(key)
            == self._storage._get_write_parameters(key)
            and not self._is_referred_to()
        )

    def _insists(self) -> bool:
        """Whether the site wants a name of its own for the field's files."""
        field, kind = self._field, type(self._field)
        is_django = kind.generate_filename is models.FileField.generate_filename
        return (
            bool(field.upload_to)
            or not is_django
            or not _keeps(self._storage, OF_NAMES)
        )

    def _is_referred_to(self) -> bool:
        """Whether the row that is saved keeps the upload as well."""
        upload, values = self._content.upload, self._instance.__dict__
        return any(
            isinstance(field, models.ForeignKey)
            and field.related_model is Upload
            and values.get(field.attname) == getattr(upload, field.target_field.attname)
            for field in self._instance._meta.concrete_fields
        )

    def _copy(self, source: Any, name: str) -> None:
        storage, upload = self._storage, self._content.upload
        found = source._normalize_name(upload.upload.name)
        key = storage._normalize_name(name)
        wanted = storage._get_write_parameters(key, self._content)
        keys = {
            f"CopySource{name}": value  # by which S3 reads what it does not know itself
            for name, value in source.get_object_parameters(found).items()
            if name.startswith("SSECustomer")
        }
        directives = {"MetadataDirective": "REPLACE"}
        if "Tagging" in wanted:  # some engines know no such word
            directives["TaggingDirective"] = "REPLACE"
        config = copy.copy(storage.transfer_config)
        config.multipart_threshold = config.multipart_chunksize = COPY_PART
        storage.connection.meta.client.copy(
            {"Bucket": source.bucket_name, "Key": found},
            storage.bucket_name,
            key,
            ExtraArgs={**wanted, **keys, **directives},
            Config=config,
        )
