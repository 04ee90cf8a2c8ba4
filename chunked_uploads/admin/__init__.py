"""The admin: uploads, API keys, users of another server."""

from chunked_uploads.admin.keys import ApiKeyAdmin
from chunked_uploads.admin.uploads import UploadAdmin
from chunked_uploads.admin.users import ExternalUserAdmin

__all__ = ["ApiKeyAdmin", "ExternalUserAdmin", "UploadAdmin"]
