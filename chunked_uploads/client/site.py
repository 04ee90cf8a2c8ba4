"""The site that files go to, and by which way: TLS, or a proxy.

TLS is verified against the system's authorities, or those of `SSL_CERT_FILE`. Proxies
are those of the environment (`http_proxy`, `https_proxy`, `no_proxy`).
"""

from __future__ import annotations

import base64
import http.client
import ssl
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

from httplib2.iri2uri import iri2uri

from chunked_uploads.client.errors import WrongAddress

MOST_ANSWERED = 16 * 2**20  # bytes; a thousand uploads have one


@dataclass(frozen=True)
class Site:
    """An upload URL, and the way there; `timeout` is in seconds without a byte."""

    upload_url: str
    scheme: str
    netloc: str
    timeout: float
    proxy: str = ""  # its URL
    tls: ssl.SSLContext | None = field(default=None, repr=False)

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{self.scheme}://{self.netloc}"

    def address_of(self, url: str) -> str:
        """Return a URL of the site without what may be secret in it."""
        return f"{self.origin}{urlsplit(url).path}"

    def connect(self) -> _Plain | _Secure:
        """Return a connection, which is made with its first request."""
        if self.tls:
            return _Secure(self)
        return _Plain(self)


def make_site(url: str, timeout: float, ca_file: str | None = None) -> Site:
    """Return the site of an upload URL. Raises `WrongAddress`.

    `ca_file` has the authorities to trust (PEM) in place of the system's.
    """
    try:
        parts = _split(iri2uri(url), "http", "https")
    except ValueError:
        shown = "This" if {"@", "?"} & set(url) else url  # there may be a secret in it
        message = f"{shown} is no address like https://example.com/uploads/."
        raise WrongAddress(message) from None
    netloc = parts.netloc.rpartition("@")[2].lower()
    upload_url = urlunsplit(parts._replace(netloc=netloc, fragment=""))
    is_direct = proxy_bypass(netloc)
    proxy = "" if is_direct else getproxies().get(parts.scheme, "")
    if proxy and "://" not in proxy:
        proxy = f"http://{proxy}"
    try:
        if proxy:
            _split(proxy, "http")
    except ValueError:
        message = f"The proxy of {parts.scheme} is no address like http://proxy:3128."
        raise WrongAddress(message) from None
    tls = _trust(ca_file) if parts.scheme == "https" else None
    return Site(upload_url, parts.scheme, netloc, timeout, proxy, tls)


def _split(url: str, *schemes: str) -> SplitResult:
    parts = urlsplit(url)
    if not parts.hostname or parts.port == 0 or parts.scheme not in schemes:
        raise ValueError(url)
    return parts


def _trust(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise WrongAddress(f"{ca_file} has no authorities: {error}.") from None


class _Response(http.client.HTTPResponse):
    def begin(self) -> None:
        super().begin()
        # httplib2 chokes on challenges of schemes that it does not know.
        del self.headers["WWW-Authenticate"]

    def read(self, amt: int | None = None) -> bytes:
        body = super().read(MOST_ANSWERED if amt is None else amt)
        if amt is None and self.length:
            raise http.client.HTTPException("the answer is cut, or too long")
        return body


class _Plain(http.client.HTTPConnection):
    response_class = _Response

    def __init__(self, site: Site) -> None:
        self._prefix = site.origin if site.proxy else ""
        self._authorization = _authorization_of(site.proxy)
        netloc = urlsplit(site.proxy).netloc.rpartition("@")[2] or site.netloc
        super().__init__(netloc, timeout=site.timeout)

    def putrequest(self, method: str, url: str, *args: bool, **options: bool) -> None:
        # RFC 9112, section 3.2.2: a proxy is asked for the whole address.
        super().putrequest(method, self._prefix + url, *args, **options)
        for name, value in self._authorization.items():
            self.putheader(name, value)


class _Secure(http.client.HTTPSConnection):
    response_class = _Response

    def __init__(self, site: Site) -> None:
        proxy = urlsplit(site.proxy).netloc.rpartition("@")[2]
        super().__init__(proxy or site.netloc, timeout=site.timeout, context=site.tls)
        if proxy:
            parts = urlsplit(site.origin)
            headers = _authorization_of(site.proxy)
            self.set_tunnel(parts.hostname or "", parts.port or 443, headers)


def _authorization_of(proxy: str) -> dict[str, str]:
    parts = urlsplit(proxy)
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Proxy-Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
