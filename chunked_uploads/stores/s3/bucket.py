"""The bucket of the site's own storage, and what it answers, as facts.

Client, bucket, location, ACL, encryption and object parameters are those of the alias
in `STORAGES`: nothing else has to be configured.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from botocore.config import Config
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import Storage, storages
from storages.backends.s3 import S3Storage
from storages.utils import clean_name, safe_join

from chunked_uploads.conf import conf
from chunked_uploads.errors import StoreUnavailable
from chunked_uploads.stores.s3.buffers import Buffer, in_base64, new_checksum
from chunked_uploads.stores.s3.failures import Refused, failures_reported

logger = logging.getLogger("chunked_uploads")

ACCESS = ("RequestPayer", "ExpectedBucketOwner")
ENCRYPTION = ("SSE", "ServerSideEncryption", "BucketKey")
CHECKSUMS = ("CRC32", "SHA1", "SHA256")  # that can be computed here
CONNECTIONS = 64
UUID_KEY = "upload-uuid"  # in the metadata of finished objects


class Bucket:
    """The bucket that `storage` keeps its files in."""

    def __init__(self, storage: S3Storage) -> None:
        self.storage = storage
        self.name: str = storage.bucket_name
        self._client: Any = None
        self._process = 0  # that made the client
        self._gives_md5: bool | None = None
        # Whether the engine copies parts, as they are needed; None until one is tried.
        self.copies_parts: bool | None = None
        self._lock = threading.Lock()

    @property
    def client(self) -> Any:
        """The client, which all threads of this process share."""
        # Not the storage's own, which has one for each thread: making one takes a
        # tenth of a second. A process that is forked can't share its connections.
        with self._lock:
            if self._process != os.getpid():
                self._client, self._process = self._make_client(), os.getpid()
            return self._client

    def _make_client(self) -> Any:
        storage = self.storage
        own = dict(getattr(storage.client_config, "s3", None) or {})
        # Checksums say the same of the bytes, for a third of the time.
        own.setdefault("payload_signing_enabled", False)
        return storage._create_session().client(
            "s3",
            region_name=storage.region_name,
            use_ssl=storage.use_ssl,
            endpoint_url=storage.endpoint_url,
            config=storage.client_config.merge(
                Config(s3=own, max_pool_connections=self._most_connections)
            ),
            verify=storage.verify,
        )

    @property
    def _most_connections(self) -> int:
        """How many are kept alive for all threads, which use two each at a time."""
        own = getattr(self.storage.client_config, "max_pool_connections", None)
        return max(own or 0, CONNECTIONS)

    def key(self, name: str) -> str:
        """Return the key of a name in the storage."""
        return safe_join(self.storage.location, clean_name(name))

    @cached_property
    def checksum(self) -> str:
        """The algorithm by which the engine checks what it is sent."""
        chosen = self.storage.get_object_parameters("").get("ChecksumAlgorithm")
        if chosen:
            return chosen
        # As the site's client has it for engines that know no other.
        calculation = self.client.meta.config.request_checksum_calculation
        return "MD5" if calculation == "when_required" else "CRC32"

    def checksum_parameters(self, checksum: str) -> dict[str, str]:
        """Return what a request says of the checksum of its body."""
        algorithm = self.checksum
        name = "ContentMD5" if algorithm == "MD5" else f"Checksum{algorithm}"
        return {name: checksum}

    def gives_md5(self, buffer: Buffer, answer: dict[str, Any]) -> bool:
        """Whether the ETag in the answer to what was sent is the MD5 of these bytes.

        It is where the engine encrypts by no key of the site's, unless it never is:
        the first one tells.
        """
        if answer.get("ServerSideEncryption", "AES256") != "AES256":
            return False
        if answer.get("SSECustomerAlgorithm"):
            return False
        if self._gives_md5 is None and buffer.is_small:
            self._gives_md5 = answer["ETag"].strip('"') == buffer.hexdigest("md5")
        return bool(self._gives_md5)

    def object_parameters(self, key: str) -> dict[str, Any]:
        """Return what the site wants of each object, by the names of S3's API."""
        return self.storage._get_write_parameters(key)

    @property
    def access_parameters(self) -> dict[str, Any]:
        """Return those of them that every request for an object needs."""
        wanted = self.storage.get_object_parameters("")
        return {
            name: value
            for name, value in wanted.items()
            if name in ACCESS or name.startswith(ENCRYPTION)
        }

    def copy_source(self, key: str, etag: str) -> dict[str, Any]:
        """Return what a request says of the object that is copied, as it was known."""
        copied = {"Bucket": self.name, "Key": key}
        # It is encrypted in the same way.
        customer = {
            f"CopySource{name}": value
            for name, value in self.access_parameters.items()
            if name.startswith("SSECustomer")
        }
        return {"CopySource": copied, "CopySourceIfMatch": etag, **customer}

    def ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Ask the engine; return its answer.

        What the operation does not know of `parameters` is left out. Raises `Refused`,
        `StoreFull`, `StoreUnavailable`.
        """
        given = self._known(operation, parameters)
        with failures_reported(operation):
            return getattr(self.client, operation)(**given)

    def put(self, key: str, content: bytes, **parameters: Any) -> None:
        """Make a small object. Raises what `ask` raises."""
        checksum = new_checksum(self.checksum)
        checksum.update(content)
        parameters |= self.checksum_parameters(in_base64(checksum))
        self.ask("put_object", Key=key, Body=content, **parameters)

    def pages(self, operation: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Yield the pages of a list. Raises what `ask` raises."""
        given = self._known(operation, parameters)
        pages = self.client.get_paginator(operation).paginate(**given)
        with failures_reported(operation):
            yield from pages

    def _known(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Return those parameters that the operation knows, and who may ask for it."""
        meta = self.client.meta
        method = meta.service_model.operation_model(
            meta.method_to_api_mapping[operation]
        )
        wanted = {"Bucket": self.name, **self.access_parameters, **parameters}
        known = method.input_shape.members
        return {name: each for name, each in wanted.items() if name in known}

    def objects(self, prefix: str) -> Iterator[dict[str, Any]]:
        """Yield the objects whose keys begin so. Raises what `ask` raises."""
        for page in self.pages("list_objects_v2", Prefix=prefix):
            yield from page.get("Contents", ())

    def remove(self, keys: list[str]) -> None:
        """Remove objects; no error without any. Raises what `ask` raises."""
        # Engines that know MD5 alone want it there, where it is not sent any more.
        most = 1 if self.checksum == "MD5" else 1000
        for start in range(0, len(keys), most):
            some = [{"Key": key} for key in keys[start : start + most]]
            if len(some) == 1:
                with contextlib.suppress(Refused):
                    self.ask("delete_object", **some[0])
                continue
            answer = self.ask("delete_objects", Delete={"Objects": some, "Quiet": True})
            for error in answer.get("Errors", ()):
                if error.get("Code") != "NoSuchKey":
                    logger.error("The bucket did not remove an object: %s", error)
                    raise StoreUnavailable("The bucket did not remove an object.")


def bucket_of(storage: Storage) -> Bucket | None:
    """Return the bucket of a storage, None where it is none of django-storages' S3."""
    return Bucket(storage) if isinstance(storage, S3Storage) else None


class Buckets:
    """Gives the bucket of the storage that the settings name now."""

    def __init__(self) -> None:
        self._bucket: Bucket | None = None

    def current(self) -> Bucket:
        """Return the bucket of finished files. Raises `ImproperlyConfigured`."""
        storage = storages[conf.CHUNKED_UPLOADS_STORAGE]
        bucket = self._bucket
        if bucket is None or bucket.storage is not storage:
            bucket = self._bucket = bucket_of(storage)
        if bucket is None:
            raise ImproperlyConfigured(
                "S3Store needs CHUNKED_UPLOADS_STORAGE to name an alias in STORAGES "
                "whose back end is storages.backends.s3.S3Storage."
            )
        return bucket
