"""What a request that fails says of the set-up: mostly that a right is missing."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError
from django.core.checks import CheckMessage, Error

from chunked_uploads.stores.s3.bucket import Bucket

DENIED = {"401", "403", "AccessDenied", "Forbidden", "UnauthorizedAccess"}
SKEWED = "RequestTimeTooSkewed"
CREDENTIALS = {
    "AuthorizationHeaderMalformed",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "SignatureDoesNotMatch",
}
# The rights that operations need, by S3's names of both.
OF_OBJECTS = {
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
    "CompleteMultipartUpload": "s3:PutObject",
    "CopyObject": "s3:GetObject and s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "DeleteObject": "s3:DeleteObject",
    "DeleteObjects": "s3:DeleteObject",
    "GetObject": "s3:GetObject",
    "HeadObject": "s3:GetObject",
    "ListParts": "s3:ListMultipartUploadParts",
    "PutObject": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "UploadPartCopy": "s3:GetObject and s3:PutObject",
}
OF_BUCKETS = {
    "GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "GetBucketVersioning": "s3:GetBucketVersioning",
    "GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "ListObjectsV2": "s3:ListBucket",
}


def is_answered(failure: Exception) -> bool:
    """Whether the engine said it, rather than that nobody answers."""
    return failure.__cause__ is None or cause_of(failure) is not None


def cause_of(failure: Exception) -> ClientError | None:
    """Return the engine's answer that `failure` is about, None where it gave none."""
    cause = failure.__cause__
    return cause if isinstance(cause, ClientError) else None


def code_of(error: ClientError) -> str:
    """Return S3's name of the failure."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_denied(failure: Exception) -> bool:
    """Whether the credentials lack a right, rather than the bucket an ability."""
    error = cause_of(failure)
    return error is not None and code_of(error) in DENIED


def failed(bucket: Bucket, failure: Exception) -> CheckMessage:
    """Return the message that a request failed which uploads need."""
    error = cause_of(failure)
    if error is not None and code_of(error) == SKEWED:
        return Error(
            "The bucket's clock and this machine's differ: it refuses all requests.",
            hint="Let both keep time by NTP.",
            id="chunked_uploads.E021",
        )
    return Error(
        f"A request that uploads need failed: {failure.__cause__ or failure}",
        hint=_hint(bucket, error) if failure.__cause__ else None,
        id="chunked_uploads.E018",
    )


def _hint(bucket: Bucket, error: ClientError | None) -> str:
    storage = bucket.storage
    if error is None:
        where = storage.endpoint_url or f"region {storage.region_name}"
        return f"Can this machine reach {where}, and is that the bucket's place?"
    code = code_of(error)
    if code in DENIED:
        return f"Give the credentials the right {right_for(bucket, error)}."
    if code in CREDENTIALS:
        return "Look at the storage's access_key, secret_key and region_name."
    if code == "NoSuchBucket":
        return f"Make the bucket {bucket.name!r}, or correct bucket_name."
    return "Uploads end in 503 there; does the engine know this part of S3?"


def right_for(bucket: Bucket, error: ClientError) -> str:
    """Return the right that the credentials lack, and for what."""
    operation = error.operation_name
    here = f"arn:aws:s3:::{bucket.name}"
    if operation in OF_BUCKETS:
        return f"{OF_BUCKETS[operation]} for {here}"
    right = OF_OBJECTS.get(operation, f"for {operation}")
    if operation.startswith(("Copy", "Create", "Put")):
        right += _rights_beside(bucket.object_parameters(""))
    below = bucket.key("").rstrip("/")
    return f"{right} for {here}/{below and f'{below}/'}*"


def _rights_beside(parameters: dict[str, Any]) -> str:
    """Return the further rights that the site's object parameters need."""
    rights = []
    if "ACL" in parameters:
        rights.append("s3:PutObjectAcl")
    if "Tagging" in parameters:
        rights.append("s3:PutObjectTagging")
    if str(parameters.get("ServerSideEncryption", "")).startswith("aws:kms"):
        rights.append("kms:GenerateDataKey and kms:Decrypt for its key")
    return "".join(f", {right}" for right in rights)
