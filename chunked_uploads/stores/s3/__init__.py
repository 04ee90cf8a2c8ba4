"""Chunks in a bucket: any number of servers that share nothing but it and the rows.

Whole cells of a fixed grid are parts of a multipart upload at the finished file's own
key, so that finishing moves no byte. Needs `django-chunked-uploads[s3]`.
"""

from chunked_uploads.stores.s3.store import S3Store

__all__ = ["S3Store"]
