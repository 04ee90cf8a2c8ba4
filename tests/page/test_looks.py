"""At home in pages of many looks."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.page.driving import choose, expect_note, expect_states, make_files
from tests.servers import Gunicorn

WHITE, DARK = "rgb(255, 255, 255)", "rgb(25, 29, 38)"


def style(page: Page, selector: str, name: str) -> str:
    read = "(element, name) => getComputedStyle(element)[name]"
    return page.locator(selector).first.evaluate(read, name)


@pytest.mark.parametrize(
    ("scheme", "wanted"),
    [("light", WHITE), ("dark", DARK), ("light dark", DARK), ("normal", WHITE)],
)
def test_light_or_dark_is_the_pages_choice(
    site: Page, scheme: str, wanted: str
) -> None:
    site.emulate_media(color_scheme="dark")
    site.evaluate(
        """(scheme) => {
            document.querySelector("meta[name=color-scheme]").remove();
            document.documentElement.style.colorScheme = scheme;
        }""",
        scheme,
    )
    body = site.locator(".chunked-uploads-body")
    expect(body).to_have_css("background-color", wanted)


def test_custom_properties_change_the_colours(site: Page) -> None:
    site.locator(".chunked-uploads").evaluate(
        "it => it.style.setProperty('--chunked-uploads-accent', 'rgb(10, 125, 90)')"
    )
    button = site.locator(".chunked-uploads-choose").first
    expect(button).to_have_css("background-color", "rgb(10, 125, 90)")


def test_page_with_styles_of_its_own_for_everything(site: Page, tmp_path: Path) -> None:
    before = site.locator(".chunked-uploads-body").bounding_box()
    site.evaluate("""() => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(`p { margin: 40px; } ul { padding: 40px; }
            button { text-transform: uppercase; } label { float: left; width: 10em; }
            progress { height: 40px; } svg { width: 100px; }`);
        document.adoptedStyleSheets = [sheet];
    }""")
    assert site.locator(".chunked-uploads-body").bounding_box() == before
    choose(site, *make_files(tmp_path, "a", "b"))
    expect_states(site, "complete", "complete")
    assert style(site, ".chunked-uploads-list", "paddingTop") == "0px"
    assert style(site, ".chunked-uploads-button", "textTransform") == "none"


@pytest.mark.parametrize("language", ["ar", "de", "es", "fr", "ja"])
def test_nothing_is_wider_than_a_phone_in_any_language(
    visitor: Page, server: Gunicorn, tmp_path: Path, language: str
) -> None:
    visitor.set_viewport_size({"width": 320, "height": 720})
    visitor.goto(f"{server.url}/?language={language}")
    choose(visitor, *make_files(tmp_path, "a" * 60, "b"))
    expect_states(visitor, "complete", "complete")
    wider = "document.documentElement.scrollWidth > window.innerWidth"
    assert not visitor.evaluate(wider)
    choose_button = visitor.locator(".chunked-uploads-choose").first
    expect(choose_button).not_to_contain_text("Choose")


def test_what_could_not_be_read_is_told(site: Page) -> None:
    site.evaluate("""() => document.querySelector("[data-chunked-uploads]")
        .chunkedUploads.choosing.add([
            { file: null, path: "folder/secret.txt" },
            { file: new File(["1"], "one.txt"), path: "folder/one.txt" },
        ])""")
    expect_note(site, "Not readable, and not taken: folder/secret.txt")
    expect_states(site, "complete")
