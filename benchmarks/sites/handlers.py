"""How Django takes in a form's file, in blocks that cost less than those of 64 KiB."""

from django.core.files.uploadhandler import (
    MemoryFileUploadHandler,
    TemporaryFileUploadHandler,
)

BLOCK = 1024 * 1024  # bytes


class Small(MemoryFileUploadHandler):
    """In memory, up to `FILE_UPLOAD_MAX_MEMORY_SIZE`."""

    chunk_size = BLOCK


class Large(TemporaryFileUploadHandler):
    """In a temporary file."""

    chunk_size = BLOCK
