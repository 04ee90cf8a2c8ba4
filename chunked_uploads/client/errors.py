"""Why an upload did not come to its end."""

from __future__ import annotations

from chunked_uploads.client.answers import Answer

# Of 400: bytes that broke off or were changed on their way are no fault of the file.
DAMAGED = ("body_cut", "digest_mismatch")
OUT_OF_STEP = ("range_conflict", "ambiguous", "incomplete", "nothing_to_continue")
# 408 and 425 come from proxies, 423 from servers that lock.
CURABLE = (408, 409, 423, 425, 429)


class UploadFailed(Exception):
    """An upload that did not come to its end; the message is one sentence.

    `status` is the answer's, 0 without one; `code` is the server's short word for the
    fact, or one of ours; `is_curable` says whether trying again may help. What the
    server holds it keeps: the next `upload` of the same file goes on from there.
    """

    code = "failed"
    is_curable = False

    def __init__(self, detail: str, answer: Answer | None = None) -> None:
        super().__init__(detail)
        self.status = answer.status if answer else 0
        self.code = answer.code if answer and answer.code else self.code
        self.retry_after = answer.retry_after if answer else 0.0  # seconds


class Unreachable(UploadFailed):
    """The network fails, or the server does not answer."""

    code = "unreachable"
    is_curable = True


class Unavailable(UploadFailed):
    """The server can't do it just now: a fault, a full disk, a quota, others' turn."""

    code = "unavailable"
    is_curable = True


class OutOfStep(Unavailable):
    """The server holds something else than was thought: to ask it helps."""

    code = "out_of_step"


class NotAuthenticated(UploadFailed):
    """No credentials, or wrong ones (401)."""

    code = "not_authenticated"


class Refused(UploadFailed):
    """The server does not take this file, or this request."""

    code = "refused"


class TooLargeForProxy(Refused):
    """A proxy takes no chunk of so many bytes (413): a smaller one may pass."""

    code = "too_large_for_proxy"
    size = 0  # bytes that were sent


class ContentConflict(Refused):
    """The server holds other bytes of this upload: the file has changed, or it is
    another one of the same name, size and fingerprint."""

    code = "content_conflict"


class UploadGone(Refused):
    """The upload was cancelled on the server while it was under way, or expired."""

    code = "not_found"


class WrongAddress(UploadFailed):
    """What answers at this address is not this app, or can't be trusted."""

    code = "wrong_address"


class Untrusted(WrongAddress):
    """The certificate of what answers can't be trusted."""


class FileUnreadable(UploadFailed):
    """The file on this side can't be read."""

    code = "file_unreadable"


class FileChanged(FileUnreadable):
    """The file was written to while it was sent."""

    code = "file_changed"


class AlreadySending(UploadFailed):
    """Another process on this machine is sending this very file to this site."""

    code = "already_sending"


def failure_of(answer: Answer, url: str) -> UploadFailed:
    """Return what an answer that is no success means; `url` is what was asked for."""
    status, code = answer.status, answer.code
    detail = answer.detail or f"The server answered with status {status}."
    if status == 401:
        return NotAuthenticated(detail, answer)
    if 300 <= status < 400:
        target = answer.location.partition("?")[0] or "elsewhere"
        detail = f"The server redirects to {target}: use that."
        return WrongAddress(detail, answer)
    if status == 413 and not code:
        return TooLargeForProxy("A proxy takes no chunk of this size.", answer)
    if code == "content_conflict":
        return ContentConflict(detail, answer)
    if code in OUT_OF_STEP:
        return OutOfStep(detail, answer)
    if code == "not_found":
        return UploadGone(detail, answer)
    if status < 300:  # a captive portal's, a login page's
        return WrongAddress(f"What answers at {url} is not this app.", answer)
    if status == 404:
        return WrongAddress(f"There is nothing at {url}.", answer)
    if status >= 500 or code in DAMAGED or (status in CURABLE and code != "in_use"):
        return Unavailable(detail, answer)
    return Refused(detail, answer)
