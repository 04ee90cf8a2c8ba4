"""The app's URLs, wherever the site put them."""

from __future__ import annotations

import functools
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils.translation import get_language

# By our URLs' own arguments, values that paths are made with once for all.
SAMPLES = {"uuid": UUID(int=2**128 - 1), "pk": 2**63 - 1}


def build_url(request: HttpRequest, name: str, token: str, **kwargs: UUID | int) -> str:
    """Return the absolute URL of one of our views, in the namespace of the request's.

    `kwargs` is one of SAMPLES; `token` opens the upload to whoever has the URL.
    """
    # The site may have put us below namespaces and arguments of its own.
    match = request.resolver_match
    assert match, "a view of ours was called"
    own = getattr(match.func, "own_arguments", SAMPLES)  # as `endpoint` knows them
    site = {key: match.kwargs[key] for key in match.kwargs if key not in own}
    ((argument, value),) = kwargs.items()
    urlconf = get_urlconf() or settings.ROOT_URLCONF
    where = urlconf, get_script_prefix(), get_language()
    names = f"{match.namespace}:{name}", argument
    try:
        before, after = _around(*names, tuple(site.items()), where)
    except TypeError:  # an argument of the site's that can't be remembered
        before, after = _around.__wrapped__(*names, tuple(site.items()), where)
    return request.build_absolute_uri(f"{before}{value}{after}?token={token}")


@functools.lru_cache
def _around(
    name: str, argument: str, site: tuple[tuple[str, Any], ...], where: Any
) -> tuple[str, str]:
    """Return what stands before and after our argument in a path, `where` we are.

    To reverse a URL takes Django longer than anything else in an answer.
    """
    sample = SAMPLES[argument]
    path = reverse(name, kwargs={**dict(site), argument: sample})
    before, _, after = path.rpartition(str(sample))
    return before, after
