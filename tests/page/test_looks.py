"""At home in pages of many looks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.page.driving import ROW, choose, expect_note, expect_states, make_files
from tests.servers import Gunicorn

INK = {"light": "rgb(21, 23, 28)", "dark": "rgb(241, 242, 245)"}


@pytest.mark.parametrize(
    ("scheme", "wanted"),
    [("light", "light"), ("dark", "dark"), ("light dark", "dark"), ("normal", "light")],
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
    uploader = site.locator(".chunked-uploads")
    expect(uploader).to_have_css("color", INK[wanted])
    expect(uploader).to_have_css("background-color", "rgba(0, 0, 0, 0)")


def test_style_sheet_before_the_uploaders_own_gives_its_accent(site: Page) -> None:
    site.evaluate("""() => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(":root { --chunked-uploads-accent: rgb(10, 125, 90); }");
        document.adoptedStyleSheets = [sheet];
    }""")
    solid = site.locator("[data-action=choose]")
    # In the hue that was given, at the lightness on which white can be read.
    green = re.compile(r"oklch\(0\.5[0-3]\d* 0\.1\d* 16\d")
    expect(solid).to_have_css("background-color", green)


def test_page_with_styles_of_its_own_for_everything(site: Page, tmp_path: Path) -> None:
    before = site.locator(".chunked-uploads-drop").bounding_box()
    site.evaluate("""() => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(`p { margin: 40px; } div { margin: 0; }
            button { text-transform: uppercase; margin: 20px; padding: 40px; }
            svg { width: 100px; } dialog { padding: 0; }`);
        document.adoptedStyleSheets = [sheet];
    }""")
    assert site.locator(".chunked-uploads-drop").bounding_box() == before
    choose(site, *make_files(tmp_path, "a", "b"))
    expect_states(site, "complete", "complete")
    button = site.locator(f"{ROW} .chunked-uploads-button:not([hidden])").first
    expect(button).to_have_css("text-transform", "none")
    expect(button).to_have_css("width", "32px")


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
    choose_button = visitor.locator("[data-action=choose]").first
    expect(choose_button).not_to_contain_text("Choose")


def test_what_could_not_be_read_is_told(site: Page) -> None:
    site.evaluate("""() => document.querySelector("[data-chunked-uploads]")
        .chunkedUploads.choosing.add([
            { file: null, path: "folder/secret.txt" },
            { file: new File(["1"], "one.txt"), path: "folder/one.txt" },
        ])""")
    expect_note(site, "Not readable, and not taken: folder/secret.txt")
    expect_states(site, "complete")
