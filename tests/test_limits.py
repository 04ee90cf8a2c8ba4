"""Limits of a page: what its tag says, and what the server keeps of it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ImproperlyConfigured
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory

from chunked_uploads.models import Upload
from tests.forms.claiming import FOR_FORM
from tests.sending import (
    CONTENT,
    SEND,
    UPLOAD,
    Uploader,
    assert_error,
    assert_finishes,
    state_in,
)

TAG = "{% load chunked_uploads %}{% chunked_uploads_limits ARGUMENTS as limits %}"


def limits(arguments: str = "", request: Any = None) -> dict[str, Any]:
    """Return what the tag says, with these arguments."""
    context = Context({} if request is None else {"request": request})
    Template(TAG.replace("ARGUMENTS", arguments)).render(context)
    return context["limits"]


def url_of(arguments: str, url: str = UPLOAD) -> str:
    """Return where a page with these limits sends its first request."""
    query = limits(arguments)["query"]
    return f"{url}{'&' if '?' in url else '?'}{query}"


def page_of(user: Any, path: str = "/films/?page=2") -> Any:
    request = RequestFactory().get(path)
    request.user = user
    return request


# What the page is told


def test_page_without_limits_is_told_those_of_the_settings(settings: Any) -> None:
    settings.CHUNKED_UPLOADS_MAX_SIZE = 9
    settings.CHUNKED_UPLOADS_ALLOWED_EXTENSIONS = ["MP4", ".mov"]

    told = limits()

    assert (told["accept"], told["max_size"]) == (".mp4,.mov", 9)
    assert (told["max_files"], told["query"]) == (None, "")


@pytest.mark.parametrize(
    ("accept", "max_size", "told"),
    [
        ("image/*,.txt", 8, (".txt,.png", 8)),
        ("image/*,.txt", 10, (".txt,.png", 9)),
        ("", 5, (".png,.txt,.mp4", 5)),
        (".png", "None", (".png", 9)),
    ],
)
def test_page_narrows_the_settings_and_never_widens_them(
    settings: Any, accept: str, max_size: Any, told: tuple[str, int]
) -> None:
    settings.CHUNKED_UPLOADS_MAX_SIZE = 9
    settings.CHUNKED_UPLOADS_ALLOWED_EXTENSIONS = ["png", "txt", "mp4"]

    found = limits(f'accept="{accept}" max_size={max_size}')

    assert (found["accept"], found["max_size"]) == told


def test_limits_go_along_with_what_the_page_sends_besides() -> None:
    query = limits('accept=".txt" max_files=3 query="for_form=1"')["query"]

    assert list(parse_qs(query)) == ["for_form", "limits"]
    assert limits('max_files=3 query="for_form=1"')["query"] == "for_form=1"
    assert limits("max_files=3")["max_files"] == 3


def test_page_that_takes_nothing_is_the_sites_mistake(settings: Any) -> None:
    settings.CHUNKED_UPLOADS_ALLOWED_EXTENSIONS = ["mp4"]

    with pytest.raises(ImproperlyConfigured, match="leaves nothing"):
        limits('accept=".txt"')


@pytest.mark.parametrize("arguments", ["max_size=0", "max_files=-1", 'max_size="x"'])
def test_number_that_is_none_is_the_sites_mistake(arguments: str) -> None:
    with pytest.raises(ValueError, match=r"max_|invalid"):
        limits(arguments)


def test_partial_has_its_limits_in_attributes() -> None:
    options = {"accept": ".txt,image/*", "max_size": 5, "max_files": 2}

    page = render_to_string("chunked_upload.html", options)

    assert 'data-max-size="5"' in page
    assert 'data-max-files="2"' in page
    assert 'accept=".txt,image/*"' in page
    assert re.search('data-query="limits=[^"]+"', page)


# What the server keeps


@pytest.mark.parametrize("send", SEND)
@pytest.mark.parametrize("start", [None, 0])
@pytest.mark.parametrize(
    ("arguments", "name", "status", "code", "detail"),
    [
        ('accept=".txt,image/*"', "a.txt", 200, "", ""),
        (
            'accept=".txt,image/*"',
            "a.mp4",
            415,
            "type_refused",
            "Only these are taken: .txt, images.",
        ),
        ("max_size=10", "a.mp4", 200, "", ""),
        (
            "max_size=9",
            "a.mp4",
            413,
            "too_large",
            "The file is larger than 9\N{NO-BREAK SPACE}bytes.",
        ),
    ],
)
def test_first_request_is_held_to_its_pages_limits(
    uploader: Uploader,
    send: str,
    start: int | None,
    arguments: str,
    name: str,
    status: int,
    code: str,
    detail: str,
) -> None:
    for url in (UPLOAD, FOR_FORM):
        response = getattr(uploader, send)(
            CONTENT, start, url=url_of(arguments, url), name=name
        )

        if status == 200:
            assert_finishes(uploader, response, CONTENT)
        else:
            assert_error(response, status, code)
            assert state_in(response)["detail"] == detail
            assert not Upload.objects.exists()


def test_what_both_take_is_named_where_the_settings_refuse(
    uploader: Uploader, settings: Any
) -> None:
    settings.CHUNKED_UPLOADS_ALLOWED_EXTENSIONS = ["png", "txt"]
    settings.CHUNKED_UPLOADS_MAX_SIZE = 2_000_000_000

    large = uploader.send(b"a", 0, 2**33, url=url_of("max_size=5e9"), name="a.png")
    other = uploader.send(CONTENT, url=url_of('accept="image/*"'), name="a.txt")

    assert state_in(large)["detail"] == "The file is larger than 2\N{NO-BREAK SPACE}GB."
    assert state_in(other)["detail"] == "Only these are taken: .png."


def test_media_type_that_a_form_names_counts_where_the_name_tells_none(
    uploader: Uploader,
) -> None:
    url = url_of('accept="application/octet-stream"')

    taken = uploader.send_form(CONTENT, url=url, name="a")
    refused = uploader.send(CONTENT, url=url, name="b", content_type="image/png")

    assert taken.status_code == 200
    assert_error(refused, 415, "type_refused")


def test_upload_goes_on_without_its_limits(uploader: Uploader) -> None:
    url = state_in(uploader.send(CONTENT[:4], 0, url=url_of("max_size=10")))["url"]

    assert_finishes(uploader, uploader.send(CONTENT[4:], 4, url=url), CONTENT)


def test_sender_who_leaves_limits_out_gets_those_of_the_settings(
    uploader: Uploader,
) -> None:
    assert uploader.send(CONTENT, name="a.exe").status_code == 200


def tampered() -> list[str]:
    signed = parse_qs(limits("max_size=9")["query"])["limits"][0]
    value, _, signature = signed.partition(":")
    return [
        "x",
        ":",
        "\0",
        "💥",
        "null",
        value,
        signed[:-1],
        f"{value}:",
        f"{value[:-1]}:{signature}",
        f"{value}:{signature.lower()}",
        f".{signed}",
        "a" * 5000,
    ]


@pytest.mark.parametrize("signed", tampered(), ids=range(12))
def test_limits_that_the_site_did_not_sign_are_refused(
    uploader: Uploader, signed: str
) -> None:
    url = f"{UPLOAD}?{urlencode({'limits': signed})}"

    response = uploader.send(CONTENT, url=url)

    assert_error(response, 403, "permission_denied")
    assert state_in(response)["detail"] == "This page is out of date. Load it again."
    assert not Upload.objects.exists()


def test_limits_outlive_the_rotation_of_the_sites_key(
    uploader: Uploader, settings: Any
) -> None:
    url = url_of("max_size=10")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [settings.SECRET_KEY]

    assert uploader.send(CONTENT, url=url).status_code == 200


# Where to log in


def login(request: Any) -> tuple[str, bool]:
    told = limits(request=request)
    return told["login_url"], told["is_login_missing"]


def test_page_is_told_where_to_log_in_and_whether_that_is_missing(
    settings: Any, user: User
) -> None:
    settings.LOGIN_URL = "admin:login"

    assert login(page_of(AnonymousUser())) == ("/admin/login/", True)
    assert login(page_of(user)) == ("/admin/login/", False)


@pytest.mark.parametrize("request_", [None, RequestFactory().get("/")])
def test_page_that_knows_no_visitor_says_nothing_of_one(request_: Any) -> None:
    assert login(request_) == ("/accounts/login/", False)


@pytest.mark.parametrize("login_url", ["no-such-name", "", None])
def test_site_without_a_page_to_log_in_names_none(
    settings: Any, login_url: Any
) -> None:
    settings.LOGIN_URL = login_url

    assert login(page_of(AnonymousUser())) == ("", True)
    assert "<a" not in render_to_string("chunked_uploads/uploader.html")


@pytest.mark.parametrize("visitor", [None, "Bob", AnonymousUser()])
def test_visitor_who_is_no_user_does_not_hide_that_nobody_is_logged_in(
    visitor: Any,
) -> None:
    request = page_of(AnonymousUser())

    html = render_to_string(
        "chunked_uploads/uploader.html", {"visitor": visitor}, request
    )

    assert login_in(html) == ("/accounts/login/", "")


OURS = "chunked_uploads.authentication."


@pytest.mark.parametrize(
    ("classes", "is_needed"),
    [
        (f"{OURS}SessionAuthentication", True),
        ([f"{OURS}BasicAuthentication", f"{OURS}SessionAuthentication"], True),
        (f"{OURS}ApiKeyAuthentication", False),
        ([f"{OURS}SessionAuthentication", f"{OURS}Authentication"], False),
        ([f"{OURS}SessionAuthentication", f"{__name__}.Guests"], False),
    ],
)
def test_login_is_offered_only_where_nobody_gets_in_without(
    settings: Any, classes: Any, is_needed: bool
) -> None:
    settings.CHUNKED_UPLOADS_AUTHENTICATION = classes

    login_url, is_missing = login(page_of(AnonymousUser()))

    assert (bool(login_url), is_missing) == (is_needed, is_needed)


@pytest.mark.parametrize(
    ("is_known", "attributes"),
    [
        (True, ("", " hidden")),
        (False, ("/accounts/login/", "")),
    ],
)
def test_partial_has_the_link_in_any_case_and_shows_it_where_it_is_needed(
    user: User, is_known: bool, attributes: tuple[str, str]
) -> None:
    request = page_of(user if is_known else AnonymousUser())

    html = render_to_string("chunked_uploads/uploader.html", request=request)

    assert login_in(html) == attributes


def login_in(html: str) -> tuple[str, str]:
    """Return the root's URL of a login, and what hides the line with its link."""
    [url] = re.findall(' data-login-url="(.*?)"', html)
    [hidden] = re.findall(
        '<p class="chunked-uploads-login"( hidden)?>.*?<a href="/accounts/login/">',
        html,
    )
    return url, hidden


class Guests:
    """A class of the site's own, which lets in whom it likes."""
