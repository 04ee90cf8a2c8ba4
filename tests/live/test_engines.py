"""The S3 engines that the tests of stores and storages ask."""

from __future__ import annotations

import glob

import pytest
from botocore.exceptions import ClientError
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from demo.services.engine import Engine, SeaweedFS

pytestmark = pytest.mark.once


def test_engine_leaves_nothing_behind() -> None:
    before = set(glob.glob("/tmp/seaweedfs-*"))

    with SeaweedFS() as engine:
        assert str(engine.folder) in set(glob.glob("/tmp/seaweedfs-*")) - before
        sockets = {f"{port}.sock" for port in engine.ports + engine.grpc_ports}

    left = {path.rpartition("-")[2] for path in glob.glob("/tmp/seaweedfs-*")}
    assert not engine.folder.exists()
    assert not left & sockets


def test_storage_reads_what_it_saved(engine: Engine) -> None:
    alias = engine.storage("engines/read")
    storage = storages.create_storage(alias)

    name = storage.save("a name.txt", ContentFile(b"content"))

    with storage.open(name) as file:
        assert file.read() == b"content"
    listed = engine.client.list_objects_v2(Bucket=engine.bucket, Prefix="engines/read")
    assert [each["Key"] for each in listed["Contents"]] == ["engines/read/a name.txt"]


def test_wrong_secret_is_refused(engine: Engine) -> None:
    alias = engine.storage("engines/refused", secret_key="wrong")
    storage = storages.create_storage(alias)

    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        storage.save("a name.txt", ContentFile(b"content"))


def test_part_with_a_wrong_digest_is_refused(engine: Engine) -> None:
    place = {"Bucket": engine.bucket, "Key": "engines/digest"}
    begun = engine.client.create_multipart_upload(**place)
    part = {**place, "UploadId": begun["UploadId"], "PartNumber": 1}

    with pytest.raises(ClientError, match="BadDigest"):
        engine.client.upload_part(
            **part, Body=b"content", ContentMD5="1B2M2Y8AsgTpgAmY7PhCfg=="
        )

    engine.client.abort_multipart_upload(**place, UploadId=begun["UploadId"])
