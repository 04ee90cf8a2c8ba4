"""What a session remembers of uploads."""

from __future__ import annotations

from tests.sending import CONTENT, UPLOAD, Stream, Uploader, state_in


def test_what_others_write_into_the_session_meanwhile_stays(
    browser_session: Uploader,
) -> None:
    def write() -> None:
        session = browser_session.session
        session["cart"] = "full"
        session.save()

    first = browser_session.send_cut(Stream(CONTENT, write), 0, 10)

    assert browser_session.session["cart"] == "full"
    listed = [each["upload_uuid"] for each in browser_session.get(UPLOAD).json()]
    assert listed == [state_in(first)["upload_uuid"]]


def test_logout_meanwhile_loses_no_chunk(browser_session: Uploader) -> None:
    log_out = browser_session.session.flush

    response = browser_session.send_cut(Stream(CONTENT, log_out), 0, 10)

    assert (response.status_code, state_in(response)["size"]) == (200, 10)
