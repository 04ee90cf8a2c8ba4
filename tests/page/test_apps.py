"""Pages that bring the uploader by themselves, as docs/page.md shows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests import packages, programs
from tests.documents import block
from tests.page.driving import (
    CHUNK_SIZE,
    assert_arrived,
    choose,
    expect_states,
    expect_status,
    go_on,
    make_file,
    press,
    stop_at,
)
from tests.servers import Gunicorn

GLOBALS = ["jQuery", "$", "ChunkedUploads", "module", "exports"]


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The apps' folder, with all that they import."""
    if not programs.find("npm"):
        pytest.skip("npm is not installed")
    return packages.lay_out(tmp_path_factory.mktemp("apps"))


def open_app(page: Page, server: Gunicorn, name: str, script: str) -> None:
    def answer(route: Route) -> None:
        route.fulfill(body=script, content_type="text/javascript; charset=utf-8")

    page.route(re.compile("/(app|my-page).js$"), answer)
    page.goto(f"{server.url}/apps/{name}/")


def assert_page_is_clean(page: Page) -> None:
    """Nothing of ours is the page's."""
    assert (
        page.evaluate("(names) => names.filter((name) => name in window)", GLOBALS)
        == []
    )


def test_bundled_module_uploads(
    visitor: Page, server: Gunicorn, apps: Path, file: Path, tmp_path: Path
) -> None:
    open_app(visitor, server, "bundled", packages.bundle(apps, "bundled/app.ts"))
    other = tmp_path / "other.txt"
    other.write_text("no film")

    visitor.set_input_files("#files", other)
    expect(visitor.locator("#told")).to_have_text("other.txt is not taken.")
    visitor.set_input_files("#files", file)

    told = visitor.locator("#told")
    expect(told).to_contain_text(f"{file.name} is complete, of kind other: ")
    assert_arrived(file)
    assert_page_is_clean(visitor)


def test_partials_that_htmx_brings_upload(
    visitor: Page, server: Gunicorn, apps: Path, file: Path
) -> None:
    open_app(visitor, server, "htmx", packages.bundle(apps, "htmx/app.js"))

    visitor.get_by_role("button", name="Upload later").click()
    root = visitor.locator("[data-auto-start=false]")
    choose(root, file)
    expect_status(root, "Ready to start")
    # The one that it replaces is let go, and takes its files along.
    visitor.get_by_role("button", name="Upload", exact=True).click()
    root = visitor.locator("[data-auto-start=true]")
    choose(root, file)

    expect_states(visitor, "complete")
    assert_arrived(file)
    assert_page_is_clean(visitor)


def test_react_component_uploads(
    visitor: Page, server: Gunicorn, apps: Path, file: Path
) -> None:
    open_app(visitor, server, "react", packages.bundle(apps, "react/app.tsx"))

    visitor.set_input_files("input[type=file]", file)

    expect(visitor.get_by_role("listitem")).to_have_text(
        f"{file.name}: complete, 100 %"
    )
    assert_arrived(file)
    assert_page_is_clean(visitor)


def test_types_fit_what_the_apps_do_and_nothing_else(apps: Path) -> None:
    assert packages.type_errors(apps) == ""


def test_recipe_of_the_docs_uploads(
    visitor: Page, server: Gunicorn, tmp_path: Path
) -> None:
    file = make_file(tmp_path / "report.pdf")
    open_app(visitor, server, "recipe", source("recipe/my-page.js"))

    choose(visitor, file)

    expect(visitor.locator("#arrived a")).to_have_text("report.pdf")
    assert_arrived(file)


def test_page_of_its_own_html_uploads(
    visitor: Page, server: Gunicorn, file: Path
) -> None:
    open_app(visitor, server, "own", source("own/app.js"))
    stop_at(visitor, 3 * CHUNK_SIZE)

    choose(visitor, file)
    line = visitor.get_by_role("listitem")
    expect(line).to_contain_text(f"{file.name}: waiting")
    press(visitor, "Pause all")
    expect(line).to_contain_text(f"{file.name}: paused")
    go_on(visitor)
    press(visitor, "Resume all")

    expect(line).to_have_text(f"{file.name}: complete, 100 %")
    assert_arrived(file)


def test_module_uploads_as_it_is(visitor: Page, server: Gunicorn, file: Path) -> None:
    open_app(visitor, server, "module", source("module/app.js"))

    choose(visitor, file)

    expect(visitor.get_by_role("link")).to_have_text(f"{file.name} is complete")
    assert_arrived(file)
    assert_page_is_clean(visitor)


def test_docs_show_what_these_pages_do() -> None:
    shown = {
        "django": [
            ("arrived", "recipe/index.html"),
            ("my-uploads", "own/index.html"),
        ],
        "js": [
            ("arrived", "recipe/my-page.js"),
            ("lines.get", "own/app.js"),
            ("mount(root", "module/app.js"),
            ("htmx.org", "htmx/app.js"),
        ],
        "tsx": [("mount(element", "react/uploads.tsx")],
    }
    for language, examples in shown.items():
        for word, path in examples:
            assert block(language, word, "docs/page.md") in source(path)


def source(path: str) -> str:
    return (packages.APPS / path).read_text(encoding="utf-8")
