"""What a protocol gives `endpoint`, and what comes of it."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.core.exceptions import SuspiciousOperation
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from chunked_uploads.errors import RangeBusy, UploadError
from chunked_uploads.http.endpoint import Protocol, endpoint
from chunked_uploads.http.errors import Answered


def tell_error(request: HttpRequest, error: UploadError) -> HttpResponse:
    status = {"range_busy": 423}.get(error.code, error.status)
    return HttpResponse(error.code, status=status)


def tell_options(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=204, headers={"Tus-Version": "1.0.0"})


def add_version(response: HttpResponse) -> None:
    response["Tus-Resumable"] = "1.0.0"


ANOTHER = Protocol(tell_error, tell_options, add_version)


def ask(outcome: Any, method: str = "PATCH") -> HttpResponse:
    """Return what a view of another protocol answers that returns or raises this."""

    @endpoint(ANOTHER, "HEAD", "PATCH")
    def view(request: HttpRequest) -> HttpResponse:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return view(RequestFactory().generic(method, "/"), tenant="a")


@pytest.mark.parametrize(
    ("outcome", "status", "content"),
    [
        (HttpResponse("own", status=201), 201, b"own"),
        (Answered(HttpResponse("theirs", status=402)), 402, b"theirs"),
        (RangeBusy("Somebody writes."), 423, b"range_busy"),
        (SuspiciousOperation(), 400, b"bad_request"),
        (OperationalError(), 503, b"unavailable"),
        (RuntimeError(), 500, b"server_error"),
    ],
    ids=repr,
)
def test_every_answer_is_the_protocols(
    caplog: pytest.LogCaptureFixture, outcome: Any, status: int, content: bytes
) -> None:
    caplog.set_level(logging.CRITICAL)

    response = ask(outcome)

    assert (response.status_code, response.content) == (status, content)
    assert response["Tus-Resumable"] == "1.0.0"


def test_options_are_told_by_the_protocol() -> None:
    response = ask(HttpResponse(), "OPTIONS")

    assert response.status_code == 204
    assert response["Tus-Version"] == "1.0.0"
    assert response["Allow"] == "HEAD, PATCH, OPTIONS"


def test_other_methods_are_refused_in_the_protocols_way() -> None:
    response = ask(HttpResponse(), "GET")

    assert (response.status_code, response.content) == (405, b"method_not_allowed")
    assert response["Allow"] == "HEAD, PATCH, OPTIONS"
    assert response["Tus-Resumable"] == "1.0.0"
