"""Who is asking? Classes in tastypie's manner, chosen by a setting.

Each has `is_authenticated(request)`, which returns True, False or an `HttpResponse`
of its own and sets `request.user` on success, and `get_identifier(request)`. A class
that was written for tastypie plugs in as it is.

Ours know no more than yes, no and the facts of `chunked_uploads.errors`, in `check`.
Whoever calls `is_authenticated` is given a fact as a response; `authenticate` raises
it, and each protocol answers it in its own way.
"""

from chunked_uploads.authentication.base import Authentication
from chunked_uploads.authentication.basic import BasicAuthentication
from chunked_uploads.authentication.choice import (
    MultiAuthentication,
    authenticate,
    configured,
    is_login_needed,
)
from chunked_uploads.authentication.external import ExternalAuthentication
from chunked_uploads.authentication.keys import (
    ApiKeyAuthentication,
    QueryAuthentication,
)
from chunked_uploads.authentication.sessions import SessionAuthentication

__all__ = [
    "ApiKeyAuthentication",
    "Authentication",
    "BasicAuthentication",
    "ExternalAuthentication",
    "MultiAuthentication",
    "QueryAuthentication",
    "SessionAuthentication",
    "authenticate",
    "configured",
    "is_login_needed",
]
