"""A file's fingerprint: from its content, the same wherever it is computed."""

from __future__ import annotations

import base64
import hashlib
import os

from playwright.sync_api import Page

from tests.page.driving import KIB

FINGERPRINT = """async ([base64, isSecure]) => {
    const bytes = Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
    const subtle = Object.getOwnPropertyDescriptor(Crypto.prototype, "subtle");
    if (!isSecure) {
        const hidden = { configurable: true, get: () => undefined };
        Object.defineProperty(Crypto.prototype, "subtle", hidden);
    }
    const print = await ChunkedUploads.fingerprint(new Blob([bytes]));
    Object.defineProperty(Crypto.prototype, "subtle", subtle);
    return print;
}"""


def fingerprint(page: Page, content: bytes, *, is_secure: bool = True) -> str:
    return page.evaluate(FINGERPRINT, [base64.b64encode(content).decode(), is_secure])


def test_small_file_is_taken_whole_with_or_without_webcrypto(site: Page) -> None:
    for size in (0, 1, 55, 56, 64, 3 * KIB, 32 * 32 * KIB):
        content = os.urandom(size)
        wanted = hashlib.sha256(f"{size}\n".encode() + content).hexdigest()
        assert fingerprint(site, content) == wanted
        assert fingerprint(site, content, is_secure=False) == wanted


def test_large_file_is_sampled_from_end_to_end(site: Page) -> None:
    content = bytearray(os.urandom(2 * KIB * KIB + 3))
    before = fingerprint(site, bytes(content))
    assert before == fingerprint(site, bytes(content), is_secure=False)
    last = len(content) - 32 * KIB
    for sample in (0, 1, 16, 31):
        start = sample * last // 31
        for place in (start, start + 32 * KIB - 1):
            changed = content.copy()
            changed[place] ^= 1
            assert fingerprint(site, bytes(changed)) != before
